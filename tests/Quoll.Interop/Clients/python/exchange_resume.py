"""Takes up sessions that another process left on another server, sees that their ephemerals are theirs, and closes them.

usage: exchange_resume ADDRESS {ID PASSWORD TIMEOUT EPHEMERALS}...
"""
import sys

from steps import close, connect, equal, holds, ok
from trees import connect_super, paths_below


def ephemerals_of(zk, number):
    stats = ((path, zk.exists(path)) for path in paths_below(zk, "/"))
    return [path for path, stat in stats if stat.ephemeralOwner == number]


def main(address, *left):
    zk = connect_super(address)
    for number, password, timeout, ephemerals in zip(*[iter(left)] * 4):
        number, timeout, ephemerals = int(number), int(timeout), int(ephemerals)
        owned = ephemerals_of(zk, number)
        equal(ephemerals, len(owned), "ephemerals of session %x" % number)

        stranger = connect(address, timeout=timeout / 1000, client_id=(number, b"not the password"))
        holds(stranger.client_id[0] != number, "a wrong password opened session %x" % number)
        close(stranger)

        resumed = connect(address, timeout=timeout / 1000, client_id=(number, bytes.fromhex(password)))
        equal((number, bytes.fromhex(password)), resumed.client_id, "the session taken up")
        equal(timeout, resumed._session_timeout, "its timeout")
        if ephemerals:
            resumed.set(owned[0], b"still mine")
        close(resumed)
        equal([], ephemerals_of(zk, number), "ephemerals of the closed session %x" % number)
    close(zk)
    ok("resumed")


main(*sys.argv[1:])
