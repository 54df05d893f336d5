"""Cached bodies that the kernel sends from the pages in which they lie: readers get what was stored, whatever becomes of it."""
import random

import pytest

from harness.bucket import Bucket, random_bytes
from harness.certificates import make_certificate, tls_options
from harness.process_memory import bytes_of_files_in_memory
from harness.waiting import wait_until

SIZE = 200_001
COUNT = 30


def bytes_in_files(server):
    return bytes_of_files_in_memory(server.process.pid)


@pytest.fixture
def start(new_server):
    def start(**options):
        server = new_server(options=options).start()
        server.boto3().create_bucket(Bucket="bucket")
        return server, Bucket(server.boto3(), "bucket")

    return start


def put_bodies(bucket, version):
    for i in range(COUNT):
        bucket.put(str(i), random_bytes(SIZE, f"({version}, {i})"))


def test_they_lie_in_whole_pages_and_are_charged_as_such(start):
    server, bucket = start()
    put_bodies(bucket, 1)
    pages = -(-SIZE // 4096) * 4096 * COUNT
    assert bytes_in_files(server) == pages
    assert pages < server.metrics()['shoal_memory_bytes{account="cache_contents"}'] < pages * 1.1
    for i in range(COUNT):
        bucket.client.delete_object(Bucket="bucket", Key=str(i))
    wait_until(lambda: bytes_in_files(server) == 0, "the pages are given back")


def test_small_ones_do_not_nor_any_when_it_is_turned_off(start):
    server, bucket = start()
    bucket.put("small", random_bytes(16_383))
    assert bytes_in_files(server) == 0
    server, bucket = start(**{"cache.sendfile_bytes_min": "0"})
    put_bodies(bucket, 1)
    assert bytes_in_files(server) == 0
    assert bucket.get("0") == random_bytes(SIZE, "(1, 0)")


def test_ranges_are_right_at_every_edge(start, tmp_path):
    certificate, key = make_certificate(tmp_path, "first")
    server, bucket = start(**tls_options(certificate, key))
    raw = server.raw()
    body = random_bytes(SIZE)
    bucket.put("key", body)
    with raw.connect() as connection:
        for first, last in [(0, 0), (0, SIZE - 1), (4095, 4096), (4096, 65_535), (1, 100_000), (SIZE - 20_000, SIZE - 1)]:
            response = connection.request(raw.make("GET", "/bucket/key", headers=[("Range", f"bytes={first}-{last}")]))
            assert response.status == 206
            assert response.body == body[first : last + 1], (first, last)
        assert connection.request(raw.make("HEAD", "/bucket/key")).header("content-length") == str(SIZE)
        assert connection.request(raw.make("GET", "/bucket/key")).body == body


def test_slow_readers_get_the_version_that_they_asked_for(start):
    """The server is done with the old bodies, and the new ones lie where they did, before the reader takes the first byte."""
    server, bucket = start(**{"server.threads": "1"})
    raw = server.raw()
    put_bodies(bucket, 1)
    asked = random.Random(1).sample(range(COUNT), 8)
    with raw.connect(receive_buffer=4 << 20) as slow:
        for i in asked:
            slow.send(raw.make("GET", f"/bucket/{i}").to_bytes())
        wait_until(lambda: server.metrics()["shoal_cache_hits_total"] >= 1, "the first is answered")
        put_bodies(bucket, 2)
        put_bodies(bucket, 3)
        for i in asked:
            body = slow.read_response().body
            versions = [random_bytes(SIZE, f"({n}, {i})") for n in ((1,) if i == asked[0] else (1, 2, 3))]
            assert body in versions, f"object {i} is mixed"


def test_more_than_fits_in_memory_goes_through_it(start):
    server, bucket = start(**{"cache.memory": "80MiB", "cache.object_bytes_max": "8MiB", "server.threads": "1"})
    bodies = {f"{size}": random_bytes(size) for size in range(1_000_000, 3_000_000, 40_000)}
    for key, body in bodies.items():
        bucket.put(key, body)
    for _ in range(2):
        for key, body in bodies.items():
            assert bucket.get(key) == body
    assert 0 < bytes_in_files(server) < 80 << 20
