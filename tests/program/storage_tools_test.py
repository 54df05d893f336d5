"""`shoal inspect` and `shoal verify` on the directory of a real server, whole and damaged."""
from harness.bucket import Bucket, random_bytes
from harness.data_directory import flip, segments, shoal, shoal_json


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
