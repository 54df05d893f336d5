"""The memory cache as an operator sees it: numbers, explanations, memory at run time, restarts."""
import csv
import signal
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.raw_http import RawClient
from harness.server import HOST, program
from harness.waiting import wait_until


def explain(server, key, **options):
    """What `shoal cache explain` answers."""
    command = [str(program()), "cache", "explain", key, "--data", str(server.data)]
    command += ["--admin", f"{HOST}:{server.admin_port}"]
    return subprocess.run(command, env=server.full_environment(), capture_output=True, text=True, timeout=30, **options)


def make_bucket(server, name="bucket"):
    bucket = Bucket(server.boto3(), name)
    bucket.client.create_bucket(Bucket=name)
    return bucket


def test_every_request_is_counted_with_its_reason(new_server):
    server = new_server().start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    for _ in range(3):
        bucket.get("key")
    numbers = server.metrics()
    misses = sum(value for name, value in numbers.items() if name.startswith("shoal_cache_misses_total"))
    assert numbers["shoal_cache_hits_total"] >= 3
    assert numbers["shoal_cache_requests_total"] == (
        numbers["shoal_cache_hits_total"] + misses + numbers["shoal_cache_bypasses_total"]
    )
    lists = {name: value for name, value in numbers.items() if name.startswith("shoal_cache_list_entries")}
    assert sum(lists.values()) == numbers["shoal_cache_entries"] == 1, lists
    assert numbers['shoal_memory_bytes{account="cache_contents"}'] > 0
    assert numbers["shoal_http_requests_total"] >= 5


def test_metrics_are_what_prometheus_reads(new_server):
    server = new_server().start()
    _, body = server.admin_get("/metrics")
    families = [line.split()[2] for line in body.decode().splitlines() if line.startswith("# TYPE")]
    assert len(families) == len(set(families)) > 30
    for line in body.decode().splitlines():
        name = line.split("{")[0].split(" ")[0] if not line.startswith("#") else line.split()[2]
        assert any(name in (family, family + "_bucket", family + "_sum", family + "_count") for family in families)


def test_explain_says_what_happened_to_an_object(new_server):
    server = new_server().start()
    bucket = make_bucket(server)
    bucket.put("some/key with blank", b"body")
    bucket.get("some/key with blank")
    said = explain(server, "bucket/some/key with blank", check=True).stdout
    assert said.startswith("In memory: list ") and ", 1 hit" in said, said
    assert "Not in memory" in explain(server, "s3://bucket/other", check=True).stdout


def test_explain_is_only_for_those_with_the_keys(new_server):
    server = new_server().start()
    assert server.admin_get("/-/cache/explain?bucket=a&key=b")[0] == 403
    server.environment = {"SHOAL_ROOT_ACCESS_KEY": server.access_key, "SHOAL_ROOT_SECRET_KEY": "another-secret"}
    said = explain(server, "bucket/key")
    assert said.returncode == 1 and "403" in said.stderr
    assert explain(server, "no-key").returncode == 2


def test_pieces_of_overwritten_large_objects_leave_the_memory(new_server):
    server = new_server(options={"cache.memory": "256MiB"}).start()
    bucket = make_bucket(server)
    size = 8 << 20
    for version in range(6):
        bucket.put("large", random_bytes(size, version))
        assert bucket.get("large") == random_bytes(size, version)
    numbers = server.metrics()
    assert numbers['shoal_memory_bytes{account="cache_contents"}'] < 2 * size
    assert numbers["shoal_cache_pieces_dropped_total"] >= 5 * 8
    assert "8 pieces" in explain(server, "bucket/large", check=True).stdout


def test_sighup_changes_the_memory_while_it_runs(new_server, tmp_path):
    config = tmp_path / "shoal.toml"
    config.write_text('[cache]\nmemory = "256MiB"\n')
    server = new_server()
    server.spawn([*server.command(), "--config", str(config)])
    server.wait_ready()
    bucket = make_bucket(server)
    for i in range(100):
        bucket.put(str(i), random_bytes(500_000, i))
    assert server.metrics()['shoal_memory_bytes{account="cache_contents"}'] > 49e6
    config.write_text('[cache]\nmemory = "32MiB"\npiece_bytes = "2MiB"\n')
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.metrics()["shoal_memory_limit_bytes"] == 32 << 20, "the limit changes", 10)
    wait_until(lambda: "not reloaded option=cache.piece_bytes" in server.log(), "the rest is logged", 10)
    assert server.metrics()['shoal_memory_bytes{account="cache_contents"}'] < 32 << 20
    assert bucket.get("7") == random_bytes(500_000, 7)
    config.write_text("[cache]\nmemory = 1m\n")
    server.expected_trouble = "not reloaded reason"
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "not reloaded reason" in server.log(), "a mistake is told", 10)
    assert bucket.get("8") == random_bytes(500_000, 8)


@pytest.mark.parametrize("threads_after", [1, 3])
def test_warm_restart_brings_the_objects_back_and_no_old_ones(new_server, threads_after):
    server = new_server(options={"server.threads": "2"}).start()
    bucket = make_bucket(server)
    for i in range(50):
        bucket.put(str(i), random_bytes(5_000, i))
    large = random_bytes(6 << 20, 99)
    bucket.put("large", large)
    assert bucket.get("large") == large
    server.stop()

    # Without the cache knowing: a start that neither saves nor restores.
    server.options = {"cache.warm_restart": "false"}
    server.start()
    Bucket(server.boto3(), "bucket").put("7", b"written meanwhile")
    Bucket(server.boto3(), "bucket").client.delete_object(Bucket="bucket", Key="8")
    server.stop()

    server.options = {"server.threads": str(threads_after)}
    server.start()
    bucket = Bucket(server.boto3(), "bucket")

    def refilled():
        numbers = server.metrics()
        done = numbers['shoal_cache_refill_entries{state="read"}'] + numbers['shoal_cache_refill_entries{state="gone"}']
        return done == numbers['shoal_cache_refill_entries{state="expected"}'] and numbers

    before = wait_until(refilled, "the bodies are read back", 20)
    assert before['shoal_cache_refill_entries{state="expected"}'] == 56
    assert before['shoal_cache_refill_entries{state="gone"}'] == 1
    for i in range(50):
        if i != 8:
            assert bucket.get(str(i)) == (b"written meanwhile" if i == 7 else random_bytes(5_000, i))
    assert bucket.get("large") == large
    after = server.metrics()
    assert after["shoal_cache_hits_total"] - before["shoal_cache_hits_total"] >= 49
    assert after["shoal_cache_piece_hits_total"] - before["shoal_cache_piece_hits_total"] >= 6


def test_damaged_file_of_a_restart_is_left_out(new_server):
    server = new_server(options={"server.threads": "1"}).start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    server.stop()
    saved = server.data / "cache" / "loop-0"
    saved.write_bytes(saved.read_bytes()[:-1] + b"?")
    server.start()
    assert "cache not restored" in server.log()
    assert Bucket(server.boto3(), "bucket").get("key") == b"body"


def test_rules_of_buckets(new_server):
    server = new_server(
        options={"cache.bypassed_buckets": "bypassed", "cache.pinned_buckets": "pinned", "cache.bucket_shares": "some=10%"}
    ).start()
    for name in ("bypassed", "pinned", "some"):
        make_bucket(server, name).put("key", b"body")
        assert Bucket(server.boto3(), name).get("key") == b"body"
    assert "is not cached" in explain(server, "bypassed/key", check=True).stdout
    assert "list pinned, 1 hit" in explain(server, "pinned/key", check=True).stdout
    assert "10 % of the cache" in explain(server, "some/key", check=True).stdout
    assert server.metrics()["shoal_cache_bypasses_total"] == 1


@pytest.mark.parametrize(
    "options, lists",
    [
        ({}, {"window", "main", "B1", "B2"}),
        ({"cache.policy": "arc"}, {"T1", "T2", "B1", "B2"}),
        ({"cache.mode": "objects"}, {"by worth"}),
    ],
)
def test_mode_and_policy_are_what_the_operator_chose(new_server, options, lists):
    server = new_server(options=options).start()
    bucket = make_bucket(server)
    bucket.put("key", b"body")
    assert bucket.get("key") == b"body"
    entries = {name: value for name, value in server.metrics().items() if name.startswith("shoal_cache_list_entries")}
    assert entries.keys() == {f'shoal_cache_list_entries{{list="{name}"}}' for name in lists}
    assert sum(value for name, value in entries.items() if '"B' not in name) == 1
    assert any(f"In memory: list {name}" in explain(server, "bucket/key", check=True).stdout for name in lists)


def small_objects_in_memory(server, bucket):
    """How many of 150 small objects are still in memory after large ones were read in a loop that does not fit."""
    for i in range(150):
        bucket.put(f"small/{i}", random_bytes(10_000, i))
    for i in range(40):
        bucket.put(f"large/{i}", random_bytes(1_000_000, i))
    for _ in range(4):
        for i in range(40):
            bucket.get(f"large/{i}")
    before = server.metrics()["shoal_cache_hits_total"]
    for i in range(150):
        assert bucket.get(f"small/{i}") == random_bytes(10_000, i)
    return server.metrics()["shoal_cache_hits_total"] - before


def test_object_mode_keeps_small_objects_where_byte_mode_keeps_large_ones(new_server):
    options = {"server.threads": "1", "cache.memory": "48MiB"}
    arc = new_server(options={**options, "cache.policy": "arc"}).start()
    assert small_objects_in_memory(arc, make_bucket(arc)) < 75
    objects = new_server(options={**options, "cache.mode": "objects"}).start()
    assert small_objects_in_memory(objects, make_bucket(objects)) >= 148
    share = new_server(options={**options, "cache.policy": "arc", "cache.bucket_shares": "thumbs=70% objects"}).start()
    assert small_objects_in_memory(share, make_bucket(share, "thumbs")) >= 148
    assert "list by worth" in explain(share, "thumbs/small/1", check=True).stdout


def test_unknown_mode_or_policy_is_refused_at_the_start(new_server):
    for option, value in (("cache.mode", "files"), ("cache.policy", "lru"), ("cache.bucket_shares", "a=10% files")):
        server = new_server(options={option: value})
        server.spawn()
        assert server.wait_exit() != 0
        assert f"{option}: expected" in server.log()


def test_order_survives_a_change_of_the_policy(new_server):
    server = new_server(options={"cache.policy": "arc"}).start()
    bucket = make_bucket(server)
    for i in range(20):
        bucket.put(str(i), random_bytes(5_000, i))
    server.stop()
    server.options = {"cache.mode": "objects"}
    server.start()
    read = 'shoal_cache_refill_entries{state="read"}'
    wait_until(lambda: server.metrics()[read] == 20, "the bodies are read back", 20)


def test_signed_question_needs_bucket_and_key(new_server):
    server = new_server().start()
    admin = RawClient(HOST, server.admin_port, server.signer())
    for query in ([("bucket", "a")], [("bucket", "a"), ("key", "")], [("bucket", "a"), ("key", "b"), ("more", "c")]):
        assert admin.call("GET", "/-/cache/explain", query=query).status == 400
    assert admin.call("GET", "/-/cache/explain", query=[("bucket", "a"), ("key", "b")]).status == 200


def test_own_access_log_is_replayed(new_server, tmp_path):
    log = tmp_path / "access.jsonl"
    server = new_server(options={"log.access_file": str(log), "server.threads": "1"}).start()
    bucket = make_bucket(server)
    for i in range(3):
        bucket.put(str(i), random_bytes(1_000, i))
    for i in (0, 1, 0, 2, 0):
        bucket.get(str(i))
    bucket.get("1", Range="bytes=0-9")
    with pytest.raises(bucket.client.exceptions.NoSuchKey):
        bucket.get("missing")
    server.stop()

    csv_file = tmp_path / "ratios.csv"
    command = [str(program()), "replay", "--access-log", str(log), "--size", "2000,1MiB", "--policy", "lru,duel"]
    subprocess.run([*command, "--csv", str(csv_file)], check=True, capture_output=True, timeout=30)
    with open(csv_file, newline="", encoding="ascii") as file:
        rows = {(row["policy"], row["cache_size"]): row for row in csv.DictReader(file)}
    requests = 6
    for policy, size, hits in (("lru", "2000", 2), ("lru", "1048576", 3), ("duel", "1048576", 3)):
        row = rows[policy, size]
        assert float(row["object_hit_ratio"]) * requests == pytest.approx(hits, abs=1e-4), row
        assert float(row["byte_hit_ratio"]) * requests == pytest.approx(hits, abs=1e-4), row
