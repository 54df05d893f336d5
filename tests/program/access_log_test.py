"""The access log, slow requests and the stages in /metrics, as an operator sees them."""
import json
import re
import urllib.error
import urllib.request

from botocore.exceptions import ClientError
import pytest

from harness import sigv4
from harness.bucket import Bucket, random_bytes
from harness.waiting import wait_until


def make_bucket(server):
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    return bucket


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def part_of(line, *names):
    return tuple(line.get(name) for name in names)


def test_every_request_has_its_line(new_server, tmp_path):
    path = tmp_path / "access"
    server = new_server(options={"log.access_file": str(path), "server.threads": "1"}).start()
    bucket = make_bucket(server)
    bucket.put("a cat", b"x" * 5000)
    assert bucket.get("a cat") == b"x" * 5000
    bucket.client.get_object(Bucket="bucket", Key="a cat", Range="bytes=0-9")
    bucket.client.list_objects_v2(Bucket="bucket")
    with pytest.raises(ClientError):
        bucket.client.get_object(Bucket="bucket", Key="no cat")
    bucket.client.delete_object(Bucket="bucket", Key="a cat")
    server.stop()
    lines = sorted(lines_of(path), key=lambda line: line["time"])
    seen = [part_of(line, "operation", "key", "status", "error", "size", "cache") for line in lines]
    assert seen == [
        ("CreateBucket", None, 200, None, None, None),
        ("PutObject", "a cat", 200, None, 5000, None),
        ("GetObject", "a cat", 200, None, 5000, "hit"),
        ("GetObject", "a cat", 206, None, 5000, "hit"),
        ("ListObjectsV2", None, 200, None, None, None),
        ("GetObject", "no cat", 404, "NoSuchKey", None, None),
        ("DeleteObject", "a cat", 204, None, None, None),
    ]
    assert [line["bytes"] for line in lines[1:4]] == [0, 5000, 10]
    assert {part_of(line, "bucket", "access_key", "client") for line in lines} == {("bucket", server.access_key, "127.0.0.1")}


def test_what_was_not_in_memory_is_a_miss(new_server, tmp_path):
    path = tmp_path / "access"
    server = new_server(options={"log.access_file": str(path), "cache.warm_restart": "false", "server.threads": "1"}).start()
    bucket = make_bucket(server)
    bucket.put("small", b"x" * 100)
    bucket.put("large", random_bytes(8 << 20))
    server.stop()
    server.start()
    bucket = Bucket(server.boto3(), "bucket")
    for key in ("small", "small", "large"):
        bucket.get(key)
    server.stop()
    assert [line["cache"] for line in lines_of(path) if line["operation"] == "GetObject"] == ["miss", "hit", "pieces"]


def test_signatures_do_not_reach_it_and_nobody_has_no_key(new_server, tmp_path):
    path = tmp_path / "access"
    server = new_server(options={"log.access_file": str(path)}).start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    url = bucket.client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
    assert urllib.request.urlopen(url).read() == b"body"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url.split("?")[0])
    server.stop()
    assert "ignature" not in path.read_text()
    by_status = {line["status"]: line for line in lines_of(path) if line.get("operation") == "GetObject"}
    assert by_status[200]["access_key"] == server.access_key
    assert part_of(by_status[403], "access_key", "error") == (None, "AccessDenied")


def test_what_is_refused_has_nothing_of_the_request_before_it(new_server, tmp_path):
    path = tmp_path / "access"
    server = new_server(options={"log.access_file": str(path), "server.threads": "1"}).start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    forger = sigv4.Signer(server.access_key, "not the secret key")
    for refused in ("/bucket/%ff", "/B/key"):
        assert bucket.get("key") == b"body"
        assert server.raw(signer=forger).call("GET", "/bucket/key").error_code == "SignatureDoesNotMatch"
        assert bucket.get("key") == b"body"
        server.raw().call("GET", refused)
    server.stop()
    refusals = [part_of(line, "error", "operation", "access_key", "bucket", "key") for line in lines_of(path) if line.get("error")]
    assert refusals == [
        ("SignatureDoesNotMatch", None, None, None, None),
        ("InvalidURI", None, server.access_key, None, None),
        ("SignatureDoesNotMatch", None, None, None, None),
        ("InvalidBucketName", None, server.access_key, None, None),
    ]


def test_a_file_that_is_moved_away_is_begun_anew(new_server, tmp_path):
    path, moved = tmp_path / "access", tmp_path / "access.1"
    server = new_server(options={"log.access_file": str(path)}).start()
    bucket = make_bucket(server)
    path.rename(moved)
    bucket.put("key", b"body")
    server.stop()
    operations = [line["operation"] for file in (moved, path) for line in lines_of(file)]
    assert operations == ["CreateBucket", "PutObject"]


def test_a_file_that_cannot_be_is_told_at_the_start(new_server, tmp_path):
    server = new_server(options={"log.access_file": str(tmp_path / "missing" / "access")})
    server.spawn()
    assert server.wait_exit() == 1
    assert "missing/access" in server.log()


def test_slow_requests_tell_their_stages(new_server):
    server = new_server(options={"log.slow_request": "1ms"}).start()
    make_bucket(server).put("large", random_bytes(8 << 20))
    # The client may have its answer before the line is written.
    line = wait_until(
        lambda: next((it for it in server.log().splitlines() if "slow request" in it and "path=/bucket/large" in it), None),
        "the slow request is logged",
    )
    stages = {name: int(value) for name, value in re.findall(r"(\w*us)=(\d+)", line) if name != "status"}
    assert stages["us"] >= stages["work_us"] > 1000
    assert abs(stages["us"] - stages["verify_us"] - stages["work_us"] - stages["send_us"]) <= 3


def test_stages_operations_loops_and_syncs_are_counted(new_server):
    server = new_server().start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    for _ in range(5):
        bucket.get("key")

    def numbers_of_all():
        # The client may have its answer before the request is counted.
        _, body = server.admin_get("/metrics")
        numbers = dict(line.rsplit(" ", 1) for line in body.decode().splitlines() if not line.startswith("#"))
        counts = [int(numbers[f'shoal_request_stage_seconds_count{{stage="{stage}"}}']) for stage in ("verify", "work", "send")]
        return numbers if counts == [7, 7, 7] else None

    numbers = wait_until(numbers_of_all, "seven requests are counted in all stages")
    assert int(numbers['shoal_requests_total{operation="GetObject",status="200"}']) == 5
    assert int(numbers['shoal_requests_total{operation="PutObject",status="200"}']) == 1
    assert int(numbers["shoal_storage_sync_seconds_count"]) > 0
    assert "shoal_loop_lag_seconds_count" in numbers
