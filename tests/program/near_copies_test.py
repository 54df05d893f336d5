"""Objects that a loop answers for another one: always what there is, and counted as hits of the loop that has them."""
import contextlib
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.server import HOST, program
from harness.waiting import wait_until

KEYS = [f"key-{i}" for i in range(40)]
CONNECTIONS = 6


@pytest.fixture
def start(new_server):
    def start(**options):
        server = new_server(options={"server.threads": "2", **options}).start()
        server.boto3().create_bucket(Bucket="bucket")
        return server, Bucket(server.boto3(), "bucket")

    return start


class Readers:
    """So many connections that each loop has some."""

    def __init__(self, raw, stack):
        self.raw = raw
        self.connections = [stack.enter_context(raw.connect()) for _ in range(CONNECTIONS)]

    def read(self, key, method="GET", **more):
        return [connection.request(self.raw.make(method, f"/bucket/{key}", **more)) for connection in self.connections]

    def bodies(self, key):
        responses = self.read(key)
        assert {response.status for response in responses} == {200}
        return {response.body for response in responses}


@pytest.fixture
def readers():
    with contextlib.ExitStack() as stack:
        yield lambda server: Readers(server.raw(), stack)


def near_hits(server):
    return server.metrics()["shoal_cache_near_hits_total"]


def warm(server, reading, bodies):
    """Until both loops answer for the other one."""
    before = near_hits(server)

    def is_warm():
        for key, body in bodies.items():
            assert reading.bodies(key) == {body}
        return near_hits(server) > before + len(bodies)

    wait_until(is_warm, "loops answer for each other")


def put_all(bucket, version):
    bodies = {key: random_bytes(3000, f"{key} {version}") for key in KEYS}
    for key, body in bodies.items():
        bucket.put(key, body)
    return bodies


def test_whoever_answers_answers_with_what_was_written_last(start, readers):
    server, bucket = start()
    reading = readers(server)
    for version in range(3):
        bodies = put_all(bucket, version)
        warm(server, reading, bodies)
    for key in KEYS[:10]:
        bucket.put(key, b"new")
        assert reading.bodies(key) == {b"new"}
        assert {response.header("content-length") for response in reading.read(key, method="HEAD")} == {"3"}
        bucket.client.delete_object(Bucket="bucket", Key=key)
        for _ in range(4):
            assert {response.status for response in reading.read(key)} == {404}
            assert {response.status for response in reading.read(key, method="HEAD")} == {404}
        bucket.put(key, b"again")
        assert reading.bodies(key) == {b"again"}
    key, body = KEYS[20], bodies[KEYS[20]]
    ranges = [("Range", "bytes=100-199")]
    assert {(response.status, response.body) for response in reading.read(key, headers=ranges)} == {(206, body[100:200])}
    assert {response.status for response in reading.read(key, headers=[("If-Match", '"other"')])} == {412}


def test_each_answer_is_a_hit(start, readers):
    server, bucket = start()
    reading = readers(server)
    warm(server, reading, put_all(bucket, 1))
    before = server.metrics()
    for key in KEYS:
        reading.read(key)
    after = server.metrics()
    assert after["shoal_cache_near_hits_total"] > before["shoal_cache_near_hits_total"]
    for name in "shoal_cache_hits_total", "shoal_cache_requests_total":
        assert after[name] - before[name] == len(KEYS) * CONNECTIONS


def test_what_an_operator_takes_out_is_read_again(start, readers):
    server, bucket = start()
    reading = readers(server)
    bodies = put_all(bucket, 1)
    warm(server, reading, bodies)
    command = [str(program()), "evict", "bucket", "--data", str(server.data), "--admin", f"{HOST}:{server.admin_port}"]
    subprocess.run(command, env=server.full_environment(), timeout=60, check=True)
    before = server.metrics()["shoal_cache_fills_total"]
    for key, body in bodies.items():
        assert reading.bodies(key) == {body}
    assert server.metrics()["shoal_cache_fills_total"] == before + len(KEYS)


def test_what_nobody_asks_for_is_given_back(start, readers):
    server, bucket = start()
    reading = readers(server)
    empty = server.metrics()['shoal_memory_bytes{account="near_copies"}']
    warm(server, reading, put_all(bucket, 1))
    assert server.metrics()['shoal_memory_bytes{account="near_copies"}'] > empty
    wait_until(
        lambda: server.metrics()['shoal_memory_bytes{account="near_copies"}'] == empty
        and server.metrics()["shoal_cache_pinned_bytes"] == 0,
        "nothing is lent any more",
    )


def test_none_when_they_are_not_wanted(start, readers):
    server, bucket = start(**{"cache.near_copies": "0"})
    reading = readers(server)
    bodies = put_all(bucket, 1)
    for _ in range(4):
        for key, body in bodies.items():
            assert reading.bodies(key) == {body}
    assert near_hits(server) == 0
