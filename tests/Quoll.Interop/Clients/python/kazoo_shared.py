"""kazoo's recipes at the same paths as ours: a barrier, a double barrier and a queue."""
import sys

from kazoo.recipe.barrier import DoubleBarrier
from kazoo.recipe.queue import LockingQueue

from steps import PATIENCE, await_line, close, connect, equal, holds, ok, say

zk = connect(sys.argv[1])

barrier = zk.Barrier("/barrier")
barrier.create()
say("set")
await_line("remove")
holds(barrier.remove(), "the barrier was not there")
ok("set")
await_line("wait")
zk.sync("/barrier")
holds(zk.exists("/barrier"), "the barrier is not there")
say("waiting")
holds(barrier.wait(PATIENCE), "the barrier stayed")
ok("waited")

for _ in range(2):
    double = DoubleBarrier(zk, "/double", 2, "kazoo")
    double.enter()
    holds(double.participating, "kazoo did not enter")
    ok("entered")
    # This removes what lets others in, also before they have seen it.
    double.leave()
    ok("left")
    await_line("left")

queue = LockingQueue(zk, "/queue")
queue.put(b"from kazoo", 50)
queue.put(b"less urgent", 60)
say("put")
await_line("get")
zk.sync("/queue")
equal(b"less urgent", queue.get(PATIENCE), "the item that nobody works on")
holds(queue.consume(), "the item was not ours")
equal(b"from quoll", queue.get(PATIENCE), "the next item")
holds(queue.consume(), "the item was not ours")
ok("queue")
close(zk)
