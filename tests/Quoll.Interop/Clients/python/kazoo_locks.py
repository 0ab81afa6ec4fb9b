"""kazoo's locks and election at the same paths as ours. Each line on standard input has something taken or given back; whoever has
something says so by an ephemeral znode below /held, and complains of whoever is there and should not be."""
import sys
import threading

from steps import close, connect, equal, fail, holds, ok, say

zk = connect(sys.argv[1])
TAKES = {
    "lock": lambda: zk.Lock("/lock", "kazoo"),
    "curators-lock": lambda: zk.Lock("/curators-lock", "kazoo", extra_lock_patterns=["-lock-"]),
    "read": lambda: zk.ReadLock("/book", "kazoo"),
    "write": lambda: zk.WriteLock("/book", "kazoo"),
}


class Taking:
    def __init__(self, kind, mode):
        self.kind, self.mode = kind, mode
        self.given = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        if self.kind == "election":
            zk.Election("/election", "kazoo").run(self.hold)
        else:
            with TAKES[self.kind]():
                self.hold()
        ok("gave " + self.kind)

    def hold(self):
        mark = zk.create("/held/%s-kazoo-" % self.mode, ephemeral=True, sequence=True)
        others = [name for name in zk.get_children("/held") if not mark.endswith(name)]
        if any(self.mode == "alone" or name.startswith("alone") for name in others):
            fail("%s is held beside %r" % (self.kind, others))
        ok("has " + self.kind)
        self.given.wait()
        zk.delete(mark)


takings = {}
for line in sys.stdin:
    verb, kind, mode = line.split()
    if verb == "take":
        takings[kind] = Taking(kind, mode)
    else:
        equal("give", verb, "the word")
        taking = takings.pop(kind)
        taking.given.set()
        taking.thread.join(30)
        holds(not taking.thread.is_alive(), "it was not given back")
say("end")
close(zk)
