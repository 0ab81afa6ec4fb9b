"""A session that outlives its server: the same id, its ephemerals and its watches, over a stop and a start."""
import sys

from kazoo.client import KazooState

from steps import await_line, close, connect, equal, holds, ok, say, until


def main(address):
    zk = connect(address)
    states, values, families, plain = [], [], [], []
    zk.add_listener(states.append)
    session = zk.client_id
    zk.create("/kept", b"before")
    zk.create("/kept/e", b"", ephemeral=True)
    zk.create("/kept/s-", b"", sequence=True)
    zk.DataWatch("/kept", lambda data, stat: values.append(data))
    zk.ChildrenWatch("/kept", lambda children: families.append(sorted(children)))
    zk.exists("/later", watch=lambda event: plain.append(event.type))
    before = zk.exists("/kept/e")
    ok("before")

    say("ready-for-restart")
    await_line("restarted")
    until("connected again", lambda: states[-1:] == [KazooState.CONNECTED])
    equal([KazooState.SUSPENDED, KazooState.CONNECTED], states, "the states")
    equal(session, zk.client_id, "the session and its password")
    equal(before, zk.exists("/kept/e"), "the ephemeral's stat")
    equal(session[0], before.ephemeralOwner, "the ephemeral's owner")
    equal("/kept/s-0000000002", zk.create("/kept/s-", b"", sequence=True), "sequence numbers go on")
    ok("session")

    other = connect(address)
    until("the children's watch", lambda: families[-1:] == [["e", "s-0000000001", "s-0000000002"]])
    other.set("/kept", b"after")
    until("the data's watch", lambda: values[-1:] == [b"after"])
    # kazoo does not carry plain watches over: it tells each that the connection broke.
    equal(["NONE"], plain, "the plain watch")
    holds(b"before" == values[0], "the watch began with the first value")
    ok("watches")

    close(zk)
    until("the ephemeral goes with its session", lambda: other.exists("/kept/e") is None)
    holds(other.exists("/kept/s-0000000002"), "what is persistent stays")
    close(other)
    ok("close")


main(*sys.argv[1:])
