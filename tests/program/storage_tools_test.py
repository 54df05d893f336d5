"""`shoal inspect`, `verify`, `scrub` and `compact` on the directory of a real server and beside it, whole and damaged."""
import json

import botocore.exceptions
import pytest

from harness.bucket import Bucket, random_bytes
from harness.data_directory import flip, segments, shoal, shoal_json
from harness.raw_http import RawClient
from harness.server import HOST
from harness.waiting import wait_until


def make_bucket(server, name="bucket"):
    bucket = Bucket(server.boto3(), name)
    bucket.client.create_bucket(Bucket=name)
    return bucket


def filled(new_server):
    """A stopped server with some objects: (server, {key: body})."""
    server = new_server(options={"server.threads": "2"}).start()
    bucket = make_bucket(server)
    bodies = {f"key{number:02}": random_bytes(3_000, number) for number in range(40)}
    bodies["large"] = random_bytes(9 << 20, "large")
    for key, body in bodies.items():
        bucket.put(key, body)
    bucket.put("gone", b"gone")
    bucket.client.delete_object(Bucket="bucket", Key="gone")
    server.stop()
    return server, bodies


def test_inspect_shows_what_is_there(new_server):
    server, bodies = filled(new_server)
    shown = shoal_json("inspect", server.data)
    assert shown["objects"] == len(bodies) and shown["buckets"] == 1 and not shown["in_use"]
    assert len(shown["segments"]) == len(segments(server.data))
    assert all(segment["state"] == "sealed" and not segment["problems"] for segment in shown["segments"])
    live = sum(segment["live_bytes"] for segment in shown["segments"])
    assert sum(map(len, bodies.values())) < live <= sum(segment["bytes"] for segment in shown["segments"])
    table = shoal("inspect", server.data)
    assert table.returncode == 0 and "41 objects in 1 bucket" in table.stdout

    number = shown["segments"][0]["segment"]
    records = shoal_json("inspect", server.data, number, "--records")["records"]
    assert len(records) == shown["segments"][0]["records"]
    assert all(record["bucket"] == "bucket" for record in records)
    assert shoal("inspect", server.data, 999_999).returncode == 1
    assert shoal("inspect", server.data, "--records").returncode == 2
    quick = shoal_json("inspect", server.data, "--quick")
    assert [s["records"] for s in quick["segments"]] == [s["records"] for s in shown["segments"]]


def test_verify_says_that_all_is_good(new_server):
    server, _ = filled(new_server)
    found = shoal_json("verify", server.data)
    assert found["damages"] == [] and found["records"] > 40 and found["bytes"] > 9 << 20
    assert shoal("verify", server.data.parent).returncode == 1


def test_the_tools_work_beside_a_server_and_change_nothing(new_server):
    server = new_server().start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    before = {path: path.read_bytes() for path in segments(server.data)}
    assert shoal_json("inspect", server.data)["in_use"]
    assert shoal_json("verify", server.data)["damages"] == []
    assert {path: path.read_bytes() for path in segments(server.data)} == before
    bucket.put("key", b"another")
    assert bucket.get("key") == b"another"


def test_verify_finds_every_damage_with_its_key(new_server):
    server, bodies = filled(new_server)
    keys = ["key03", "key17", "key31"]
    places = {key: flip(server.data, bodies[key][1_000:1_100]) for key in keys}
    places["large"] = flip(server.data, bodies["large"][5_000_000:5_000_100])
    found = shoal_json("verify", server.data, code=3)
    assert sorted(damage["name"] for damage in found["damages"]) == sorted(places)
    for damage in found["damages"]:
        path, offset = places[damage["name"]]
        assert damage["file"] == str(path) and damage["place"] == "record_body"
        assert damage["offset"] < offset < damage["offset"] + damage["bytes"]
    text = shoal("verify", server.data)
    assert text.returncode == 3 and "4 damaged places" in text.stdout and "bucket/key17" in text.stdout


def test_verify_goes_on_behind_a_damaged_head(new_server):
    server, bodies = filled(new_server)
    whole = shoal_json("verify", server.data)
    flip(server.data, b"bucketkey05")
    flip(server.data, b"bucketkey06")
    found = shoal_json("verify", server.data, code=3)
    assert found["records"] == whole["records"] - 2
    assert [damage["place"] for damage in found["damages"]] == ["record_head", "record_head"]
    assert all(damage["is_guess"] for damage in found["damages"])


def test_keys_of_any_bytes_are_shown_on_one_line(new_server):
    server = new_server().start()
    bucket = make_bucket(server)
    body = random_bytes(1_000, 1)
    bucket.put('a\n"b" \x1b[31m', body)
    server.stop()
    flip(server.data, body)
    text = shoal("verify", server.data)
    assert text.returncode == 3 and "\x1b" not in text.stdout
    assert len(text.stdout.splitlines()) == 2 and r"a\x0a\"b\" \x1b[31m" in text.stdout


def online(server, *arguments):
    """Runs a command that asks the server."""
    place = ["--data", server.data, "--admin", f"{HOST}:{server.admin_port}"]
    return shoal(*arguments, *place, environment=server.full_environment())


def quarantined(server):
    result = online(server, "inspect", "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["quarantined"]


def metric(server, name):
    lines = server.admin_get("/metrics")[1].decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))


def assert_damaged(bucket, key):
    with pytest.raises(botocore.exceptions.ClientError) as failed:
        bucket.get(key)
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500


def damaged_server(new_server, key="key07", options=None):
    """A running server whose object `key` was damaged while it was stopped: (server, bucket, {key: body})."""
    server, bodies = filled(new_server)
    flip(server.data, bodies[key][1_000:1_100])
    server.options = {"cache.warm_restart": "false", **(options or {})}
    server.expected_trouble = "damaged|store failed"
    server.start()
    return server, Bucket(server.boto3(), "bucket"), bodies


def test_scrub_names_the_damaged_key_and_overwriting_heals(new_server):
    server, bucket, bodies = damaged_server(new_server)
    found = online(server, "scrub", "--rate", "0")
    assert found.returncode == 3 and "bucket/key07" in found.stdout, (found.stdout, found.stderr)
    assert "damaged record=put key=bucket/key07" in server.log()
    assert [record["name"] for record in quarantined(server)] == ["key07"]
    assert metric(server, "shoal_storage_quarantined_records") == 1
    assert metric(server, "shoal_storage_scrubbed_bytes_total") > 9 << 20

    assert_damaged(bucket, "key07")
    assert len(bucket.keys()) == len(bodies)
    for key in ("key06", "key08", "large"):
        assert bucket.get(key) == bodies[key]

    bucket.put("key07", b"healed")
    assert bucket.get("key07") == b"healed"
    assert quarantined(server) == [] and metric(server, "shoal_storage_quarantined_records") == 0
    assert metric(server, "shoal_storage_damages_found_total") == 1
    assert online(server, "scrub", "--rate", "0").returncode == 0


def test_a_read_that_fails_quarantines_too_and_deleting_heals(new_server):
    server, bucket, _ = damaged_server(new_server)
    assert_damaged(bucket, "key07")
    assert [record["name"] for record in quarantined(server)] == ["key07"]
    bucket.client.delete_object(Bucket="bucket", Key="key07")
    assert quarantined(server) == []


def test_the_background_finds_damage_by_itself(new_server):
    options = {"storage.scrub_interval": "1s", "storage.scrub_bytes_per_second": "100MiB"}
    server, bucket, bodies = damaged_server(new_server, options=options)
    wait_until(lambda: "damaged record=put key=bucket/key07" in server.log(), "scrubbing finds it", 30)
    assert bucket.get("key06") == bodies["key06"]


def test_a_damaged_head_is_named_by_the_index_and_survives_a_restart(new_server):
    server, bodies = filled(new_server)
    server.options = {"cache.warm_restart": "false", "server.threads": "2"}
    server.expected_trouble = "damaged|store failed|compaction"
    server.start()
    flip(server.data, b"bucketkey09")
    assert online(server, "verify").returncode == 3
    assert [record["name"] for record in quarantined(server)] == ["key09"]
    # Something newer elsewhere, so that the damaged segment may go.
    bucket = Bucket(server.boto3(), "bucket")
    for number in range(8):
        bucket.put(f"new{number}", b"new")
    assert online(server, "compact").returncode == 0
    assert_damaged(bucket, "key09")
    server.stop()
    assert list((server.data / "quarantine").iterdir())
    server.start()
    bucket = Bucket(server.boto3(), "bucket")
    assert_damaged(bucket, "key09")
    for key in ("key08", "key10", "large"):
        assert bucket.get(key) == bodies[key]
    bucket.put("key09", b"healed")
    assert bucket.get("key09") == b"healed"


@pytest.mark.parametrize("is_online", [True, False])
def test_compact_gives_space_back(new_server, is_online):
    server = new_server(options={"server.threads": "1", "storage.garbage_percent_max": "100"}).start()
    bucket = make_bucket(server)
    for generation in range(3):
        for number in range(20):
            bucket.put(f"key{number}", random_bytes(100_000, f"{generation}/{number}"))
        server.stop()
        server.start()
        bucket = Bucket(server.boto3(), "bucket")
    before = sum(path.stat().st_size for path in segments(server.data))
    if is_online:
        done = online(server, "compact")
    else:
        busy = shoal("compact", server.data)
        assert busy.returncode == 1 and "open in another process" in busy.stderr
        server.stop()
        done = shoal("compact", server.data)
        server.start()
        bucket = Bucket(server.boto3(), "bucket")
    assert done.returncode == 0 and "segments removed" in done.stdout, (done.stdout, done.stderr)
    assert sum(path.stat().st_size for path in segments(server.data)) < before / 2
    for number in range(20):
        assert bucket.get(f"key{number}") == random_bytes(100_000, f"2/{number}")


def test_jobs_are_started_watched_and_ended(new_server):
    server, _ = filled(new_server)
    server.start()
    assert online(server, "scrub", "--rate", "1000", "--detach").stdout == "job 1\n"
    second = online(server, "compact")
    assert second.returncode == 1 and "job 1 (scrub) is running" in second.stderr
    assert online(server, "jobs", "--cancel", "1").returncode == 0

    def job():
        return json.loads(online(server, "jobs").stdout)["jobs"][0]

    wait_until(lambda: job()["state"] == "cancelled", "the job ends", 10)
    assert online(server, "jobs", "--cancel", "9").returncode == 1
    server.stop()


def test_only_the_keys_of_the_server_open_the_storage_of_the_admin_port(new_server):
    server = new_server().start()
    for method in ("GET", "POST"):
        for path in ("segments", "quarantine", "jobs?kind=compact", "cancel?id=1"):
            assert server.admin_get(f"/-/storage/{path}", method)[0] == 403
    admin = RawClient(HOST, server.admin_port, server.signer())
    assert admin.call("POST", "/-/storage/jobs", query=[("kind", "compact")]).status == 202
    assert admin.call("POST", "/-/storage/jobs", query=[("kind", "format")]).status == 400
    assert admin.call("POST", "/-/storage/jobs", query=[("kind", "scrub"), ("bytes_per_second", "x")]).status == 400
    assert admin.call("GET", "/-/storage/jobs", query=[("id", "77")]).status == 404
    assert admin.call("GET", "/-/storage/nothing").status == 404
    assert admin.call("POST", "/-/storage/segments").status == 404
    assert admin.call("DELETE", "/-/storage/jobs").status == 405


def test_the_tools_say_what_they_want(new_server):
    for command in ("inspect", "verify", "compact"):
        assert shoal(command).returncode == 2
        assert shoal(command, "directory", "--admin", "127.0.0.1:1").returncode == 2
    assert shoal("compact", new_server().directory).returncode == 1
