"""Rows 5, 6 and 8 of docs/SECURITY.md: names are bytes, never paths."""
import os

import pytest

from harness.bucket import random_bytes
from harness.sigv4 import key_path

CLIMBING = [
    "..",
    "../..",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "a/../../b",
    "/etc/passwd",
    "//etc/passwd",
    "./FORMAT",
    "../credentials",
    "....//....//",
    "..\\..\\",
    "..;/x",
    "%2e%2e/%2e%2e",
    "segments/../credentials",
    "~/x",
    "C:\\x",
    "\\\\host\\share",
    "CON",
    "a/./b/.",
    "..",
]


def files_below(path):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)


@pytest.mark.parametrize("key", sorted(set(CLIMBING)))
def test_row_05_climbing_keys_are_keys(server, raw, bucket, key):
    outside = sorted(os.listdir(server.directory))
    body = random_bytes(300, key)
    assert raw.call("PUT", key_path(bucket.name, key.encode()), body=body).status == 200
    assert raw.call("GET", key_path(bucket.name, key.encode())).body == body
    assert bucket.keys() == [key]
    assert sorted(os.listdir(server.directory)) == outside
    assert not [path for path in files_below(server.data) if "passwd" in path or path.endswith(key)]


@pytest.mark.parametrize(
    "wire",
    ["/{}/%2e%2e/%2e%2e/etc/passwd", "/{}/%2E%2E%2Fx", "/{}/..%2fx", "/{}/./x", "/{}//x", "/{}/../{}/x", "/{}/a/../x"],
)
def test_row_05_what_is_signed_is_what_is_stored(raw, bucket, wire):
    """The wire form is decoded once; nothing in it is resolved."""
    path = wire.format(bucket.name, bucket.name)
    assert raw.call("PUT", path, body=b"content").status == 200
    assert raw.call("GET", path).body == b"content"
    (key,) = bucket.keys()
    assert raw.call("GET", key_path(bucket.name, key.encode())).body == b"content"
    # Where a path resolver would have put it, there is nothing.
    assert raw.call("GET", f"/{bucket.name}/x").status == 404


@pytest.mark.parametrize(
    "wire",
    [
        "/%2e%2e/key",
        "/../key",
        "/./key",
        "//key",
        "/%2e%2e%2fkey/x",
        "/..%2f..%2fetc/passwd",
        "/%00abc/key",
        "/abc%00/key",
        "/a%2fb/key",
        "/%c0%ae%c0%ae/key",
        "/abc%0d%0aX:y/key",
        "/.hidden/key",
        "/data/../key/",
        "/%ff%fe%fd/key",
    ],
)
def test_row_05_climbing_bucket_names_are_refused(raw, wire):
    for method in ("PUT", "GET", "DELETE"):
        answer = raw.call(method, wire, body=b"x" if method == "PUT" else b"")
        assert answer.status in (400, 404), answer
        assert answer.error_code in ("InvalidBucketName", "InvalidURI", "NoSuchBucket"), answer
    bucket_itself = raw.call("PUT", wire.rsplit("/key", 1)[0] or "/")
    assert bucket_itself.status in (400, 404, 405), bucket_itself


@pytest.mark.parametrize(
    "wire",
    [
        "/{}/a%00b",
        "/{}/%00",
        "/{}/%c0%ae%c0%ae/x",
        "/{}/%e0%80%af",
        "/{}/%f0%80%80%af",
        "/{}/%ed%a0%80",
        "/{}/%ff",
        "/{}/a%zz",
        "/{}/a%",
    ],
)
def test_row_05_nul_and_overlong_utf8_in_keys_are_refused(raw, bucket, wire):
    request = raw.make("PUT", f"/{bucket.name}/x", body=b"content", sign=False)
    request.path = wire.format(bucket.name)
    raw.signer.sign(request)
    answer = raw.send(request)
    assert (answer.status, answer.error_code) == (400, "InvalidURI"), answer
    assert bucket.keys() == []


SOURCES = [
    "/../../etc/passwd",
    "../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/credentials",
    "/{0}/../{1}/secret",
    "{0}/../{1}/secret",
    "/{0}/%2e%2e/{1}/secret",
    "/{0}/..%2f{1}%2fsecret",
    "//{1}/secret",
    "/{0}//../../{1}/secret",
    "/{0}/%00",
    "/{0}/\\..\\..\\x",
    "file:///etc/passwd",
    "http://127.0.0.1/{1}/secret",
    "/{1}%2fsecret/../../x",
    "..",
    "/",
    "//",
    "///",
    ".",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy"])
def test_row_06_climbing_copy_sources(raw, make_bucket, operation, source):
    public, secret = make_bucket(), make_bucket()
    secret.put("secret", b"secret")
    query = []
    if operation == "UploadPartCopy":
        upload = public.client.create_multipart_upload(Bucket=public.name, Key="target")["UploadId"]
        query = [("partNumber", "1"), ("uploadId", upload)]
    answer = raw.call(
        "PUT",
        f"/{public.name}/target",
        query=query,
        headers=[("x-amz-copy-source", source.format(public.name, secret.name))],
    )
    assert 400 <= answer.status < 500 and answer.error_code in (
        "InvalidArgument",
        "InvalidURI",
        "InvalidBucketName",
        "NoSuchKey",
        "NoSuchBucket",
        "AccessDenied",
    ), answer
    assert public.keys() == []


def test_row_06_a_source_that_only_looks_like_a_path_is_found_by_its_bytes(raw, bucket):
    bucket.put("../up", b"bytes")
    for source in (f"/{bucket.name}/../up", f"{bucket.name}/..%2Fup", f"/{bucket.name}/%2e%2e/up"):
        assert raw.call("PUT", f"/{bucket.name}/copy", headers=[("x-amz-copy-source", source)]).status == 200
        assert bucket.get("copy") == b"bytes"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "/",
        "?",
        "?versionId=",
        "/{}",
        "/{}/",
        "/{}?versionId=null",
        "/{}/key?versionId=",
        "/{}/key?versionId=../../x",
        "/{}/key?x=y&versionId=null",
        "/{}/key%",
        "%",
        "a" * 3000,
        "/{}/" + "k" * 1025,
        "\x7f",
        "ü",
        "arn:aws:s3:::{}/key",
        "null",
    ],
)
@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy"])
def test_row_08_odd_copy_sources(server, raw, bucket, operation, value):
    bucket.put("key", b"content")
    query = []
    if operation == "UploadPartCopy":
        upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="target")["UploadId"]
        query = [("partNumber", "1"), ("uploadId", upload)]
    answer = raw.call(
        "PUT", f"/{bucket.name}/target", query=query, headers=[("x-amz-copy-source", value.format(bucket.name))]
    )
    assert 400 <= answer.status < 500, answer
    assert bucket.keys() == ["key"]


def test_row_08_heads_whose_body_never_comes(raw, bucket):
    for length in (1, 1 << 20, 5 << 30):
        request = raw.make(
            "PUT", f"/{bucket.name}/key", headers=[("Content-Length", str(length))], payload_hash="UNSIGNED-PAYLOAD"
        )
        for _ in range(10):
            with raw.connect() as connection:
                connection.send(request.head_bytes())
    assert raw.call("GET", f"/{bucket.name}").status == 200
    assert bucket.keys() == []


@pytest.mark.parametrize(
    "length",
    ["99999999999999999999", "18446744073709551616", "18446744073709551615", "9223372036854775808", "6597069766656"],
)
def test_row_08_huge_content_length(raw, bucket, length):
    request = raw.make(
        "PUT", f"/{bucket.name}/key", headers=[("Content-Length", length)], payload_hash="UNSIGNED-PAYLOAD"
    )
    answer = raw.send(request)
    assert 400 <= answer.status < 500, answer
    assert bucket.keys() == []


@pytest.mark.parametrize(
    "target",
    ["", "*", "//", "///", "?", "/?", "/??", "/%", "http://127.0.0.1/", "127.0.0.1", "\\", "#", "/#", "key", ":80/x"],
)
def test_row_08_odd_targets(raw, target):
    for method in ("GET", "PUT", "OPTIONS", "CONNECT"):
        with raw.connect() as connection:
            connection.send(
                f"{method} {target} HTTP/1.1\r\nHost: {raw.authority}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            assert 400 <= connection.read_response().status < 500
