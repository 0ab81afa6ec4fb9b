"""Brings the server to a zxid whose digest it keeps, and works the same digest out from what a client sees."""
import sys

from steps import close, equal, holds, ok
from trees import connect_super, digest

KEPT_EVERY = 128


def kept_digests(zk):
    lines = [line.split(": ") for line in zk.command(b"hash").splitlines()]
    return {int(zxid, 16): int(value) % (1 << 64) for zxid, value in lines}


address = sys.argv[1]
zk = connect_super(address)
zxid = zk.set("/filler", b"").mzxid
while zxid % KEPT_EVERY:
    zxid = zk.set("/filler", b"%d" % zxid).mzxid
kept = kept_digests(zk)
holds(zxid in kept, "no digest of %x among those kept: %s" % (zxid, sorted(kept)))
equal(kept[zxid], digest(zk), "the digest at %x" % zxid)
close(zk)
ok("digest")
