"""The aws-chunked bodies that current SDKs send (boto3 since 1.36, aws CLI since 2.23 and others, over TLS or always).

Debian's clients are older and do not, so the framing is made here. A server that mishandles it writes it into the
object.
"""
import pytest

from harness import aws_chunked, checksums, sigv4
from harness.bucket import random_bytes
from harness.checksums import sha256_hex

PAYLOADS = [sigv4.STREAMING_SIGNED, sigv4.STREAMING_UNSIGNED_TRAILER, sigv4.STREAMING_SIGNED_TRAILER]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("size", [0, 1, 8191, 65536, 65537, 300_000])
def test_body_arrives_without_its_framing(raw, bucket, payload, size):
    body = random_bytes(size, size)
    request = aws_chunked.put_request(raw.authority, f"/{bucket.name}/key", body, payload, raw.signer)
    answer = raw.send(request)
    assert answer.status == 200, answer
    answer = raw.call("GET", f"/{bucket.name}/key")
    assert (len(answer.body), sha256_hex(answer.body)) == (size, sha256_hex(body))
    assert "aws-chunked" not in (answer.header("content-encoding") or "")


@pytest.mark.parametrize("payload", [sigv4.STREAMING_UNSIGNED_TRAILER, sigv4.STREAMING_SIGNED_TRAILER])
@pytest.mark.parametrize("algorithm", list(checksums.ALGORITHMS))
def test_checksum_of_the_trailer_is_kept(raw, bucket, payload, algorithm):
    body = random_bytes(100_000)
    header = checksums.header_of(algorithm)
    request = aws_chunked.put_request(raw.authority, f"/{bucket.name}/key", body, payload, raw.signer, algorithm)
    answer = raw.send(request)
    assert (answer.status, answer.header(header)) == (200, checksums.checksum(algorithm, body))
    answer = raw.call("HEAD", f"/{bucket.name}/key", headers=[("x-amz-checksum-mode", "ENABLED")])
    assert answer.header(header) == checksums.checksum(algorithm, body)


@pytest.mark.parametrize("payload", [sigv4.STREAMING_UNSIGNED_TRAILER, sigv4.STREAMING_SIGNED_TRAILER])
@pytest.mark.parametrize("algorithm", list(checksums.ALGORITHMS))
def test_wrong_checksum_of_the_trailer_is_refused(raw, bucket, payload, algorithm):
    bucket.put("key", b"old")
    request = aws_chunked.put_request(
        raw.authority,
        f"/{bucket.name}/key",
        b"new",
        payload,
        raw.signer,
        algorithm,
        checksum=checksums.checksum(algorithm, b"other"),
    )
    answer = raw.send(request)
    assert (answer.status, answer.error_code) == (400, "BadDigest")
    assert bucket.get("key") == b"old"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_content_encoding_of_the_object_stays(raw, bucket, payload):
    request = aws_chunked.put_request(
        raw.authority, f"/{bucket.name}/key", b"zipped", payload, raw.signer, content_encoding="aws-chunked,gzip"
    )
    assert raw.send(request).status == 200
    answer = raw.call("GET", f"/{bucket.name}/key")
    assert (answer.header("content-encoding"), answer.body) == ("gzip", b"zipped")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_framing_inside_the_chunked_transfer_coding(raw, bucket, payload):
    """Without a Content-Length, as some SDKs send streams."""
    body = random_bytes(70_000)
    request = aws_chunked.put_request(
        raw.authority, f"/{bucket.name}/key", body, payload, raw.signer, transfer_chunked=True
    )
    answer = raw.send(request)
    assert answer.status == 200, answer
    assert sha256_hex(bucket.get("key")) == sha256_hex(body)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_parts_of_an_upload(raw, bucket, payload):
    parts = [random_bytes(5 << 20, 1), random_bytes(1000, 2)]
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key", ChecksumAlgorithm="CRC32")["UploadId"]
    done = []
    for number, body in enumerate(parts, 1):
        query = [("partNumber", str(number)), ("uploadId", upload)]
        request = aws_chunked.put_request(
            raw.authority, f"/{bucket.name}/key", body, payload, raw.signer, chunk_bytes=1 << 20, query=query
        )
        answer = raw.send(request)
        assert answer.status == 200, answer
        done.append(
            {"PartNumber": number, "ETag": answer.header("etag"), "ChecksumCRC32": checksums.checksum("CRC32", body)}
        )
    bucket.client.complete_multipart_upload(
        Bucket=bucket.name, Key="key", UploadId=upload, MultipartUpload={"Parts": done}
    )
    assert bucket.sha256("key") == sha256_hex(b"".join(parts))


@pytest.mark.parametrize("algorithm", list(checksums.ALGORITHMS))
def test_checksum_in_a_header(raw, bucket, algorithm):
    """What current boto3 sends by default over plain HTTP."""
    body = random_bytes(50_000)
    header = checksums.header_of(algorithm)
    headers = [("x-amz-sdk-checksum-algorithm", algorithm), (header, checksums.checksum(algorithm, body))]
    answer = raw.call("PUT", f"/{bucket.name}/key", headers=headers, body=body)
    assert (answer.status, answer.header(header)) == (200, checksums.checksum(algorithm, body))
    answer = raw.call("PUT", f"/{bucket.name}/key", headers=headers, body=body[:-1] + b"?")
    assert (answer.status, answer.error_code) == (400, "BadDigest")
    assert sha256_hex(bucket.get("key")) == sha256_hex(body)
