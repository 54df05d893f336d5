"""A client that goes away in the middle of an upload leaves everything as it was."""
import contextlib

import pytest

from harness import aws_chunked, sigv4
from harness.bucket import random_bytes
from harness.checksums import sha256_hex
from harness.raw_http import ConnectionClosed
from harness.waiting import wait_until

SIZE = 6 << 20  # more than is kept in memory until it is stored


def plain(raw, path, body, query=()):
    return raw.make("PUT", path, body=body, query=query)


def streamed(payload):
    def make(raw, path, body, query=()):
        return aws_chunked.put_request(raw.authority, path, body, payload, raw.signer, query=query)

    make.__name__ = payload
    return make


WAYS = [plain] + [
    streamed(p) for p in (sigv4.STREAMING_SIGNED, sigv4.STREAMING_UNSIGNED_TRAILER, sigv4.STREAMING_SIGNED_TRAILER)
]


def send_a_piece_and_vanish(raw, request, sent, how):
    connection = raw.connect()
    connection.send(request.to_bytes()[:sent])
    {"close": connection.close, "reset": connection.reset, "half close": connection.half_close}[how]()
    if how == "half close":
        # The server may answer that the body is incomplete, or close; it must not say 200.
        with contextlib.suppress(ConnectionClosed):
            assert connection.read_response("PUT").status >= 400
        connection.close()


@pytest.mark.parametrize("how", ["close", "reset", "half close"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("left", [1, SIZE // 2, SIZE])
def test_the_old_object_stays(raw, bucket, way, how, left):
    old = random_bytes(1000)
    bucket.put("key", old)
    for path in (f"/{bucket.name}/key", f"/{bucket.name}/new"):
        request = way(raw, path, random_bytes(SIZE, "new"))
        send_a_piece_and_vanish(raw, request, len(request.to_bytes()) - left, how)
    assert bucket.contents().keys() == {"key"}
    assert sha256_hex(bucket.get("key")) == sha256_hex(old)
    assert bucket.uploads() == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_part_stays_as_it_was(raw, bucket, way):
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key")["UploadId"]
    place = {"Bucket": bucket.name, "Key": "key", "UploadId": upload}
    etag = bucket.client.upload_part(**place, PartNumber=1, Body=b"old part")["ETag"]
    for number in ("1", "2"):
        request = way(raw, f"/{bucket.name}/key", random_bytes(SIZE), [("partNumber", number), ("uploadId", upload)])
        send_a_piece_and_vanish(raw, request, len(request.to_bytes()) - 100_000, "reset")
    assert [(p["PartNumber"], p["ETag"]) for p in bucket.client.list_parts(**place)["Parts"]] == [(1, etag)]
    bucket.client.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert bucket.get("key") == b"old part"


def test_abandoned_uploads_give_their_memory_back(new_server):
    """What the first ten took serves the next thirty."""
    server = new_server().start()
    server.boto3().create_bucket(Bucket="bucket")
    raw = server.raw()
    request = plain(raw, "/bucket/key", random_bytes(SIZE))
    wire = request.to_bytes()[:-1]
    for _ in range(10):
        connection = raw.connect()
        connection.send(wire)
        connection.reset()
    wait_until(lambda: server.established_connections() == 0, "the connections are gone")
    before = server.resident_bytes()
    for _ in range(30):
        connection = raw.connect()
        connection.send(wire)
        connection.reset()
    wait_until(lambda: server.established_connections() == 0, "the connections are gone")
    assert server.resident_bytes() < before + 40 * (1 << 20)
    assert raw.call("GET", "/bucket/key").status == 404


def test_a_reader_that_goes_away_harms_nobody(raw, bucket):
    body = random_bytes(24 << 20)
    bucket.put("key", body)
    for _ in range(10):
        connection = raw.begin("GET", f"/{bucket.name}/key", receive_buffer=1 << 16)
        connection.read_some(10_000)
        connection.reset()
    assert bucket.sha256("key") == sha256_hex(body)
