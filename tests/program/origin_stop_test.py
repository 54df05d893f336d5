"""An orderly stop does not wait for an origin that stands still."""
import time

import pytest

from harness.bucket import random_bytes
from harness.fronts import front_of
from harness.waiting import wait_until

SIZE = 1 << 20
GRACE_SECONDS = 1
# Much less than the timeouts of the origin, much more than what is left to do once nobody waits for it.
SOON_SECONDS = 8
# What stands in the log when a running request is cut off.
CUT = "body cut off|store failed"


@pytest.fixture
def start_front(new_server, paced):
    """Servers that are patient with their origin, and less so when they stop."""

    def start(**options):
        given = {
            "origin.coherence": "owned",
            "origin.body_timeout": "60s",
            "origin.first_byte_timeout": "60s",
            "origin.backoff_first": "1ms",
            "server.threads": "2",
            "server.stop_timeout": f"{GRACE_SECONDS}s",
        }
        return front_of(new_server, paced, {**given, **options}, expected_trouble=CUT)

    return start


def stop(front):
    """How long an orderly stop takes."""
    began = time.monotonic()
    front.stop()
    return time.monotonic() - began


def await_requests(paced, path, count=1):
    wait_until(lambda: len(paced.asked(path)) >= count, f"the origin is asked for {path}")


def test_objects_in_all_ways_of_reading(paced, start_front):
    """While it arrives, as a whole, in pieces."""
    front = start_front()
    for i in range(20):
        paced.keep(f"/bucket/kept{i}", random_bytes(1000, i))
        assert front.raw().call("GET", f"/bucket/kept{i}").status == 200
    sizes = {"/bucket/arriving": SIZE, "/bucket/whole": 50_000, "/bucket/large": 3 * SIZE}
    bodies = {path: random_bytes(size) for path, size in sizes.items()}
    for path, body in bodies.items():
        paced.keep(path, body, waits_at=len(body) - 1000)
    readers = {path: [front.raw().begin("GET", path) for _ in range(4)] for path in bodies}  # of either loop
    for path in bodies:
        await_requests(paced, path)
    for reader in readers["/bucket/arriving"] + readers["/bucket/large"]:
        assert reader.read_head().status == 200

    assert GRACE_SECONDS <= stop(front) < SOON_SECONDS
    for path, body in bodies.items():
        for reader in readers[path]:
            assert body not in reader.read_to_end(), "nothing looks whole"

    for kept in paced.objects.values():
        kept.go_on.set()
    front.start()
    read = 'shoal_cache_refill_entries{state="read"}'
    wait_until(lambda: front.metrics()[read] >= 20, "what was in memory was remembered and is read back")
    asked = len(paced.requests)
    for i in range(20):
        answer = front.raw().call("GET", f"/bucket/kept{i}")
        assert (answer.header("x-shoal-cache"), answer.body) == ("hit", random_bytes(1000, i))
    assert len(paced.requests) == asked
    for path, body in bodies.items():
        assert front.raw().call("GET", path).body == body, "nothing half-read was kept"


def test_running_requests_have_the_grace(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    kept = paced.keep("/bucket/key", body, waits_at=SIZE // 2)
    reader = front.raw().begin("GET", "/bucket/key")
    assert reader.read_head().status == 200
    front.terminate()
    wait_until(front.refuses_connections, "it stops")
    kept.go_on.set()
    assert reader.read_some(SIZE) == body
    assert front.wait_exit(SOON_SECONDS) == 0


def test_what_is_being_read_back_into_memory_is_remembered(paced, start_front):
    """A start after which the origin does not answer, and another one after which it does. No client, no grace."""
    front = start_front(**{"server.stop_timeout": "60s"})
    for i in range(100):
        paced.keep(f"/bucket/kept{i}", random_bytes(1000, i))
        assert front.raw().call("GET", f"/bucket/kept{i}").status == 200
    front.stop()
    for kept in paced.objects.values():
        kept.waits_at = 0
    asked = len(paced.requests)
    front.start()
    wait_until(lambda: len(paced.requests) >= asked + 2, "the bodies are asked for")
    assert stop(front) < SOON_SECONDS
    for kept in paced.objects.values():
        kept.go_on.set()
    front.start()
    read = 'shoal_cache_refill_entries{state="read"}'
    wait_until(lambda: front.metrics()[read] == 100, "all is in memory again")


def test_attempt_after_attempt(paced, start_front):
    """An origin that breaks off is not asked again and again by a server that stops."""
    retries = {"attempts_max": "100", "retry_time_max": "60s", "backoff_first": "10s", "backoff_max": "60s"}
    front = start_front(**{f"origin.{name}": value for name, value in retries.items()})
    paced.keep("/bucket/key", random_bytes(50_000), ends_at=1000)
    readers = [front.raw().begin("GET", "/bucket/key") for _ in range(4)]
    await_requests(paced, "/bucket/key")
    assert stop(front) < SOON_SECONDS
    for reader in readers:
        assert b"200 OK" not in reader.read_to_end()
