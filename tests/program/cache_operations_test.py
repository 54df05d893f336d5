"""What an operator does with the memory of a running server: warm, pin, evict, stat, jobs."""
import re
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.server import HOST, program
from harness.waiting import wait_until


def ask(server, *command, admin=None, check=True, **options):
    """A subcommand of `shoal` that asks the server, which is where `admin` says."""
    admin = admin or f"{HOST}:{server.admin_port}"
    command = [str(program()), *command, "--data", str(server.data), "--admin", admin]
    return subprocess.run(
        command, env=server.full_environment(), capture_output=True, text=True, timeout=60, check=check, **options
    )


def stat(server, prefix):
    """objects, bytes in memory; objects pinned."""
    said = ask(server, "cache", "stat", prefix).stdout
    objects = re.search(r"in memory: (\d+) object", said)
    pinned = re.search(r"pinned: (\d+),", said)
    return int(objects[1]), int(pinned[1])


@pytest.fixture
def own(new_server):
    return new_server(options={"server.threads": "2", "cache.memory": "64MiB", "server.stop_timeout": "5s"}).start()


@pytest.fixture
def bucket(own):
    bucket = Bucket(own.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    for i in range(40):
        bucket.put(f"a/{i:02} +%", random_bytes(1000))
    for i in range(20):
        bucket.put(f"b/{i:02}", random_bytes(1000))
    return bucket


def misses(server):
    return sum(v for name, v in server.metrics().items() if name.startswith("shoal_cache_misses_total"))


def test_stat_and_evict_take_what_begins_with_the_prefix(own, bucket):
    assert stat(own, "s3://bucket/a/") == (40, 0)
    assert stat(own, "bucket") == (60, 0)
    assert ask(own, "evict", "bucket/a/0").stdout.startswith("10 objects, ")
    assert stat(own, "bucket/a/") == (30, 0)
    before = misses(own)
    assert len(bucket.get("a/05 +%")) == 1000 and len(bucket.get("b/05")) == 1000
    assert misses(own) == before + 1
    assert ask(own, "evict", "bucket/none").stdout.startswith("0 objects")


@pytest.mark.parametrize("form", ["http://127.0.0.1:{}", "http://127.0.0.1:{}/", "http://localhost:{}/"])
def test_the_server_is_named_by_a_url(own, bucket, form):
    admin = form.format(own.admin_port)
    assert "60 objects" in ask(own, "cache", "stat", "bucket", admin=admin).stdout
    assert ask(own, "evict", "bucket/a/0", admin=admin).stdout.startswith("10 objects, ")
    ask(own, "warm", "bucket/a/", admin=admin)
    assert stat(own, "bucket/a/") == (40, 0)
    assert "pinned" in ask(own, "pin", "bucket/b/", admin=admin).stdout


@pytest.mark.parametrize(
    "admin, reason",
    [
        ("https://127.0.0.1:{}/", "speaks http only"),
        ("ftp://127.0.0.1:{}/", "expected http://HOST:PORT"),
        ("localhost:{}", "expected ADDRESS:PORT, [IPV6]:PORT or http://HOST:PORT"),
    ],
)
def test_other_names_of_a_server_are_refused(own, admin, reason):
    refused = ask(own, "cache", "stat", "bucket", admin=admin.format(own.admin_port), check=False)
    assert refused.returncode == 2 and reason in refused.stderr


def test_pinned_prefixes_stay_in_memory_and_survive_a_restart(own, bucket):
    assert "pinned" in ask(own, "pin", "s3://bucket/a/").stdout
    assert ask(own, "pin").stdout == "s3://bucket/a/\n"
    bucket.put("a/new", b"body")
    for i in range(100):
        bucket.put(f"large/{i:03}", random_bytes(1 << 20))
    assert stat(own, "bucket/a/") == (41, 41)
    assert "below a pinned prefix" in ask(own, "cache", "explain", "bucket/a/new").stdout
    own.stop()
    own.start()
    assert ask(own, "pin").stdout == "s3://bucket/a/\n"
    wait_until(lambda: stat(own, "bucket/a/") == (41, 41), "they are read back and pinned again", 20)
    assert ask(own, "pin", "s3://bucket/a/", "--remove").returncode == 0
    assert stat(own, "bucket/a/") == (41, 0)
    assert ask(own, "pin").stdout == ""
    refused = ask(own, "pin", "s3://bucket/a/", "--remove", check=False)
    assert refused.returncode == 1 and "is not pinned" in refused.stderr


def test_warm_a_list_of_names(own, bucket, tmp_path):
    ask(own, "evict", "bucket")
    names = tmp_path / "names"
    names.write_text("".join(f"a/{i:02} +%\n" for i in range(0, 40, 2)) + "\na/none\n")
    planned = ask(own, "warm", "bucket/a/", "--list", str(names), "--dry-run").stdout
    assert planned.startswith("20 objects, 19.5 KiB; ") and "1 name of the list: there is no such object" in planned
    assert stat(own, "bucket") == (0, 0)
    done = ask(own, "warm", "s3://bucket", "--list", "-", "--pin", input=names.read_text())
    assert done.stdout.startswith("20 objects, 19.5 KiB read\n")
    assert stat(own, "bucket") == (20, 20)
    refused = ask(own, "warm", "s3://bucket/b/", "--list", str(names), check=False)
    assert refused.returncode == 1 and "does not begin with the prefix" in refused.stderr


def jobs_of(server):
    return ask(server, "cache", "jobs").stdout.splitlines()


def test_warm_up_in_the_background(own, bucket):
    ask(own, "evict", "bucket")
    assert ask(own, "warm", "bucket/a/", "--detach").stdout.startswith("job 1 runs")
    wait_until(lambda: "done" in jobs_of(own)[0], "the job ends", 20)
    assert jobs_of(own) == ["1  done  s3://bucket/a/  40 of 40 objects, 39.1 KiB of 39.1 KiB"]
    assert stat(own, "bucket") == (40, 0)


def test_a_background_warm_up_is_cancelled(own, bucket):
    for i in range(200):
        bucket.put(f"slow/{i:03}", random_bytes(1000))
    ask(own, "evict", "bucket")
    ask(own, "warm", "bucket/slow/", "--detach", "--rate", "1KiB")
    wait_until(lambda: " 64 of 200 objects" in jobs_of(own)[0], "the first step is done", 20)
    ask(own, "cache", "jobs", "--cancel", "1")
    wait_until(lambda: "cancelled" in jobs_of(own)[0], "the job ends", 20)
    assert stat(own, "bucket/slow/") == (64, 0)
    refused = ask(own, "cache", "jobs", "--cancel", "77", check=False)
    assert refused.returncode == 1 and "there is no job 77" in refused.stderr


def test_a_stop_does_not_wait_for_a_background_warm_up(own, bucket):
    for i in range(100):
        bucket.put(f"slow/{i:03}", random_bytes(1000))
    ask(own, "evict", "bucket")
    ask(own, "warm", "bucket/slow/", "--detach", "--rate", "1")
    wait_until(lambda: " 64 of 100 objects" in jobs_of(own)[0], "the first step is done", 20)
    own.stop()
    assert "state=cancelled" in own.log()


def test_a_job_for_a_bucket_that_is_not_there_fails(own):
    ask(own, "warm", "no-such-bucket/", "--detach")
    wait_until(lambda: "failed" in jobs_of(own)[0], "the job ends", 20)


@pytest.mark.parametrize("path", ["stat?bucket=bucket", "evict?bucket=bucket", "pins", "pin?bucket=b", "jobs", "cancel?id=1"])
def test_nobody_does_so_without_a_signature(own, path):
    for method in ("GET", "POST"):
        status, _ = own.admin_get(f"/-/cache/{path}", method=method)
        assert status == 403
