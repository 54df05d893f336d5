"""The second tier: copies on a local disk of what does not fit into memory."""
import random
import re
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.server import HOST, program
from harness.waiting import wait_until

OBJECT_BYTES = 100_000
OBJECTS = 300  # twice of what is in memory


@pytest.fixture
def flash_directory(tmp_path):
    directory = tmp_path / "flash"
    directory.mkdir()
    return directory


@pytest.fixture
def flash_options(flash_directory):
    return {
        "cache.memory": "32MiB",
        "cache.warm_restart": "false",
        "server.threads": "2",
        "flash.directory": str(flash_directory),
        "flash.capacity": "64MiB",
        "flash.feed_interval": "10ms",
    }


@pytest.fixture
def origin(new_server):
    return new_server().start()


@pytest.fixture
def in_front(new_server, origin, flash_options):
    """Makes servers with a second tier in front of the origin."""

    def make(**options):
        server = new_server(
            options={"origin.url": origin.endpoint, **flash_options, **options},
            environment={
                "SHOAL_ORIGIN_ACCESS_KEY": origin.access_key,
                "SHOAL_ORIGIN_SECRET_KEY": origin.secret_key,
            },
        )
        return server.start()

    return make


def bucket_of(server):
    return Bucket(server.boto3(), "bucket")


def body_of(number, version=0):
    return random_bytes(OBJECT_BYTES, seed=1000 * version + number)


def read(bucket, number, **options):
    """(body, where it came from) of an object."""
    answer = bucket.client.get_object(Bucket=bucket.name, Key=str(number), **options)
    return answer["Body"].read(), answer["ResponseMetadata"]["HTTPHeaders"].get("x-shoal-cache")


def fill_flash(server, bucket):
    """Reads all objects again and again, until most of what is not in memory is on flash."""

    def is_full():
        for number in range(OBJECTS):
            bucket.get(str(number))
        return server.metrics()["shoal_flash_objects"] > OBJECTS / 2

    wait_until(is_full, "copies are on flash", 60)


def read_all(bucket, version_of=lambda number: 0):
    """How often an answer came from where; every body is compared."""
    sources = {}
    for number in range(OBJECTS):
        body, source = read(bucket, number)
        assert body == body_of(number, version_of(number)), number
        sources[source] = sources.get(source, 0) + 1
    return sources


def put_all(bucket):
    bucket.client.create_bucket(Bucket=bucket.name)
    for number in range(OBJECTS):
        bucket.put(str(number), body_of(number))


def ask(server, *command):
    """What a subcommand of `shoal` says that asks the server."""
    command = [str(program()), *command, "--data", str(server.data), "--admin", f"{HOST}:{server.admin_port}"]
    return subprocess.run(
        command, env=server.full_environment(), capture_output=True, text=True, timeout=60, check=True
    ).stdout


def explain(server, key):
    return ask(server, "cache", "explain", key)


def count_on_flash(server, prefix):
    """Objects on flash, as `shoal cache stat` says."""
    return int(re.search(r"on flash: (\d+) object", ask(server, "cache", "stat", prefix))[1])


def test_what_memory_evicts_is_read_from_flash(origin, in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    sources = read_all(bucket)
    assert sources.get("flash", 0) > OBJECTS / 4, sources
    numbers = front.metrics()
    assert numbers['shoal_flash_reads_total{result="hit"}'] >= sources["flash"]
    assert numbers["shoal_flash_disk_bytes"] <= 64 << 20
    assert 0 < numbers["shoal_flash_index_bytes"] <= numbers['shoal_memory_bytes{account="flash"}']
    on_flash = [n for n in range(OBJECTS) if "On flash:" in explain(front, f"bucket/{n}")][:1]
    assert on_flash, "no object is said to be on flash"


def test_space_on_disk_is_never_more_than_the_capacity(in_front, flash_directory):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    for number in range(1_500):  # more than twice the capacity
        bucket.put(str(number), body_of(number % 50))
        if number % 20 == 0:
            used = sum(file.stat().st_blocks * 512 for file in flash_directory.rglob("*.seg") if file.exists())
            assert used <= 64 << 20
    assert front.metrics()["shoal_flash_loops_switched_off"] == 0


def test_a_kill_and_a_stop_keep_the_copies_and_bring_nothing_older_back(origin, in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    version = {}
    for number in range(0, OBJECTS, 10):
        bucket.put(str(number), body_of(number, 1))
        version[number] = 1
    front.kill()
    for number in range(5, OBJECTS, 10):  # while nobody looks
        bucket_of(origin).put(str(number), body_of(number, 2))
        version[number] = 2
    for stop in (front.kill, front.stop):
        front.start()
        bucket = bucket_of(front)
        assert front.metrics()["shoal_flash_objects"] > OBJECTS / 4
        sources = read_all(bucket, lambda number: version.get(number, 0))
        assert sources.get("flash", 0) > OBJECTS / 4, sources
        assert front.metrics()["shoal_flash_confirmed_total"] > 0
        stop()


def test_damage_is_found_and_the_right_bytes_are_served(in_front, flash_directory):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    front.stop()
    flips = random.Random(5)
    for segment in flash_directory.rglob("*.seg"):
        content = bytearray(segment.read_bytes())
        for at in range(4096, len(content), 40_000):
            content[at + flips.randrange(40_000) if at + 40_000 < len(content) else at] ^= 1 << flips.randrange(8)
        segment.write_bytes(content)
    front.start()
    read_all(bucket_of(front))
    assert front.metrics()['shoal_flash_drops_total{reason="damaged"}'] > 0


def test_revalidation_holds_for_copies(origin, in_front):
    front = in_front(**{"origin.coherence": "revalidate 0s"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    for number in range(0, OBJECTS, 3):
        bucket_of(origin).put(str(number), body_of(number, 1))
    sources = read_all(bucket, lambda number: 1 if number % 3 == 0 else 0)
    assert sources.get("flash", 0) > 0, sources


def test_who_insists_sees_what_the_origin_has(origin, in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    raw = front.raw()
    for number in range(OBJECTS):
        bucket_of(origin).put(str(number), b"new")
        assert raw.call("GET", f"/bucket/{number}", headers=[("Cache-Control", "no-cache")]).body == b"new"


def test_what_the_origin_does_itself_drops_the_copy(origin, in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    front.expected_trouble = "answered 501"
    front.raw().call("PUT", "/bucket/1", query=[("legal-hold", "")], body=b"")  # whatever the answer
    assert "Not on flash" in explain(front, "bucket/1")


def test_what_an_object_is_like_is_told_from_flash(origin, in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    etags = {item["Key"]: item["ETag"] for item in bucket.client.list_objects_v2(Bucket="bucket")["Contents"]}
    asked_before = origin.metrics()
    from_flash = []
    for number in range(OBJECTS):
        answer = bucket.client.head_object(Bucket="bucket", Key=str(number))
        assert answer["ETag"] == etags[str(number)] and answer["ContentLength"] == OBJECT_BYTES
        if answer["ResponseMetadata"]["HTTPHeaders"]["x-shoal-cache"] == "flash":
            from_flash.append(number)
    assert len(from_flash) > OBJECTS / 4
    assert front.metrics()["shoal_flash_described_total"] == len(from_flash)
    number = from_flash[0]
    condition = [("If-None-Match", etags[str(number)])]
    answer = front.raw().call("GET", f"/bucket/{number}", headers=condition)
    assert answer.status == 304 and answer.header("x-shoal-cache") == "flash"
    heads = 'shoal_requests_total{operation="HeadObject"'
    asked = sum(count - asked_before.get(name, 0) for name, count in origin.metrics().items() if name.startswith(heads))
    assert asked <= OBJECTS - len(from_flash)


LARGE_BYTES = 3 << 20
LARGE_OBJECTS = 12


def large_body(number, version=0):
    return random_bytes(LARGE_BYTES, seed=77 + 1000 * version + number)


def read_large(bucket, version_of=lambda number: 0):
    """How often an answer came from where; every body, and a range of it, is compared."""
    sources = {}
    for number in range(LARGE_OBJECTS):
        expected = large_body(number, version_of(number))
        body, source = read(bucket, f"large-{number}")
        assert body == expected, number
        part, _ = read(bucket, f"large-{number}", Range="bytes=200000-1500000")
        assert part == expected[200_000:1_500_001], number
        sources[source] = sources.get(source, 0) + 1
    return sources


def test_pieces_of_large_objects_are_on_flash_too(origin, in_front):
    front = in_front(
        **{"origin.coherence": "owned", "cache.object_bytes_max": "256KiB", "cache.piece_bytes": "256KiB"}
    )
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    for number in range(LARGE_OBJECTS):
        bucket.put(f"large-{number}", large_body(number))

    def are_there():
        read_large(bucket)
        return front.metrics()["shoal_flash_objects"] > LARGE_OBJECTS * 12 / 2

    wait_until(are_there, "pieces are on flash", 60)
    assert read_large(bucket).get("flash", 0) > LARGE_OBJECTS / 2
    assert re.search(r"on flash: 0 objects and \d+ pieces", ask(front, "cache", "stat", "bucket"))
    bucket.put("large-1", large_body(1, 1))
    assert "Not on flash" in explain(front, "bucket/large-1")
    front.kill()
    bucket_of(origin).put("large-2", large_body(2, 2))
    for stop in (front.kill, front.stop):
        front.start()
        sources = read_large(bucket_of(front), lambda number: number if number in (1, 2) else 0)
        assert sources.get("flash", 0) > LARGE_OBJECTS / 4, sources
        assert front.metrics()['shoal_flash_reads_total{result="hit"}'] > 0
        stop()


def test_a_plan_to_warm_up_tells_what_fits_there(in_front):
    front = in_front(**{"origin.coherence": "owned"})
    put_all(bucket_of(front))
    said = ask(front, "warm", "bucket/", "--dry-run")
    assert "not all of it fits\nthe second tier holds" in said and "all of it fits there" in said


def test_what_is_evicted_is_not_on_flash_nor_after_a_kill(in_front):
    front = in_front(**{"origin.coherence": "owned"})
    bucket = bucket_of(front)
    put_all(bucket)
    fill_flash(front, bucket)
    all_copies, of_some = count_on_flash(front, "bucket"), count_on_flash(front, "s3://bucket/2")
    assert 0 < of_some < all_copies <= front.metrics()["shoal_flash_objects"]
    evicted = re.search(r"(\d+) objects, .* taken off flash", ask(front, "evict", "s3://bucket/2"))
    assert int(evicted[1]) >= of_some  # what memory has evicted since may have come
    some = [number for number in range(OBJECTS) if str(number).startswith("2")]
    for number in some:
        assert read(bucket, number) == (body_of(number), "miss")
    assert not ask(front, "evict", "bucket/2").startswith("0 objects")  # they were in memory again
    assert count_on_flash(front, "bucket/2") == 0 < count_on_flash(front, "bucket")
    assert front.metrics()['shoal_flash_drops_total{reason="evicted"}'] >= of_some
    front.kill()
    front.start()
    assert count_on_flash(front, "bucket/2") == 0 < count_on_flash(front, "bucket")
    bucket = bucket_of(front)
    for number in some:
        assert read(bucket, number) == (body_of(number), "miss")
    assert read_all(bucket).get("flash", 0) > 0


def test_a_log_on_a_slow_disk_has_a_second_tier_too(new_server, flash_options):
    server = new_server(options=flash_options).start()
    bucket = bucket_of(server)
    put_all(bucket)
    fill_flash(server, bucket)
    assert read_all(bucket).get("flash", 0) > OBJECTS / 4
    version = {number: 1 for number in range(0, OBJECTS, 7)}
    for number in version:
        bucket.put(str(number), body_of(number, 1))
    server.kill()
    server.start()
    sources = read_all(bucket_of(server), lambda number: version.get(number, 0))
    assert sources.get("flash", 0) > OBJECTS / 4, sources


def test_an_error_of_the_disk_switches_flash_off_and_nothing_else(in_front, flash_directory):
    front = in_front(**{"origin.coherence": "owned"})
    front.expected_trouble = "flash switched off"
    bucket = bucket_of(front)
    for loop in flash_directory.glob("loop-*"):
        loop.rmdir()  # so that no segment can be made
    put_all(bucket)

    def is_off():
        for number in range(OBJECTS):
            bucket.get(str(number))
        return front.metrics()["shoal_flash_loops_switched_off"] == 2

    wait_until(is_off, "flash is off", 60)
    read_all(bucket)
    assert front.log().count("flash switched off") == 2


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"flash.directory": "/nowhere/at/all"}, "does not exist"),
        ({"flash.capacity": "100TiB"}, "has only"),
        ({"flash.capacity": "1MiB"}, "at least 64MiB"),
        ({"flash.directory": ""}, "needs flash.directory"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(new_server, flash_options, options, complaint):
    server = new_server(options={**flash_options, **options})
    server.spawn()
    assert server.wait_exit() != 0
    assert complaint in server.log() + server.stdout()
    server.expected_trouble = ".*"


def test_two_servers_do_not_share_a_directory(new_server, flash_options):
    new_server(options=flash_options).start()
    second = new_server(options=flash_options)
    second.spawn()
    assert second.wait_exit() != 0
    assert "used by another process" in second.log() + second.stdout()
    second.expected_trouble = ".*"
