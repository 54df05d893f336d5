"""Copies whose source and target are kept by different origins: the bytes go through the server in front of them."""
import pytest

from harness.bucket import random_bytes
from harness.faulty_proxy import Fault, FaultyProxy
from harness.fronts import ORIGIN_FAILED, bucket_of, status_of, write_keys

LARGE = random_bytes(40 << 20)
OLD = b"old"


@pytest.fixture
def proxies(origin, archive):
    """Between the server and each of its origins."""
    made = {"photos": FaultyProxy(origin.port), "logs": FaultyProxy(archive.port)}
    yield made
    for proxy in made.values():
        proxy.close()


@pytest.fixture
def front(in_front, archive, proxies, tmp_path):
    """The bucket photos is kept by one origin and logs by the other; nobody may have a large body in memory."""
    keys = write_keys(tmp_path / "archive-keys", archive)
    options = {
        "origin.others": f"archive {proxies['logs'].url} credentials={keys}",
        "origin.places": "logs=archive",
        "origin.idle_timeout": "0s",
        "origin.attempts_max": "1",
        "origin.gather_bytes_max": "2MiB",
        "cache.memory": "32MiB",
        "server.threads": "2",
    }
    front = in_front(options, url=proxies["photos"].url)
    for name in ("photos", "logs"):
        front.boto3().create_bucket(Bucket=name)
    return front


def copy(front, source, target, **options):
    (from_bucket, from_key), (bucket, key) = source, target
    source = {"Bucket": from_bucket, "Key": from_key}
    return front.boto3().copy_object(Bucket=bucket, Key=key, CopySource=source, **options)


@pytest.mark.parametrize("body", [b"", b"small", random_bytes(1_500_000), LARGE], ids=["empty", "small", "1.5M", "40M"])
def test_objects_with_all_that_belongs_to_them(origin, archive, front, body):
    origin.boto3().put_object(
        Bucket="photos", Key="a", Body=body, ContentType="text/plain", Metadata={"colour": "blue"}, Tagging="k=v"
    )
    copied = copy(front, ("photos", "a"), ("logs", "b"))
    there = archive.boto3().get_object(Bucket="logs", Key="b")
    assert there["Body"].read() == body and there["ETag"] == copied["CopyObjectResult"]["ETag"]
    assert there["ContentType"] == "text/plain" and there["Metadata"] == {"colour": "blue"}
    tags = archive.boto3().get_object_tagging(Bucket="logs", Key="b")["TagSet"]
    assert tags == [{"Key": "k", "Value": "v"}]
    # And the other way, with other metadata and tags.
    copy(
        front, ("logs", "b"), ("photos", "c"), MetadataDirective="REPLACE", Metadata={"n": "w"}, ContentType="a/b",
        TaggingDirective="REPLACE", Tagging="x=y"
    )  # fmt: skip
    back = front.boto3().get_object(Bucket="photos", Key="c")
    assert back["Body"].read() == body == bucket_of(origin, "photos").get("c")
    assert back["Metadata"] == {"n": "w"} and back["ContentType"] == "a/b"
    tags = origin.boto3().get_object_tagging(Bucket="photos", Key="c")["TagSet"]
    assert tags == [{"Key": "x", "Value": "y"}]


def test_what_is_there_now_is_copied(origin, archive, front):
    """Also when an older one is in memory."""
    bucket_of(origin, "photos").put("a", b"first")
    assert bucket_of(front, "photos").get("a") == b"first"
    bucket_of(origin, "photos").put("a", b"second")
    copy(front, ("photos", "a"), ("logs", "a"))
    assert bucket_of(archive, "logs").get("a") == bucket_of(front, "logs").get("a") == b"second"


def test_conditions(origin, archive, front):
    etag = origin.boto3().put_object(Bucket="photos", Key="a", Body=b"body")["ETag"]
    source, target = ("photos", "a"), ("logs", "a")
    bucket_of(front, "logs").put("a", OLD)
    for wrong in ({"CopySourceIfMatch": "x"}, {"CopySourceIfNoneMatch": etag}):
        assert status_of(lambda: copy(front, source, target, **wrong)) == 412
    assert bucket_of(archive, "logs").get("a") == OLD
    raw = front.raw()
    headers = [("x-amz-copy-source", "/photos/a")]
    assert raw.call("PUT", "/logs/a", headers=[*headers, ("If-None-Match", "*")]).status == 412
    assert raw.call("PUT", "/logs/a", headers=[("x-amz-copy-source", "/photos/none")]).status == 404
    assert raw.call("PUT", "/no-such-bucket/a", headers=headers).status == 404
    assert bucket_of(archive, "logs").get("a") == OLD
    copy(front, source, target, CopySourceIfMatch=etag)
    assert bucket_of(archive, "logs").get("a") == b"body"


@pytest.mark.parametrize("algorithm", [None, "SHA256"])
def test_parts(archive, front, algorithm):
    client = front.boto3()
    client.put_object(Bucket="photos", Key="a", Body=LARGE)
    part = {"Bucket": "logs", "Key": "parts"}
    announced = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    part["UploadId"] = client.create_multipart_upload(**part, **announced)["UploadId"]
    parts = []
    for number, (first, last) in enumerate([(0, 20_000_000), (17, 17 + (6 << 20)), (5, 9)], 1):
        span = f"bytes={first}-{last}"
        copied = client.upload_part_copy(
            **part, PartNumber=number, CopySource={"Bucket": "photos", "Key": "a"}, CopySourceRange=span
        )["CopyPartResult"]
        parts.append({"PartNumber": number, **{name: copied[name] for name in copied if name != "LastModified"}})
        assert (algorithm is None) == ("ChecksumSHA256" not in copied)
    wrong = {"CopySource": {"Bucket": "photos", "Key": "a"}, "CopySourceIfMatch": "x"}
    assert status_of(lambda: client.upload_part_copy(**part, PartNumber=4, **wrong)) == 412
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    whole = LARGE[:20_000_001] + LARGE[17 : 18 + (6 << 20)] + LARGE[5:10]
    assert bucket_of(archive, "logs").get("parts") == whole


@pytest.mark.parametrize("broken, fault", [("photos", Fault("cut", "answer", 500_000)),
                                           ("logs", Fault("reset", "request", 5_000_000))])  # fmt: skip
def test_an_origin_that_fails_half_way_leaves_nothing(archive, front, proxies, broken, fault):
    front.expected_trouble = ORIGIN_FAILED
    client = front.boto3()
    client.put_object(Bucket="photos", Key="a", Body=LARGE)
    bucket_of(front, "logs").put("b", OLD)
    part = {"Bucket": "logs", "Key": "c"}
    part["UploadId"] = client.create_multipart_upload(**part)["UploadId"]
    source = {"Bucket": "photos", "Key": "a"}
    proxies[broken].fault = fault
    assert status_of(lambda: client.copy_object(Bucket="logs", Key="b", CopySource=source)) in (500, 503)
    assert status_of(lambda: client.upload_part_copy(**part, PartNumber=1, CopySource=source)) in (500, 503)
    proxies[broken].heal()
    assert bucket_of(archive, "logs").get("b") == bucket_of(front, "logs").get("b") == OLD
    assert "Parts" not in client.list_parts(**part)
    client.copy_object(Bucket="logs", Key="b", CopySource=source)
    assert bucket_of(archive, "logs").get("b") == LARGE
