"""A proxy of TCP with faults."""
import contextlib
import dataclasses
import random
import select
import socket
import struct
import threading

HOST = "127.0.0.1"
POLL_SECONDS = 0.05
GARBAGE = random.Random(1).randbytes(64)


@dataclasses.dataclass(frozen=True)
class Fault:
    """What happens to the bytes of a connection, one way, behind the first `after_bytes`.

    cut      nothing more comes, and both ends are closed in an orderly way
    reset    the same with a reset
    stall    nothing more comes, and the connection stays open
    garbage  other bytes come in between, once
    slow     it goes on with a few bytes at a time
    """

    kind: str
    way: str = "answer"  # or "request"
    after_bytes: int = 0

    def __str__(self):
        return f"{self.kind}-{self.way}-{self.after_bytes}"


class FaultyProxy:
    """Between a server and its origin. `fault` holds for whatever comes from now on, None for no fault."""

    def __init__(self, port):
        self.port_behind = port
        self.fault = None
        with socket.create_server((HOST, 0)) as probe:
            address = probe.getsockname()
        self._listener = socket.create_server(address)  # named, so that it stays ours while nobody listens
        self._accepts = True
        self.healings = 0
        self.closed = threading.Event()
        self.url = f"http://{HOST}:{address[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, answer_bytes):
        """Breaks connections off after so many bytes of their answers."""
        self.fault = Fault("cut", "answer", answer_bytes)

    def refuse(self):
        """Connections are refused from here on. The port stays ours."""
        self._accepts = False
        self._listener.shutdown(socket.SHUT_RDWR)

    def heal(self):
        """No faults any more; connections that stand still are broken off."""
        self.fault = None
        self.healings += 1
        if not self._accepts:
            self._listener.listen()
            self._accepts = True

    def close(self):
        self.closed.set()
        self._listener.close()

    def _accept(self):
        while not self.closed.is_set():
            try:
                if not self._accepts:
                    self.closed.wait(POLL_SECONDS)
                elif select.select([self._listener], [], [], POLL_SECONDS)[0]:
                    client, _ = self._listener.accept()
                    behind = socket.create_connection((HOST, self.port_behind))
                    threading.Thread(target=_Connection(self, client, behind).run, daemon=True).start()
            except (OSError, ValueError):
                continue  # it has just been told to refuse, or to end; or nobody is behind


class _Connection:
    """Both ends of one connection, and how many bytes went which way."""

    SLOW_BYTES, SLOW_SECONDS = 20_000, 0.02

    def __init__(self, proxy, client, behind):
        self.proxy = proxy
        self.ways = {client: ("request", behind), behind: ("answer", client)}  # of what comes from there
        self.passed = {"request": 0, "answer": 0}
        self.is_garbled = False
        self.healings = proxy.healings

    def run(self):
        stalled = set()
        with contextlib.suppress(OSError):
            while not self.proxy.closed.is_set():
                if stalled and self.proxy.healings > self.healings:
                    break
                sources = [source for source in self.ways if self.ways[source][0] not in stalled]
                readable = select.select(sources, [], [], POLL_SECONDS)[0]
                outcomes = [self._pass_on(source) for source in readable]
                if "end" in outcomes:
                    break
                stalled.update(outcomes)
                stalled.discard(None)
        for end in self.ways:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pass_on(self, source):
        """Returns the way that stands still from now on, or "end", or nothing."""
        way, target = self.ways[source]
        fault = self.proxy.fault
        if fault is not None and fault.way != way:
            fault = None
        data = source.recv(self.SLOW_BYTES if fault is not None and fault.kind == "slow" else 65536)
        if not data:
            return "end"
        allowed = len(data) if fault is None else max(0, fault.after_bytes - self.passed[way])
        self.passed[way] += len(data)
        if allowed >= len(data):
            target.sendall(data)
            return None
        if fault.kind == "slow":
            target.sendall(data)
            self.proxy.closed.wait(self.SLOW_SECONDS)
            return None
        target.sendall(data[:allowed])
        if fault.kind == "garbage":
            target.sendall(data[allowed:] if self.is_garbled else GARBAGE + data[allowed:])
            self.is_garbled = True
            return None
        if fault.kind == "reset":
            for end in self.ways:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.close()
        return way if fault.kind == "stall" else "end"
