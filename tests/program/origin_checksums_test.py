"""The checksums of objects that the cache does not hold as a whole: S3 tells none of them with a range."""
import pytest

from harness import checksums
from harness.bucket import random_bytes
from harness.fronts import bucket_of, front_of

SIZE = 3 << 20
PATH = "/bucket/key"


def told(answer):
    """The checksums in an answer of boto3."""
    return {name: value for name, value in answer.items() if name.startswith("Checksum")}


def test_one_head_tells_them_at_each_read(new_server, paced):
    front = front_of(new_server, paced, {"origin.coherence": "owned", "server.threads": "2"})
    body = random_bytes(SIZE)
    crc = checksums.checksum("CRC32", body)
    paced.keep(PATH, body, checksums={"x-amz-checksum-crc32": crc, "x-amz-checksum-type": "FULL_OBJECT"})
    client = front.boto3()
    for _ in range(3):
        before = len(paced.requests)
        answer = client.get_object(Bucket="bucket", Key="key", ChecksumMode="ENABLED")
        assert answer["ChecksumCRC32"] == crc
        assert answer["Body"].read() == body  # which boto3 compares with the checksum
        asked = [request[0] for request in paced.requests[before:]]
        assert asked.count("HEAD") == 1
    ranged = client.get_object(Bucket="bucket", Key="key", ChecksumMode="ENABLED", Range="bytes=0-99")
    assert told(ranged) == {} and ranged["Body"].read() == body[:100]


def test_without_any_there_is_one_head_too(new_server, paced):
    front = front_of(new_server, paced, {"origin.coherence": "owned", "server.threads": "2"})
    body = random_bytes(SIZE)
    paced.keep(PATH, body)
    for _ in range(2):
        before = len(paced.requests)
        answer = front.boto3().get_object(Bucket="bucket", Key="key", ChecksumMode="ENABLED")
        assert told(answer) == {} and answer["Body"].read() == body
        assert [request[0] for request in paced.requests[before:]].count("HEAD") == 1


@pytest.mark.parametrize("coherence", ["immutable", "revalidate 0s"])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_get_tells_what_head_tells(origin, in_front, algorithm, coherence):
    kept = origin.boto3()
    kept.create_bucket(Bucket="bucket")
    bodies = {"small": random_bytes(1000), "large": random_bytes(SIZE, 1), "parts": random_bytes((5 << 20) + 1000, 2)}
    for key in ("small", "large"):
        kept.put_object(Bucket="bucket", Key=key, Body=bodies[key], ChecksumAlgorithm=algorithm)
    whole = {"Bucket": "bucket", "Key": "parts"}
    upload = {**whole, "UploadId": kept.create_multipart_upload(**whole, ChecksumAlgorithm=algorithm)["UploadId"]}
    parts = []
    for number, part in enumerate((bodies["parts"][: 5 << 20], bodies["parts"][5 << 20 :]), 1):
        stored = kept.upload_part(**upload, PartNumber=number, Body=part, ChecksumAlgorithm=algorithm)
        parts.append({"PartNumber": number, "ETag": stored["ETag"], **told(stored)})
    kept.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    client = bucket_of(in_front({"origin.coherence": coherence, "server.threads": "2"})).client
    for key, body in bodies.items():
        known = told(kept.head_object(Bucket="bucket", Key=key, ChecksumMode="ENABLED"))
        assert f"Checksum{algorithm}" in known
        for _ in range(2):
            answer = client.get_object(Bucket="bucket", Key=key, ChecksumMode="ENABLED")
            assert told(answer) == known, key
            assert answer["Body"].read() == body
        assert told(client.head_object(Bucket="bucket", Key=key, ChecksumMode="ENABLED")) == known
        assert told(client.get_object(Bucket="bucket", Key=key)) == {}
