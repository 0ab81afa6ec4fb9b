"""Fills a data directory with all that can be in one, and leaves without closing two of its sessions.

usage: exchange_write ADDRESS [VERSION_DIRECTORY]. With a directory, goes on until a snapshot that has everything is complete in it.
Prints "session ID PASSWORD TIMEOUT EPHEMERALS" for each session left, and "mark ZXID": from there on nothing but /filler changes.
"""
import os
import re
import sys

from kazoo.exceptions import BadVersionError, NodeExistsError
from kazoo.security import make_acl, make_digest_acl

from steps import connect, create_container, create_null, create_ttl, ok, refused, say
from trees import connect_super

SESSION_TIMEOUT = 40.0
SNAPSHOT_NAME = re.compile(r"^snapshot\.([0-9a-f]+)(\.gz|\.snappy)?$")


def kinds(zk):
    zk.create("/data", b"root of it all")
    zk.create("/data/empty", b"")
    create_null(zk, "/data/null")
    zk.create("/data/big", bytes(range(256)) * 400)
    zk.create("/data/Straße-日本", "värde".encode())
    for _ in range(12):
        zk.create("/data/seq-", b"", sequence=True)
    zk.delete("/data/seq-0000000011")
    create_container(zk, "/data/container", b"box")
    create_container(zk, "/data/container/container-inside", b"box in a box")
    zk.create("/data/container/child", b"in the box")
    create_ttl(zk, "/data/ttl-3600000", 3600000, b"for an hour")
    create_ttl(zk, "/data/ttl-1099511627775-", 1099511627775, b"as long as can be", sequence=True)
    zk.create("/data/ttl-3600000/child", b"")
    zk.create("/data/a/b/c/d", b"deep", makepath=True)
    zk.create("/many", b"")
    for number in range(150):
        zk.create("/many/%03d" % number, b"x" * number)
    for number in range(0, 150, 3):
        zk.delete("/many/%03d" % number)


def changes(zk):
    for number in range(5):
        zk.set("/data/a", b"%d" % number)
    zk.set("/data/empty", b"no more")
    zk.set("/data/empty", b"")
    refused(NodeExistsError, zk.create, "/data", b"")
    refused(BadVersionError, zk.set, "/data/a", b"", version=77)
    together = zk.transaction()
    together.create("/data/together-1", b"1")
    together.create("/data/together-", b"2", sequence=True)
    together.set_data("/data/a/b", b"in a transaction")
    together.delete("/many/001")
    together.commit()
    broken = zk.transaction()
    broken.create("/data/never", b"")
    broken.check("/data", version=99)
    broken.commit()


def acls(zk):
    bob, all_read = make_digest_acl("bob", "secret", all=True), make_acl("world", "anyone", read=True)
    zk.create("/guarded", b"bob's", acl=[bob])
    zk.create("/guarded/shared", b"", acl=[bob, all_read])
    zk.create("/guarded/home", b"", acl=[make_acl("ip", "10.0.0.0/8", all=True), make_acl("ip", "127.0.0.1", read=True, write=True)])
    zk.create("/guarded/changed", b"")
    zk.set_acls("/guarded/changed", [all_read])
    zk.set_acls("/guarded/changed", [bob, make_acl("world", "anyone", create=True, delete=True)])


def quotas(zk):
    zk.create("/limited", b"12345")
    zk.create("/limited/child", b"678")
    zk.create("/zookeeper/quota/limited", b"")
    zk.create("/zookeeper/quota/limited/zookeeper_limits", b"count=100,bytes=1000")
    zk.create("/zookeeper/quota/limited/zookeeper_stats", b"count=2,bytes=8")
    zk.create("/limited/counted", b"90")
    zk.set("/limited/child", b"6789")


def sessions(zk, address):
    """Two that stay (one with ephemerals, one without) and one that ends in good order."""
    owner = connect(address, timeout=SESSION_TIMEOUT)
    owner.create("/data/ephemeral", b"mine", ephemeral=True)
    owner.create("/data/ephemeral-", b"", ephemeral=True, sequence=True)
    owner.create("/guarded/changed/ephemeral", b"guarded", ephemeral=True, acl=[make_acl("world", "anyone", read=True)])
    bare = connect(address, timeout=SESSION_TIMEOUT)
    ended = connect(address, timeout=SESSION_TIMEOUT)
    ended.create("/data/ended", b"", ephemeral=True)
    ended.stop()
    return [(owner, 3), (bare, 0)]


def snapshots_from(directory, mark):
    found = (SNAPSHOT_NAME.match(name) for name in os.listdir(directory))
    return [int(name.group(1), 16) for name in found if name and int(name.group(1), 16) >= mark]


def fill(zk, directory, mark):
    # Snapshots are taken one after the other, so when a second one is there, the first is complete.
    while len(snapshots_from(directory, mark)) < 2:
        zk.set("/filler", b"once more")


def main(address, directory=None):
    zk = connect_super(address)
    zk.create("/filler", b"")
    kinds(zk)
    changes(zk)
    acls(zk)
    quotas(zk)
    for client, ephemerals in sessions(zk, address):
        number, password = client.client_id
        say("session %d %s %d %d" % (number, password.hex(), client._session_timeout, ephemerals))
    mark = zk.set("/filler", b"from here").mzxid
    say("mark %d" % mark)
    if directory:
        fill(zk, directory, mark)
    zk.stop()
    ok("written")
    # Without a word to the server: the sessions live on.
    os._exit(0)


main(*sys.argv[1:])
