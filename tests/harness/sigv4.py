"""AWS Signature Version 4 for S3, written from its specification, so that a test can sign what no client library sends.

A Request is exactly what goes over the wire. Signing adds headers (or query parameters); a test that wants a broken
request changes it afterwards.
"""
import dataclasses
import datetime
import hashlib
import hmac
import urllib.parse

UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

# Signatures that were sent by this process: none of them may ever stand in a log.
sent_signatures = set()


def encode(text, keep=""):
    """Percent-encoding as SigV4 wants it; `text` is str or bytes."""
    return urllib.parse.quote(text, safe="-_.~" + keep)


def key_path(bucket, key=b""):
    """The path of an object, the key's slashes left as they are."""
    return "/" + bucket + ("/" + encode(key, keep="/") if key else "")


@dataclasses.dataclass
class Request:
    """`path` is percent-encoded already; `query` holds decoded pairs; `headers` go out in this order."""

    method: str
    path: str
    query: list = dataclasses.field(default_factory=list)
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""

    def header(self, name):
        return next((value for n, value in self.headers if n.lower() == name.lower()), None)

    def set_header(self, name, value):
        self.headers = [(n, v) for n, v in self.headers if n.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    def target(self):
        query = "&".join(encode(n) + ("=" + encode(v) if v is not None else "") for n, v in self.query)
        return self.path + ("?" + query if query else "")

    def head_bytes(self):
        lines = [f"{self.method} {self.target()} HTTP/1.1"] + [f"{n}: {v}" for n, v in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def to_bytes(self):
        return self.head_bytes() + self.body


@dataclasses.dataclass
class SigningContext:
    """What the chunks of a streamed body are signed with."""

    seed_signature: str
    key: bytes
    timestamp: str
    scope: str


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    def __init__(self, access_key, secret_key, region="us-east-1"):
        self.access_key = access_key
        self.secret_key = secret_key
        self.region = region

    def signing_key(self, date):
        key = _hmac(("AWS4" + self.secret_key).encode(), date)
        for part in (self.region, "s3", "aws4_request"):
            key = _hmac(key, part)
        return key

    @staticmethod
    def canonical_request(request, signed_headers, payload_hash):
        path = encode(urllib.parse.unquote_to_bytes(request.path), keep="/")
        pairs = sorted((encode(n), encode(v or "")) for n, v in request.query if n != "X-Amz-Signature")
        lines = [request.method, path, "&".join(f"{n}={v}" for n, v in pairs)]
        for name in signed_headers:
            values = [" ".join(v.split()) for n, v in request.headers if n.lower() == name]
            lines.append(f"{name}:{','.join(values)}")
        return "\n".join(lines + ["", ";".join(signed_headers), payload_hash])

    def _signature(self, request, signed_headers, payload_hash, timestamp, scope):
        canonical = self.canonical_request(request, signed_headers, payload_hash)
        text = "\n".join(["AWS4-HMAC-SHA256", timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self.signing_key(timestamp[:8]), text.encode(), hashlib.sha256).hexdigest()
        sent_signatures.add(signature)
        return signature

    def sign(self, request, payload_hash=None, now=None, unsigned_headers=()):
        """Signs in the Authorization header. All headers present are signed but `unsigned_headers` (lower case).

        `payload_hash` is the value of x-amz-content-sha256; without one it is that of the body.
        """
        now = now or datetime.datetime.now(datetime.timezone.utc)
        timestamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{timestamp[:8]}/{self.region}/s3/aws4_request"
        payload_hash = payload_hash or hashlib.sha256(request.body).hexdigest()
        request.set_header("x-amz-date", timestamp)
        request.set_header("x-amz-content-sha256", payload_hash)
        signed = sorted(
            {n.lower() for n, _ in request.headers} - {"authorization", "connection"} - set(unsigned_headers)
        )
        signature = self._signature(request, signed, payload_hash, timestamp, scope)
        request.set_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, "
            f"SignedHeaders={';'.join(signed)}, Signature={signature}",
        )
        return SigningContext(signature, self.signing_key(timestamp[:8]), timestamp, scope)

    def presign(self, request, expires=600, now=None, payload_hash=UNSIGNED, signed_headers=("host",)):
        """Signs in the query. Only `signed_headers` are signed."""
        now = now or datetime.datetime.now(datetime.timezone.utc)
        timestamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{timestamp[:8]}/{self.region}/s3/aws4_request"
        request.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"{self.access_key}/{scope}"),
            ("X-Amz-Date", timestamp),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", ";".join(sorted(signed_headers))),
        ]
        signature = self._signature(request, sorted(signed_headers), payload_hash, timestamp, scope)
        request.query.append(("X-Amz-Signature", signature))
        return SigningContext(signature, self.signing_key(timestamp[:8]), timestamp, scope)
