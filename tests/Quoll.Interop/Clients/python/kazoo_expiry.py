"""Sessions that die: one whose process was killed, one whose process slept too long; a third client sees both."""
import os
import signal
import subprocess
import sys
import time

from kazoo.client import KazooState

from steps import PATIENCE, close, connect, equal, holds, ok, say, until

TIMEOUT = 1.5


def sleeper(address, name):
    """The other process: holds an ephemeral, and says what becomes of its session."""
    zk = connect(address, timeout=TIMEOUT)
    states = []
    zk.add_listener(states.append)
    zk.create("/living/" + name, b"", ephemeral=True)
    session = zk.client_id[0]
    say("holding")
    until("the session is lost", lambda: KazooState.LOST in states, 2 * PATIENCE)
    until("a new session", lambda: states[-1] == KazooState.CONNECTED)
    holds(zk.client_id[0] != session, "the lost session came back")
    equal(None, zk.exists("/living/" + name), "the lost session's ephemeral")
    say("was lost")
    close(zk)


def start(address, name):
    process = subprocess.Popen([sys.executable, "-B", "-u", __file__, address, name], stdout=subprocess.PIPE, text=True)
    equal("holding\n", process.stdout.readline(), "what %s says" % name)
    return process


def watch_go(zk, name, act):
    """Sees the ephemeral before the act and its event after; returns how long the session outlived the act."""
    events = []
    stat = zk.exists("/living/" + name, watch=lambda event: events.append((event.type, event.path)))
    holds(stat and stat.ephemeralOwner, "%s holds its ephemeral" % name)
    acted = time.monotonic()
    act()
    until("the ephemeral of %s goes" % name, lambda: events == [("DELETED", "/living/" + name)])
    equal(None, zk.exists("/living/" + name), "the ephemeral of %s" % name)
    return time.monotonic() - acted


def main(address):
    zk = connect(address)
    zk.create("/living", b"")

    killed = start(address, "killed")
    outlived = watch_go(zk, "killed", lambda: (killed.kill(), killed.wait()))
    # The last ping may have come up to half a timeout before the kill; the session lasts a whole one from there.
    holds(outlived >= TIMEOUT / 3, "the session went %.2f s after its client, timeout %.2f s" % (outlived, TIMEOUT))
    ok("killed")

    slept = start(address, "slept")
    try:
        watch_go(zk, "slept", lambda: os.kill(slept.pid, signal.SIGSTOP))
        os.kill(slept.pid, signal.SIGCONT)
        equal("was lost\n", slept.stdout.readline(), "what the sleeper says")
        equal(0, slept.wait(PATIENCE), "how the sleeper ended")
    finally:
        slept.kill()
    ok("slept")

    alive = start(address, "alive")
    try:
        born = zk.exists("/living/alive")
        until("two timeouts pass", lambda: time.time() * 1000 - born.ctime > 2000 * TIMEOUT)
        equal(born, zk.exists("/living/alive"), "the ephemeral of a client that pings")
    finally:
        alive.kill()
        alive.wait()
    ok("alive")
    close(zk)


if len(sys.argv) == 2:
    main(sys.argv[1])
else:
    sleeper(*sys.argv[1:])
