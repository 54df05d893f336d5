"""One limit of memory for all that a server holds: what happens when clients want more of it than there is. What it gives
back, and its huge pages."""
import contextlib
import pathlib
from concurrent import futures

import pytest

from harness.bucket import Bucket, random_bytes
from harness.waiting import wait_until

BODY = random_bytes(1 << 20)
HALF_OF_THE_LIMIT = 8 << 20  # the most that bodies on their way may have


@pytest.fixture
def small_server(new_server):
    def start(memory_timeout):
        options = {"cache.memory": "16MiB", "server.threads": "1", "limits.memory_timeout": memory_timeout}
        server = new_server(options=options).start()
        server.boto3().create_bucket(Bucket="bucket")
        return server

    return start


@pytest.fixture
def begin_puts():
    """Connections that sent the head of a request with a body, and the rest of it, which they did not."""
    with contextlib.ExitStack() as connections:

        def begin(client, count):
            begun = []
            for i in range(count):
                head, end, body = client.make("PUT", f"/bucket/{i}", body=BODY).to_bytes().partition(b"\r\n\r\n")
                connection = connections.enter_context(client.connect())
                connection.send(head + end)
                begun.append((connection, body))
            return begun

        yield begin


def test_bodies_wait_for_memory_and_come_in_turn(small_server, begin_puts):
    server = small_server("30s")
    puts = begin_puts(server.raw(), 12)
    wait_until(lambda: server.metrics()["shoal_memory_waiting"] >= 4, "some wait", 10)
    assert 4 << 20 <= server.metrics()["shoal_memory_promised_bytes"] <= HALF_OF_THE_LIMIT
    for connection, body in puts:
        connection.send(body)
        assert connection.read_response().status == 200
    assert server.metrics()["shoal_memory_waiting"] == 0
    wait_until(lambda: server.metrics()["shoal_memory_promised_bytes"] == 0, "all is given back", 10)


def test_who_waits_too_long_is_told_to_slow_down_while_hits_go_on(small_server, begin_puts):
    server = small_server("300ms")
    client = server.raw()
    client.call("PUT", "/bucket/hot", body=b"hot")
    (*_, (last, _)) = begin_puts(client, 12)
    answer = last.read_response()
    assert (answer.status, answer.error_code) == (503, "SlowDown")
    assert client.call("GET", "/bucket/hot").body == b"hot"


@pytest.mark.parametrize(("freed_bytes_max", "is_given_back"), [("4MiB", True), ("0", False)])
def test_what_is_freed_between_blocks_in_use_is_given_back(new_server, freed_bytes_max, is_given_back):
    options = {"server.threads": "1", "limits.freed_bytes_max": freed_bytes_max, "limits.freed_bytes_interval": "50ms"}
    server = new_server(options=options).start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    with futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda i: bucket.put(f"key-{i}", random_bytes(15_000, i)), range(3000)))
    full = server.resident_bytes()
    kept = range(0, 3000, 100)  # one of them at the end of the heap, or near it
    gone = [{"Key": f"key-{i}"} for i in range(3000) if i not in kept]
    for begin in range(0, len(gone), 990):
        bucket.client.delete_objects(Bucket=bucket.name, Delete={"Objects": gone[begin : begin + 990]})
    if is_given_back:
        wait_until(lambda: server.resident_bytes() < full - (30 << 20), "most of it is given back", 10)
        assert server.metrics()["shoal_heap_trims_total"] > 0
    else:
        assert server.resident_bytes() > full - (30 << 20)
        assert server.metrics()["shoal_heap_trims_total"] == 0
    for i in kept:
        assert bucket.get(f"key-{i}") == random_bytes(15_000, i)


def test_what_the_cache_holds_moves_into_huge_pages(new_server):
    server = new_server(options={"server.threads": "1", "cache.huge_pages_per_second": "1000"}).start()
    if "no huge pages" in server.log():
        pytest.skip("this kernel does not make huge pages when it is asked to")
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    bodies = {f"key-{i}": random_bytes(15_000, i) for i in range(1000)}
    with futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda item: bucket.put(*item), bodies.items()))
    wait_until(lambda: server.metrics()["shoal_huge_pages_made_total"] >= 4, "some are made", 30)
    for key, body in bodies.items():
        assert bucket.get(key) == body


def test_huge_pages_can_be_switched_off(new_server):
    server = new_server(options={"cache.huge_pages_per_second": "0"}).start()
    assert server.metrics()["shoal_huge_pages_made_total"] == 0
    names = [file.read_text().strip() for file in pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/comm")]
    assert names and "huge-pages" not in names
