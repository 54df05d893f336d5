"""Readers and writers of one key at the same time: every read sees one whole version."""
import concurrent.futures
import random
import threading

import pytest

from harness.bucket import random_bytes
from harness.checksums import sha256_hex


def versioned_body(version, size):
    """A body that tells its version and cannot be mixed of two."""
    return f"{version:08d}\n".encode() + random_bytes(size, version)


def version_of(body, size):
    version = int(body[:8])
    assert sha256_hex(body) == sha256_hex(versioned_body(version, size)), f"a body of version {version} is not whole"
    return version


def read_key(raw, connection, path):
    return connection.request(raw.make("GET", path))


@pytest.mark.parametrize("size", [1000, 100_000, 5 << 20])
def test_overwrites_while_reading(raw, bucket, size):
    path = f"/{bucket.name}/key"
    writes = 60 if size < 1 << 20 else 8
    acknowledged = 0
    done = threading.Event()
    assert raw.call("PUT", path, body=versioned_body(0, size)).status == 200

    def read():
        """Versions never go back, and none is older than what was acknowledged before the read began."""
        newest, reads = 0, 0
        with raw.connect() as connection:
            while not done.is_set():
                least = acknowledged
                answer = read_key(raw, connection, path)
                assert answer.status == 200
                version = version_of(answer.body, size)
                assert version >= max(least, newest), f"version {version} after {max(least, newest)}"
                newest, reads = version, reads + 1
        return reads

    with concurrent.futures.ThreadPoolExecutor() as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            with raw.connect() as connection:
                for version in range(1, writes):
                    assert connection.request(raw.make("PUT", path, body=versioned_body(version, size))).status == 200
                    acknowledged = version
        finally:
            done.set()
        assert all(reader.result(60) > 0 for reader in readers)


def test_a_slow_reader_keeps_the_version_it_began_with(raw, bucket):
    size = 16 << 20
    path = f"/{bucket.name}/key"
    assert raw.call("PUT", path, body=versioned_body(1, size)).status == 200
    with raw.begin("GET", path, receive_buffer=1 << 16) as connection:
        head = connection.read_head()
        body = connection.read_some(100_000)
        assert raw.call("PUT", path, body=versioned_body(2, size)).status == 200
        assert raw.call("DELETE", path).status == 204
        body += connection.read_some(int(head.header("content-length")) - len(body))
    assert version_of(body, size) == 1
    assert raw.call("GET", path).status == 404


def test_many_writers_of_one_key(raw, bucket):
    """What remains is one of the versions as a whole, and it is the one that the ETag and the listing tell."""
    path = f"/{bucket.name}/key"
    size = 50_000
    etags = {}

    def write(writer):
        with raw.connect() as connection:
            for turn in range(15):
                version = writer * 1000 + turn
                answer = connection.request(raw.make("PUT", path, body=versioned_body(version, size)))
                assert answer.status == 200
                etags[version] = answer.header("etag")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for writer in [pool.submit(write, i) for i in range(8)]:
            writer.result(60)
    answer = raw.call("GET", path)
    version = version_of(answer.body, size)
    assert answer.header("etag") == etags[version] == bucket.contents()["key"][1]


def test_if_none_match_lets_one_of_many_writers_win(raw, bucket):
    path = f"/{bucket.name}/key"
    for turn in range(5):
        bodies = [versioned_body(turn * 100 + writer, 3000) for writer in range(8)]

        def write(body):
            return raw.call("PUT", path, headers=[("If-None-Match", "*")], body=body).status

        with concurrent.futures.ThreadPoolExecutor() as pool:
            statuses = list(pool.map(write, bodies))
        assert statuses.count(200) == 1 and set(statuses) <= {200, 409, 412}, statuses
        assert raw.call("GET", path).body == bodies[statuses.index(200)]
        assert raw.call("DELETE", path).status == 204


def test_if_match_counts_without_losing_a_step(raw, bucket):
    """Compare and swap by ETag: as many increments as successes."""
    path = f"/{bucket.name}/counter"
    assert raw.call("PUT", path, body=b"0").status == 200

    def increment(_):
        successes = 0
        with raw.connect() as connection:
            for _ in range(5000):
                if successes == 10:
                    break
                now = connection.request(raw.make("GET", path))
                request = raw.make(
                    "PUT", path, headers=[("If-Match", now.header("etag"))], body=str(int(now.body) + 1).encode()
                )
                status = connection.request(request).status
                assert status in (200, 409, 412)
                successes += status == 200
        return successes

    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert sum(pool.map(increment, range(4))) == 40
    assert raw.call("GET", path).body == b"40"


def test_many_keys_written_read_and_deleted_by_many(raw, bucket):
    """Each thread has keys of its own and checks them against a dictionary; all share the server's loops."""

    def work(worker):
        seed = random.Random(worker)
        model = {}
        with raw.connect() as connection:
            for turn in range(150):
                name = f"{worker}/{seed.randrange(20)}"
                path = f"/{bucket.name}/{name}"
                action = seed.choice(["put", "put", "get", "get", "delete"])
                if action == "put":
                    body = random_bytes(seed.choice([0, 10, 5000, 70_000]), f"{name} {turn}")
                    assert connection.request(raw.make("PUT", path, body=body)).status == 200
                    model[name] = body
                elif action == "delete":
                    assert connection.request(raw.make("DELETE", path)).status == 204
                    model.pop(name, None)
                else:
                    answer = connection.request(raw.make("GET", path))
                    assert answer.status == (200 if name in model else 404)
                    assert name not in model or answer.body == model[name]
        return model

    expected = {}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for model in pool.map(work, range(6)):
            expected.update(model)
    assert {key: size for key, (size, _) in bucket.contents().items()} == {
        key: len(body) for key, body in expected.items()
    }


def test_a_bucket_is_not_deleted_under_its_writers(raw, make_bucket):
    """Deleting a bucket either fails or leaves no object that was acknowledged afterwards behind."""
    bucket = make_bucket()

    def write(writer):
        return [raw.call("PUT", f"/{bucket.name}/{writer}-{turn}", body=b"x").status for turn in range(10)]

    def delete(_):
        return [raw.call("DELETE", f"/{bucket.name}").status for _ in range(20)]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        writes = [pool.submit(write, i) for i in range(4)]
        deletes = pool.submit(delete, 0)
        statuses = [status for future in writes for status in future.result(60)]
        deleted = deletes.result(60)
    assert set(statuses) <= {200, 404} and set(deleted) <= {204, 404, 409}
    if 204 in deleted:
        # An object acknowledged before the deletion would have made it fail, so none may be there.
        assert statuses.count(200) == 0 or bucket_exists(raw, bucket.name)
        if not bucket_exists(raw, bucket.name):
            assert raw.call("PUT", f"/{bucket.name}").status == 200
    else:
        assert len(bucket.keys()) == statuses.count(200) == 40


def bucket_exists(raw, name):
    return raw.call("HEAD", f"/{name}").status == 200
