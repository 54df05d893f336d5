"""A key is opaque bytes: what was put under a name is found under that name and no other."""
import itertools
import re
import urllib.parse

import pytest

from harness.bucket import random_bytes
from harness.checksums import sha256_hex
from harness.sigv4 import key_path

AWKWARD_KEYS = [
    " ",
    "a b",
    " lead",
    "trail ",
    "+",
    "a+b",
    "%",
    "%2F",
    "a%2Fb",
    "%25",
    "%20",
    "%00",
    "//",
    "a//b",
    "/",
    "/lead",
    "trail/",
    "a/",
    "///",
    ".",
    "..",
    "./",
    "../",
    "a/./b",
    "a/../b",
    "../../etc/passwd",
    "..%2f",
    "a\\b",
    "ü",
    "日本語",
    "🐟",
    "e\u0301",
    "é",
    "\u200b",
    "\ufeff",
    "<key>&amp;</key>",
    "&",
    "\"'",
    "]]>",
    "?",
    "?versions",
    "#",
    "a#b?c=d&e",
    ";",
    ":",
    "@",
    "$&,=",
    "~",
    "a*b",
    "[x]",
    "{}",
    "|",
    "^",
    "`",
    "\t",
    "\n",
    "\r\n",
    "\x01",
    "\x1f",
    "\x7f",
    "\x85",
    "\ufffd",
    "\uffff",
    "\U0010ffff",
    "null",
    "versionId=null",
    "favicon.ico",
    "-/health",
    "k" * 1024,
    "ü" * 512,
    "/" * 1024,
    "segments/0000000001.seg",
    "x" * 255 + "/" + "y" * 300,
]


def text_of(parameter):
    return re.sub(r"\W", lambda m: f"_{ord(m[0]):x}", parameter)[:24]


def list_all(raw, bucket, **parameters):
    """The keys of a listing with encoding-type=url, decoded."""
    query = [("list-type", "2"), ("encoding-type", "url"), *parameters.items()]
    answer = raw.call("GET", f"/{bucket}", query=query)
    assert answer.status == 200, answer
    root = answer.xml()
    space = root.tag[: root.tag.index("}") + 1]
    assert root.findtext(space + "EncodingType") == "url"
    return [urllib.parse.unquote_plus(entry.findtext(space + "Key")) for entry in root.iter(space + "Contents")]


@pytest.mark.parametrize("key", AWKWARD_KEYS, ids=text_of)
def test_awkward_key(raw, bucket, key):
    body = random_bytes(500, key)
    path = key_path(bucket.name, key.encode())
    assert raw.call("PUT", path, body=body).status == 200
    answer = raw.call("GET", path)
    assert (answer.status, sha256_hex(answer.body)) == (200, sha256_hex(body))
    assert list_all(raw, bucket.name) == [key]
    assert list_all(raw, bucket.name, prefix=key) == [key]
    copy = raw.call("PUT", f"/{bucket.name}/copy", headers=[("x-amz-copy-source", key_path(bucket.name, key.encode()))])
    assert copy.status == 200, copy
    assert raw.call("GET", f"/{bucket.name}/copy").body == body
    assert raw.call("DELETE", path).status == 204
    assert list_all(raw, bucket.name) == ["copy"]


def test_awkward_keys_do_not_meet(raw, bucket):
    """All at once: none of them is another's normal form, and they are listed in the order of their bytes."""
    for key in AWKWARD_KEYS:
        assert raw.call("PUT", key_path(bucket.name, key.encode()), body=key.encode()).status == 200
    assert list_all(raw, bucket.name) == sorted(AWKWARD_KEYS, key=str.encode)
    for key in AWKWARD_KEYS:
        assert raw.call("GET", key_path(bucket.name, key.encode())).body == key.encode()
    # By pages, one key each: the continuation never loops or skips.
    seen, token = [], None
    for _ in itertools.repeat(None, len(AWKWARD_KEYS) + 1):
        query = {"Bucket": bucket.name, "MaxKeys": 1, "EncodingType": "url"}
        page = bucket.client.list_objects_v2(**query, **({"ContinuationToken": token} if token else {}))
        seen += [urllib.parse.unquote_plus(e["Key"]) for e in page["Contents"]]
        token = page.get("NextContinuationToken")
        if token is None:
            break
    assert seen == sorted(AWKWARD_KEYS, key=str.encode)


@pytest.mark.parametrize(
    "key", [k for k in AWKWARD_KEYS if not re.search("[\x00-\x08\x0b-\x1f\uffff]", k)], ids=text_of
)
def test_awkward_key_with_boto3(bucket, key):
    """boto3 sends and parses names itself (and asks for encoding-type=url in listings)."""
    bucket.put(key, b"content", Metadata={"a": "1"})
    assert bucket.get(key) == b"content"
    assert bucket.keys() == [key]
    deleted = bucket.client.delete_objects(Bucket=bucket.name, Delete={"Objects": [{"Key": key}]})["Deleted"]
    # An XML parser turns carriage returns into line feeds unless the server writes them as character references.
    assert [entry["Key"] for entry in deleted] == [key]
    assert bucket.keys() == []


def test_encoded_and_plain_forms_name_the_same_key(raw, bucket):
    assert raw.call("PUT", f"/{bucket.name}/a-b~c.d_e", body=b"1").status == 200
    for path in (f"/{bucket.name}/%61-b~c.d_e", f"/{bucket.name}/a%2Db%7Ec%2ed_e", f"/{bucket.name}/a%2db%7ec.d%5Fe"):
        assert raw.call("GET", path).body == b"1"
    assert list_all(raw, bucket.name) == ["a-b~c.d_e"]


def test_encoded_slash_is_a_slash_of_the_key(raw, bucket):
    assert raw.call("PUT", f"/{bucket.name}/a%2Fb", body=b"1").status == 200
    assert raw.call("GET", f"/{bucket.name}/a/b").body == b"1"
    assert list_all(raw, bucket.name) == ["a/b"]


def test_key_of_1025_bytes_is_refused(raw, bucket):
    for key in ("k" * 1025, "ü" * 513):
        answer = raw.call("PUT", key_path(bucket.name, key.encode()), body=b"x")
        assert (answer.status, answer.error_code) == (400, "KeyTooLongError")
    assert bucket.keys() == []
