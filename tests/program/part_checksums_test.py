"""Parts above what is gathered in memory, with checksums, in front of an origin: sent on as they come."""
import functools
import secrets

import pytest

from harness import aws_chunked, checksums, sigv4
from harness.bucket import random_bytes
from harness.ceph_cluster import POOL
from harness.fronts import front_of

PARTS = [random_bytes(5 << 20, seed=1), random_bytes(1_500_000, seed=2)]
# A server of ours gets all that there are; the others are slower to ask.
KINDS = [
    *(("shoal", algorithm) for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")),
    *(("rados", algorithm) for algorithm in ("CRC32", "CRC64NVME", "SHA256")),
    ("gateway", "CRC32"),
]


@functools.cache
def checksum(algorithm, number):
    return checksums.checksum(algorithm, PARTS[number - 1])


@pytest.fixture(params=["shoal", "gateway", "rados"])
def kept_by(request):
    return request.param


@pytest.fixture
def front(kept_by, new_server, request):
    """Has less memory than what is uploaded."""
    options = {"origin.gather_bytes_max": "1MiB", "cache.memory": "24MiB", "server.threads": "1"}
    if kept_by == "rados":
        cluster = request.getfixturevalue("ceph")
        pool = {"origin.url": f"rados://{POOL}/{secrets.token_hex(6)}", "origin.rados_conf": str(cluster.configuration)}
        return new_server(options={**options, **pool}).start()
    return front_of(new_server, request.getfixturevalue("origin" if kept_by == "shoal" else "gateway"), options)


@pytest.fixture
def path(front):
    bucket = f"parts-{secrets.token_hex(6)}"
    front.boto3().create_bucket(Bucket=bucket)
    return f"/{bucket}/key"


def begin_upload(front, path, algorithm):
    headers = [("x-amz-checksum-algorithm", algorithm)] if algorithm else []
    answer = front.raw().call("POST", path, query=[("uploads", "")], headers=headers)
    assert answer.status == 200, answer
    return answer.xml().findtext("{*}UploadId")


def put_part(front, path, upload, number, algorithm, way, value=None):
    query = [("partNumber", str(number)), ("uploadId", upload)]
    body, value = PARTS[number - 1], value or checksum(algorithm, number)
    raw = front.raw()
    if way == "header":
        return raw.call("PUT", path, query=query, body=body, headers=[(checksums.header_of(algorithm), value)])
    request = aws_chunked.put_request(
        raw.authority, path, body, sigv4.STREAMING_UNSIGNED_TRAILER, raw.signer, algorithm, query=query, checksum=value
    )
    return raw.send(request)


def complete(front, path, upload, parts):
    """`parts` are number, ETag and what else is said of each."""
    listed = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{also}</Part>" for number, etag, also in parts
    )
    document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    return front.raw().call("POST", path, query=[("uploadId", upload)], body=document)


def parts_of(front, path, upload):
    answer = front.raw().call("GET", path, query=[("uploadId", upload)])
    assert answer.status == 200, answer
    return [part.findtext("{*}PartNumber") for part in answer.xml().findall("{*}Part")]


@pytest.mark.parametrize("way", ["header", "trailer"])
@pytest.mark.parametrize("kept_by, algorithm", KINDS)
def test_checksums_go_with_the_parts_and_come_back(front, path, kept_by, algorithm, way):
    upload = begin_upload(front, path, algorithm)
    parts = []
    for number in (1, 2):
        value = checksum(algorithm, number)
        answer = put_part(front, path, upload, number, algorithm, way)
        assert answer.status == 200, answer
        assert answer.header(checksums.header_of(algorithm)) == value
        parts.append((number, answer.header("etag"), f"<Checksum{algorithm}>{value}</Checksum{algorithm}>"))
    answer = complete(front, path, upload, parts)
    assert answer.status == 200, answer
    assert front.raw().call("GET", path).body == b"".join(PARTS)
    described = front.raw().call("HEAD", path, headers=[("x-amz-checksum-mode", "ENABLED")])
    # Ceph's S3 service of this version keeps none.
    assert (described.header(checksums.header_of(algorithm)) is None) == (kept_by == "gateway")


def test_an_origin_keeps_them(origin, new_server):
    """What is read at the origin itself is what was sent to the server in front of it."""
    front = front_of(new_server, origin, {"origin.gather_bytes_max": "1MiB"})
    front.boto3().create_bucket(Bucket="bucket")
    upload = begin_upload(front, "/bucket/key", "SHA256")
    for way, number in (("trailer", 1), ("header", 2)):
        assert put_part(front, "/bucket/key", upload, number, "SHA256", way).status == 200
    listed = origin.raw().call("GET", "/bucket/key", query=[("uploadId", upload)]).xml()
    kept = [part.findtext("{*}ChecksumSHA256") for part in listed.findall("{*}Part")]
    assert kept == [checksum("SHA256", 1), checksum("SHA256", 2)]


@pytest.mark.parametrize("way", ["header", "trailer"])
@pytest.mark.parametrize("announced", ["CRC32", None])
def test_wrong_ones_leave_nothing(front, path, announced, way):
    upload = begin_upload(front, path, announced)
    wrong = put_part(front, path, upload, 1, "CRC32", way, value="AAAAAA==")
    assert wrong.status == 400 and wrong.error_code == "BadDigest"
    assert parts_of(front, path, upload) == []
    assert put_part(front, path, upload, 1, "CRC32", way).status == 200
    assert parts_of(front, path, upload) == ["1"]


def test_a_part_without_one_gets_the_announced_one(front, path, kept_by):
    upload = begin_upload(front, path, "CRC32")
    answer = front.raw().call("PUT", path, query=[("partNumber", "2"), ("uploadId", upload)], body=PARTS[1])
    assert answer.status == 200, answer
    if kept_by != "gateway":
        assert answer.header("x-amz-checksum-crc32") == checksum("CRC32", 2)
    assert complete(front, path, upload, [(2, answer.header("etag"), "")]).status == 200
    assert front.raw().call("GET", path).body == PARTS[1]


def test_wrong_ones_of_a_completion_are_refused(front, path, kept_by):
    if kept_by == "gateway":
        pytest.skip("it keeps none that could be compared")
    upload = begin_upload(front, path, "CRC32")
    etag = put_part(front, path, upload, 2, "CRC32", "trailer").header("etag")
    answer = complete(front, path, upload, [(2, etag, "<ChecksumCRC32>AAAAAA==</ChecksumCRC32>")])
    assert answer.status == 400 and answer.error_code == "InvalidPart"
    assert parts_of(front, path, upload) == ["2"]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_boto3(front, path, algorithm):
    client, where = front.boto3(), dict(zip(("Bucket", "Key"), path[1:].split("/")))
    where["UploadId"] = client.create_multipart_upload(**where, ChecksumAlgorithm=algorithm)["UploadId"]
    parts = []
    for number, body in enumerate(PARTS, 1):
        made = client.upload_part(**where, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        name = f"Checksum{algorithm}"
        assert made[name] == checksum(algorithm, number)
        parts.append({"PartNumber": number, "ETag": made["ETag"], name: made[name]})
    client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert client.get_object(Bucket=where["Bucket"], Key="key")["Body"].read() == b"".join(PARTS)
