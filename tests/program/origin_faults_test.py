"""A network that does to the connections with the origin what networks do, in front of a server of ours and of Ceph's
S3 service: clients get the right bytes or an error, nobody waits for ever, and nothing wrong is kept."""
import concurrent.futures
import hashlib
import secrets
import time

import pytest

from harness.bucket import random_bytes
from harness.faulty_proxy import Fault, FaultyProxy
from harness.fronts import ORIGIN_FAILED, front_of
from harness.raw_http import ConnectionClosed
from harness.waiting import wait_until

CLIENTS = 8
ENDS_WITHIN_SECONDS = 25
MEMORY_BYTES = 48 << 20
SMALL = {f"small{i}": random_bytes(i * 30_000, seed=i) for i in range(1, 6)}
LARGE = {"large": random_bytes(3 << 20, seed=9)}  # more than is cached whole
REFUSED = "refused"

READ_FAULTS = {
    **{kind: [Fault(kind, "answer", after) for after in (0, 20, 40_000)] for kind in ("cut", "reset", "stall")},
    # What is in the bytes of a large object can be told by nobody who has no TLS: no piece of it has a digest.
    "garbage": [Fault("garbage", "answer", after) for after in (0, 20, 1_000, 20_000)],
    "no answer": [Fault("stall", "request"), REFUSED],
    "slow": [Fault("slow")],
}
WRITE_FAULTS = {
    **{
        kind: [Fault(kind, "request", after) for after in (0, 20_000, 2_000_000)]
        + [Fault(kind, "answer", after) for after in (0, 20)]
        for kind in ("cut", "reset", "stall")
    },
    "garbage": [Fault("garbage", "answer", after) for after in (0, 20)],
    "other": [Fault("slow"), REFUSED],
}


@pytest.fixture(params=["shoal", "gateway"])
def service(request):
    """The origin."""
    return request.getfixturevalue("origin" if request.param == "shoal" else "gateway")


@pytest.fixture
def proxy(service):
    proxy = FaultyProxy(service.port)
    yield proxy
    proxy.close()


@pytest.fixture
def front(new_server, service, proxy):
    options = {
        "origin.idle_timeout": "0s",
        "origin.backoff_first": "1ms",
        "origin.attempts_max": "2",
        "origin.first_byte_timeout": "1s",
        "origin.body_timeout": "1s",
        "origin.retry_time_max": "2s",
        "origin.coherence": "owned",
        "origin.gather_bytes_max": "1MiB",
        "cache.memory": "48MiB",
        "server.threads": "2",
    }
    return front_of(new_server, service, options, proxy.url, f"{ORIGIN_FAILED}|body cut off")


@pytest.fixture
def bucket(service):
    """A bucket of the origin, with a client of the origin."""
    client, name = service.boto3(), f"faults-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=name)
    return client, name


def begin(proxy, fault):
    if fault == REFUSED:
        proxy.refuse()
    else:
        proxy.fault = fault


def get(front, name, key):
    """The body, or nothing when the server says that it has none, which may be in the middle of it."""
    try:
        answer = front.raw().call("GET", f"/{name}/{key}")
    except (ConnectionClosed, ConnectionError):
        return None
    assert answer.status in (200, 500, 503), answer
    return answer.body if answer.status == 200 else None


def all_at_once(calls):
    """What they return; each must end."""
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        results = [future.result() for future in [pool.submit(call) for call in calls]]
    assert time.monotonic() - began < ENDS_WITHIN_SECONDS
    return results


def check_memory(front):
    numbers = front.metrics()
    used = sum(value for name, value in numbers.items() if name.startswith("shoal_memory_bytes{"))
    assert used <= numbers["shoal_memory_limit_bytes"] == MEMORY_BYTES


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", READ_FAULTS)
def test_reads(front, proxy, bucket, kind):
    client, name = bucket
    for number, fault in enumerate(READ_FAULTS[kind]):
        bodies = {f"{number}/{key}": body for key, body in (SMALL if kind == "garbage" else {**SMALL, **LARGE}).items()}
        for key, body in bodies.items():
            client.put_object(Bucket=name, Key=key, Body=body)
        calls = [lambda key=key: (key, get(front, name, key)) for key in bodies for _ in range(CLIENTS)]
        begin(proxy, fault)
        for key, body in all_at_once(calls):
            assert body is None or body == bodies[key], f"wrong bytes of {key} with {fault}"
        check_memory(front)
        proxy.heal()
        for key, body in all_at_once(calls):
            assert body is None or body == bodies[key], f"wrong bytes of {key} after {fault}"
        for key, body in bodies.items():
            # A busy machine may be too slow for such timeouts once more.
            assert wait_until(lambda: get(front, name, key), f"{key} can be read after {fault}") == body


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", WRITE_FAULTS)
def test_writes(front, proxy, bucket, kind):
    """The next read shows what the origin has, which is the old state or the new one."""
    client, name = bucket
    sizes = {"small": 1_000, "gathered": 900_000, "streamed": 3 << 20}

    def behind(key):
        return client.get_object(Bucket=name, Key=key)["Body"].read()

    def write(key, body):
        answer = front.raw().call("PUT", f"/{name}/{key}", body=body)
        assert answer.status in (200, 500, 503), answer
        assert answer.status != 200 or answer.header("etag") == f'"{hashlib.md5(body).hexdigest()}"'
        return answer.status

    for number, fault in enumerate(WRITE_FAULTS[kind]):
        old, new = ({key: random_bytes(size, 2 * number + i) for key, size in sizes.items()} for i in (0, 1))
        for key, body in old.items():
            wait_until(lambda: write(key, body) == 200, f"{key} can be written before {fault}")
            assert wait_until(lambda: get(front, name, key), f"{key} can be read before {fault}") == behind(key) == body
        begin(proxy, fault)
        statuses = all_at_once([lambda key=key: (key, write(key, new[key])) for key in new])
        check_memory(front)
        proxy.heal()
        for key, status in statuses:
            shown = wait_until(lambda: get(front, name, key), f"{key} can be read after {fault}")
            assert shown in (old[key], new[key]), f"{key} is neither the old nor the new one after {fault}"
            assert shown == new[key] or status != 200, f"{key} was written in spite of {fault}"
            # The origin may still be doing what it had got.
            wait_until(lambda: get(front, name, key) == behind(key), f"both say the same of {key} after {fault}", 10)
            assert status != 503 or behind(key) == old[key], f"503 says that nothing was done with {fault}"


@pytest.mark.timeout(120)
def test_listings_and_deletes(front, proxy, bucket):
    client, name = bucket
    keys = [f"key{i}" for i in range(20)]
    for key in keys:
        client.put_object(Bucket=name, Key=key, Body=b"body")
    faults = [Fault(kind, "answer", after) for kind in ("cut", "reset", "garbage") for after in (0, 100, 1_000)]
    for fault in [*faults, Fault("stall", "answer", 100), REFUSED]:
        begin(proxy, fault)
        listed = front.raw().call("GET", f"/{name}", query=[("list-type", "2")])
        assert listed.status in (500, 503), fault
        key = keys[-1]
        assert front.raw().call("DELETE", f"/{name}/{key}").status in (204, 500, 503)
        proxy.heal()
        status = wait_until(lambda: settled_status(front, name, key), f"it is known whether {key} is there")
        if status == 404:
            keys.pop()
        listed = client.list_objects_v2(Bucket=name)
        assert [item["Key"] for item in listed["Contents"]] == sorted(keys)
        shown = front.raw().call("GET", f"/{name}", query=[("list-type", "2")])
        if shown.status == 200:
            assert [key.text for key in shown.xml().iterfind("{*}Contents/{*}Key")] == sorted(keys)


def settled_status(front, name, key):
    status = front.raw().call("GET", f"/{name}/{key}").status
    return status if status in (200, 404) else None
