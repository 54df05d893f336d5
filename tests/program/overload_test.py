"""More than the server can do at a time: some wait, some are told to come again, and nothing else suffers."""
import concurrent.futures
import threading

from botocore.exceptions import ClientError

from harness.bucket import Bucket


def test_too_many_operations_are_told_to_slow_down(new_server):
    server = new_server(
        options={"server.threads": "1", "limits.operations_running_max": "1", "limits.operations_waiting_max": "1"}
    ).start()
    client = server.boto3(max_pool_connections=64)
    client.create_bucket(Bucket="bucket")
    bucket = Bucket(client, "bucket")
    bucket.put("hot", b"hot")
    together = threading.Barrier(48)

    def put(number):
        together.wait()
        try:
            bucket.put(f"key-{number}", b"x" * 1000)
            return "stored"
        except ClientError as error:
            return error.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        outcomes = list(pool.map(put, range(48)))
    assert set(outcomes) == {"stored", "SlowDown"}
    stored = {f"key-{number}" for number, outcome in enumerate(outcomes) if outcome == "stored"}
    assert {entry["Key"] for entry in client.list_objects_v2(Bucket="bucket")["Contents"]} == stored | {"hot"}
    metrics = server.metrics()
    assert metrics['shoal_operations_refused_total{reason="queue_full"}'] == outcomes.count("SlowDown")
    assert metrics["shoal_operations_running"] == metrics["shoal_operations_waiting"] == 0
    assert bucket.get("hot") == b"hot"
