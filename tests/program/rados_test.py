"""A server whose objects are in a RADOS pool, on a cluster that the tests start (harness/ceph_cluster.py)."""
import base64
import concurrent.futures
import hashlib
import re
import secrets
import signal

import botocore.exceptions
import pytest

from harness.bucket import Bucket, random_bytes
from harness.ceph_cluster import POOL
from harness.kill_loop import BUCKET, kill_again_and_again
from harness.waiting import wait_until

RADOS_FAILED = "store failed|rados failed"
ROOT = "shoal.root"


@pytest.fixture
def namespace():
    """A part of the pool that no other test has."""
    return secrets.token_hex(6)


@pytest.fixture
def on_rados(new_server, ceph, namespace):
    """Makes servers over it that are not started."""

    def make(options=None, expected_trouble=None):
        server = new_server(
            options={
                "origin.url": f"rados://{POOL}/{namespace}",
                "origin.rados_conf": str(ceph.configuration),
                "server.threads": "2",
                "log.level": "debug",
                **(options or {}),
            }
        )
        server.expected_trouble = expected_trouble
        return server

    return make


def status_of(call):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def md5_etag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


def test_everything_that_clients_do(on_rados):
    server = on_rados().start()
    client, raw = server.boto3(), server.raw()
    client.create_bucket(Bucket="bucket")
    client.put_object(
        Bucket="bucket", Key="a/1", Body=b"one", ContentType="text/plain", Metadata={"colour": "blue"}, Tagging="k=v"
    )
    client.put_object(Bucket="bucket", Key="a/2", Body=b"")
    client.put_object(Bucket="bucket", Key="ä+% \x01", Body=b"odd")
    client.copy_object(Bucket="bucket", Key="b/3", CopySource={"Bucket": "bucket", "Key": "a/1"})
    answer = client.get_object(Bucket="bucket", Key="b/3")
    assert answer["Body"].read() == b"one" and answer["ETag"] == md5_etag(b"one")
    assert answer["ContentType"] == "text/plain" and answer["Metadata"] == {"colour": "blue"}
    assert client.get_object(Bucket="bucket", Key="a/2")["Body"].read() == b""
    assert client.get_object(Bucket="bucket", Key="ä+% \x01")["Body"].read() == b"odd"
    assert client.get_object(Bucket="bucket", Key="a/1", Range="bytes=1-")["Body"].read() == b"ne"
    client.delete_object(Bucket="bucket", Key="ä+% \x01")
    listed = client.list_objects_v2(Bucket="bucket", Delimiter="/")
    assert [p["Prefix"] for p in listed["CommonPrefixes"]] == ["a/", "b/"]
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="bucket", PaginationConfig={"PageSize": 1})
    names = [item["Key"] for page in pages for item in page["Contents"]]
    assert names == ["a/1", "a/2", "b/3"]
    client.put_object_tagging(Bucket="bucket", Key="a/1", Tagging={"TagSet": [{"Key": "n", "Value": "w"}]})
    assert client.get_object_tagging(Bucket="bucket", Key="a/1")["TagSet"] == [{"Key": "n", "Value": "w"}]
    assert client.get_object(Bucket="bucket", Key="a/1")["Body"].read() == b"one"
    assert raw.call("PUT", "/bucket/a/1", body=b"x", headers=[("If-None-Match", "*")]).status == 412
    assert raw.call("PUT", "/bucket/a/1", body=b"x", headers=[("If-Match", md5_etag(b"other"))]).status == 412
    assert raw.call("PUT", "/bucket/a/1", body=b"x", headers=[("If-Match", md5_etag(b"one"))]).status == 200
    assert status_of(lambda: client.get_object(Bucket="bucket", Key="none")) == 404
    assert status_of(lambda: client.get_object(Bucket="no-bucket", Key="none")) == 404
    assert status_of(lambda: client.delete_bucket(Bucket="bucket")) == 409
    deleted = client.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": name} for name in names]})
    assert len(deleted["Deleted"]) == 3
    client.delete_bucket(Bucket="bucket")
    assert client.list_buckets()["Buckets"] == []


def test_large_bodies_and_parts(on_rados):
    """A body that is larger than all the memory that the server may have."""
    server = on_rados({"cache.memory": "48MiB"}).start()
    client = server.boto3()
    client.create_bucket(Bucket="bucket")
    body = random_bytes(60 << 20)
    client.put_object(Bucket="bucket", Key="large", Body=body, Metadata={"colour": "red"})
    answer = client.get_object(Bucket="bucket", Key="large")
    assert answer["Body"].read() == body and answer["ETag"] == md5_etag(body)
    for first, last in ((0, 0), ((4 << 20) - 1, 4 << 20), (5_000_000, 20_000_000), (len(body) - 3, len(body) - 1)):
        ranged = client.get_object(Bucket="bucket", Key="large", Range=f"bytes={first}-{last}")
        assert ranged["Body"].read() == body[first : last + 1]
    part = {"Bucket": "bucket", "Key": "parts"}
    part["UploadId"] = client.create_multipart_upload(**part)["UploadId"]
    client.upload_part(**part, PartNumber=3, Body=b"never used")
    tags = [client.upload_part(**part, PartNumber=1, Body=body[: 6 << 20])["ETag"]]
    copied = client.upload_part_copy(
        **part, PartNumber=2, CopySource={"Bucket": "bucket", "Key": "large"}, CopySourceRange="bytes=100-12345678"
    )
    tags.append(copied["CopyPartResult"]["ETag"])
    parts = [{"PartNumber": i + 1, "ETag": tag} for i, tag in enumerate(tags)]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    whole = body[: 6 << 20] + body[100:12_345_679]
    assert client.get_object(Bucket="bucket", Key="parts")["Body"].read() == whole
    client.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "large"})
    client.put_object(Bucket="bucket", Key="large", Body=b"small now")
    assert client.get_object(Bucket="bucket", Key="copy")["Body"].read() == body
    assert client.get_object(Bucket="bucket", Key="large")["Body"].read() == b"small now"


def test_nothing_is_left_of_what_was_removed(on_rados, ceph, namespace):
    server = on_rados({"origin.rados_op_timeout": "2s", "origin.rados_record_lifetime": "8s",
                       "origin.rados_sweep_interval": "1s"}).start()  # fmt: skip
    client = server.boto3()
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="large", Body=random_bytes(9 << 20))
    client.put_object(Bucket="bucket", Key="large", Body=random_bytes(8 << 20, seed=1))
    client.put_object(Bucket="bucket", Key="small", Body=b"small")
    assert sum(".s." in name for name in ceph.objects(namespace)) == 2
    upload = client.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    client.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=1, Body=random_bytes(6 << 20))
    client.abort_multipart_upload(Bucket="bucket", Key="parts", UploadId=upload)
    assert sum(".s." in name for name in ceph.objects(namespace)) == 2
    for key in ("large", "small"):
        client.delete_object(Bucket="bucket", Key=key)
    # What says that they were removed stays for a while.
    wait_until(lambda: not any(".o." in name for name in ceph.objects(namespace)), "the sweep", 60, pause=0.2)
    client.delete_bucket(Bucket="bucket")
    wait_until(lambda: ceph.objects(namespace) == [ROOT], "only the root is left", 30, pause=0.2)


def test_objects_outlive_the_server_and_are_shared(on_rados):
    first = on_rados().start()
    bucket = Bucket(first.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    bodies = {f"key {i}": random_bytes(i * 40_000, seed=i) for i in range(30)}
    for key, body in bodies.items():
        bucket.put(key, body)
    first.stop()
    first.start()
    second = on_rados({"origin.coherence": "revalidate 0s"}).start()
    for server in (first, second):
        there = Bucket(server.boto3(), "bucket")
        assert there.keys() == sorted(bodies)
        for key, body in bodies.items():
            assert there.get(key) == body
    there = Bucket(second.boto3(), "bucket")
    Bucket(first.boto3(), "bucket").put("key 1", b"changed by the other")
    assert there.get("key 1") == b"changed by the other"
    there.client.delete_object(Bucket="bucket", Key="key 2")
    assert "key 2" not in Bucket(first.boto3(), "bucket").keys()


def test_conditions_hold_between_servers(on_rados):
    """Of many who want to be the first, on two servers, one is."""
    servers = [on_rados({"origin.coherence": "revalidate 0s"}).start() for _ in range(2)]
    servers[0].boto3().create_bucket(Bucket="bucket")
    clients = [server.raw() for server in servers for _ in range(4)]

    def claim(number):
        body = f"{number}".encode()
        answers = [
            clients[number].call("PUT", f"/bucket/lock-{i}", body=body, headers=[("If-None-Match", "*")])
            for i in range(20)
        ]
        return [answer.status for answer in answers]

    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        statuses = list(pool.map(claim, range(len(clients))))
    reader = Bucket(servers[0].boto3(), "bucket")
    for i in range(20):
        won = [number for number, answers in enumerate(statuses) if answers[i] == 200]
        assert len(won) == 1 and reader.get(f"lock-{i}") == f"{won[0]}".encode()
        assert {answers[i] for answers in statuses} <= {200, 412}


def abort_uploads(bucket):
    """True when none is left. One that a killed server was completing answers 409 until the sweep has decided about it; of one that it
    was about to begin, and of which nobody was told, only the entry of the listing is there until the sweep removes it."""
    for key, upload in bucket.uploads():
        try:
            bucket.client.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchUpload", "ConditionalRequestConflict"):
                raise
    return not bucket.uploads()


@pytest.mark.timeout(400)
def test_kill_loses_nothing(on_rados, ceph, namespace):
    server = on_rados().start()
    kill_again_and_again(server, 4)
    server.stop()
    # And leaves nothing: what the killed ones had begun is found once they count as dead.
    cleaner = on_rados({"origin.rados_op_timeout": "3s", "origin.rados_record_lifetime": "12s",
                        "origin.rados_sweep_interval": "1s"}).start()  # fmt: skip
    bucket = Bucket(cleaner.boto3(), BUCKET)
    wait_until(lambda: abort_uploads(bucket), "no upload is left", 60, pause=0.5)
    for key in bucket.keys():
        bucket.client.delete_object(Bucket=BUCKET, Key=key)
    of_objects = re.compile(r"\.[osu]\.")
    wait_until(lambda: not any(of_objects.search(name) for name in ceph.objects(namespace)), "the sweep", 90, pause=0.5)
    bucket.client.delete_bucket(Bucket=BUCKET)
    wait_until(lambda: ceph.objects(namespace) == [ROOT], "only the root is left", 30, pause=0.2)


def test_cluster_that_stands_still(on_rados, ceph):
    """Requests end in time, what is in memory is served, and nothing is stuck when it goes on."""
    server = on_rados({"origin.rados_op_timeout": "1s", "origin.coherence": "owned"}, RADOS_FAILED).start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    bucket.put("warm", b"body")
    bucket.put("other", b"body")
    assert bucket.get("other") == b"body"
    ceph.osd.send_signal(signal.SIGSTOP)
    try:
        assert bucket.get("other") == b"body"
        assert status_of(lambda: bucket.get("cold")) == 503
        assert status_of(lambda: bucket.put("warm", b"unknown")) in (500, 503)
    finally:
        ceph.osd.send_signal(signal.SIGCONT)
    wait_until(lambda: bucket.get("warm") in (b"body", b"unknown"), "reads work again", 20)
    bucket.put("warm", b"after")
    assert bucket.get("warm") == b"after"
    assert bucket.keys() == ["other", "warm"]


def test_upload_that_is_broken_off_leaves_the_old_object(on_rados, ceph, namespace):
    server = on_rados(expected_trouble=RADOS_FAILED).start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    bucket.put("key", b"old")
    raw = server.raw()
    connection = raw.connect()
    connection.send(raw.make("PUT", "/bucket/key", body=random_bytes(12 << 20)).to_bytes()[:-1])
    connection.reset()
    digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    wrong = raw.call("PUT", "/bucket/key", body=random_bytes(12 << 20), headers=[("Content-MD5", digest)])
    assert wrong.status == 400
    assert bucket.get("key") == b"old"
    wait_until(lambda: not any(".s." in name for name in ceph.objects(namespace)), "its bytes are gone", 30, pause=0.2)


def test_what_is_wrong_is_told_at_the_start(on_rados, ceph, tmp_path):
    for options, message in (
        ({"origin.url": "rados://no-such-pool"}, "the pool no-such-pool"),
        ({"origin.url": "rados://"}, "expected rados://POOL"),
        ({"origin.rados_conf": str(tmp_path / "none.conf")}, "none.conf"),
    ):
        server = on_rados(options)
        with pytest.raises(AssertionError):
            server.start()
        assert message in server.log()
