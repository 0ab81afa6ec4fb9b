"""kazoo's recipes at work: several clients, each with a connection of its own."""
import sys
import threading

from kazoo.recipe.barrier import DoubleBarrier

from steps import PATIENCE, close, connect, equal, fail, holds, ok, until

CLIENTS = 3


class Crew:
    """One thread per client; a thread's failure is everybody's."""

    def __init__(self, clients):
        self.clients = clients
        self.errors = []

    def run(self, work):
        threads = [threading.Thread(target=self._guard, args=(work, rank, client), daemon=True)
                   for rank, client in enumerate(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                fail("%s hangs" % work.__name__)
        if self.errors:
            fail("%s: %r" % (work.__name__, self.errors))

    def _guard(self, work, rank, client):
        try:
            work(rank, client)
        except BaseException as error:
            self.errors.append(error)


def locks(crew):
    zk = crew.clients[0]
    zk.create("/balance", b"0")
    holders = []

    def deposit(rank, client):
        for _ in range(10):
            with client.Lock("/lock", "client-%d" % rank):
                holders.append(rank)
                equal(1, len(holders), "holders of the lock")
                balance = int(client.get("/balance")[0])
                client.set("/balance", b"%d" % (balance + 1))
                holders.remove(rank)

    crew.run(deposit)
    equal(b"30", zk.get("/balance")[0], "the balance after ten deposits of each")
    equal([], zk.get_children("/lock"), "contenders left")

    held = zk.Lock("/lock", "first")
    held.acquire()
    waiting = crew.clients[1].Lock("/lock", "second")
    holds(not waiting.acquire(blocking=False), "a held lock was given away")
    equal(["first"], held.contenders(), "contenders")
    held.release()
    holds(waiting.acquire(timeout=PATIENCE), "a released lock was not to be had")
    waiting.release()
    ok("lock")


def elections(crew):
    leaders = []

    def lead(rank, client):
        def reign():
            leaders.append(rank)
            equal([str(rank)], [str(n) for n in client.Election("/election", "x").contenders()][:1], "the first contender")

        client.Election("/election", str(rank)).run(reign)

    crew.run(lead)
    equal(list(range(CLIENTS)), sorted(leaders), "each led once")
    ok("election")


def barriers(crew):
    first = crew.clients[0]
    barrier = first.Barrier("/barrier")
    barrier.create()
    passed = []

    def wait(rank, client):
        if rank == 0:
            until("the others stand at the barrier", lambda: len(passed) == CLIENTS - 1)
            passed.append("lifted")
            barrier.remove()
            return
        holds(not client.Barrier("/barrier").wait(timeout=0.01), "a standing barrier let through")
        passed.append(rank)
        holds(client.Barrier("/barrier").wait(timeout=PATIENCE), "a lifted barrier did not let through")

    crew.run(wait)
    equal("lifted", passed[-1], "nobody passed before it was lifted")
    ok("barrier")

    inside, most = set(), []
    gate = threading.Lock()

    def enter_and_leave(rank, client):
        double = DoubleBarrier(client, "/double", CLIENTS, identifier=str(rank))
        with gate:
            inside.add(rank)
        double.enter()
        holds(len(inside) == CLIENTS, "one went in before all had come")
        most.append(len(first.get_children("/double")))
        double.leave()

    crew.run(enter_and_leave)
    equal(CLIENTS, len(most), "all went in and out")
    ok("double-barrier")


def counters(crew):
    def count(rank, client):
        counter = client.Counter("/counter", default=0)
        for _ in range(5):
            counter += rank + 1

    crew.run(count)
    equal(30, crew.clients[0].Counter("/counter").value, "five times one, two and three")
    ok("counter")


def queues(crew):
    zk = crew.clients[0]
    queue = zk.Queue("/queue")
    for number in range(30):
        queue.put(b"%d" % number)
    queue.put(b"first", priority=1)
    equal(b"first", queue.get(), "the urgent entry comes first")
    taken, gate = [], threading.Lock()

    def take(rank, client):
        mine = client.Queue("/queue")
        while True:
            entry = mine.get()
            if entry is None:
                return
            with gate:
                taken.append(int(entry))

    crew.run(take)
    equal(list(range(30)), sorted(taken), "every entry was taken by one")

    locking = zk.LockingQueue("/locking")
    locking.put_all([b"a", b"b"])
    equal(b"a", locking.get(timeout=PATIENCE), "the first entry")
    holds(locking.holds_lock() and locking.consume(), "the entry was consumed")
    equal(1, len(locking), "entries left")
    ok("queue")


def parties(crew):
    zk = crew.clients[0]
    members = [client.Party("/party", "guest-%d" % rank) for rank, client in enumerate(crew.clients)]
    for member in members:
        member.join()
    equal(["guest-0", "guest-1", "guest-2"], sorted(zk.Party("/party")), "the guests")
    members[1].leave()
    equal(2, len(zk.Party("/party")), "guests left")
    ok("party")


def main(address):
    crew = Crew([connect(address) for _ in range(CLIENTS)])
    locks(crew)
    elections(crew)
    barriers(crew)
    counters(crew)
    queues(crew)
    parties(crew)
    close(*crew.clients)


main(*sys.argv[1:])
