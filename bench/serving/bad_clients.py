#!/usr/bin/env python3
"""What clients that behave badly do to others: p99 of signed GETs and the server's memory, quiet and beside each kind.

Bad clients take processor time from the good one and from the server, whoever has to deal with them. So p99 is also measured while they
are at another server on the same machine: what is more than that is this server's part.

Usage: bad_clients.py --build build/release [--kinds slow_heads,never_reads] [--seconds 5] [--rounds 3]
"""
import argparse
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from shoal_process import ACCESS_KEY, SECRET_KEY, ShoalProcess  # noqa: E402

MIB = 1 << 20
CONNECTIONS = 200
IDLE_CONNECTIONS = 10_000
HEAD = b"GET /bench/o/0 HTTP/1.1\r\nHost: x\r\n"


class BadClients:
    """Connections of one kind, kept busy by one thread."""

    def __init__(self, port, count=CONNECTIONS):
        self.port, self.count = port, count
        self.sockets = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.sockets = [self.connect() for _ in range(self.count)]
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        for connection in self.sockets:
            connection.close()

    def connect(self):
        connection = socket.socket()
        connection.connect(("127.0.0.1", self.port))
        connection.setblocking(False)
        self.begin(connection)
        return connection

    def begin(self, connection):
        pass

    def turn(self, connection):
        """What each connection does now and then; an error makes it a new one."""

    def run(self):
        while not self.stopped.wait(0.1):
            for number, connection in enumerate(self.sockets):
                try:
                    self.turn(connection)
                except BlockingIOError:
                    pass
                except OSError:
                    connection.close()
                    self.sockets[number] = self.connect()


class SlowHeads(BadClients):
    def begin(self, connection):
        connection.send(HEAD + b"x-slow: ")

    def turn(self, connection):
        connection.send(b"x")


class NeverReads(BadClients):
    """Asks as long as the server takes it, and takes no answer."""

    def __enter__(self):
        super().__enter__()
        time.sleep(2)  # until the buffers between are full
        return self

    def connect(self):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        connection.setblocking(False)
        return connection

    def turn(self, connection):
        connection.send((HEAD + b"\r\n") * 1000)


class HalfClosed(BadClients):
    def begin(self, connection):
        connection.send(HEAD)
        connection.shutdown(socket.SHUT_WR)

    def turn(self, connection):
        if connection.recv(65536) == b"":
            raise ConnectionError


class Idle(BadClients):
    def __init__(self, port):
        super().__init__(port, IDLE_CONNECTIONS)


class LargeHeads(BadClients):
    def turn(self, connection):
        connection.send(HEAD + b"x-large: " + b"y" * 65536 + b"\r\n\r\n")
        if connection.recv(65536) == b"":
            raise ConnectionError


class RandomBytes(BadClients):
    def turn(self, connection):
        connection.send(os.urandom(1000))
        if connection.recv(65536) == b"":
            raise ConnectionError


KINDS = {
    "slow_heads": SlowHeads,
    "never_reads": NeverReads,
    "half_closed": HalfClosed,
    "idle": Idle,
    "large_heads": LargeHeads,
    "random_bytes": RandomBytes,
}


def measure_p99(program, url, seconds, existing=True):
    with tempfile.NamedTemporaryFile() as report:
        command = [program, "bench", "get", "--endpoint", url, "--bucket", "bench", "--prefix", "o/", "--objects", "1000", "--size",
                   "4KiB", "-c", "16", "--warmup", "300ms", "--duration", f"{seconds}s", "--quiet", "--json", report.name]  # fmt: skip
        command += ["--use-existing"] if existing else ["--keep"]
        environment = dict(os.environ, AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        return json.load(report)["operations"][0]["p99_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the built program")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = str(arguments.build / "shoal")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    print("| beside | p99 ms quiet | p99 ms | elsewhere | ratio | from | to | elsewhere | from | to | memory quiet MiB | MiB |\n|---" + "|--:" * 11 + "|")
    with tempfile.TemporaryDirectory(prefix="shoal-bad.") as directory:
        options = {"limits.idle_timeout": "10m", "limits.connections_max": str(IDLE_CONNECTIONS + 1000)}
        data = pathlib.Path(directory)
        with ShoalProcess(program, data / "own", options=options) as server, ShoalProcess(program, data / "other", options=options) as other:
            measure_p99(program, server.url, 0.1, existing=False)
            for kind in arguments.kinds.split(","):
                rounds = []
                memory = server.resident_bytes()
                peak = 0
                for _ in range(arguments.rounds):
                    quiet = measure_p99(program, server.url, arguments.seconds)
                    with KINDS[kind](port_of(server)):
                        busy = measure_p99(program, server.url, arguments.seconds)
                        peak = max(peak, server.resident_bytes())
                    with KINDS[kind](port_of(other)):
                        elsewhere = measure_p99(program, server.url, arguments.seconds)
                    rounds.append((quiet, busy, elsewhere))
                medians = [statistics.median(times) for times in zip(*rounds)]
                cells = [f"{time:.2f}" for time in medians]
                for column in (1, 2):
                    ratios = [times[column] / times[0] for times in rounds]
                    cells += [f"{ratio:.2f}" for ratio in (statistics.median(ratios), min(ratios), max(ratios))]
                cells += [f"{memory / MIB:.0f}", f"{peak / MIB:.0f}"]
                print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)


def port_of(server):
    return int(server.url.rsplit(":", 1)[1])


if __name__ == "__main__":
    main()
