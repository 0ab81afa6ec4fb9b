"""The whole tree as text, and its digest, as any client that may read all can work them out."""
import re
import struct
import zlib

from steps import connect

AT_ONCE = 200
CONTAINER_OWNER = -1 << 63
TTL_MARK = 0xFF << 56

# A client is shown no owner for these, so their names tell it.
CONTAINER_NAME = re.compile(r"/container[^/]*$")
TTL_NAME = re.compile(r"/ttl-(\d+)[^/]*$")


def connect_super(address):
    return connect(address, auth_data=[("digest", "super:secret")])


def asked(ask, paths):
    """The answers to one question about each path, asked many at a time."""
    for start in range(0, len(paths), AT_ONCE):
        for answer in [ask(path) for path in paths[start:start + AT_ONCE]]:
            yield answer.get()


def paths_below(zk, path):
    """All paths from this one on, parents before children."""
    level, paths = [path], []
    while level:
        paths += level
        children = asked(zk.get_children_async, level)
        level = [parent.rstrip("/") + "/" + name for parent, names in zip(level, children) for name in sorted(names)]
    return paths


def described(zk, paths):
    for path, (data, stat), (acl, _) in zip(paths, asked(zk.get_async, paths), asked(zk.get_acls_async, paths)):
        acls = " ".join("%s:%s:%d" % (entry.id.scheme, entry.id.id, entry.perms) for entry in acl)
        content = "null" if data is None else "%d:%08x" % (len(data), zlib.crc32(data))
        yield "%s data=%s acl=%s %s" % (path, content, acls, " ".join("%s=%d" % field for field in zip(stat._fields, stat)))


def stored_owner(path, stat):
    if CONTAINER_NAME.search(path):
        return CONTAINER_OWNER
    ttl = TTL_NAME.search(path)
    if ttl:
        return (TTL_MARK | int(ttl.group(1))) - (1 << 64)
    return stat.ephemeralOwner


def digest(zk):
    """The sum over all znodes, modulo 2^64, of the CRC-32 of path, data and stat; what lies below /zookeeper counts nothing."""
    total = 0
    paths = [path for path in paths_below(zk, "/") if not path.startswith("/zookeeper/")]
    for path, (data, stat) in zip(paths, asked(zk.get_async, paths)):
        # What is kept is how many children were ever created; what is shown is creations and deletions.
        creations = (stat.cversion + stat.numChildren) // 2
        fields = struct.pack("!qqqqqiiiq", stat.czxid, stat.mzxid, stat.pzxid, stat.ctime, stat.mtime, stat.version, creations,
                             stat.aversion, stored_owner(path, stat))
        total += zlib.crc32(("" if path == "/" else path).encode() + (data or b"") + fields)
    return total % (1 << 64)
