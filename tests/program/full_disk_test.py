"""A full disk: writes are refused clearly, reads go on, and writes work again once there is room."""
import contextlib
import os
import random
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.checksums import sha256_hex
from harness.waiting import wait_until

MIB = 1 << 20


def mount_small_disk(tmp_path, mebibytes):
    """Mounts a file system of its own; needs root. Its path."""
    path = tmp_path / "disk"
    path.mkdir()
    options = f"size={mebibytes}m,uid={os.geteuid()},mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    return path


@pytest.fixture
def small_disk(tmp_path):
    path = mount_small_disk(tmp_path, 96)
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture(params=[(256, 128), (512, 409)])
def disk_in_use(request, tmp_path):
    """A disk, and how many objects of 1 MiB take a half or four fifths of it."""
    mebibytes, objects = request.param
    path = mount_small_disk(tmp_path, mebibytes)
    yield path, objects
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def full_server(new_server, small_disk):
    """A server whose disk is filled by its own objects: (server, bucket, {key: body}, name of one that did not fit).

    Each loop of the server has a log of its own, and the last segment of each has room for a while after the first
    refusal: the disk is full when no key of a long row finds any.
    """
    server = new_server(data=small_disk / "data").start()
    server.expected_trouble = "(?i)space|full"
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    raw = server.raw()
    bodies = {}
    refused = 0
    for number in range(2000):
        key = f"key{number:04}"
        body = random_bytes(700_000, number)
        answer = raw.call("PUT", f"/bucket/{key}", body=body)
        if answer.status == 200:
            bodies[key] = body
            refused = 0
            continue
        assert_no_space(answer)
        refused += 1
        if refused == 20:
            return server, bucket, bodies, key
    raise AssertionError("the disk never became full")


def assert_no_space(answer):
    assert (answer.status, answer.error_code) in {
        (507, "InsufficientStorage"),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
    }, answer


def check_reads(bucket, bodies):
    assert bucket.keys() == sorted(bodies)
    for key, body in bodies.items():
        assert bucket.sha256(key) == sha256_hex(body)


def test_reads_go_on_and_nothing_half_written_shows(full_server):
    server, bucket, bodies, _ = full_server
    assert len(bodies) > 20
    raw = server.raw()
    for size in (700_000, 9 * MIB):
        assert_no_space(raw.call("PUT", "/bucket/another", body=random_bytes(size)))
        overwritten = next(iter(bodies))
        assert_no_space(raw.call("PUT", f"/bucket/{overwritten}", body=random_bytes(size)))
    check_reads(bucket, bodies)
    assert server.admin_status("/-/health") == 200


def test_an_upload_in_parts_is_refused_too(full_server):
    server, bucket, bodies, _ = full_server
    raw = server.raw()
    answer = raw.call("POST", "/bucket/parts", query=[("uploads", None)])
    if answer.status == 200:
        upload = answer.xml().findtext("{*}UploadId")
        query = [("partNumber", "1"), ("uploadId", upload)]
        assert_no_space(raw.call("PUT", "/bucket/parts", query=query, body=random_bytes(6 * MIB)))
    else:
        assert_no_space(answer)
    check_reads(bucket, bodies)


def test_writes_work_when_room_was_made_outside(new_server, small_disk):
    """Something else fills the disk, and goes away again; no restart."""
    ballast = small_disk / "ballast"
    server = new_server(data=small_disk / "data").start()
    server.expected_trouble = "(?i)space|full"
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    bucket.put("before", b"before")
    with open(ballast, "wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(MIB))
            file.flush()
    raw = server.raw()
    answers = [raw.call("PUT", f"/bucket/key{i}", body=random_bytes(700_000, i)) for i in range(150)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    for answer in refused:
        assert_no_space(answer)
    ballast.unlink()
    body = random_bytes(700_000, "after")
    answer = raw.call("PUT", "/bucket/after", body=body)
    assert answer.status == 200, answer
    assert sha256_hex(bucket.get("after")) == sha256_hex(body) and bucket.get("before") == b"before"


def test_a_full_server_starts_again_and_reads(full_server):
    server, bucket, bodies, _ = full_server
    server.kill()
    server.start()
    bucket.client = server.boto3()
    check_reads(bucket, bodies)


def test_overwriting_without_end_fits_the_disk(new_server, disk_in_use):
    """Much more is written than the disk holds: space comes back by itself."""
    disk, objects = disk_in_use
    options = {
        "server.threads": "1",
        "storage.segment_bytes": "16MiB",
        "storage.reserve_bytes": "24MiB",
    }
    server = new_server(data=disk / "data", options=options).start()
    server.expected_trouble = "(?i)space|full|compaction"
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    raw = server.raw()
    dice = random.Random(objects)
    bodies = {}

    def put(key, body):
        answer = raw.call("PUT", f"/bucket/{key}", body=body)
        if answer.status != 200:
            assert_no_space(answer)
        return answer.status == 200

    for number in range(1400):
        key = f"key{number if number < objects else dice.randrange(objects):03}"
        body = random_bytes(MIB, number)
        # A client that is quicker than compaction is told to slow down, and gets through.
        wait_until(lambda key=key, body=body: put(key, body), f"room for {key}", 60)
        bodies[key] = body
    check_reads(bucket, bodies)
    server.kill()
    server.start()
    bucket.client = server.boto3()
    check_reads(bucket, bodies)
