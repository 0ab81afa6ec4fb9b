"""Kills the leader of an ensemble with SIGKILL, and times how long it takes until one of the others has carried out a write.
    python3 failover.py PID,PID,... PORT,PORT,...
Before, each server is given a session with an ephemeral znode. Afterwards each must go on at a server that is left, and have its znode.
Prints: ms=<until a write succeeded> expired=<sessions or ephemerals that were lost> leader=<which one was killed, from 1>."""
import os
import signal
import socket
import struct
import sys
import time

CREATE, EXISTS = 1, 3
PATIENCE = 60.0


def receive(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def frame(sock):
    return receive(sock, struct.unpack(">i", receive(sock, 4))[0])


def send(sock, data):
    sock.sendall(struct.pack(">i", len(data)) + data)


def mode(port):
    with socket.create_connection(("127.0.0.1", port), 2) as sock:
        sock.sendall(b"srvr")
        answer = b""
        while True:
            more = sock.recv(65536)
            if not more:
                return answer.decode()
            answer += more


class Session:
    """A session on a connection of its own; given another, it takes that one's session on."""

    def __init__(self, port, timeout, of=None):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout)
        self.sock.settimeout(timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number, password = (of.number, of.password) if of else (0, bytes(16))
        send(self.sock, struct.pack(">iqiqi", 0, 0, 20000, number, 16) + password + b"\0")
        answer = frame(self.sock)
        self.number = struct.unpack(">q", answer[8:16])[0]
        self.password = answer[20:36]
        if self.number == 0:
            raise LookupError("the session is over")

    def ask(self, operation, path, rest):
        path = path.encode()
        send(self.sock, struct.pack(">iii", 1, operation, len(path)) + path + rest)
        return struct.unpack(">i", frame(self.sock)[12:16])[0]

    def create(self, path, flags=0):
        error = self.ask(CREATE, path, struct.pack(">i", 0) + struct.pack(">iii", 1, 31, 5) + b"world"
                         + struct.pack(">i", 6) + b"anyone" + struct.pack(">i", flags))
        if error:
            raise OSError("error %d" % error)

    def sees(self, path):
        return self.ask(EXISTS, path, b"\0") == 0


def until(what):
    """Tries again and again, as a client would; returns what came of it."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        for port in survivors:
            try:
                return what(port)
            except OSError:
                time.sleep(0.002)
    sys.exit("not within %d s" % PATIENCE)


def still_there(session, path):
    def goes_on(port):
        moved = Session(port, 5.0, of=session)
        return moved.sees(path)
    try:
        return until(goes_on)
    except LookupError:
        return False


pids, ports = ([int(number) for number in argument.split(",")] for argument in sys.argv[1:3])
leader = next(i for i, port in enumerate(ports) if "Mode: leader" in mode(port))
survivors = [port for i, port in enumerate(ports) if i != leader]
run = time.time_ns()
sessions = []
for i, port in enumerate(ports):
    session = Session(port, 5.0)
    session.create("/failover-%d-%d" % (run, i), flags=1)
    sessions.append(session)
time.sleep(1)

os.kill(pids[leader], signal.SIGKILL)
killed = time.monotonic()
until(lambda port: Session(port, 1.0).create("/failover-%d" % time.time_ns()))
took = time.monotonic() - killed
lost = sum(not still_there(session, "/failover-%d-%d" % (run, i)) for i, session in enumerate(sessions))
print("ms=%.0f expired=%d leader=%d" % (took * 1000, lost, leader + 1))
