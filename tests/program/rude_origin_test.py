"""An origin that does what no S3 service should: clients get the right bytes or an error, nothing wrong is kept, and
nobody else is asked."""
import hashlib

import pytest

from harness.bucket import random_bytes
from harness.canned_origin import CannedOrigin
from harness.fronts import ORIGIN_FAILED, front_of

BODY = random_bytes(5_000)
PATH = "/bucket/key"


def head(status, *lines):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def object_head(body, size=None, etag=None, span=None, lines=()):
    size = len(body) if size is None else size
    return head(
        "206 Partial Content",
        f"Content-Length: {size}",
        f"Content-Range: {span or f'bytes 0-{size - 1}/{size}'}",
        f'ETag: "{etag or hashlib.md5(body).hexdigest()}"',
        "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT",
        *lines,
    )


def flipped(body):
    return body[:-1] + bytes([body[-1] ^ 1])


# Of what should be BODY.
RUDE = {
    "cut in the middle": object_head(BODY) + BODY[:2_000],
    "cut in the head": object_head(BODY)[:40],
    "nothing": b"",
    "garbage": random_bytes(1_000, 1),
    "garbage behind the status": b"HTTP/1.1 200 OK\r\n" + random_bytes(1_000, 1),
    "another protocol": b"220 ready\r\n",
    "other bytes": object_head(BODY) + flipped(BODY),
    "other etag": object_head(BODY, etag="0" * 32) + BODY,
    "etag that breaks out": object_head(BODY, etag='"\r\nX: y') + BODY,
    "no etag": object_head(BODY).replace(b"ETag", b"X-ETag") + BODY,
    "says too much": object_head(BODY, size=len(BODY) + 10) + BODY,
    "says too little": object_head(BODY, size=len(BODY) - 10) + BODY,
    "other range": object_head(BODY, span=f"bytes 10-{len(BODY) + 9}/{len(BODY) + 10}") + BODY,
    "range that is none": object_head(BODY, span="bytes x-y/z") + BODY,
    "two lengths": object_head(BODY, lines=["Content-Length: 1"]) + BODY,
    "negative length": object_head(BODY).replace(b"Content-Length: ", b"Content-Length: -") + BODY,
    "length and chunks": object_head(BODY, lines=["Transfer-Encoding: chunked"]) + BODY,
    "chunks that are none": head("200 OK", "Transfer-Encoding: chunked", 'ETag: "x"') + b"zz\r\nbody\r\n0\r\n\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"X-Line: of many\r\n" * 100_000,
    "status that is none": head("9999 What", "Content-Length: 0"),
    "internal error": head("500 Internal Server Error", "Content-Length: 0"),
    "slow down": head("503 Slow Down", "Content-Length: 0"),
    "error that is no XML": head("500 Internal Server Error", "Content-Length: 7") + b"<Error>",
    "success without a body": head("204 No Content"),
    "not modified though nobody asked": head("304 Not Modified"),
    "another answer before it": head("100 Continue") * 1_000,
}


@pytest.fixture
def front(new_server, canned):
    canned.says("HEAD", "/bucket", [])
    options = {
        "origin.coherence": "owned",
        "origin.attempts_max": "2",
        "origin.backoff_first": "1ms",
    }
    return front_of(new_server, canned, options, expected_trouble=f"{ORIGIN_FAILED}|body cut off")


@pytest.mark.parametrize("kind", RUDE)
def test_nothing_wrong_is_served_or_kept(canned, front, kind):
    canned.sends("GET", PATH, [], RUDE[kind])
    for _ in range(3):
        answer = front.raw().call("GET", PATH)
        assert answer.status in (500, 503) and answer.error_code in ("InternalError", "SlowDown", "ServiceUnavailable")
    assert 2 <= len(canned.asked("GET", PATH)) <= 6, "it was asked again, but not for ever"
    assert front.metrics()["shoal_cache_entries"] == 0
    canned.sends("GET", PATH, [], object_head(BODY) + BODY)
    for expected in ("miss", "hit"):
        answer = front.raw().call("GET", PATH)
        assert (answer.status, answer.header("x-shoal-cache"), answer.body) == (200, expected, BODY)


def list_bucket(raw):
    return raw.call("GET", "/bucket", query=[("list-type", "2")])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_nowhere(canned, front, status):
    elsewhere = CannedOrigin()
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        canned.says(method, PATH, [], status, Location=f"{elsewhere.endpoint}{PATH}")
    raw = front.raw()
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = raw.call(method, PATH, body=b"body" if method == "PUT" else b"")
        assert answer.status == 500 and answer.header("location") is None, method
        assert elsewhere.endpoint.encode() not in answer.body
    assert list_bucket(raw).status == 404, "the origin knows no such list yet"
    [(names, _, _)] = canned.asked("GET", "/bucket")
    canned.says("GET", "/bucket", names, status, Location=f"{elsewhere.endpoint}/bucket")
    assert list_bucket(raw).status == 500
    assert len(canned.asked("GET", "/bucket")) == 2
    assert elsewhere.requests == []
    assert "not followed" in front.log()
    elsewhere.close()
