"""HTTP/1.1 on the wire."""
import pytest

from harness.bucket import Bucket, random_bytes
from harness.checksums import sha256_hex
from harness.raw_http import ConnectionClosed
from harness.sigv4 import key_path
from harness.waiting import wait_until


def test_keep_alive_serves_many_requests_on_one_connection(raw, bucket):
    with raw.connect() as connection:
        for number in range(100):
            body = random_bytes(number * 37, number)
            answer = connection.request(raw.make("PUT", f"/{bucket.name}/key", body=body))
            assert answer.status == 200
            assert connection.request(raw.make("GET", f"/{bucket.name}/key")).body == body


def test_errors_do_not_end_a_connection_that_is_in_step(raw, bucket):
    with raw.connect() as connection:
        for _ in range(3):
            assert connection.request(raw.make("GET", f"/{bucket.name}/none")).status == 404
            assert connection.request(raw.make("GET", "/no-such-bucket")).status == 404
            assert connection.request(raw.make("GET", "/", sign=False)).status == 403
            answer = connection.request(
                raw.make("PUT", f"/{bucket.name}/key", headers=[("If-Match", '"none"')], body=b"x" * 1000)
            )
            assert answer.status in (404, 412)
        assert connection.request(raw.make("GET", f"/{bucket.name}")).status == 200


def test_connection_close_is_obeyed(raw, bucket):
    with raw.connect() as connection:
        answer = connection.request(raw.make("GET", f"/{bucket.name}", headers=[("Connection", "close")]))
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert connection.is_closed_by_server()


def test_http_1_0_is_answered_and_closed(raw, bucket):
    bucket.put("key", b"content")
    with raw.connect() as connection:
        connection.send(raw.make("GET", f"/{bucket.name}/key").to_bytes().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert connection.read_response().body == b"content"
        assert connection.is_closed_by_server()


def test_pipelined_requests_are_answered_in_order(raw, bucket):
    bodies = [random_bytes(size, size) for size in (10, 100_000, 0, 5000, 300_000)]
    with raw.connect() as connection:
        wire = b"".join(
            raw.make("PUT", f"/{bucket.name}/key{i}", body=body).to_bytes() for i, body in enumerate(bodies)
        )
        connection.send(wire)
        assert [connection.read_response("PUT").status for _ in bodies] == [200] * len(bodies)
        connection.send(b"".join(raw.make("GET", f"/{bucket.name}/key{i}").to_bytes() for i in range(len(bodies))))
        assert [sha256_hex(connection.read_response().body) for _ in bodies] == [sha256_hex(body) for body in bodies]


def test_request_in_single_bytes(raw, bucket):
    with raw.connect() as connection:
        for byte in raw.make("PUT", f"/{bucket.name}/key", body=b"slowly").to_bytes():
            connection.send(bytes([byte]))
        assert connection.read_response().status == 200
    assert bucket.get("key") == b"slowly"


def test_expect_100_continue(raw, bucket):
    body = random_bytes(100_000)
    request = raw.make("PUT", f"/{bucket.name}/key", headers=[("Expect", "100-continue")], body=body)
    with raw.connect() as connection:
        connection.send(request.head_bytes())
        assert connection.read_head().status == 100
        connection.send(body)
        assert connection.read_response("PUT").status == 200
        assert connection.request(raw.make("GET", f"/{bucket.name}/key")).body == body


def test_expect_100_continue_is_not_said_to_who_is_refused(raw, bucket):
    """The body need not be sent at all."""
    for headers, sign, status in ([], False, 403), ([("x-amz-object-lock-mode", "GOVERNANCE")], True, 501):
        request = raw.make(
            "PUT", f"/{bucket.name}/key", headers=[("Expect", "100-continue"), *headers], body=b"x" * 1000, sign=sign
        )
        with raw.connect() as connection:
            connection.send(request.head_bytes())
            assert connection.read_response("PUT").status == status
    assert bucket.keys() == []


def test_head_has_no_body_and_the_headers_of_get(raw, bucket):
    bucket.put("key", b"content", ContentType="text/x", Metadata={"a": "1"})
    with raw.connect() as connection:
        for path in (f"/{bucket.name}/key", f"/{bucket.name}"):
            head = connection.request(raw.make("HEAD", path))
            assert (head.status, head.body) == (200, b"")
        head = connection.request(raw.make("HEAD", f"/{bucket.name}/key"))
        get = connection.request(raw.make("GET", f"/{bucket.name}/key"))
        ignored = {"date", "x-amz-request-id", "x-amz-id-2"}
        assert {(n.lower(), v) for n, v in head.headers if n.lower() not in ignored} == {
            (n.lower(), v) for n, v in get.headers if n.lower() not in ignored
        }
        assert head.header("content-length") == "7" and get.body == b"content"
        assert connection.request(raw.make("HEAD", f"/{bucket.name}/none")).status == 404
        assert connection.request(raw.make("HEAD", "/no-such-bucket")).status == 404
        # Nothing of a body came in between: the next answer is in step.
        assert connection.request(raw.make("GET", f"/{bucket.name}/key")).body == b"content"


def test_every_answer_names_its_request(raw, bucket):
    answers = [
        raw.call("GET", f"/{bucket.name}"),
        raw.call("GET", f"/{bucket.name}/none"),
        raw.call("GET", "/", sign=False),
        raw.call("PUT", f"/{bucket.name}/key", body=b"x"),
    ]
    ids = [answer.header("x-amz-request-id") for answer in answers]
    assert all(ids) and len(set(ids)) == len(ids)
    assert all(answer.header("date") for answer in answers)


def test_errors_are_xml(raw, bucket):
    answer = raw.call("GET", key_path(bucket.name, b"no<such>&key"))
    assert answer.header("content-type") == "application/xml"
    root = answer.xml()
    assert (
        root.findtext("Code") == "NoSuchKey" and root.findtext("Key") == "no<such>&key" and root.findtext("RequestId")
    )


def test_not_modified_has_no_body(raw, bucket):
    etag = bucket.put("key", b"content")["ETag"]
    with raw.connect() as connection:
        answer = connection.request(raw.make("GET", f"/{bucket.name}/key", headers=[("If-None-Match", etag)]))
        assert (answer.status, answer.header("etag")) == (304, etag)
        assert connection.request(raw.make("GET", f"/{bucket.name}/key")).body == b"content"


def test_body_of_a_refused_upload_is_not_taken_for_a_request(raw, bucket):
    """The refused body holds a whole request: it must never be run."""
    inner = raw.make("PUT", f"/{bucket.name}/smuggled", body=b"evil").to_bytes()
    request = raw.make("PUT", "/no-such-bucket/key", body=inner)
    with raw.connect() as connection:
        assert connection.request(request).status == 404
        try:
            assert connection.request(raw.make("GET", f"/{bucket.name}")).status == 200
        except ConnectionClosed:
            pass  # closing is as good
    assert bucket.keys() == []


def test_virtual_host_style(new_server):
    server = new_server(options={"server.domains": "s3.example.test,s3.local.test"}).start()
    client = server.boto3()
    client.create_bucket(Bucket="photos")
    raw = server.raw()

    def call(method, path, host, body=b""):
        request = raw.make(method, path, body=body, sign=False)
        request.set_header("Host", host)
        raw.signer.sign(request)
        return raw.send(request)

    assert call("PUT", "/cat%20one.png", "photos.s3.example.test", b"cat").status == 200
    assert call("GET", "/cat%20one.png", f"PHOTOS.S3.Example.Test:{server.port}").body == b"cat"
    assert call("GET", "/photos/cat%20one.png", "s3.local.test").body == b"cat"
    assert call("GET", "/photos/cat%20one.png", "somewhere.else.test").body == b"cat"
    assert Bucket(client, "photos").keys() == ["cat one.png"]
    assert b"<Key>cat one.png</Key>" in call("GET", "/", "photos.s3.local.test").body
    assert b"<Name>photos</Name>" in call("GET", "/", "s3.example.test").body
    assert call("GET", "/", "no-such-bucket.s3.example.test").error_code == "NoSuchBucket"
    assert call("GET", "/key", "Not_A_Bucket.s3.example.test").error_code == "InvalidBucketName"


@pytest.fixture
def impatient(new_server):
    """A server that waits for nothing longer than a second."""
    limits = {"limits.head_timeout": "1s", "limits.idle_timeout": "1s", "limits.body_timeout": "1s"}
    server = new_server(options=limits).start()
    server.boto3().create_bucket(Bucket="bucket")
    return server


def test_slow_head_is_cut_off(impatient):
    raw = impatient.raw()
    with raw.connect(timeout=15) as connection:
        connection.send(raw.make("GET", "/bucket").to_bytes()[:-10])
        try:
            assert connection.read_response().status == 408
        except ConnectionClosed:
            return
        assert connection.is_closed_by_server()


def test_head_that_comes_in_drops_is_cut_off(impatient):
    """Each byte must not buy another second."""
    raw = impatient.raw()
    head = raw.make("GET", "/bucket", headers=[("x-amz-meta-filler", "x" * 4000)]).to_bytes()
    with raw.connect(timeout=15) as connection:
        sent = iter(head[:-4])

        def drip():
            connection.try_send(bytes([next(sent)]))
            return impatient.established_connections() == 0

        wait_until(drip, "the connection is closed", seconds=10, pause=0.05)


def test_idle_connection_is_closed(impatient):
    raw = impatient.raw()
    with raw.connect(timeout=15) as connection:
        assert connection.request(raw.make("GET", "/bucket")).status == 200
        assert connection.is_closed_by_server()


def test_body_that_stops_is_cut_off(impatient):
    raw = impatient.raw()
    request = raw.make("PUT", "/bucket/key", body=bytes(100_000))
    with raw.connect(timeout=15) as connection:
        connection.send(request.to_bytes()[:-1])
        try:
            answer = connection.read_response("PUT")
            assert (answer.status, answer.error_code) in {(400, "RequestTimeout"), (408, "RequestTimeout")}
        except ConnectionClosed:
            return
        assert connection.is_closed_by_server()
    assert Bucket(impatient.boto3(), "bucket").keys() == []
