"""How the origin is asked: twice when it is slow, less when it has too much, with the bucket where it wants it."""
import concurrent.futures

import pytest

from harness.bucket import random_bytes
from harness.fronts import bucket_of, front_of
from harness.waiting import wait_until

SIZE = 20_000


def hedges(front):
    return front.metrics()["shoal_origin_hedges_total"]


@pytest.mark.parametrize("waits_at", [0, SIZE // 2])
def test_slow_read_is_made_a_second_time_beside_the_first(new_server, paced, waits_at):
    front = front_of(new_server, paced, {"origin.coherence": "owned", "origin.hedge_after": "100ms"})
    body = random_bytes(SIZE)
    paced.keep("/bucket/key", body, waits_at=waits_at, waiters_max=1)
    assert front.raw().call("GET", "/bucket/key").body == body
    assert hedges(front) == 1
    assert len(paced.asked("/bucket/key")) == 2
    answer = front.raw().call("GET", "/bucket/key")
    assert (answer.header("x-shoal-cache"), answer.body) == ("hit", body)


def test_no_second_time_unless_wanted(new_server, paced):
    front = front_of(new_server, paced, {"origin.coherence": "owned"})
    body = random_bytes(SIZE)
    kept = paced.keep("/bucket/key", body, waits_at=0, waiters_max=1)
    reader = front.raw().begin("GET", "/bucket/key")
    wait_until(lambda: paced.asked("/bucket/key"), "the origin is asked")
    paced.keep("/bucket/other", b"other")
    assert front.raw().call("GET", "/bucket/other").body == b"other"
    kept.go_on.set()
    assert reader.read_response().body == body
    assert len(paced.asked("/bucket/key")) == 1 and hedges(front) == 0


def test_origin_that_is_slow_for_all_is_not_asked_twice_by_all(new_server, paced):
    front = front_of(
        new_server, paced, {"origin.coherence": "owned", "origin.hedge_after": "10ms", "server.threads": "1"}
    )
    bodies = {f"/bucket/key{i}": random_bytes(SIZE, i) for i in range(40)}
    for path, body in bodies.items():
        paced.keep(path, body, waits_at=0)
    readers = {path: front.raw().begin("GET", path) for path in bodies}
    wait_until(lambda: all(paced.asked(path) for path in bodies), "all are asked for")
    wait_until(lambda: hedges(front) > 0, "some are asked for twice")
    for kept in paced.objects.values():
        kept.go_on.set()
    for path, reader in readers.items():
        assert reader.read_response().body == bodies[path]
    assert hedges(front) <= 1 + front.metrics()["shoal_origin_requests_total"] / 10


@pytest.mark.parametrize("server_threads", ["1", "2"])
def test_origin_that_has_too_much_is_asked_less(new_server, paced, server_threads):
    """All is read in the end, with fewer refusals than by who does not mind them."""
    paced.capacity = 4
    refused = {}
    for adaptive in ("false", "true"):
        options = {
            "origin.coherence": "owned",
            "origin.adaptive_concurrency": adaptive,
            "origin.connections_max": "32",
            "origin.attempts_max": "1000",
            "origin.retry_time_max": "60s",
            "origin.connection_wait_timeout": "60s",
            "origin.backoff_first": "1ms",
            "origin.backoff_max": "10ms",
            "server.threads": server_threads,
        }
        front = front_of(new_server, paced, options)
        bodies = {f"/bucket/{adaptive}{i}": random_bytes(SIZE, i) for i in range(400)}
        for path, body in bodies.items():
            paced.keep(path, body, bytes_per_second=4_000_000)
        before = paced.refused
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = pool.map(lambda path, front=front: front.raw().call("GET", path), bodies)
            assert [answer.body for answer in answers] == list(bodies.values())
        refused[adaptive] = paced.refused - before
        assert front.metrics()["shoal_origin_slow_downs_total"] == refused[adaptive]
    assert refused["true"] * 2 < refused["false"], refused


@pytest.mark.parametrize("addressing", ["path", "virtual-host"])
def test_bucket_in_the_path_or_in_the_host(new_server, addressing):
    """With the same bytes signed for each: the origin verifies what it gets."""
    origin = new_server(options={"server.domains": "localhost"}).start()
    front = front_of(new_server, origin, {"origin.addressing": addressing}, f"http://localhost:{origin.port}")
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    bodies = {"key": b"body", "some key/ä+%": random_bytes(SIZE), "large": random_bytes(3 << 20), "bucket/key": b"other"}
    for key, body in bodies.items():
        bucket.put(key, body)
        assert bucket_of(origin).get(key) == bucket.get(key) == body
    assert bucket.contents() == bucket_of(origin).contents()
    bucket.client.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "some key/ä+%"})
    assert bucket_of(origin).get("copy") == bodies["some key/ä+%"]
    bucket.client.delete_object(Bucket="bucket", Key="key")
    assert sorted(bucket_of(origin).contents()) == sorted({*bodies, "copy"} - {"key"})


def test_host_and_path_of_both_ways(new_server, paced):
    paced.keep("/bucket/key", b"body")
    paced.keep("/key", b"body")
    url = paced.endpoint.replace("127.0.0.1", "localhost")
    authority = url.removeprefix("http://")
    for addressing, host, path in (("path", authority, "/bucket/key"), ("virtual-host", f"bucket.{authority}", "/key")):
        front = front_of(new_server, paced, {"origin.addressing": addressing}, url)
        assert front.raw().call("GET", "/bucket/key").body == b"body"
        method, asked, headers = paced.requests[-1]
        assert (method, asked, headers["host"]) == ("GET", path, host)
