"""What a start reads: the checkpoint, and the log behind it."""
import re

from harness.bucket import Bucket, random_bytes
from harness.waiting import wait_until


def fill(server, count, first=0, size=1000):
    """Puts objects over one connection; their bodies by key."""
    raw = server.raw()
    bodies = {}
    for number in range(first, first + count):
        key = f"train/n{number % 7:04}/{number:06}.jpeg"
        bodies[key] = random_bytes(size, number)
        assert raw.call("PUT", f"/bucket/{key}", body=bodies[key]).status == 200
    return bodies


def check(server, bodies):
    bucket = Bucket(server.boto3(), "bucket")
    assert sorted(bucket.keys()) == sorted(bodies)
    raw = server.raw()
    for key, body in bodies.items():
        assert raw.call("GET", f"/bucket/{key}").body == body, key


def opened(server):
    """(checkpoint, records behind it) of the newest start."""
    said = re.findall(r"is open: checkpoint (\d+), (\d+) records behind it", server.log())[-1]
    return int(said[0]), int(said[1])


def new_bucket(server):
    server.boto3().create_bucket(Bucket="bucket")


def test_a_start_after_a_stop_reads_no_log(new_server):
    server = new_server().start()
    new_bucket(server)
    bodies = fill(server, 300)
    server.stop()
    server.start()
    checkpoint, records = opened(server)
    assert checkpoint >= 1 and records == 0
    check(server, bodies)


def test_a_start_after_a_kill_reads_what_came_behind_the_checkpoint(new_server):
    server = new_server(options={"storage.checkpoint_log_bytes": "4MiB", "server.threads": "1"}).start()
    new_bucket(server)
    bodies = fill(server, 60, size=300_000)  # the growth of the log is told every 16 MiB
    wait_until(lambda: server.metrics()["shoal_checkpoints_total"] >= 1, "a checkpoint is written", 20)
    bodies |= fill(server, 20, first=60)
    server.kill()
    server.start()
    checkpoint, records = opened(server)
    assert checkpoint >= 1 and 20 <= records < 61
    check(server, bodies)


def test_the_checkpoint_before_serves_when_the_newest_is_damaged(new_server):
    server = new_server().start()
    new_bucket(server)
    bodies = fill(server, 50)
    server.stop()
    server.start()
    bodies |= fill(server, 50, first=50)
    gone = [key for number, key in enumerate(bodies) if number % 10 == 0]
    raw = server.raw()
    for key in gone:
        assert raw.call("DELETE", f"/bucket/{key}").status == 204
        del bodies[key]
    server.stop()
    newest = sorted((server.data / "checkpoints").glob("*.root"))[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    server.expected_trouble = "checkpoint"
    server.start()
    assert f"checkpoint {int(newest.stem)} is damaged" in server.log()
    check(server, bodies)


def test_the_index_may_be_larger_than_its_memory(new_server):
    server = new_server(options={"index.memory_max": "100KiB"}).start()
    new_bucket(server)
    bodies = fill(server, 4000, size=10)
    server.stop()
    server.start()
    check(server, bodies)
    numbers = server.metrics()
    assert numbers["shoal_index_reads_total"] > 0
    assert numbers["shoal_memory_bytes{account=\"index\"}"] == numbers["shoal_index_bytes"] > 0
