"""A server in front of Ceph's RADOS Gateway: an S3 service that is not ours (harness/ceph_cluster.py)."""
import hashlib

import pytest

from harness.bucket import Bucket, random_bytes
from harness.fronts import front_of


@pytest.fixture
def in_front(new_server, gateway):
    """Makes servers in front of the gateway."""
    return lambda options=None: front_of(new_server, gateway, options)


@pytest.fixture
def behind(gateway):
    """A client of the gateway itself."""
    return gateway.boto3()


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
