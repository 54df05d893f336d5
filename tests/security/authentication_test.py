"""Rows 1 to 4, 18, 20 to 22, 26, 27 and 30 of docs/SECURITY.md: nothing without a signature that covers it."""
import datetime
import statistics
import time

import pytest

from harness import aws_chunked, checksums, sigv4
from harness.bucket import Bucket, random_bytes
from harness.server import make_secret, utc_now
from harness.routes import routes

MADE_UP = "0" * 64
TRAILER = sigv4.STREAMING_UNSIGNED_TRAILER


def framed_put(raw, path, body=b"evil", **options):
    return aws_chunked.put_request(raw.authority, path, body, TRAILER, raw.signer, **options)


def with_signature(authorization, signature):
    return authorization[: authorization.index("Signature=")] + "Signature=" + signature


def assert_refused(answer, code=None):
    assert answer.status == 403, answer
    assert code is None or answer.error_code == code, answer


def test_row_01_unsigned_trailer_with_a_made_up_signature(raw, bucket):
    request = framed_put(raw, f"/{bucket.name}/key")
    request.set_header("Authorization", with_signature(request.header("Authorization"), MADE_UP))
    assert_refused(raw.send(request), "SignatureDoesNotMatch")
    for authorization in (None, "", "AWS4-HMAC-SHA256", f"AWS4-HMAC-SHA256 Credential={raw.signer.access_key}"):
        request = framed_put(raw, f"/{bucket.name}/key")
        request.set_header("Authorization", authorization)
        assert raw.send(request).status in (400, 403)
    assert bucket.keys() == []


def test_row_02_unsigned_trailer_with_the_credential_in_the_query(raw, bucket):
    now = utc_now().strftime("%Y%m%dT%H%M%SZ")
    credential = f"{raw.signer.access_key}/{now[:8]}/us-east-1/s3/aws4_request"
    for query in (
        [("X-Amz-Credential", credential)],
        [
            ("X-Amz-Credential", credential),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Date", now),
            ("X-Amz-Expires", "600"),
            ("X-Amz-SignedHeaders", "host"),
            ("X-Amz-Signature", MADE_UP),
        ],
    ):
        request = framed_put(raw, f"/{bucket.name}/key", query=query)
        request.set_header("Authorization", None)
        assert raw.send(request).status in (400, 403)
    assert bucket.keys() == []


KINDS_OF_NOBODY = {
    "no authorization": [],
    "empty authorization": [("Authorization", "")],
    "basic": [("Authorization", "Basic YWRtaW46YWRtaW4=")],
    "bearer": [("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")],
    "signature version 2": [("Authorization", "AWS AKIDEXAMPLE:c2lnbmF0dXJl")],
    "version 4a": [
        (
            "Authorization",
            "AWS4-ECDSA-P256-SHA256 Credential=A/20260101/s3/aws4_request, SignedHeaders=host, Signature=00",
        )
    ],
    "unsigned trailer": [
        ("x-amz-content-sha256", TRAILER),
        ("x-amz-decoded-content-length", "0"),
        ("Content-Encoding", "aws-chunked"),
    ],
    "unsigned payload": [("x-amz-content-sha256", sigv4.UNSIGNED)],
}


@pytest.mark.parametrize("kind", KINDS_OF_NOBODY)
@pytest.mark.parametrize("route", routes(), ids=str)
def test_row_03_every_route_is_refused_without_a_proved_sender(raw, kept_bucket, route, kind):
    headers = KINDS_OF_NOBODY[kind] + route.headers(kept_bucket.name)
    request = raw.make(route.method, route.path(kept_bucket.name), query=route.query(), headers=headers, sign=False)
    answer = raw.send(request)
    assert answer.status == 403, answer


@pytest.mark.parametrize("route", routes(), ids=str)
def test_row_03_every_route_is_refused_with_a_wrong_signature(raw, kept_bucket, route):
    stranger = sigv4.Signer(raw.signer.access_key, make_secret())
    request = raw.make(
        route.method,
        route.path(kept_bucket.name),
        query=route.query(),
        headers=route.headers(kept_bucket.name),
        sign=False,
    )
    stranger.sign(request)
    assert_refused(raw.send(request), None if route.method == "HEAD" else "SignatureDoesNotMatch")


@pytest.fixture(scope="module")
def kept_bucket(server):
    """A bucket with one object that all the refused requests must leave as it is."""
    bucket = Bucket(server.boto3(), "kept")
    bucket.client.create_bucket(Bucket=bucket.name)
    bucket.put("key", b"kept", Metadata={"a": "1"}, Tagging="a=1")
    before = bucket.contents()
    yield bucket
    assert bucket.contents() == before and bucket.get("key") == b"kept" and bucket.uploads() == []
    bucket.remove()


def test_row_03_extract_and_form_uploads_write_nothing(raw, bucket):
    """The write routes that other servers have besides: archives that are unpacked, and HTML forms."""
    archive = raw.make(
        "PUT", f"/{bucket.name}/a.tar", headers=[("X-Amz-Meta-Snowball-Auto-Extract", "true")], body=b"x", sign=False
    )
    assert_refused(raw.send(archive))
    field = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    form = field % (b"key", b"k") + field % (b"file", b"evil") + b"--b--\r\n"
    request = raw.make(
        "POST", f"/{bucket.name}", headers=[("Content-Type", "multipart/form-data; boundary=b")], body=form, sign=False
    )
    assert_refused(raw.send(request))
    assert bucket.keys() == []


def test_row_03_public_objects_can_be_read_and_no_more(raw, make_bucket):
    """A canned list opens reads to senders without a signature; not writes, and not to a wrong signature."""
    public = make_bucket()
    raw.call("PUT", f"/{public.name}", query=[("acl", None)], headers=[("x-amz-acl", "public-read")])
    assert raw.call("PUT", f"/{public.name}/open", headers=[("x-amz-acl", "public-read")], body=b"open").status == 200
    assert raw.call("PUT", f"/{public.name}/closed", body=b"closed").status == 200
    path = f"/{public.name}/open"
    assert raw.call("GET", path, sign=False).body == b"open"
    for method in ("PUT", "DELETE", "POST"):
        for query in ([], [("acl", None)], [("tagging", None)], [("uploads", None)], [("delete", None)]):
            for target in (path, f"/{public.name}", f"/{public.name}/new"):
                assert_refused(raw.call(method, target, query=query, sign=False))
    for closed in (f"/{public.name}/closed", "/"):
        assert_refused(raw.call("GET", closed, sign=False))
    for kind, headers in KINDS_OF_NOBODY.items():
        if any(name == "Authorization" and value for name, value in headers):
            assert raw.call("GET", path, headers=headers, sign=False).status in (400, 403), kind
    request = raw.make("GET", path, sign=False)
    sigv4.Signer(raw.signer.access_key, make_secret()).sign(request)
    assert_refused(raw.send(request), "SignatureDoesNotMatch")
    assert public.keys() == ["closed", "open"]


@pytest.mark.parametrize(
    "header",
    [
        ("x-amz-copy-source", "/{}/secret"),
        ("x-amz-acl", "public-read"),
        ("x-amz-meta-a", "1"),
        ("X-AMZ-TAGGING", "a=1"),
        ("x-amz-storage-class", "STANDARD"),
        ("x-amz-content-sha256", TRAILER),
        ("x-amz-unheard-of", "1"),
    ],
)
def test_row_04_presigned_put_with_an_unsigned_header(raw, bucket, header):
    bucket.put("secret", b"secret")
    request = raw.make("PUT", f"/{bucket.name}/key", body=b"evil", sign=False)
    raw.signer.presign(request)
    request.headers.append((header[0], header[1].format(bucket.name)))
    assert_refused(raw.send(request))
    request = raw.make("PUT", f"/{bucket.name}/key", body=b"evil")
    request.headers.append(
        (header[0] if header[0] != "x-amz-content-sha256" else "x-amz-another", header[1].format(bucket.name))
    )
    assert_refused(raw.send(request))
    assert bucket.keys() == ["secret"]


def test_row_04_presigned_put_of_the_signed_headers_works(raw, bucket):
    request = raw.make("PUT", f"/{bucket.name}/key", headers=[("x-amz-meta-a", "1")], body=b"good", sign=False)
    raw.signer.presign(request, signed_headers=("host", "x-amz-meta-a"))
    assert raw.send(request).status == 200
    assert bucket.client.head_object(Bucket=bucket.name, Key="key")["Metadata"] == {"a": "1"}


# Row 18: a tampering gets the chunks and trailer lines of a right body and makes them wrong.

BODY = random_bytes(30_000)
SIGNED, SIGNED_TRAILER = sigv4.STREAMING_SIGNED, sigv4.STREAMING_SIGNED_TRAILER
CRC = ("x-amz-checksum-crc32", checksums.checksum("CRC32", BODY))


def wrong_chunk_signature(chunks, trailer):
    chunks[1].signature = MADE_UP


def no_chunk_signature(chunks, trailer):
    chunks[1].signature = None


def reordered(chunks, trailer):
    chunks[0], chunks[1] = chunks[1], chunks[0]


def dropped(chunks, trailer):
    del chunks[1]


def repeated(chunks, trailer):
    chunks.insert(1, chunks[0])


def changed_byte(chunks, trailer):
    chunks[1].data = chunks[1].data[:-1] + b"!"


def unsigned_last_chunk(chunks, trailer):
    chunks[-1].signature = MADE_UP


def wrong_trailer_signature(chunks, trailer):
    trailer[-1] = ("x-amz-trailer-signature", MADE_UP)


def no_trailer_signature(chunks, trailer):
    del trailer[-1]


def changed_trailer(chunks, trailer):
    trailer[0] = (CRC[0], checksums.checksum("CRC32", b"other"))


def other_trailer(chunks, trailer):
    trailer[0] = ("x-amz-checksum-sha1", checksums.checksum("SHA1", BODY))


def no_trailer(chunks, trailer):
    trailer.clear()


def second_trailer(chunks, trailer):
    trailer.insert(1, ("x-amz-meta-a", "1"))


def repeated_trailer(chunks, trailer):
    trailer.insert(1, trailer[0])


def shorter(chunks, trailer):
    chunks[1].data = chunks[1].data[:-1]


TAMPERINGS = [
    *[
        (change, kind)
        for kind in (SIGNED, SIGNED_TRAILER)
        for change in (
            wrong_chunk_signature,
            no_chunk_signature,
            reordered,
            dropped,
            repeated,
            changed_byte,
            unsigned_last_chunk,
        )
    ],
    *[
        (change, kind)
        for kind in (TRAILER, SIGNED_TRAILER)
        for change in (changed_trailer, other_trailer, no_trailer, second_trailer, repeated_trailer)
    ],
    *[(change, TRAILER) for change in (reordered, dropped, repeated, changed_byte, shorter)],
    (wrong_trailer_signature, SIGNED_TRAILER),
    (no_trailer_signature, SIGNED_TRAILER),
]


def tampered(raw, path, kind, change, decoded_length=None, tail=None):
    """A PUT whose head is right and whose body is changed after signing; its Content-Length fits."""
    request = aws_chunked.put_request(raw.authority, path, BODY, kind, raw.signer, chunk_bytes=8192)
    if decoded_length is not None:
        request.set_header("x-amz-decoded-content-length", str(decoded_length))
    for _ in range(2):  # the length of the framing does not depend on the signatures, but the signature on the length
        context = raw.signer.sign(request, kind)
        chunks = aws_chunked.split(BODY, 8192)
        trailer = [] if kind == SIGNED else [CRC]
        if kind != TRAILER:
            last = aws_chunked.sign_chunks(chunks, context)
            if trailer:
                trailer.append(("x-amz-trailer-signature", aws_chunked.trailer_signature(context, last, *CRC)))
        change(chunks, trailer)
        request.body = aws_chunked.join(chunks, trailer)
        if tail is not None:
            request.body = tail(request.body)
        request.set_header("Content-Length", str(len(request.body)))
    return request


@pytest.mark.parametrize("change, kind", TAMPERINGS, ids=lambda x: getattr(x, "__name__", x))
def test_row_18_tampered_body_leaves_the_old_object(raw, bucket, change, kind):
    bucket.put("key", b"old")
    answer = raw.send(tampered(raw, f"/{bucket.name}/key", kind, change))
    assert answer.status in (400, 403), answer
    assert answer.error_code in (
        "SignatureDoesNotMatch",
        "BadDigest",
        "IncompleteBody",
        "MalformedTrailerError",
        "InvalidChunkSizeError",
        "InvalidRequest",
        "InvalidArgument",
        "AccessDenied",
    ), answer
    assert bucket.get("key") == b"old" and bucket.keys() == ["key"]


ENDINGS = {
    "no last chunk": lambda body: body[
        : body.rindex(b"0;chunk") if b"0;chunk" in body[-400:] else body.rindex(b"\r\n0\r\n") + 2
    ],
    "bytes after the end": lambda body: body + b"more",
    "a second body after the end": lambda body: body + body,
    "cut off": lambda body: body[:-3],
    "no framing": lambda body: BODY,
    "huge chunk": lambda body: b"ffffffffffffffff\r\n" + body,
    "negative chunk": lambda body: b"-1\r\n" + body,
    "chunk size of many digits": lambda body: b"0" * 5000 + body,
    "chunk size of blanks": lambda body: b"  " + body,
    "bare LF": lambda body: body.replace(b"\r\n", b"\n", 1),
    "data without its CRLF": lambda body: body.replace(BODY[8180:8192] + b"\r\n", BODY[8180:8192], 1),
    "unknown chunk extension": lambda body: body.replace(b"\r\n", b";evil=1\r\n", 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", [SIGNED, TRAILER, SIGNED_TRAILER])
def test_row_18_broken_framing_leaves_the_old_object(raw, bucket, kind, ending):
    bucket.put("key", b"old")
    request = tampered(raw, f"/{bucket.name}/key", kind, lambda chunks, trailer: None, tail=ENDINGS[ending])
    with raw.connect() as connection:
        answer = connection.request(request)
        assert answer.status in (400, 403), answer
    assert bucket.get("key") == b"old" and bucket.keys() == ["key"]


@pytest.mark.parametrize("difference", [-1, 1, -len(BODY), 1 << 40])
@pytest.mark.parametrize("kind", [SIGNED, TRAILER, SIGNED_TRAILER])
def test_row_18_decoded_length_must_be_the_true_one(raw, bucket, kind, difference):
    bucket.put("key", b"old")
    request = tampered(
        raw, f"/{bucket.name}/key", kind, lambda chunks, trailer: None, decoded_length=len(BODY) + difference
    )
    answer = raw.send(request)
    assert answer.status in (400, 403), answer
    assert bucket.get("key") == b"old" and bucket.keys() == ["key"]


@pytest.mark.parametrize("value", [None, "", "-1", "1e3", "0x10", "30000, 30000"])
def test_row_18_decoded_length_must_be_a_number(raw, bucket, value):
    request = aws_chunked.put_request(raw.authority, f"/{bucket.name}/key", BODY, TRAILER, raw.signer)
    request.set_header("x-amz-decoded-content-length", value)
    raw.signer.sign(request, TRAILER)
    assert raw.send(request).status in (400, 411)
    assert bucket.keys() == []


# Row 20.


def test_row_20_duplicate_query_keys(raw, bucket):
    bucket.put("key", b"content")
    for query in ([("prefix", "a"), ("prefix", "b"), ("list-type", "2")], [("list-type", "2"), ("list-type", "2")]):
        assert raw.call("GET", f"/{bucket.name}", query=query).status == 400
    request = raw.make("GET", f"/{bucket.name}/key", sign=False)
    raw.signer.presign(request)
    for name, value in list(request.query):
        doubled = sigv4.Request("GET", request.path, [*request.query, (name, value)], request.headers)
        assert raw.send(doubled).status in (400, 403), name


def test_row_20_signature_in_header_and_query(raw, bucket):
    bucket.put("key", b"content")
    request = raw.make("GET", f"/{bucket.name}/key", sign=False)
    raw.signer.presign(request)
    raw.signer.sign(request)
    assert raw.send(request).status == 400
    for name in ("X-Amz-Signature", "X-Amz-Credential", "X-Amz-Algorithm", "X-Amz-Expires"):
        assert raw.call("GET", f"/{bucket.name}/key", query=[(name, "1")]).status in (400, 403)


def test_row_20_other_cases_of_the_signing_parameters(raw, bucket):
    bucket.put("key", b"content")
    for name in ("x-amz-signature", "X-AMZ-EXPIRES", "x-Amz-Date"):
        request = raw.make("GET", f"/{bucket.name}/key", sign=False)
        raw.signer.presign(request)
        right = next(n for n, _ in request.query if n.lower() == name.lower())
        both = sigv4.Request("GET", request.path, [*request.query, (name, "1")], request.headers)
        assert raw.send(both).status in (400, 403)
        renamed = sigv4.Request(
            "GET", request.path, [(name if n == right else n, v) for n, v in request.query], request.headers
        )
        assert raw.send(renamed).status in (400, 403)


def test_row_20_order_and_escapes_of_the_query_do_not_matter(raw, bucket):
    """What a request means does not depend on how it is written, and neither does the signature."""
    bucket.put("a b/c", b"content")
    request = raw.make("GET", f"/{bucket.name}", query=[("prefix", "a b/"), ("list-type", "2"), ("max-keys", "5")])
    wire = request.head_bytes()
    for target in (
        b"?max-keys=5&prefix=a%20b%2F&list-type=2",
        b"?list-type=2&prefix=a+b/&max-keys=%35",
        b"?list%2dtype=2&&prefix=%61%20b%2f&max-keys=5",
    ):
        at, end = wire.index(b"?"), wire.index(b" HTTP/1.1")
        with raw.connect() as connection:
            connection.send(wire[:at] + target + wire[end:])
            answer = connection.read_response()
        assert answer.status == 200 and b"<Key>a b/c</Key>" in answer.body, answer


def test_row_20_double_encoded_path_is_another_key(raw, bucket):
    bucket.put("a b", b"one")
    bucket.put("a%20b", b"two")
    assert raw.call("GET", f"/{bucket.name}/a%20b").body == b"one"
    assert raw.call("GET", f"/{bucket.name}/a%2520b").body == b"two"
    # Signed for the one, sent for the other.
    request = raw.make("GET", f"/{bucket.name}/a%20b")
    request.path = f"/{bucket.name}/a%2520b"
    assert_refused(raw.send(request), "SignatureDoesNotMatch")


def test_row_20_repeated_signing_headers(raw, bucket):
    bucket.put("key", b"content")
    for name in ("x-amz-date", "x-amz-content-sha256", "Authorization", "Host"):
        request = raw.make("GET", f"/{bucket.name}/key")
        request.headers.append((name, request.header(name)))
        assert raw.send(request).status in (400, 403), name


@pytest.mark.parametrize(
    "signed",
    [
        "host;x-amz-date;x-amz-content-sha256",
        "host;host;x-amz-content-sha256;x-amz-date",
        "Host;x-amz-content-sha256;x-amz-date",
        "host;x-amz-content-sha256;x-amz-date;x-amz-not-there",
        "",
    ],
)
def test_row_20_signed_headers_have_one_form(raw, bucket, signed):
    bucket.put("key", b"content")
    request = raw.make("GET", f"/{bucket.name}/key")
    authorization = request.header("Authorization")
    request.set_header("Authorization", authorization.replace("host;x-amz-content-sha256;x-amz-date", signed))
    assert raw.send(request).status in (400, 403)


def test_row_20_methods_and_paths_are_signed(raw, bucket):
    bucket.put("key", b"content")
    request = raw.make("GET", f"/{bucket.name}/key")
    for method, path in (
        ("DELETE", request.path),
        ("HEAD", request.path),
        ("GET", f"/{bucket.name}"),
        ("GET", f"/{bucket.name}/key/"),
        ("GET", f"//{bucket.name}/key"),
    ):
        assert raw.send(sigv4.Request(method, path, [], request.headers)).status in (400, 403)
    assert_refused(raw.send(sigv4.Request("GET", request.path, [("tagging", None)], request.headers)))
    assert bucket.keys() == ["key"]


# Row 21.


def presigned(raw, bucket, method="GET", **options):
    request = raw.make(method, f"/{bucket.name}/key", sign=False)
    raw.signer.presign(request, **options)
    return request


@pytest.mark.parametrize(
    "name, options",
    [
        ("expired", {"expires": 60, "signed_in": datetime.timedelta(seconds=-61)}),
        ("longer than a week", {"expires": 604801}),
        ("negative", {"expires": -1}),
        ("zero", {"expires": 0}),
        ("no number", {"expires": "1h"}),
        ("overflowing", {"expires": (1 << 64) + 60}),
        ("empty", {"expires": ""}),
        ("from the future", {"signed_in": datetime.timedelta(minutes=20)}),
        ("host not signed", {"signed_headers": ()}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_row_21_presigned_url_out_of_its_bounds(raw, bucket, name, options):
    bucket.put("key", b"content")
    # From now, and not from when the tests were collected.
    now = utc_now() + options.get("signed_in", datetime.timedelta())
    options = {key: value for key, value in options.items() if key != "signed_in"}
    answer = raw.send(presigned(raw, bucket, now=now, **options))
    assert answer.status in (400, 403) and b"content" != answer.body, answer
    assert answer.status == 403 or name in (
        "negative",
        "zero",
        "no number",
        "overflowing",
        "empty",
        "longer than a week",
        "host not signed",
    )


def test_row_21_presigned_url_for_another_request(raw, bucket):
    bucket.put("key", b"content")
    bucket.put("other", b"other")
    request = presigned(raw, bucket)
    assert raw.send(request).body == b"content"
    changed = [
        sigv4.Request("DELETE", request.path, request.query, request.headers),
        sigv4.Request("PUT", request.path, request.query, [*request.headers, ("Content-Length", "0")]),
        sigv4.Request("GET", f"/{bucket.name}/other", request.query, request.headers),
        sigv4.Request("GET", request.path, request.query, [("Host", "other.example.test")]),
        sigv4.Request("GET", request.path, [("versionId", "null"), *request.query], request.headers),
        sigv4.Request("GET", request.path, [("response-content-type", "text/html"), *request.query], request.headers),
        sigv4.Request(
            "GET",
            request.path,
            [(n, "604800" if n == "X-Amz-Expires" else v) for n, v in request.query],
            request.headers,
        ),
    ]
    for other in changed:
        assert_refused(raw.send(other), "SignatureDoesNotMatch")
    assert bucket.get("key") == b"content"


def test_row_21_parameters_that_are_missing(raw, bucket):
    bucket.put("key", b"content")
    request = presigned(raw, bucket)
    for name, _ in request.query:
        fewer = [(n, v) for n, v in request.query if n != name]
        assert raw.send(sigv4.Request("GET", request.path, fewer, request.headers)).status in (400, 403), name


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 365])
def test_row_21_clock_skew(raw, bucket, minutes):
    bucket.put("key", b"content")
    request = raw.make("GET", f"/{bucket.name}/key", now=utc_now() + datetime.timedelta(minutes=minutes))
    assert_refused(raw.send(request), "RequestTimeTooSkewed")
    near = raw.make(
        "GET", f"/{bucket.name}/key", now=utc_now() + datetime.timedelta(minutes=14 if minutes > 0 else -14)
    )
    assert raw.send(near).status == 200


@pytest.mark.parametrize(
    "scope",
    [
        "20200101/us-east-1/s3/aws4_request",
        "{date}/us-east-1/ec2/aws4_request",
        "{date}/us-east-1/s3/aws5_request",
        "{date}/us-east-1/s3",
        "{date}//s3/aws4_request",
        "2020/us-east-1/s3/aws4_request",
    ],
)
def test_row_21_scope_of_the_credential(raw, bucket, scope):
    request = raw.make("GET", f"/{bucket.name}")
    authorization = request.header("Authorization")
    date = request.header("x-amz-date")[:8]
    request.set_header(
        "Authorization", authorization.replace(f"{date}/us-east-1/s3/aws4_request", scope.format(date=date))
    )
    assert raw.send(request).status in (400, 403)


# Rows 22, 26, 27, 30.


@pytest.mark.alone
def test_row_22_unknown_keys_look_like_wrong_signatures(raw, bucket):
    """The same status, and no time that would tell which access keys exist."""
    signers = {
        "InvalidAccessKeyId": sigv4.Signer("TESTNOSUCHKEY0000000", make_secret()),
        "SignatureDoesNotMatch": sigv4.Signer(raw.signer.access_key, make_secret()),
    }
    times = {code: [] for code in signers}
    with raw.connect() as connection:
        for _ in range(300):
            for code, signer in signers.items():
                request = raw.make("GET", f"/{bucket.name}", sign=False)
                signer.sign(request)
                wire = request.to_bytes()
                began = time.perf_counter()
                connection.send(wire)
                answer = connection.read_response()
                times[code].append(time.perf_counter() - began)
                assert_refused(answer, code)
    unknown, wrong = (statistics.median(values) for values in times.values())
    assert 0.5 < unknown / wrong < 2


def test_row_26_tokens_are_refused(raw, bucket):
    token = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJyb290In0."
    assert raw.call("GET", f"/{bucket.name}", headers=[("x-amz-security-token", token)]).status in (400, 403)
    assert raw.call("GET", f"/{bucket.name}", query=[("X-Amz-Security-Token", token)]).status in (400, 403)
    for authorization in (f"Bearer {token}", token):
        assert_refused(raw.call("GET", f"/{bucket.name}", headers=[("Authorization", authorization)], sign=False))
    sts = raw.call(
        "POST", "/", query=[("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token)], sign=False
    )
    assert_refused(sts)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "access_key=\nsecret_key=\n",
        "access_key=ABCDEFGH\n",
        "secret_key=abcdefghijkl\n",
        "access_key=ABC\nsecret_key=short\n",
        "users=*\n",
    ],
)
def test_row_27_no_start_without_proper_keys(new_server, content):
    server = new_server(set_keys=False)
    server.data.mkdir()
    path = server.data / "credentials"
    path.touch(mode=0o600)
    path.write_text(content)
    server.spawn()
    assert server.wait_exit(30) > 0
    assert "credentials" in server.log()


@pytest.mark.parametrize(
    "access_key, secret_key",
    [
        ("TESTACCESSKEY", ""),
        ("", "abcdefghijklmnop"),
        ("TESTACCESSKEY", "short"),
        ("TEST ACCESS", "abcdefghijklmnop"),
    ],
)
def test_row_27_no_start_with_improper_keys_of_the_environment(new_server, access_key, secret_key):
    server = new_server(
        set_keys=False, environment={"SHOAL_ROOT_ACCESS_KEY": access_key, "SHOAL_ROOT_SECRET_KEY": secret_key}
    )
    server.spawn()
    assert server.wait_exit(30) > 0
    assert "SHOAL_ROOT_" in server.log()


def test_row_27_empty_keys_prove_nothing(raw, bucket):
    for signer in (
        sigv4.Signer("", ""),
        sigv4.Signer(raw.signer.access_key, ""),
        sigv4.Signer("", raw.signer.secret_key),
    ):
        request = raw.make("GET", f"/{bucket.name}", sign=False)
        signer.sign(request)
        assert raw.send(request).status in (400, 403)


def test_row_30_a_cached_object_is_not_for_everybody(raw, bucket):
    """Warm, cold and missing look the same to who has no right, whatever the conditions ask."""
    bucket.put("warm", b"secret content")
    for _ in range(5):
        assert bucket.get("warm") == b"secret content"
    etag = bucket.contents()["warm"][1]
    stranger = sigv4.Signer("TESTSTRANGER00000000", make_secret())
    seen = set()
    for key in ("warm", "missing"):
        for headers in ([], [("If-None-Match", etag)], [("If-Match", etag)], [("Range", "bytes=0-3")]):
            for signer in (None, stranger):
                request = raw.make("GET", f"/{bucket.name}/{key}", headers=headers, sign=False)
                if signer:
                    signer.sign(request)
                answer = raw.send(request)
                assert answer.status == 403 and answer.header("etag") is None and b"secret" not in answer.body
                seen.add((signer is None, answer.error_code))
    assert len(seen) == 2
    assert raw.call("GET", f"/{bucket.name}/missing").status == 404
    bucket.put("missing", b"now there")
    assert raw.call("GET", f"/{bucket.name}/missing").body == b"now there", "a 404 or 403 was remembered"
