"""What the client programs here share: steps, waiting with a deadline, and the requests that kazoo has no method for."""
import sys
import time
from collections import namedtuple

from kazoo.client import KazooClient
from kazoo.protocol.serialization import Create, long_struct
from kazoo.retry import KazooRetry
from kazoo.security import OPEN_ACL_UNSAFE

PATIENCE = 30.0


def say(line):
    print(line, flush=True)


def ok(step):
    say("ok " + step)


def fail(message):
    print("failed: " + message, file=sys.stderr, flush=True)
    sys.exit(1)


def equal(expected, actual, what):
    if expected != actual:
        fail("%s: expected %r, got %r" % (what, expected, actual))


def holds(condition, what):
    if not condition:
        fail(what)


def refused(kind, call, *arguments, **options):
    """The call must fail, and with exactly this kind of error."""
    try:
        result = call(*arguments, **options)
    except Exception as error:
        if type(error) is not kind:
            fail("%s%r: expected %s, got %r" % (call.__name__, arguments, kind.__name__, error))
        return error
    return fail("%s%r: expected %s, got %r" % (call.__name__, arguments, kind.__name__, result))


def until(what, condition, patience=PATIENCE):
    """Polls until the condition gives something true, and returns that."""
    deadline = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            fail("%s: not within %g s" % (what, patience))
        time.sleep(0.01)


def await_line(expected):
    """Waits until the test says it has done its part."""
    line = sys.stdin.readline().strip()
    equal(expected, line, "the line on standard input")


def connect(address, timeout=10.0, **options):
    """A started client that dials again without dawdling."""
    retry = KazooRetry(max_tries=-1, delay=0.05, backoff=1, max_delay=0.2)
    client = KazooClient(hosts=address, timeout=timeout, connection_retry=retry, **options)
    client.start(timeout=PATIENCE)
    return client


def close(*clients):
    for client in clients:
        client.stop()
        client.close()


class CreateContainer(Create):
    type = 19
    __slots__ = ()


class CreateTtl(namedtuple("CreateTtl", "path data acl flags ttl")):
    type = 21

    def serialize(self):
        return bytes(Create(*self[:4]).serialize()) + long_struct.pack(self.ttl)

    @classmethod
    def deserialize(cls, reply, offset):
        return Create.deserialize(reply, offset)


def _ask(client, request):
    answer = client.handler.async_result()
    client._call(request, answer)
    return answer.get(timeout=PATIENCE)


def create_container(client, path, data=b"", acl=OPEN_ACL_UNSAFE):
    return _ask(client, CreateContainer(path, data, acl, 4))


def create_ttl(client, path, ttl, data=b"", acl=OPEN_ACL_UNSAFE, sequence=False):
    return _ask(client, CreateTtl(path, data, acl, 6 if sequence else 5, ttl))


def create_null(client, path):
    """A znode whose data is null, which is not the same as empty."""
    return _ask(client, Create(path, None, OPEN_ACL_UNSAFE, 0))
