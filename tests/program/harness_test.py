"""The harness itself: what it signs and sums is what botocore signs and the world agrees on."""
import datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from harness import checksums, sigv4


def test_signer_agrees_with_botocore():
    signer = sigv4.Signer("AKIDEXAMPLE", "a secret key")
    path = sigv4.key_path("bucket", "a b/ü+%2F~".encode())
    ours = sigv4.Request(
        "PUT",
        path,
        [("uploadId", "a=b/c"), ("partNumber", "1")],
        [("Host", "localhost:1"), ("x-amz-meta-a", "1  2")],
        b"body",
    )
    signer.sign(ours)
    theirs = botocore.awsrequest.AWSRequest(
        "PUT", "http://localhost:1" + ours.target(), {"x-amz-meta-a": "1  2"}, b"body"
    )
    auth = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials("AKIDEXAMPLE", "a secret key"), "s3", "us-east-1")
    timestamp = ours.header("x-amz-date")
    theirs.context["timestamp"] = timestamp
    theirs.headers["X-Amz-Content-SHA256"] = checksums.sha256_hex(b"body")
    theirs.headers["X-Amz-Date"] = timestamp
    signature = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
    assert ours.header("Authorization").endswith("Signature=" + signature)


def test_presigning_agrees_with_botocore(monkeypatch):
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5)

    class Fixed(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment

    monkeypatch.setattr(botocore.auth.datetime, "datetime", Fixed)
    theirs = botocore.awsrequest.AWSRequest("GET", "http://localhost:1/bucket/a%20b")
    credentials = botocore.credentials.Credentials("AKIDEXAMPLE", "a secret key")
    botocore.auth.S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires=600).add_auth(theirs)
    ours = sigv4.Request("GET", "/bucket/a%20b", [], [("Host", "localhost:1")])
    sigv4.Signer("AKIDEXAMPLE", "a secret key").presign(ours, now=moment)
    assert theirs.url.endswith(ours.query[-1][1])


def test_checksums_of_the_check_string():
    """The check values of the catalogue of parametrised CRC algorithms."""
    assert checksums.crc32(b"123456789").hex() == "cbf43926"
    assert checksums.crc32c(b"123456789").hex() == "e3069283"
    assert checksums.crc64nvme(b"123456789").hex() == "ae8b14860a799888"
