"""Rows 16, 17 and 28 of docs/SECURITY.md: what is told without a login, what is logged, what a request may cost."""
import concurrent.futures
import re

import pytest

from harness import checksums, sigv4
from harness.bucket import Bucket, random_bytes
from harness.server import make_secret

INNER_PATHS = [
    "/-/health",
    "/-/ready",
    "/metrics",
    "/-/metrics",
    "/-/config",
    "/-/debug",
    "/-/log",
    "/-/stop",
    "/debug/pprof/",
    "/minio/health/live",
    "/minio/admin/v3/info",
    "/minio/bootstrap/v1/verify",
    "/status",
    "/env",
    "/.env",
    "/credentials",
    "/health",
    "/admin",
    "/console",
    "/favicon.ico",
    "/?config",
    "/?metrics",
]


@pytest.mark.parametrize("path", INNER_PATHS)
def test_row_16_the_s3_port_tells_nothing_of_the_inside(raw, path):
    for method in ("GET", "POST", "PUT"):
        request = sigv4.Request(method, path, [], [("Host", raw.authority), ("Content-Length", "0")])
        answer = raw.send(request)
        assert answer.status in (400, 403, 404), answer
        assert answer.error_code in ("AccessDenied", "InvalidBucketName", "InvalidURI", "NoSuchBucket"), answer


@pytest.mark.parametrize(
    "path",
    [
        *INNER_PATHS,
        "/",
        "/-/../data/credentials",
        "/%2e%2e/credentials",
        "/-/health/../credentials",
        "//",
        "/-/",
        "/-/credentials",
    ],
)
def test_row_16_the_admin_port_has_no_secrets(server, path):
    for method in ("GET", "POST", "PUT", "DELETE"):
        status, body = server.admin_get(path, method)
        text = body.decode(errors="replace")
        assert server.secret_key not in text and server.access_key not in text and str(server.data) not in text
        if path not in ("/-/health", "/-/ready", "/metrics") or method != "GET":
            assert status in (400, 403, 404, 405), (method, path, status)


def test_row_16_errors_tell_nothing_of_the_inside(server, raw, bucket):
    answers = [
        raw.call("GET", f"/{bucket.name}/none"),
        raw.call("GET", "/no-such-bucket"),
        raw.call("PUT", f"/{bucket.name}/key", query=[("retention", None)]),
        raw.call("GET", f"/{bucket.name}", query=[("continuation-token", "x")]),
        raw.call("GET", "/", sign=False),
    ]
    for answer in answers:
        text = str(answer.headers) + answer.body.decode()
        assert str(server.data) not in text and ".cc" not in text and server.secret_key not in text


def test_row_17_logs_and_errors_hold_no_secret(new_server):
    """All ways to send one wrongly, at the most talkative level. The harness checks the logs of all other servers."""
    server = new_server(options={"log.level": "trace", "log.requests": "true"}).start()
    raw = server.raw()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    secret_body = b"the content that nobody should log"
    bucket.put("key", secret_body)
    wrong = sigv4.Signer(server.access_key, make_secret())
    unknown = sigv4.Signer("TESTUNKNOWN000000000", make_secret())
    answers = []
    for signer in (raw.signer, wrong, unknown):
        for presigned in (False, True):
            for headers in (
                [],
                [("x-amz-security-token", "SECRETTOKEN")],
                [("x-amz-server-side-encryption-customer-key", "SECRETCUSTOMERKEY")],
            ):
                request = raw.make("GET", "/bucket/key", headers=headers, sign=False)
                if presigned:
                    signer.presign(request)
                else:
                    signer.sign(request)
                answers.append((signer, raw.send(request)))
    answers += [
        (raw.signer, raw.call("GET", "/bucket", headers=[("Authorization", f"Basic {server.secret_key}")], sign=False)),
        (
            raw.signer,
            raw.call("GET", f"/bucket/{server.secret_key[:0]}none", query=[("password", "SECRETPASSWORD")], sign=False),
        ),
    ]
    for signer, answer in answers:
        text = answer.body.decode()
        assert server.secret_key not in text and signer.secret_key not in text
        # The client's own canonical request may be told; what it should have sent may not.
        found = sigv4.sent_signatures.intersection(re.findall(r"\b[0-9a-f]{64}\b", text))
        assert not found, text
    server.stop()
    log = server.log() + server.stdout()
    assert log
    for secret in (
        server.secret_key,
        wrong.secret_key,
        unknown.secret_key,
        "SECRETTOKEN",
        "SECRETCUSTOMERKEY",
        "SECRETPASSWORD",
        secret_body.decode(),
    ):
        assert secret not in log
    server.check_no_secrets(log)


def test_row_17_keys_are_not_on_the_command_line_or_in_the_environment_of_others(server):
    """What any user of the machine can read of the process."""
    with open(f"/proc/{server.process.pid}/cmdline", "rb") as file:
        assert server.secret_key.encode() not in file.read()


def test_row_17_new_keys_are_printed_to_the_terminal_and_not_logged(new_server):
    server = new_server(set_keys=False).start()
    lines = dict(line.split("=", 1) for line in (server.data / "credentials").read_text().splitlines() if "=" in line)
    assert lines["secret_key"] in server.stdout() and lines["secret_key"] not in server.log()


# Row 28.


@pytest.mark.parametrize(
    "query",
    [
        {"max-keys": "2147483647"},
        {"max-keys": "2147483648"},
        {"max-keys": "1000000"},
        {"prefix": "p" * 1024},
        {"delimiter": "d" * 1024},
        {"delimiter": "/", "prefix": "/"},
        {"start-after": "\U0010ffff" * 256},
        {"start-after": "zzz"},
        {"delimiter": "k"},
        {"delimiter": "", "prefix": ""},
    ],
    ids=str,
)
def test_row_28_odd_listings_end(raw, bucket, query):
    for number in range(5):
        bucket.put(f"key{number}")
    for fixed in ([("list-type", "2")], []):
        answer = raw.call(
            "GET",
            f"/{bucket.name}",
            query=fixed + [(n if fixed or n != "start-after" else "marker", v) for n, v in query.items()],
        )
        assert answer.status in (200, 400), answer
        if answer.status == 200:
            assert answer.xml().findtext("{*}IsTruncated") == "false"
            assert int(answer.xml().findtext("{*}MaxKeys")) <= 1000


def test_row_28_a_prefix_of_a_megabyte_is_refused(raw, bucket):
    answer = raw.call("GET", f"/{bucket.name}", query=[("list-type", "2"), ("prefix", "p" * (1 << 20))])
    assert answer.status in (400, 414, 431)


def delete_request(raw, bucket, body):
    return raw.make(
        "POST",
        f"/{bucket.name}",
        query=[("delete", None)],
        headers=[("Content-MD5", checksums.content_md5(body))],
        body=body,
    )


def test_row_28_deletion_of_a_million_keys_is_refused_in_bounded_memory(server, raw, bucket):
    bucket.put("key0")
    body = b"<Delete>" + b"".join(b"<Object><Key>key%d</Key></Object>" % i for i in range(1_000_000)) + b"</Delete>"
    before = server.resident_bytes()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(raw.send, [delete_request(raw, bucket, body) for _ in range(4)]))
    for answer in answers:
        assert (answer.status, answer.error_code) in {
            (400, "MalformedXML"),
            (400, "MaxMessageLengthExceeded"),
            (400, "EntityTooLarge"),
        }
    assert server.resident_bytes() < before + (64 << 20)
    assert bucket.keys() == ["key0"]


ONE_OBJECT = b"<Delete><Object><Key>%s</Key></Object></Delete>"
BOMBS = {
    "entities": b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "&a%s;&a%s;&a%s;">' % (i, *[b"" if i == 0 else b"%d" % (i - 1)] * 3) for i in range(30))
    + b"]><Delete><Object><Key>&a29;</Key></Object></Delete>",
    "external entity": b'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + ONE_OBJECT % b"&a;",
    "parameter entity": b'<!DOCTYPE d [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x"> %a;]>' + ONE_OBJECT % b"key",
    "deep": b"<Delete>" * 100_000 + b"</Delete>" * 100_000,
    "deep in an object": b"<Delete><Object>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</Object></Delete>",
    "attributes": b"<Delete "
    + b" ".join(b'a%d="1"' % i for i in range(50_000))
    + b"><Object><Key>key</Key></Object></Delete>",
    "comments": b"<Delete>" + b"<!-- -->" * 200_000 + b"</Delete>",
    "long name": b"<Delete><" + b"a" * 900_000 + b"/></Delete>",
    "long key": ONE_OBJECT % (b"k" * 900_000),
    "another encoding": '<?xml version="1.0" encoding="UTF-16"?><Delete/>'.encode("utf-16"),
    "broken UTF-8": ONE_OBJECT % b"\xff\xfe",
    "NUL": ONE_OBJECT % b"a\0b",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("operation", ["DeleteObjects", "CompleteMultipartUpload", "CreateBucket"])
def test_row_28_xml_bombs(server, raw, bucket, operation, bomb):
    bucket.put("key")
    before = server.resident_bytes()
    body = BOMBS[bomb]
    if operation == "DeleteObjects":
        request = delete_request(raw, bucket, body)
    elif operation == "CreateBucket":
        request = raw.make("PUT", f"/{bucket.name}-other", body=body.replace(b"Delete", b"CreateBucketConfiguration"))
    else:
        upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key")["UploadId"]
        request = raw.make(
            "POST",
            f"/{bucket.name}/key",
            query=[("uploadId", upload)],
            body=body.replace(b"Delete", b"CompleteMultipartUpload"),
        )
    answer = raw.send(request)
    if operation == "DeleteObjects" and answer.status == 200:
        # A key that is none may be told as an error of that key.
        assert bomb in ("long key", "attributes") and (
            answer.xml().find("{*}Error") is not None or bomb == "attributes"
        ), answer
    else:
        assert answer.status == 400, answer
        assert bucket.keys() == ["key"]
    assert b"root:" not in answer.body
    assert server.resident_bytes() < before + (64 << 20)


def test_row_28_ten_thousand_and_one_parts(raw, bucket):
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key")["UploadId"]
    etag = bucket.client.upload_part(Bucket=bucket.name, Key="key", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n in range(1, 10_002))
    answer = raw.call(
        "POST",
        f"/{bucket.name}/key",
        query=[("uploadId", upload)],
        body=f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode(),
    )
    assert answer.status == 400 and answer.error_code in (
        "MalformedXML",
        "InvalidArgument",
        "InvalidPart",
        "TooManyParts",
        "MaxMessageLengthExceeded",
    ), answer
    assert bucket.keys() == []


def test_row_28_large_bodies_are_streamed(new_server):
    """Sixteen uploads and downloads of 32 MiB, eight at once: 1 GiB through a fraction of it."""
    cache = 64 << 20
    server = new_server(options={"cache.memory": str(cache)}).start()
    raw = server.raw()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    body = random_bytes(32 << 20)
    right = checksums.sha256_hex(body)

    def up_and_down(number):
        path = f"/{bucket.name}/large{number % 4}"
        assert raw.call("PUT", path, body=body, payload_hash=sigv4.UNSIGNED).status == 200
        assert checksums.sha256_hex(raw.call("GET", path).body) == right

    before = server.resident_bytes()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(up_and_down, range(16)))
    # The cache may keep what it likes within its budget; buffers of requests come on top, more of them where the machine
    # is busy. Eight bodies that are not streamed would be 256 MiB.
    assert server.resident_bytes() < before + cache + (160 << 20)
