"""Objects are sent to clients while they arrive from the origin."""
import signal

import pytest

from harness.bucket import random_bytes
from harness.fronts import front_of
from harness.waiting import wait_until

SIZE = 1 << 20
HALF = SIZE // 2
PATH = "/bucket/key"
# What stands in the log when a body is cut.
CUT = "body cut off|store failed"


@pytest.fixture
def start_front(new_server, paced):
    def start(options=None):
        given = {"origin.coherence": "owned", "origin.backoff_first": "1ms", "server.threads": "2", **(options or {})}
        return front_of(new_server, paced, given, expected_trouble=CUT)

    return start


def ask(front, **options):
    return front.raw().begin("GET", PATH, **options)


def bytes_on_their_way(front):
    return front.metrics()['shoal_memory_bytes{account="disk_reads"}']


def test_readers_have_the_first_half_while_the_origin_waits(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    kept = paced.keep(PATH, body, waits_at=HALF)
    before = bytes_on_their_way(front)
    readers = [ask(front) for _ in range(6)]  # of either loop
    for reader in readers:
        head = reader.read_head()
        assert (head.status, head.header("content-length")) == (200, str(SIZE))
        assert head.header("etag") == kept.etag
        assert head.header("x-shoal-cache") == "miss"
        assert reader.read_some(HALF) == body[:HALF]
    assert SIZE <= bytes_on_their_way(front) - before < 2 * SIZE, "one buffer for all"
    kept.go_on.set()
    for reader in readers:
        assert reader.read_some(HALF) == body[HALF:]
    assert paced.asked(PATH) == [("GET", "bytes=0-1048575")]
    answer = front.raw().call("GET", PATH)
    assert (answer.header("x-shoal-cache"), answer.body) == ("hit", body)
    wait_until(lambda: bytes_on_their_way(front) == before, "the memory is free again")


def test_what_else_is_asked_of_an_object_that_arrives(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    kept = paced.keep(PATH, body, waits_at=HALF)
    first = ask(front)
    assert first.read_head().status == 200
    raw = front.raw()
    assert raw.call("HEAD", PATH).header("content-length") == str(SIZE)
    assert raw.call("GET", PATH, headers=[("If-None-Match", kept.etag)]).status == 304
    assert raw.call("GET", PATH, headers=[("If-Match", '"other"')]).status == 412
    assert raw.call("GET", PATH, headers=[("Range", f"bytes={SIZE}-")]).status == 416
    part = raw.call("GET", PATH, headers=[("Range", "bytes=1000-200999")])
    assert (part.status, part.body) == (206, body[1000:201_000])
    end = ask(front, headers=[("Range", "bytes=-10")])
    kept.go_on.set()
    assert end.read_response().body == body[-10:]
    assert first.read_some(SIZE) == body
    assert len(paced.asked(PATH)) == 1


def test_goes_on_without_its_first_reader(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    kept = paced.keep(PATH, body, waits_at=HALF)
    first, second = ask(front), ask(front)
    assert first.read_some(HALF) and second.read_head().status == 200
    first.reset()
    kept.go_on.set()
    assert second.read_some(SIZE) == body
    assert len(paced.asked(PATH)) == 1


def test_slow_reader_keeps_nobody_waiting(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    kept = paced.keep(PATH, body, waits_at=HALF)
    slow = ask(front, receive_buffer=4096)
    assert slow.read_head().status == 200
    fast = ask(front)
    assert fast.read_head().status == 200
    kept.go_on.set()
    assert fast.read_some(SIZE) == body
    assert slow.read_some(SIZE) == body
    assert len(paced.asked(PATH)) == 1


def test_body_that_breaks_off_goes_on_with_the_same_version(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    paced.keep(PATH, body, ends_at=HALF)
    assert front.raw().call("GET", PATH).body == body
    assert paced.asked(PATH) == [("GET", "bytes=0-1048575"), ("GET", f"bytes={HALF}-1048575")]
    assert front.raw().call("GET", PATH).header("x-shoal-cache") == "hit"


def test_body_of_which_another_version_follows_is_cut(paced, start_front):
    front = start_front()
    body, other = random_bytes(SIZE, 1), random_bytes(SIZE, 2)
    kept = paced.keep(PATH, body, waits_at=HALF, ends_at=HALF + 1)
    readers = [ask(front), ask(front)]
    for reader in readers:
        assert reader.read_head().status == 200
        assert reader.read_some(HALF) == body[:HALF]
    paced.keep(PATH, other)
    kept.go_on.set()
    for reader in readers:
        assert len(reader.read_to_end()) <= 1
    answer = front.raw().call("GET", PATH)
    assert (answer.header("x-shoal-cache"), answer.body) == ("miss", other), "nothing was cached"


def test_body_that_is_not_that_of_its_etag_never_looks_whole(paced, start_front):
    front = start_front()
    body = random_bytes(SIZE)
    paced.keep(PATH, body, etag='"' + "0" * 32 + '"')
    before = bytes_on_their_way(front)
    for _ in range(2):
        reader = ask(front)
        if reader.read_head().status == 500:  # all had come before anything was sent
            continue
        come = reader.read_to_end()
        assert len(come) < SIZE and body.startswith(come)
    assert len(paced.asked(PATH)) == 2, "nothing was cached"
    wait_until(lambda: bytes_on_their_way(front) == before, "the memory is free again")
    paced.keep(PATH, body)
    assert front.raw().call("GET", PATH).body == body


def test_origin_that_stands_still_in_the_middle(paced, start_front):
    front = start_front({"origin.body_timeout": "300ms", "origin.attempts_max": "1"})
    body = random_bytes(SIZE)
    paced.keep(PATH, body, waits_at=HALF)
    before = bytes_on_their_way(front)
    readers = [ask(front) for _ in range(3)]
    for reader in readers:
        assert reader.read_head().status == 200
        come = reader.read_to_end()
        assert len(come) <= HALF and body.startswith(come)
    wait_until(lambda: bytes_on_their_way(front) == before, "the memory is free again")
    paced.keep(PATH, body)
    assert front.raw().call("GET", PATH).body == body


def test_write_meanwhile(paced, start_front):
    """Who began before it reads the old object to its end, and only the new state is seen afterwards."""
    front = start_front({"origin.attempts_max": "1"})
    body, other = random_bytes(SIZE, 1), random_bytes(SIZE, 2)
    kept = paced.keep(PATH, body, waits_at=HALF)
    reader = ask(front)
    assert reader.read_head().status == 200
    assert front.raw().call("PUT", PATH, body=other).status == 200
    kept.go_on.set()
    assert reader.read_some(SIZE) == body
    assert front.raw().call("GET", PATH).body == other


def test_stop_while_an_object_arrives(paced, start_front):
    front = start_front({"origin.body_timeout": "1s", "origin.attempts_max": "1", "server.stop_timeout": "200ms"})
    paced.keep(PATH, random_bytes(SIZE), waits_at=HALF)
    reader = ask(front)
    assert reader.read_head().status == 200
    front.process.send_signal(signal.SIGTERM)
    assert front.wait_exit() == 0
    assert len(reader.read_to_end()) < SIZE


def test_small_objects_and_those_of_a_server_that_does_not_stream_come_whole(paced, start_front):
    front = start_front()
    small = random_bytes(100_000)
    paced.keep(PATH, small, ends_at=50_000)
    paced.keep("/bucket/whole", small)
    assert front.raw().call("GET", "/bucket/whole").body == small
    assert front.raw().call("GET", PATH).status in (500, 503), "there was nothing to cut"
    front = start_front({"origin.stream_bytes_min": "0"})
    paced.keep(PATH, random_bytes(SIZE), ends_at=HALF)
    assert front.raw().call("GET", PATH).status in (500, 503)
