"""A random history: all kinds of znodes, lists, transactions, quotas and sessions, on few paths, so that requests fail as well.

usage: exchange_random ADDRESS SEED REQUESTS [endless]. The same seed asks for the same. Prints "session ID PASSWORD TIMEOUT" for each
session that it leaves open, without a word to the server. "endless" goes on until the server is gone, and says "ok begun" before.
"""
import os
import random
import sys

from kazoo.exceptions import KazooException
from kazoo.security import OPEN_ACL_UNSAFE, make_acl, make_digest_acl

from steps import connect, create_container, create_null, create_ttl, ok, say
from trees import connect_super

SESSION_TIMEOUT = 40.0
NAMES = ["a", "b", "c", "Straße-日本", "with space", "0"]
QUOTAS = ["/a", "/b", "/a/b"]
LARGEST = 200_000


class History:
    def __init__(self, address, seed):
        self.random = random.Random(seed)
        self.address = address
        self.zk = connect_super(address)
        self.kept = [connect(address, timeout=SESSION_TIMEOUT) for _ in range(2)]
        self.open = []

    def path(self, kind=None):
        names = [self.random.choice(NAMES) for _ in range(self.random.randint(1, 3))]
        if kind:
            names[-1] = kind
        return "/" + "/".join(names)

    def parent(self):
        return self.random.choice(["", "/a", "/b", "/a/b", "/containers", "/c"])

    def data(self):
        kind = self.random.randrange(20)
        if kind == 0:
            return bytes(self.random.randrange(256) for _ in range(64)) * self.random.randrange(LARGEST // 64)
        if kind < 4:
            return b""
        return bytes(self.random.randrange(256) for _ in range(self.random.randrange(60)))

    def acl(self):
        kind = self.random.randrange(8)
        if kind == 0:
            return [make_acl("world", "anyone", all=True), make_acl("ip", "10.0.0.%d" % self.random.randrange(4), read=True)]
        if kind == 1:
            return [make_digest_acl("bob%d" % self.random.randrange(3), "pw", all=True)]
        if kind == 2:
            return [make_acl("world", "anyone", read=True, create=True)]
        return OPEN_ACL_UNSAFE

    def version(self):
        return self.random.choice([-1, -1, -1, 0, 1, 7])

    def client(self):
        return self.random.choice([self.zk, self.zk] + self.kept + self.open)

    def request(self):
        kind = self.random.randrange(24)
        if kind < 6:
            self.client().create(self.path(), self.data(), acl=self.acl(), sequence=self.random.randrange(4) == 0)
        elif kind < 8:
            self.client().create(self.path("eph"), self.data(), ephemeral=True, sequence=True)
        elif kind == 8:
            create_null(self.zk, self.path())
        elif kind == 9:
            create_container(self.zk, self.parent() + "/container%d" % self.random.randrange(5), self.data())
        elif kind == 10:
            ttl = self.random.choice([3600000, 86400000, (1 << 40) - 1])
            create_ttl(self.zk, "%s/ttl-%d-%d" % (self.parent(), ttl, self.random.randrange(4)), ttl, self.data())
        elif kind == 11:
            self.zk.create(self.parent() + "/container%d/child" % self.random.randrange(5), b"")
        elif kind < 15:
            self.client().set(self.path(), self.data(), version=self.version())
        elif kind < 18:
            self.zk.delete(self.path(), version=self.version(), recursive=self.random.randrange(5) == 0)
        elif kind == 18:
            self.zk.set_acls(self.path(), self.acl(), version=self.version())
        elif kind < 21:
            self.together()
        elif kind == 21:
            self.quota()
        else:
            self.session()

    def together(self):
        parts = self.client().transaction()
        for _ in range(self.random.randint(1, 5)):
            kind = self.random.randrange(4)
            if kind == 0:
                parts.create(self.path(), self.data()[:1000], acl=self.acl(), sequence=self.random.randrange(3) == 0)
            elif kind == 1:
                parts.set_data(self.path(), self.data()[:1000])
            elif kind == 2:
                parts.delete(self.path())
            else:
                parts.check(self.random.choice(["/", self.path()]), -1)
        parts.commit()

    def quota(self):
        base = "/zookeeper/quota" + self.random.choice(QUOTAS)
        if self.random.randrange(3) == 0:
            self.zk.delete(base + "/zookeeper_limits")
            self.zk.delete(base + "/zookeeper_stats")
        else:
            self.zk.ensure_path(base)
            self.zk.create(base + "/zookeeper_limits", b"count=%d,bytes=-1" % self.random.randrange(2000))
            self.zk.create(base + "/zookeeper_stats", b"count=0,bytes=0")

    def session(self):
        if self.open and self.random.randrange(2):
            self.open.pop(self.random.randrange(len(self.open))).stop()
        elif len(self.open) < 3:
            self.open.append(connect(self.address, timeout=SESSION_TIMEOUT))

    def run(self, requests):
        for _ in range(requests):
            try:
                self.request()
            except KazooException:
                # Refusals are part of it.
                pass


def main(address, seed, requests, endless=None):
    history = History(address, int(seed))
    history.zk.ensure_path("/filler")
    history.run(int(requests))
    if endless:
        ok("begun")
        while True:
            history.run(100)
    history.zk.stop()
    for client in history.kept + history.open:
        number, password = client.client_id
        say("session %d %s %d" % (number, password.hex(), client._session_timeout))
    ok("written")
    os._exit(0)


main(*sys.argv[1:])
