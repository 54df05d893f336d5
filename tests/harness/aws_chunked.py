"""The aws-chunked body framing in all its forms, as current SDKs send it and as attackers might.

A body is a list of Chunk; encoding is apart from signing, so that a test can change, reorder or drop chunks in between.
"""
import dataclasses
import hashlib
import hmac
from typing import Optional

from harness import checksums, sigv4


@dataclasses.dataclass
class Chunk:
    data: bytes
    signature: Optional[str] = None

    def to_bytes(self):
        extension = f";chunk-signature={self.signature}" if self.signature else ""
        return f"{len(self.data):x}{extension}\r\n".encode() + self.data + b"\r\n"

    def last_to_bytes(self):
        """The chunk of no bytes; the trailer, if any, and an empty line follow."""
        extension = f";chunk-signature={self.signature}" if self.signature else ""
        return f"0{extension}\r\n".encode()


def split(data, chunk_bytes):
    return [Chunk(data[at : at + chunk_bytes]) for at in range(0, len(data), chunk_bytes)] + [Chunk(b"")]


def _sign(context, kind, previous, *hashes):
    text = "\n".join([kind, context.timestamp, context.scope, previous, *hashes])
    signature = hmac.new(context.key, text.encode(), hashlib.sha256).hexdigest()
    sigv4.sent_signatures.add(signature)
    return signature


def sign_chunks(chunks, context):
    """Signs each chunk with the signature of the one before; returns the last signature, which a trailer continues."""
    previous = context.seed_signature
    for chunk in chunks:
        chunk.signature = previous = _sign(
            context, "AWS4-HMAC-SHA256-PAYLOAD", previous, sigv4.EMPTY_SHA256, hashlib.sha256(chunk.data).hexdigest()
        )
    return previous


def trailer_signature(context, previous, name, value):
    return _sign(
        context, "AWS4-HMAC-SHA256-TRAILER", previous, hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest()
    )


def join(chunks, trailer=()):
    """The framing of `chunks`, the last of which has no bytes, then the trailer's lines (name, value)."""
    body = b"".join(chunk.to_bytes() for chunk in chunks[:-1]) + chunks[-1].last_to_bytes()
    return body + "".join(f"{name}:{value}\r\n" for name, value in trailer).encode() + b"\r\n"


def put_request(
    host,
    path,
    data,
    payload,
    signer,
    algorithm="CRC32",
    chunk_bytes=65536,
    headers=(),
    query=(),
    content_encoding="aws-chunked",
    transfer_chunked=False,
    checksum=None,
):
    """A signed PUT of `data` in the framing that `payload` (one of the STREAMING constants) names.

    With `transfer_chunked` it goes in the chunked transfer coding instead of with a Content-Length. `checksum` replaces
    the right one of the trailer.
    """
    request = sigv4.Request("PUT", path, list(query), [("Host", host), *headers])
    request.set_header("Content-Encoding", content_encoding)
    request.set_header("x-amz-decoded-content-length", str(len(data)))
    trailer = []
    if payload != sigv4.STREAMING_SIGNED:
        trailer.append((checksums.header_of(algorithm), checksum or checksums.checksum(algorithm, data)))
        request.set_header("x-amz-sdk-checksum-algorithm", algorithm)
        request.set_header("x-amz-trailer", trailer[0][0])
    chunks = split(data, chunk_bytes)
    if transfer_chunked:
        request.set_header("Transfer-Encoding", "chunked")
    else:
        request.set_header("Content-Length", str(_framed_bytes(chunks, trailer, payload)))
    context = signer.sign(request, payload, unsigned_headers=("transfer-encoding",))
    request.body = frame(chunks, trailer, payload, context)
    if transfer_chunked:
        request.body = _transfer_chunked(request.body)
    return request


def frame(chunks, trailer, payload, context):
    """Signs what `payload` says is signed, and joins it."""
    trailer = list(trailer)
    if payload != sigv4.STREAMING_UNSIGNED_TRAILER:
        last = sign_chunks(chunks, context)
        if payload == sigv4.STREAMING_SIGNED_TRAILER:
            trailer.append(("x-amz-trailer-signature", trailer_signature(context, last, *trailer[0])))
    return join(chunks, trailer)


def _framed_bytes(chunks, trailer, payload):
    """The length of the framing, which the head tells before any signature is known."""
    signature = None if payload == sigv4.STREAMING_UNSIGNED_TRAILER else "0" * 64
    lines = list(trailer)
    if payload == sigv4.STREAMING_SIGNED_TRAILER:
        lines.append(("x-amz-trailer-signature", signature))
    return len(join([Chunk(chunk.data, signature) for chunk in chunks], lines))


def _transfer_chunked(body, piece_bytes=10_000):
    pieces = [body[at : at + piece_bytes] for at in range(0, len(body), piece_bytes)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
