"""Znodes of all kinds, watches, ACLs and transactions, as kazoo's users use them."""
import sys

from kazoo.exceptions import (BadVersionError, InvalidACLError, NoAuthError, NoChildrenForEphemeralsError, NodeExistsError,
                              NoNodeError, NotEmptyError, RolledBackError, RuntimeInconsistency)
from kazoo.security import make_acl, make_digest_acl, make_digest_acl_credential

from steps import (close, connect, create_container, create_null, create_ttl, equal, holds, ok, refused, until)


def znodes(zk):
    equal("/kinds", zk.create("/kinds", b"root of all kinds"), "a persistent znode's path")
    equal((b"root of all kinds", 0), (zk.get("/kinds")[0], zk.get("/kinds")[1].version), "its data and version")
    equal("/kinds/s-0000000000", zk.create("/kinds/s-", b"", sequence=True), "the first sequential znode")
    equal("/kinds/s-0000000001", zk.create("/kinds/s-", b"", sequence=True), "the second sequential znode")
    equal("/kinds/e", zk.create("/kinds/e", b"mine", ephemeral=True), "an ephemeral znode")
    equal("/kinds/es-0000000003", zk.create("/kinds/es-", b"", ephemeral=True, sequence=True), "an ephemeral sequential znode")
    equal("/kinds/c", create_container(zk, "/kinds/c", b"box"), "a container")
    equal("/kinds/t", create_ttl(zk, "/kinds/t", 3600000, b"short"), "a TTL znode")
    equal("/kinds/ts-0000000006", create_ttl(zk, "/kinds/ts-", 3600000, b"", sequence=True), "a sequential TTL znode")
    equal("/kinds/null", create_null(zk, "/kinds/null"), "a znode with null data")
    equal((None, b""), (zk.get("/kinds/null")[0], zk.get("/kinds/s-0000000000")[0]), "null and empty data")
    equal(zk.client_id[0], zk.exists("/kinds/e").ephemeralOwner, "the owner of an ephemeral")
    equal((0, 0), (zk.exists("/kinds/c").ephemeralOwner, zk.exists("/kinds/t").ephemeralOwner), "the owners of container and TTL")
    equal(sorted(["s-0000000000", "s-0000000001", "e", "es-0000000003", "c", "t", "ts-0000000006", "null"]),
          sorted(zk.get_children("/kinds")), "the children")
    ok("kinds")


def stats(zk):
    zk.create("/stat", b"0123456789")
    first = zk.exists("/stat")
    equal(first.czxid, first.mzxid, "czxid and mzxid of a new znode")
    zk.create("/stat/a", b"")
    zk.create("/stat/b", b"")
    zk.delete("/stat/a")
    set_stat = zk.set("/stat", b"01234", version=0)
    data, stat = zk.get("/stat")
    equal((b"01234", 5, 1, 3, 0, 1), (data, stat.dataLength, stat.version, stat.cversion, stat.aversion, stat.numChildren),
          "data, length, versions and children")
    equal(set_stat, stat, "the stat that set returned")
    holds(first.czxid == stat.czxid and first.ctime == stat.ctime, "the creation stays as it was")
    holds(first.mzxid < stat.pzxid < stat.mzxid, "zxids grow: created, a child changed, data changed")
    big = bytes(range(256)) * 4000
    zk.set("/stat", big)
    equal(big, zk.get("/stat")[0], "a million bytes")
    zk.create("/stat/Straße-日本", b"")
    equal(["Straße-日本", "b"], sorted(zk.get_children("/stat")), "names beyond ASCII")
    ok("stats")


def errors(zk):
    zk.create("/errors", b"")
    zk.create("/errors/child", b"")
    zk.create("/errors/e", b"", ephemeral=True)
    refused(NodeExistsError, zk.create, "/errors", b"")
    refused(NoNodeError, zk.create, "/absent/child", b"")
    refused(NoNodeError, zk.get, "/absent")
    refused(NotEmptyError, zk.delete, "/errors")
    refused(BadVersionError, zk.set, "/errors", b"", version=7)
    refused(BadVersionError, zk.delete, "/errors/child", version=7)
    refused(NoChildrenForEphemeralsError, zk.create, "/errors/e/child", b"")
    refused(InvalidACLError, zk.create, "/errors/acl", b"", acl=[make_acl("nosuchscheme", "x", all=True)])
    equal(None, zk.exists("/absent"), "an absent znode")
    equal("/errors", zk.sync("/errors"), "sync")
    ok("errors")


def watches(zk, other):
    seen = []
    other.create("/watched", b"0")
    zk.get("/watched", watch=lambda event: seen.append(("data", event.type, event.path)))
    zk.get_children("/watched", watch=lambda event: seen.append(("children", event.type, event.path)))
    zk.exists("/watched/x", watch=lambda event: seen.append(("exists", event.type, event.path)))
    other.set("/watched", b"1")
    until("the data watch", lambda: seen == [("data", "CHANGED", "/watched")])
    other.create("/watched/x", b"")
    until("the child and the exists watch", lambda: sorted(seen[1:]) == [
        ("children", "CHILD", "/watched"), ("exists", "CREATED", "/watched/x")])
    other.set("/watched", b"2")
    zk.get("/watched/x", watch=lambda event: seen.append(("data", event.type, event.path)))
    other.delete("/watched/x")
    until("the watch of the deleted", lambda: seen[3:] == [("data", "DELETED", "/watched/x")])
    equal(4, len(seen), "each watch fired once")

    values, families = [], []
    zk.DataWatch("/watched", lambda data, stat: values.append(data))
    zk.ChildrenWatch("/watched", lambda children: families.append(sorted(children)))
    for step in range(3):
        other.set("/watched", b"v%d" % step)
        until("DataWatch", lambda: values[-1:] == [b"v%d" % step])
        other.create("/watched/c%d" % step, b"")
        until("ChildrenWatch", lambda: families[-1:] == [["c%d" % n for n in range(step + 1)]])
    ok("watches")


def acls(zk, other, address):
    owned = make_digest_acl("bob", "secret", all=True)
    readable = make_acl("world", "anyone", read=True)
    equal("bob:fyVmFCwVbTJYrznoSu1koqYEYF0=", make_digest_acl_credential("bob", "secret"), "kazoo's digest")
    other.create("/locked", b"0", acl=[owned, readable])
    equal(b"0", zk.get("/locked")[0], "anyone reads")
    refused(NoAuthError, zk.set, "/locked", b"1")
    refused(NoAuthError, zk.create, "/locked/child", b"")
    refused(NoAuthError, zk.set_acls, "/locked", [readable])

    bob = connect(address, auth_data=[("digest", "bob:secret")])
    bob.set("/locked", b"1")
    bob.create("/locked/child", b"")
    refused(NoAuthError, zk.delete, "/locked/child")
    bob.delete("/locked/child")
    equal([owned, readable], bob.get_acls("/locked")[0], "the ACL as its owner reads it")
    equal("bob:x", zk.get_acls("/locked")[0][0].id.id, "the ACL as others read it")
    stat = bob.set_acls("/locked", [make_acl("auth", "", all=True)], version=0)
    equal(1, stat.aversion, "the ACL's version")
    equal([owned], bob.get_acls("/locked")[0], "auth stands for who one is")
    refused(NoAuthError, zk.get, "/locked")
    refused(BadVersionError, bob.set_acls, "/locked", [readable], version=0)
    refused(InvalidACLError, zk.create, "/auth", b"", acl=[make_acl("auth", "", all=True)])

    zk.create("/home", b"", acl=[make_acl("ip", "127.0.0.0/8", all=True)])
    zk.set("/home", b"from here")
    zk.create("/away", b"", acl=[make_acl("ip", "10.1.2.3", all=True)])
    refused(NoAuthError, zk.get, "/away")
    root = connect(address, auth_data=[("digest", "super:secret")])
    equal(b"1", root.get("/locked")[0], "super reads all")
    close(bob, root)
    ok("acls")


def transactions(zk):
    zk.create("/multi", b"0")
    together = zk.transaction()
    together.create("/multi/a", b"a")
    together.create("/multi/s-", b"", sequence=True)
    together.set_data("/multi", b"1", version=0)
    together.check("/multi", version=1)
    together.delete("/multi/a")
    results = together.commit()
    equal(["/multi/a", "/multi/s-0000000001"], results[:2], "the paths")
    equal((1, True, True), (results[2].version, results[3], results[4]), "set, check and delete")
    equal(results[2].mzxid, zk.exists("/multi/s-0000000001").czxid, "one zxid for all")

    broken = zk.transaction()
    broken.create("/multi/b", b"")
    broken.check("/multi", version=99)
    broken.set_data("/multi", b"2")
    equal([RolledBackError, BadVersionError, RuntimeInconsistency], [type(result) for result in broken.commit()],
          "the results of a broken transaction")
    equal((None, b"1"), (zk.exists("/multi/b"), zk.get("/multi")[0]), "nothing of it happened")
    ok("transactions")


def main(address):
    zk, other = connect(address), connect(address)
    znodes(zk)
    stats(zk)
    errors(zk)
    watches(zk, other)
    acls(zk, other, address)
    transactions(zk)
    zk.stop()
    until("the ephemerals of a closed session go", lambda: other.exists("/kinds/e") is None)
    equal(None, other.exists("/kinds/es-0000000003"), "all of them at once")
    close(other)
    ok("close")


main(*sys.argv[1:])
