"""Rows 13, 19, 23, 24, 29 and 34 of docs/SECURITY.md: headers, framing and slow clients."""
import concurrent.futures
import contextlib
import statistics
import time

import pytest

from harness.bucket import random_bytes
from harness.raw_http import ConnectionClosed
from harness.waiting import wait_until

IDENTITY_HEADERS = [
    ("X-Forwarded-User", "root"),
    ("X-Remote-User", "root"),
    ("X-Shoal-Access-Key", "root"),
    ("X-Shoal-Internal", "true"),
    ("X-Shoal-Peer", "1"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("X-Original-URL", "/-/ready"),
    ("X-Rewrite-URL", "/-/ready"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Forwarded", "for=127.0.0.1;host=admin"),
    ("Proxy-Authorization", "Basic cm9vdDpyb290"),
]
INTERNAL_HEADERS = [
    ("x-minio-source-replication-request", "true"),
    ("x-minio-internal-server-side-encryption-sealed-key", "x"),
    ("x-rgw-internal", "1"),
    ("x-shoal-version", "1"),
    ("x-shoal-sequence", "99999999"),
    ("x-shoal-etag", "0"),
    ("x-amz-meta-x-shoal-etag", "0"),
    ("x-amz-replication-status", "REPLICA"),
    ("x-amz-version-id", "abc"),
    ("x-amz-expiration", "never"),
]


def test_row_13_identity_headers_prove_nothing(raw, bucket):
    bucket.put("key", b"content")
    for header in IDENTITY_HEADERS:
        for method in ("GET", "PUT", "DELETE"):
            answer = raw.call(method, f"/{bucket.name}/key", headers=[header], sign=False)
            assert answer.status == 403, header
    # With a right signature they change nothing either.
    answer = raw.call("GET", f"/{bucket.name}/key", headers=IDENTITY_HEADERS)
    assert (answer.status, answer.body) == (200, b"content")
    assert bucket.keys() == ["key"]


def test_row_13_internal_headers_of_a_client_do_not_reach_the_object(raw, bucket):
    body = random_bytes(5000)
    for number, header in enumerate(INTERNAL_HEADERS):
        path = f"/{bucket.name}/key{number}"
        answer = raw.call("PUT", path, headers=[header], body=body)
        if answer.status != 200:
            assert answer.status in (400, 501), answer
            continue
        read = raw.call("GET", path)
        assert (read.status, read.body) == (200, body), header
        if not header[0].startswith("x-amz-meta-"):
            assert read.header(header[0]) is None
        assert read.header("etag") == answer.header("etag") != '"0"'


# Row 19. A request that is smuggled behind the broken one would create this object; it is well signed.


def smuggled(raw, bucket):
    return raw.make("PUT", f"/{bucket.name}/smuggled", body=b"evil").to_bytes()


def put_head(raw, bucket, *lines, drop=(), body=b"12345"):
    """A well-signed PUT of five bytes with further header lines, which are not signed."""
    request = raw.make("PUT", f"/{bucket.name}/key", headers=[("Content-Length", "5")], payload_hash="UNSIGNED-PAYLOAD")
    head = b"".join(
        line for line in request.head_bytes()[:-2].splitlines(keepends=True) if line.split(b":")[0].lower() not in drop
    )
    return head + b"".join(lines) + b"\r\n" + body


BROKEN = {
    "two lengths": [b"Content-Length: 5\r\n"],
    "two different lengths": [b"Content-Length: 50\r\n"],
    "length and transfer coding": [b"Transfer-Encoding: chunked\r\n"],
    "length and another transfer coding": [b"Transfer-Encoding: identity\r\n"],
    "transfer coding twice": [b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\n"],
    "folded line": [b"X-Folded: a\r\n b\r\n"],
    "folded with tab": [b"X-Folded: a\r\n\tb\r\n"],
    "bare LF": [b"X-Bare: a\n"],
    "bare CR": [b"X-Bare: a\rb\r\n"],
    "NUL in a value": [b"X-Nul: a\0b\r\n"],
    "NUL in a name": [b"X-N\0ul: a\r\n"],
    "control character in a value": [b"X-Control: a\x01b\r\n"],
    "blank before the colon": [b"X-Blank : a\r\n"],
    "blank before the length's colon": [b"Content-Length : 5\r\n"],
    "line without a colon": [b"X-Nothing\r\n"],
    "empty name": [b": a\r\n"],
    "name with a bracket": [b"X-(a): a\r\n"],
    "second Host": [b"Host: other.example.test\r\n"],
    "leading blank": [b" X-First: a\r\n"],
    "header of 64 KiB": [b"X-Long: " + b"a" * 65536 + b"\r\n"],
    "10,000 headers": [b"X-Many: a\r\n"] * 10_000,
    "name of 64 KiB": [b"X" * 65536 + b": a\r\n"],
}

LENGTHS = ["+5", "-5", "5a", "0x5", "5 5", "5,5", "", "5.0", "٥", "1" * 30]
CODINGS = [
    "chunked, identity",
    "identity",
    "gzip, chunked",
    "xchunked",
    "chunked;q=1",
    "",
    "\x0bchunked",
    "chunked, chunked",
    "CHUNKED\t,",
]


def assert_refused_and_closed(raw, bucket, wire):
    with raw.connect() as connection:
        connection.try_send(wire + smuggled(raw, bucket))
        with contextlib.suppress(ConnectionClosed):
            answer = connection.read_response()
            assert answer.status in (400, 411, 414, 417, 431, 501, 505), answer
            assert connection.is_closed_by_server(), "the connection is still open"
    assert bucket.keys() == []


@pytest.mark.parametrize("name", BROKEN)
def test_row_19_broken_head_is_refused_and_the_connection_closed(raw, bucket, name):
    assert_refused_and_closed(raw, bucket, put_head(raw, bucket, *BROKEN[name]))


@pytest.mark.parametrize("value", LENGTHS)
def test_row_19_broken_length(raw, bucket, value):
    assert_refused_and_closed(
        raw, bucket, put_head(raw, bucket, b"Content-Length: " + value.encode() + b"\r\n", drop=(b"content-length",))
    )


@pytest.mark.parametrize("value", CODINGS)
def test_row_19_broken_transfer_coding(raw, bucket, value):
    wire = put_head(
        raw,
        bucket,
        b"Transfer-Encoding: " + value.encode() + b"\r\n",
        drop=(b"content-length",),
        body=b"5\r\n12345\r\n0\r\n\r\n",
    )
    assert_refused_and_closed(raw, bucket, wire)


@pytest.mark.parametrize(
    "line",
    [
        b"PUT /{b}/key\r\n",
        b"PUT  /{b}/key HTTP/1.1\r\n",
        b"PUT /{b}/key HTTP/1.1 \r\n",
        b"PUT /{b}/key HTTP/2.0\r\n",
        b"PUT /{b}/key HTTP/1.1\n",
        b"PUT /{b}/a key HTTP/1.1\r\n",
        b"PUT\t/{b}/key HTTP/1.1\r\n",
        b" PUT /{b}/key HTTP/1.1\r\n",
        b"\r\nPUT /{b}/key HTTP/1.1\r\n",
        b"PUT /{b}/key HTTP/1.1\r\r\n",
        b"P(T /{b}/key HTTP/1.1\r\n",
        b"PUT http://x/{b}/key HTTP/1.1\r\n",
        b"PUT /{b}/\x80 HTTP/1.1\r\n",
        b"PUT /{b}/\0 HTTP/1.1\r\n",
        b"PUT /{b}/key#x HTTP/1.1\r\n",
        b"PUT /{b}/" + b"k" * 70_000 + b" HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
        b"PRI * HTTP/2.0\r\n",
    ],
    ids=range(18),
)
def test_row_19_broken_request_line(raw, bucket, line):
    wire = put_head(raw, bucket)
    wire = line.replace(b"{b}", bucket.name.encode()) + wire[wire.index(b"\r\n") + 2 :]
    assert_refused_and_closed(raw, bucket, wire)


CHUNKS = {
    "size with sign": b"+5\r\n12345\r\n0\r\n\r\n",
    "size with prefix": b"0x5\r\n12345\r\n0\r\n\r\n",
    "no size": b"\r\n12345\r\n0\r\n\r\n",
    "size too large": b"fffffffffffffffff\r\n12345\r\n0\r\n\r\n",
    "bare LF": b"5\n12345\r\n0\r\n\r\n",
    "no end of the data": b"5\r\n12345X0\r\n\r\n",
    "data too long": b"5\r\n1234567\r\n0\r\n\r\n",
    "endless extension": b"5;" + b"a" * 100_000 + b"\r\n12345\r\n0\r\n\r\n",
    "Content-Length in the trailer": b"5\r\n12345\r\n0\r\nContent-Length: 50\r\n\r\n",
    "endless trailer": b"5\r\n12345\r\n0\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n",
    "NUL in the extension": b"5;a=\0\r\n12345\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_row_19_broken_chunks(raw, bucket, name):
    request = raw.make(
        "PUT",
        f"/{bucket.name}/key",
        headers=[("x-amz-decoded-content-length", "5"), ("Transfer-Encoding", "chunked")],
        length=False,
        payload_hash="UNSIGNED-PAYLOAD",
    )
    assert_refused_and_closed(raw, bucket, request.head_bytes() + CHUNKS[name])


def test_row_19_pipelined_request_behind_a_refused_one_is_not_run_as_its_body(raw, bucket):
    """A refused PUT whose body holds a request: the body is skipped by its length, or the connection closed."""
    inner = smuggled(raw, bucket)
    refused = raw.make("PUT", f"/{bucket.name}/key", headers=[("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")], body=inner)
    with raw.connect() as connection:
        connection.send(refused.to_bytes() + raw.make("GET", f"/{bucket.name}").to_bytes())
        assert connection.read_response().status == 400
        with contextlib.suppress(ConnectionClosed):
            assert b"ListBucketResult" in connection.read_response().body
    assert bucket.keys() == []


# Row 23.


@pytest.mark.parametrize(
    "name",
    [
        "response-content-type",
        "response-content-disposition",
        "response-cache-control",
        "response-content-language",
        "response-content-encoding",
        "response-expires",
    ],
)
@pytest.mark.parametrize(
    "value", ["a\r\nX-Injected: 1", "a\nX-Injected: 1", "a\rX-Injected: 1", "a\0b", "\r\n\r\n<script>"]
)
def test_row_23_overrides_inject_no_header(raw, bucket, name, value):
    bucket.put("key", b"content")
    with raw.connect() as connection:
        answer = connection.request(raw.make("GET", f"/{bucket.name}/key", query=[(name, value)]))
        assert answer.header("x-injected") is None and b"<script>" not in answer.body
        assert answer.status == 400 or answer.body == b"content"
        assert connection.request(raw.make("GET", f"/{bucket.name}/key")).body == b"content"


def test_row_23_overrides_are_not_for_everybody(raw, bucket):
    """S3 takes them from signed requests only."""
    bucket.put("key", b"content")
    assert (
        raw.call("GET", f"/{bucket.name}/key", query=[("response-content-type", "text/html")], sign=False).status == 403
    )


def test_row_23_metadata_and_names_inject_no_header(raw, bucket):
    for path in (f"/{bucket.name}/a%0d%0aX-Injected:%201", "/buc%0d%0aX-Injected:%201ket", "/no-bucket/a%0d%0a%0d%0ab"):
        for method in ("GET", "PUT", "HEAD"):
            answer = raw.call(method, path)
            assert answer.header("x-injected") is None
    copied = raw.call(
        "PUT", f"/{bucket.name}/c", headers=[("x-amz-copy-source", f"/{bucket.name}/a%0d%0aX-Injected:%201")]
    )
    assert copied.header("x-injected") is None
    encoded = raw.call("PUT", f"/{bucket.name}/m", headers=[("x-amz-meta-a", "=?UTF-8?B?YQ0KWC1JbmplY3RlZDogMQ==?=")])
    assert encoded.status == 200
    assert raw.call("GET", f"/{bucket.name}/m").header("x-injected") is None


def test_row_23_names_in_xml_are_escaped(raw, bucket):
    key = "<Key>&x;]]>\"'</Key>"
    bucket.put(key)
    assert bucket.keys() == [key]
    answer = raw.call(
        "GET", f"/{bucket.name}", query=[("list-type", "2"), ("prefix", "<Key>&x;"), ("delimiter", "]]>")]
    )
    assert answer.xml().findtext("{*}Prefix") == "<Key>&x;"
    assert [e.text for e in answer.xml().findall("{*}CommonPrefixes/{*}Prefix")] == ["<Key>&x;]]>"]


# Rows 24, 29 and 34.


def test_row_24_no_origin_is_allowed(raw, bucket):
    bucket.put("key", b"content")
    origin = [("Origin", "https://evil.example.test")]
    answers = [
        raw.call("GET", f"/{bucket.name}/key", headers=origin),
        raw.call("GET", f"/{bucket.name}/key", headers=origin, sign=False),
        raw.call(
            "OPTIONS", f"/{bucket.name}/key", headers=[*origin, ("Access-Control-Request-Method", "PUT")], sign=False
        ),
    ]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
    assert [answer.status for answer in answers] == [200, 403, 403]


def median_latency(raw, bucket, count=200):
    times = []
    with raw.connect() as connection:
        for _ in range(count):
            request = raw.make("GET", f"/{bucket.name}/key")
            began = time.perf_counter()
            assert connection.request(request).status == 200
            times.append(time.perf_counter() - began)
    return statistics.median(times)


@pytest.mark.alone
def test_row_29_idle_and_slow_connections_do_not_slow_others(raw, bucket):
    """Idle ones, half a head, half a body, half closed and never read: the rest is served as before."""
    bucket.put("key", random_bytes(4096))
    bucket.put("large", random_bytes(8 << 20))
    before = median_latency(raw, bucket)
    half_body = raw.make("PUT", f"/{bucket.name}/slow", body=bytes(100_000)).to_bytes()[:-1]
    with contextlib.ExitStack() as connections:
        for number in range(800):
            connection = connections.enter_context(raw.connect(receive_buffer=4096))
            if number % 5 == 1:
                connection.send(b"GET / HTTP/1.1\r\nHost:")
            elif number % 5 == 2 and number < 200:
                connection.send(half_body)
            elif number % 5 == 3:
                connection.half_close()
            elif number % 5 == 4 and number < 200:
                connection.send(raw.make("GET", f"/{bucket.name}/large").to_bytes())
        during = median_latency(raw, bucket)
    assert during < 2 * before + 0.001, f"{before * 1e6:.0f} us became {during * 1e6:.0f} us"


def test_row_29_slow_clients_are_cut_off(new_server):
    """Whoever does not get on with it loses the connection: in the head, in the body and in taking the answer."""
    server = new_server(
        options={
            "limits.head_timeout": "1s",
            "limits.idle_timeout": "1s",
            "limits.body_timeout": "1s",
            "limits.write_timeout": "1s",
        }
    ).start()
    client = server.boto3()
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="large", Body=random_bytes(32 << 20))
    client.close()
    raw = server.raw()
    wires = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\n",
        raw.make("GET", "/bucket").to_bytes(),
        raw.make("PUT", "/bucket/key", body=bytes(100_000)).to_bytes()[:-1],
        raw.make("GET", "/bucket/large").to_bytes(),
    ]
    with contextlib.ExitStack() as connections:
        for wire in wires * 5:
            connections.enter_context(raw.connect(receive_buffer=4096)).send(wire)
        wait_until(lambda: server.established_connections() == 0, "all of them are closed", seconds=20)


def test_row_29_connections_beyond_the_limit_are_refused_and_the_others_served(new_server):
    server = new_server(options={"limits.connections_max": "20", "server.threads": "1"}).start()
    server.boto3().create_bucket(Bucket="bucket")
    raw = server.raw()
    with contextlib.ExitStack() as connections:
        first = connections.enter_context(raw.connect())
        assert first.request(raw.make("GET", "/bucket")).status == 200
        for _ in range(60):
            connections.enter_context(raw.connect())
        assert first.request(raw.make("GET", "/bucket")).status == 200
    wait_until(lambda: serves(raw), "new connections are served once there is room")


def serves(raw):
    try:
        return raw.call("GET", "/bucket").status == 200
    except (ConnectionClosed, OSError):
        return False


RANGES = [
    "bytes=0-18446744073709551615",
    "bytes=18446744073709551615-",
    "bytes=18446744073709551616-",
    "bytes=-18446744073709551616",
    "bytes=9223372036854775807-9223372036854775808",
    "bytes=-9223372036854775808",
    "bytes=5-4",
    "bytes=--5",
    "bytes=-",
    "bytes=+1-2",
    "bytes=0x0-0x5",
    "bytes=" + "0-1," * 1000 + "0-1",
    "bytes=" + "9" * 10_000 + "-",
]


@pytest.mark.parametrize("text", RANGES, ids=range(len(RANGES)))
def test_row_34_ranges_do_not_overflow(raw, bucket, text):
    body = random_bytes(10_000)
    bucket.put("key", body)
    answer = raw.call("GET", f"/{bucket.name}/key", headers=[("Range", text)])
    assert answer.status in (200, 206, 416), answer
    assert answer.status == 416 or answer.body == body
    copied = raw.call(
        "PUT",
        f"/{bucket.name}/copy",
        query=[("partNumber", "1"), ("uploadId", upload_of(bucket))],
        headers=[("x-amz-copy-source", f"/{bucket.name}/key"), ("x-amz-copy-source-range", text)],
    )
    assert copied.status in (400, 416), copied


def upload_of(bucket):
    return bucket.client.create_multipart_upload(Bucket=bucket.name, Key="copy")["UploadId"]


def test_row_34_many_ranges_at_once_cost_no_memory(server, raw, bucket):
    bucket.put("key", random_bytes(4 << 20))
    before = server.resident_bytes()
    text = "bytes=" + ",".join(f"{i}-" for i in range(1000))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: raw.call("GET", f"/{bucket.name}/key", headers=[("Range", text)]).status, range(20))
        )
    assert set(answers) <= {200, 416}
    assert server.resident_bytes() < before + (64 << 20)
