"""A server in front of Ceph's RADOS Gateway: an S3 service that is not ours (harness/ceph_cluster.py)."""
import concurrent.futures
import hashlib
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions
import pytest

from harness.bucket import Bucket, random_bytes
from harness.cutting_proxy import CuttingProxy

ORIGIN_FAILED = "store failed"


@pytest.fixture(scope="session")
def gateway(ceph):
    return ceph.start_gateway()


@pytest.fixture
def in_front(new_server, gateway):
    """Makes servers in front of the gateway."""
    url, access_key, secret_key = gateway

    def make(options=None, url=url, expected_trouble=None):
        server = new_server(
            options={"origin.url": url, "log.level": "debug", **(options or {})},
            environment={"SHOAL_ORIGIN_ACCESS_KEY": access_key, "SHOAL_ORIGIN_SECRET_KEY": secret_key},
        )
        server.expected_trouble = expected_trouble
        return server.start()

    return make


@pytest.fixture
def behind(gateway):
    """A client of the gateway itself."""
    url, access_key, secret_key = gateway
    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )


def test_everything_that_clients_do(in_front, behind):
    server = in_front()
    client, raw = server.boto3(), server.raw()
    client.create_bucket(Bucket="everything")
    body = random_bytes(300_000)
    client.put_object(
        Bucket="everything",
        Key="a/ä+%",
        Body=body,
        ContentType="text/plain",
        Metadata={"colour": "blue"},
        Tagging="k=v",
    )
    client.put_object(Bucket="everything", Key="a/empty", Body=b"")
    assert behind.get_object(Bucket="everything", Key="a/ä+%")["Body"].read() == body
    answer = client.get_object(Bucket="everything", Key="a/ä+%")
    assert answer["Body"].read() == body and answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert answer["ContentType"] == "text/plain" and answer["Metadata"] == {"colour": "blue"}
    assert client.get_object(Bucket="everything", Key="a/empty")["Body"].read() == b""
    assert client.get_object(Bucket="everything", Key="a/ä+%", Range="bytes=7-9")["Body"].read() == body[7:10]
    assert client.get_object_tagging(Bucket="everything", Key="a/ä+%")["TagSet"] == [{"Key": "k", "Value": "v"}]
    client.copy_object(Bucket="everything", Key="b", CopySource={"Bucket": "everything", "Key": "a/ä+%"})
    assert client.get_object(Bucket="everything", Key="b")["Body"].read() == body
    listed = client.list_objects_v2(Bucket="everything", Delimiter="/")
    assert [p["Prefix"] for p in listed["CommonPrefixes"]] == ["a/"]
    assert [item["Key"] for item in listed["Contents"]] == ["b"]
    assert raw.call("GET", "/everything/none").status == 404
    assert raw.call("GET", "/no-such-bucket/none").status == 404
    assert raw.call("DELETE", "/everything").status == 409
    assert raw.call("GET", "/everything/b", headers=[("If-None-Match", answer["ETag"])]).status == 304
    for key in ("a/ä+%", "a/empty", "b"):
        client.delete_object(Bucket="everything", Key=key)
    client.delete_bucket(Bucket="everything")
    assert "everything" not in [bucket["Name"] for bucket in behind.list_buckets()["Buckets"]]


def test_large_bodies_and_parts(in_front, behind):
    client = in_front({"origin.gather_bytes_max": "1MiB"}).boto3()
    client.create_bucket(Bucket="large")
    body = random_bytes(20 << 20)
    client.put_object(Bucket="large", Key="one", Body=body)
    assert behind.get_object(Bucket="large", Key="one")["Body"].read() == body
    part = {"Bucket": "large", "Key": "parts"}
    part["UploadId"] = client.create_multipart_upload(**part)["UploadId"]
    pieces = (body[: 6 << 20], body[6 << 20 :])
    tags = [client.upload_part(**part, PartNumber=i + 1, Body=piece)["ETag"] for i, piece in enumerate(pieces)]
    parts = [{"PartNumber": i + 1, "ETag": tag} for i, tag in enumerate(tags)]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    for key in ("one", "parts"):
        assert client.get_object(Bucket="large", Key=key)["Body"].read() == body
        ranged = client.get_object(Bucket="large", Key=key, Range="bytes=5000000-9000000")
        assert ranged["Body"].read() == body[5_000_000:9_000_001]


def test_what_others_write_is_seen(in_front, behind):
    server = in_front({"origin.coherence": "revalidate 0s"})
    behind.create_bucket(Bucket="shared")
    for body in (b"first", b"second", b"second"):
        behind.put_object(Bucket="shared", Key="key", Body=body)
        assert Bucket(server.boto3(), "shared").get("key") == body
    behind.delete_object(Bucket="shared", Key="key")
    assert server.raw().call("GET", "/shared/key").status == 404


def test_answers_that_are_cut_are_never_served(in_front, behind, gateway):
    """Whatever the network does to the answers, clients get the right bytes or an error."""
    proxy = CuttingProxy(urllib.parse.urlsplit(gateway[0]).port)
    server = in_front(
        {"origin.idle_timeout": "0s", "origin.backoff_first": "1ms", "origin.attempts_max": "2",
         "origin.coherence": "revalidate 0s"},
        url=proxy.url,
        expected_trouble=ORIGIN_FAILED,
    )  # fmt: skip
    behind.create_bucket(Bucket="cut")
    bodies = {f"key {i}": random_bytes(i * 30_000, seed=i) for i in range(1, 9)}
    for key, body in bodies.items():
        behind.put_object(Bucket="cut", Key=key, Body=body)

    def get(key):
        answer = server.raw().call("GET", f"/cut/{urllib.parse.quote(key)}")
        assert answer.status in (500, 503) or (answer.status == 200 and answer.body == bodies[key]), answer.status
        return answer.status

    statuses = set()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for bytes_max in (0, 1, 100, 1_000, 20_000, 100_000, 200_000):
            proxy.bytes_max = bytes_max
            statuses.update(pool.map(get, bodies))
    proxy.bytes_max = None
    assert {get(key) for key in bodies} == {200} and statuses >= {200, 503}
    proxy.close()
