"""What the .NET client is compared with: kazoo, doing the same work.

  kazooload.py HOST:PORT reads PATH OUTSTANDING SECONDS
  kazooload.py HOST:PORT locks PATH OUTSTANDING SECONDS
  kazooload.py HOST:PORT delays PATH DELAY_MS ROUNDS

Prints fields "name=value" as the other programs do. Delays are in units of DELAY_MS, the time that bytes take on their way.
"""
import resource
import statistics
import sys
import threading
import time

from kazoo.client import KazooClient


def connect(address):
    client = KazooClient(hosts=address, timeout=30)
    client.start()
    return client


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(seconds, callers, one):
    """Counts how often callers, each a thread, do one thing in a time, after a second of warming up."""
    for length in (1.0, seconds):
        counts = [0] * callers
        used, began = cpu(), time.monotonic()

        def repeat(caller):
            while time.monotonic() - began < length:
                one(caller)
                counts[caller] += 1

        threads = [threading.Thread(target=repeat, args=(caller,)) for caller in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(f"ops={sum(counts)} seconds={time.monotonic() - began:.3f} cpu={cpu() - used:.3f}")


def reads(client, path, outstanding, seconds):
    under_way = [client.get_async(path) for _ in range(int(outstanding))]

    def one(_):
        under_way.pop(0).get()
        under_way.append(client.get_async(path))

    measure(float(seconds), 1, one)


def locks(client, path, outstanding, seconds):
    def one(caller):
        with client.Lock(f"{path}/{caller}"):
            pass

    measure(float(seconds), int(outstanding), one)


def delays(first, second, path, delay, rounds):
    unit = float(delay) / 1000
    taken = {"acquire": [], "release": [], "hand_over": []}
    with first.Lock(path):
        pass  # the path is there now
    for _ in range(int(rounds)):
        held, wanted = first.Lock(path), second.Lock(path)
        began = time.monotonic()
        held.acquire()
        taken["acquire"].append(time.monotonic() - began)
        got = []
        waiter = threading.Thread(target=lambda: (wanted.acquire(), got.append(time.monotonic())))
        waiter.start()
        while len(wanted.contenders()) < 2:
            pass
        time.sleep(8 * unit)  # what it does to wait has been done
        began = time.monotonic()
        held.release()
        taken["release"].append(time.monotonic() - began)
        waiter.join()
        taken["hand_over"].append(got[0] - began)
        wanted.release()
    print(" ".join(f"{name}={statistics.median(times) / unit:.1f}" for name, times in taken.items()))


def main():
    address, what, *rest = sys.argv[1:]
    client = connect(address)
    if what == "delays":
        delays(client, connect(address), *rest)
    else:
        {"reads": reads, "locks": locks}[what](client, *rest)
    client.stop()


main()
