"""Requests that are well signed and wrong: each gets its S3 error, and nothing is written."""
import dataclasses
import hashlib
import typing

import pytest

from harness import checksums

OLD = b"the old object"
OLD_ETAG = f'"{hashlib.md5(OLD).hexdigest()}"'
RIGHT_PART = "<Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part>"


@dataclasses.dataclass
class Case:
    name: str
    status: int
    codes: str  # any of these, separated by |
    method: str
    path: str  # {bucket} is the test's bucket; {upload} an upload of "parts" with part 1
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    query: list = dataclasses.field(default_factory=list)
    payload_hash: typing.Optional[str] = None
    length: bool = True
    sent_body: typing.Optional[bytes] = None  # what goes out instead of what was signed


KEY = "/{bucket}/key"
UPLOAD = [("uploadId", "{upload}")]


def put(name, status, codes, headers=(), body=b"new", **more):
    return Case(name, status, codes, "PUT", more.pop("path", KEY), list(headers), body, **more)


def bucket_put(name, bucket):
    return Case(f"bucket name {name}", 400, "InvalidBucketName", "PUT", "/" + bucket)


def listing(name, status, codes, **query):
    pairs = [(n.replace("_", "-"), v) for n, v in query.items()]
    return Case(name, status, codes, "GET", "/{bucket}", query=[("list-type", "2"), *pairs])


def part(name, status, codes, number, **more):
    return put(name, status, codes, path="/{bucket}/parts", query=[("partNumber", number), *UPLOAD], **more)


def complete(name, status, codes, xml, upload="{upload}", **more):
    return Case(
        name,
        status,
        codes,
        "POST",
        more.pop("path", "/{bucket}/parts"),
        body=xml.encode(),
        query=[("uploadId", upload)],
        **more,
    )


def completion(parts):
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"


def delete(name, status, codes, xml, md5=None):
    body = xml.encode()
    headers = [("Content-MD5", md5 or checksums.content_md5(body))]
    return Case(name, status, codes, "POST", "/{bucket}", headers, body, [("delete", None)])


def copy(name, status, codes, source, headers=(), **more):
    return put(name, status, codes, [("x-amz-copy-source", source), *headers], b"", **more)


def crc32(data):
    return ("x-amz-checksum-crc32", checksums.checksum("CRC32", data))


CASES = [
    # Digests.
    put("Content-MD5 of another body", 400, "BadDigest", [("Content-MD5", checksums.content_md5(b"other"))]),
    put("Content-MD5 that is no MD5", 400, "InvalidDigest", [("Content-MD5", "bm8gbWQ1")]),
    put("Content-MD5 that is no base64", 400, "InvalidDigest", [("Content-MD5", "%%%%")]),
    put("Content-MD5 that is empty", 400, "InvalidDigest", [("Content-MD5", "")]),
    *[
        put(
            f"{name} of another body",
            400,
            "BadDigest",
            [(checksums.header_of(name), checksums.checksum(name, b"other"))],
        )
        for name in checksums.ALGORITHMS
    ],
    *[
        put(f"{name} that is none", 400, "BadDigest", [(checksums.header_of(name), "nonsense")])
        for name in checksums.ALGORITHMS
    ],
    put(
        "two checksums",
        400,
        "InvalidRequest",
        [crc32(b"new"), ("x-amz-checksum-sha1", checksums.checksum("SHA1", b"new"))],
    ),
    put(
        "algorithm that does not exist",
        400,
        "InvalidRequest",
        [("x-amz-sdk-checksum-algorithm", "MD4"), ("x-amz-checksum-md4", "AAAA")],
    ),
    put("body other than its SHA-256", 400, "XAmzContentSHA256Mismatch", sent_body=b"NEW"),
    put("SHA-256 that is none", 400, "InvalidArgument", payload_hash="0123"),
    # Lengths.
    put("no length", 411, "MissingContentLength", length=False, body=b""),
    put(
        "length larger than any object",
        400,
        "EntityTooLarge",
        [("Content-Length", str(6 << 40))],
        payload_hash="UNSIGNED-PAYLOAD",
        sent_body=b"",
    ),
    put(
        "length larger than one PUT may be",
        400,
        "EntityTooLarge",
        [("Content-Length", str((5 << 30) + 1))],
        payload_hash="UNSIGNED-PAYLOAD",
        sent_body=b"",
    ),
    # Names.
    put("key of 1,025 bytes", 400, "KeyTooLongError", path="/{bucket}/" + "k" * 1025),
    put("key with NUL", 400, "InvalidURI", path="/{bucket}/a%00b"),
    put("key that is not UTF-8", 400, "InvalidURI", path="/{bucket}/a%ffb"),
    put("key in overlong UTF-8", 400, "InvalidURI", path="/{bucket}/%c0%ae%c0%ae/x"),
    put("key with a surrogate", 400, "InvalidURI", path="/{bucket}/%ed%a0%80"),
    bucket_put("with capitals", "Bucket"),
    bucket_put("too short", "ab"),
    bucket_put("too long", "b" * 64),
    bucket_put("with underscore", "a_bucket"),
    bucket_put("like an address", "192.168.1.1"),
    bucket_put("with two dots", "a..b"),
    bucket_put("that begins with a dash", "-abc"),
    bucket_put("with an escaped slash", "a%2Fbc"),
    bucket_put("of dots", "..."),
    put("bucket that does not exist", 404, "NoSuchBucket", path="/no-such-bucket/key"),
    # Headers.
    put("metadata over 2 KB", 400, "MetadataTooLarge", [("x-amz-meta-a", "x" * 2100)]),
    put("storage class that does not exist", 400, "InvalidStorageClass", [("x-amz-storage-class", "SHINY")]),
    put("encryption, which is not done", 501, "NotImplemented", [("x-amz-server-side-encryption", "AES256")]),
    put(
        "object lock, which is not done",
        501,
        "NotImplemented",
        [("x-amz-object-lock-mode", "GOVERNANCE"), ("x-amz-object-lock-retain-until-date", "2031-01-01T00:00:00Z")],
    ),
    put("ACL that lets others write", 400, "AccessControlListNotSupported", [("x-amz-acl", "public-read-write")]),
    put("grant", 400, "AccessControlListNotSupported", [("x-amz-grant-read", "id=somebody")]),
    put("ACL that does not exist", 400, "InvalidArgument", [("x-amz-acl", "everyone")]),
    put("tags twice", 400, "InvalidTag|InvalidArgument", [("x-amz-tagging", "a=1&a=2")]),
    put("eleven tags", 400, "InvalidTag|BadRequest", [("x-amz-tagging", "&".join(f"t{i}=1" for i in range(11)))]),
    put("If-Match that does not", 412, "PreconditionFailed", [("If-Match", '"00000000000000000000000000000000"')]),
    put("If-None-Match * on an object", 412, "PreconditionFailed", [("If-None-Match", "*")]),
    put("If-None-Match of its ETag", 412, "PreconditionFailed", [("If-None-Match", OLD_ETAG)]),
    put("If-Match on no object", 404, "NoSuchKey", [("If-Match", "*")], path="/{bucket}/none"),
    # Other operations that must not be taken for a PUT of the object.
    *[put(f"PUT ?{name}", 501, "NotImplemented", query=[(name, None)]) for name in ("retention", "legal-hold")],
    put(
        "PUT ?acl of nonsense",
        400,
        "MalformedXML|MalformedACLError|AccessControlListNotSupported",
        query=[("acl", None)],
    ),
    put("PUT ?tagging of nonsense", 400, "MalformedXML", query=[("tagging", None)]),
    put("PUT ?tagging&acl", 400, "InvalidRequest", query=[("tagging", None), ("acl", None)]),
    put("PUT ?uploads", 405, "MethodNotAllowed", query=[("uploads", None)]),
    put("PUT ?partNumber without uploadId", 400, "InvalidArgument", query=[("partNumber", "1")]),
    put("PUT ?uploadId without partNumber", 400, "InvalidArgument|InvalidRequest", query=[("uploadId", "{upload}")]),
    put(
        "PUT ?versionId of a version", 400, "InvalidArgument|NoSuchVersion|InvalidRequest", query=[("versionId", "abc")]
    ),
    put("query key twice", 400, "InvalidArgument", query=[("x-id", "PutObject"), ("x-id", "GetObject")]),
    Case("POST to an object", 405, "MethodNotAllowed", "POST", KEY, body=b"x"),
    Case("PATCH", 405, "MethodNotAllowed", "PATCH", KEY),
    Case("TRACE", 405, "MethodNotAllowed", "TRACE", KEY),
    Case("lower-case method", 405, "MethodNotAllowed", "put", KEY, [("Content-Length", "0")]),
    Case("DELETE of the service", 405, "MethodNotAllowed", "DELETE", "/"),
    Case("DELETE of a bucket with objects", 409, "BucketNotEmpty", "DELETE", "/{bucket}"),
    Case("CreateBucket of nonsense", 400, "MalformedXML", "PUT", "/new-bucket-of-nonsense", body=b"<CreateBucket"),
    Case("POST ?restore", 501, "NotImplemented", "POST", KEY, query=[("restore", None)], body=b"<RestoreRequest/>"),
    Case(
        "SelectObjectContent",
        501,
        "NotImplemented",
        "POST",
        KEY,
        query=[("select", None), ("select-type", "2")],
        body=b"<x/>",
    ),
    # Copies.
    copy("copy of nothing", 400, "InvalidArgument", ""),
    copy("copy of a bucket", 400, "InvalidArgument", "/{bucket}"),
    copy("copy of a bucket, with slash", 400, "InvalidArgument", "/{bucket}/"),
    copy("copy of a missing key", 404, "NoSuchKey", "/{bucket}/none"),
    copy("copy of a missing bucket", 404, "NoSuchBucket", "/no-such-bucket/key"),
    copy("copy of itself", 400, "InvalidRequest", "/{bucket}/key"),
    copy("copy of a broken escape", 400, "InvalidArgument|InvalidURI", "/{bucket}/a%zz"),
    copy(
        "copy of a missing version",
        404,
        "NoSuchVersion|NoSuchKey",
        "/{bucket}/key?versionId=abc",
        path="/{bucket}/copy",
    ),
    copy(
        "copy with a directive of its own",
        400,
        "InvalidArgument",
        "/{bucket}/key",
        [("x-amz-metadata-directive", "MERGE")],
        path="/{bucket}/copy",
    ),
    copy(
        "copy that does not match",
        412,
        "PreconditionFailed",
        "/{bucket}/key",
        [("x-amz-copy-source-if-match", '"0"')],
        path="/{bucket}/copy",
    ),
    # Uploads in parts.
    *[
        part(f"part number {n}", 400, "InvalidArgument", n)
        for n in ("0", "-1", "10001", "abc", "", "1.5", "99999999999999999999")
    ],
    put(
        "part of no upload",
        404,
        "NoSuchUpload",
        path="/{bucket}/parts",
        query=[("partNumber", "1"), ("uploadId", "none")],
    ),
    put(
        "part of another key's upload",
        404,
        "NoSuchUpload",
        path="/{bucket}/other",
        query=[("partNumber", "1"), *UPLOAD],
    ),
    part("part with a wrong MD5", 400, "BadDigest", "1", headers=[("Content-MD5", checksums.content_md5(b"other"))]),
    complete("completion of no upload", 404, "NoSuchUpload", completion(RIGHT_PART % "{etag}"), upload="none"),
    complete(
        "completion of another key's upload",
        404,
        "NoSuchUpload",
        completion(RIGHT_PART % "{etag}"),
        path="/{bucket}/other",
    ),
    complete("completion without a body", 400, "MalformedXML|InvalidRequest|MissingRequestBodyError", ""),
    complete("completion without parts", 400, "MalformedXML", completion("")),
    complete("completion that is no XML", 400, "MalformedXML", '{"Parts": []}'),
    complete("completion cut off", 400, "MalformedXML", completion(RIGHT_PART % "{etag}")[:-5]),
    complete("completion of another name", 400, "MalformedXML", "<Complete>" + RIGHT_PART % "{etag}" + "</Complete>"),
    complete("completion with a wrong ETag", 400, "InvalidPart", completion(RIGHT_PART % ("0" * 32))),
    complete(
        "completion with a part never sent", 400, "InvalidPart", completion((RIGHT_PART % "{etag}").replace("1<", "2<"))
    ),
    complete(
        "completion with part 0",
        400,
        "InvalidPart|MalformedXML|InvalidArgument",
        completion((RIGHT_PART % "{etag}").replace("1<", "0<")),
    ),
    complete(
        "completion with a number that is none",
        400,
        "MalformedXML|InvalidArgument",
        completion((RIGHT_PART % "{etag}").replace("1<", "one<")),
    ),
    complete("completion with a small part first", 400, "EntityTooSmall", completion("{two parts}")),
    complete("completion in the wrong order", 400, "InvalidPartOrder", completion("{parts reversed}")),
    Case("abort of no upload", 404, "NoSuchUpload", "DELETE", "/{bucket}/parts", query=[("uploadId", "none")]),
    Case("parts of no upload", 404, "NoSuchUpload", "GET", "/{bucket}/parts", query=[("uploadId", "none")]),
    # Deletions of many.
    delete("deletion that is no XML", 400, "MalformedXML", "nonsense"),
    delete("deletion of nothing", 400, "MalformedXML", "<Delete></Delete>"),
    delete(
        "deletion with an empty key",
        400,
        "MalformedXML|UserKeyMustBeSpecified",
        "<Delete><Object><Key></Key></Object></Delete>",
    ),
    delete(
        "deletion of 1,001", 400, "MalformedXML", "<Delete>" + "<Object><Key>key</Key></Object>" * 1001 + "</Delete>"
    ),
    delete(
        "deletion with a wrong digest",
        400,
        "BadDigest",
        "<Delete><Object><Key>key</Key></Object></Delete>",
        checksums.content_md5(b"other"),
    ),
    # Listings and reads.
    *[listing(f"max-keys {n}", 400, "InvalidArgument", max_keys=n) for n in ("-1", "abc", "99999999999999999999")],
    listing("continuation token that is none", 400, "InvalidArgument", continuation_token="%%%"),
    listing("encoding-type that does not exist", 400, "InvalidArgument", encoding_type="base64"),
    Case("list-type 3", 400, "InvalidArgument", "GET", "/{bucket}", query=[("list-type", "3")]),
    *[
        Case(f"range {text}", 416, "InvalidRange", "GET", KEY, [("Range", text)])
        for text in ("bytes=14-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-")
    ],
    *[
        Case(f"part number {n} of a read", 400, "InvalidArgument", "GET", KEY, query=[("partNumber", n)])
        for n in ("0", "abc", "10001")
    ],
    Case("part 2 of an object of one", 400, "InvalidPart", "GET", KEY, query=[("partNumber", "2")]),
    Case("a missing version", 404, "NoSuchVersion", "GET", KEY, query=[("versionId", "abc")]),
    Case(
        "response header that breaks the line",
        400,
        "InvalidArgument",
        "GET",
        KEY,
        query=[("response-content-type", "a\r\nb: c")],
    ),
]


@pytest.fixture
def target(bucket):
    """A bucket with the object "key" and, on "parts", an upload with parts 1 and 2; no case may change it."""
    bucket.put("key", OLD)
    place = {"Bucket": bucket.name, "Key": "parts"}
    place["UploadId"] = bucket.client.create_multipart_upload(**place)["UploadId"]
    etags = [bucket.client.upload_part(**place, PartNumber=n, Body=b"part %d" % n)["ETag"].strip('"') for n in (1, 2)]
    return bucket, place, etags


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed(raw, target, case):
    bucket, place, etags = target
    before = state(target)
    two = [(RIGHT_PART % etag).replace("1<", f"{n}<") for n, etag in enumerate(etags, 1)]
    words = {
        "{bucket}": bucket.name,
        "{upload}": place["UploadId"],
        "{etag}": etags[0],
        "{two parts}": "".join(two),
        "{parts reversed}": "".join(reversed(two)),
    }

    def fill(text):
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    request = raw.make(
        case.method,
        fill(case.path),
        query=[(n, v and fill(v)) for n, v in case.query],
        headers=[(n, fill(v)) for n, v in case.headers],
        body=fill(case.body.decode()).encode(),
        length=case.length,
        payload_hash=case.payload_hash,
    )
    if case.sent_body is not None:
        request.body = case.sent_body
    answer = raw.send(request)
    assert answer.status == case.status and answer.error_code in case.codes.split("|"), answer
    assert state(target) == before


def state(target):
    bucket, place, _ = target
    parts = [(p["PartNumber"], p["ETag"]) for p in bucket.client.list_parts(**place)["Parts"]]
    buckets = [b["Name"] for b in bucket.client.list_buckets()["Buckets"]]
    return buckets, bucket.contents(), bucket.get("key"), bucket.uploads(), parts


@pytest.mark.parametrize(
    "text",
    ["bytes=5-2", "bytes=", "bytes=a-b", "5-10", "bytes=0-1,3-4", "lines=0-1", "bytes=1-2-3", "bytes 0-1", "bytes=--1"],
)
def test_ranges_that_say_nothing_are_ignored(raw, target, text):
    """RFC 9110 section 14.2, and S3: the whole object."""
    answer = raw.call("GET", f"/{target[0].name}/key", headers=[("Range", text)])
    assert (answer.status, answer.body) == (200, OLD)


def test_path_with_a_broken_escape(raw):
    for path in ("/%zz", "/a-bucket/%", "/a-bucket/%4", "/a-bucket/%4g"):
        request = raw.make("GET", "/a-bucket/x")
        request.path = path
        answer = raw.send(request)
        assert (answer.status, answer.error_code) == (400, "InvalidURI")
