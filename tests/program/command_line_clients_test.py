"""aws, s3cmd, rclone and curl of Debian, as people type them. What arrives is compared by SHA-256."""
import json
import urllib.request

import pytest

from harness.bucket import random_bytes, sha256_of_file
from harness.checksums import sha256_hex
from harness.tools import AwsCli, Curl, Rclone, S3cmd, file_tree

MIB = 1 << 20

# Names that file systems allow and that clients or servers like to mangle.
AWKWARD_NAMES = [
    "plain.txt",
    "with space",
    "plus+plus",
    "percent%2Fname",
    "percent%20name",
    "üñí/çødé.txt",
    "日本語/ファイル",
    "emoji-🐟",
    "quotes'and\"double",
    "amp&equals=question?",
    "hash#semi;colon",
    "angle<b>&amp;",
    "dots../..dots",
    "tilde~",
    "star*[x]",
    "comma,at@dollar$",
    "deep/er/and/deeper/leaf",
    "UPPER/lower/Case",
    "-dash",
    "back`tick",
    "curly{}",
    "pipe|caret^",
]


@pytest.fixture
def aws(server, tmp_path):
    return AwsCli(server, tmp_path)


@pytest.fixture
def s3cmd(server, tmp_path):
    return S3cmd(server, tmp_path)


@pytest.fixture
def rclone(server, tmp_path):
    return Rclone(server, tmp_path)


@pytest.fixture
def curl(server, tmp_path):
    return Curl(server, tmp_path)


@pytest.fixture
def tree(tmp_path):
    """A directory with awkward names, an empty file and one that goes up in parts."""
    root = tmp_path / "tree"
    for number, name in enumerate(AWKWARD_NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random_bytes(100 + number * 997, number))
    (root / "empty").write_bytes(b"")
    (root / "large.bin").write_bytes(random_bytes(18 * MIB + 3, "large"))
    return root


# aws


def test_aws_s3_commands(aws, bucket, tree, tmp_path):
    url = f"s3://{bucket.name}"
    aws("s3", "cp", "--recursive", tree, f"{url}/tree/", "--only-show-errors")
    wanted = file_tree(tree)
    assert bucket.keys() == sorted((f"tree/{name}" for name in wanted), key=str.encode)
    aws("s3", "sync", f"{url}/tree", tmp_path / "back", "--only-show-errors")
    assert file_tree(tmp_path / "back") == wanted
    assert aws("s3", "sync", tree, f"{url}/tree") == "", "a second sync copies nothing"

    listing = aws("s3", "ls", "--recursive", f"{url}/tree/")
    assert sorted(line[31:] for line in listing.splitlines()) == sorted(f"tree/{name}" for name in wanted)
    assert "PRE tree/" in aws("s3", "ls", url)

    aws("s3", "mv", f"{url}/tree/plain.txt", f"{url}/moved to/plain+.txt", "--only-show-errors")
    assert bucket.sha256("moved to/plain+.txt") == wanted["plain.txt"] and "tree/plain.txt" not in bucket.keys()
    aws("s3", "cp", f"{url}/tree/large.bin", f"{url}/copy.bin", "--only-show-errors")
    assert bucket.sha256("copy.bin") == wanted["large.bin"]
    aws("s3", "rm", "--recursive", url, "--only-show-errors")
    assert bucket.keys() == []


def test_aws_s3_pipe_and_presign(aws, bucket):
    body = random_bytes(9 * MIB)
    aws("s3", "cp", "-", f"s3://{bucket.name}/from pipe", input=body, text=False)
    assert sha256_hex(aws("s3", "cp", f"s3://{bucket.name}/from pipe", "-", text=False)) == sha256_hex(body)
    url = aws("s3", "presign", f"s3://{bucket.name}/from pipe").strip()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert sha256_hex(opener.open(url, timeout=20).read()) == sha256_hex(body)


def test_aws_s3_make_and_remove_bucket(aws, client):
    aws("s3", "mb", "s3://made-by-aws")
    assert "made-by-aws" in aws("s3", "ls")
    aws("s3", "rb", "s3://made-by-aws")
    assert "made-by-aws" not in [b["Name"] for b in client.list_buckets()["Buckets"]]


def test_aws_s3api_core_operations(aws, bucket, tmp_path):
    def api(operation, *arguments, key="key"):
        place = ["--bucket", bucket.name] + (["--key", key] if key else [])
        output = aws("s3api", operation, *place, *arguments)
        return json.loads(output) if output.strip() else {}

    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(random_bytes(5 * MIB))
    etag = api(
        "put-object",
        "--body",
        source,
        "--metadata",
        "a=1",
        "--content-type",
        "text/x",
        "--checksum-algorithm",
        "SHA256",
    )["ETag"]
    head = api("head-object", "--checksum-mode", "ENABLED")
    assert (head["ETag"], head["Metadata"], head["ContentType"]) == (etag, {"a": "1"}, "text/x") and head[
        "ChecksumSHA256"
    ]
    assert api("get-object", target)["ContentLength"] == 5 * MIB and sha256_of_file(target) == sha256_of_file(source)
    assert api("get-object", "--range", "bytes=10-19", target)["ContentRange"] == f"bytes 10-19/{5 * MIB}"
    assert target.read_bytes() == source.read_bytes()[10:20]
    assert [e["Key"] for e in api("list-objects-v2", key=None)["Contents"]] == ["key"]
    assert [e["Key"] for e in api("list-objects", key=None)["Contents"]] == ["key"]
    assert [e["VersionId"] for e in api("list-object-versions", key=None)["Versions"]] == ["null"]
    api("head-bucket", key=None)
    assert "LocationConstraint" in api("get-bucket-location", key=None)
    api("copy-object", "--copy-source", f"{bucket.name}/key", key="copy")

    upload = api("create-multipart-upload", key="parts")["UploadId"]
    first = api("upload-part", "--upload-id", upload, "--part-number", "1", "--body", source, key="parts")["ETag"]
    second = api(
        "upload-part-copy",
        "--upload-id",
        upload,
        "--part-number",
        "2",
        "--copy-source",
        f"{bucket.name}/key",
        key="parts",
    )
    assert [u["UploadId"] for u in api("list-multipart-uploads", key=None)["Uploads"]] == [upload]
    assert len(api("list-parts", "--upload-id", upload, key="parts")["Parts"]) == 2
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]
    api(
        "complete-multipart-upload",
        "--upload-id",
        upload,
        "--multipart-upload",
        json.dumps({"Parts": parts}),
        key="parts",
    )
    assert bucket.sha256("parts") == sha256_hex(source.read_bytes() * 2)
    upload = api("create-multipart-upload", key="parts")["UploadId"]
    api("abort-multipart-upload", "--upload-id", upload, key="parts")

    api("delete-objects", "--delete", json.dumps({"Objects": [{"Key": "parts"}, {"Key": "copy"}]}), key=None)
    api("delete-object")
    assert bucket.keys() == [] and bucket.uploads() == []
    missing = aws.try_run("s3api", "get-object", "--bucket", bucket.name, "--key", "none", target)
    assert missing.returncode != 0 and "NoSuchKey" in missing.stderr


# s3cmd


def test_s3cmd(s3cmd, bucket, tree, tmp_path):
    url = f"s3://{bucket.name}"
    wanted = file_tree(tree)
    s3cmd("sync", f"{tree}/", f"{url}/tree/")
    assert bucket.keys() == sorted((f"tree/{name}" for name in wanted), key=str.encode)
    assert bucket.client.head_object(Bucket=bucket.name, Key="tree/large.bin")["ETag"].endswith('-4"')
    (tmp_path / "back").mkdir()
    s3cmd("sync", f"{url}/tree/", f"{tmp_path}/back/")
    assert file_tree(tmp_path / "back") == wanted
    s3cmd("put", tree / "plain.txt", f"{url}/put it here+.txt")
    s3cmd("get", f"{url}/put it here+.txt", tmp_path / "got")
    assert sha256_of_file(tmp_path / "got") == wanted["plain.txt"]
    s3cmd("cp", f"{url}/put it here+.txt", f"{url}/copy of it")
    s3cmd("mv", f"{url}/copy of it", f"{url}/moved")
    assert bucket.sha256("moved") == wanted["plain.txt"]
    assert f"{url}/moved" in s3cmd("ls", url)
    assert len(s3cmd("ls", "--recursive", url).splitlines()) == len(wanted) + 2
    s3cmd("info", f"{url}/moved")
    s3cmd("del", "--recursive", "--force", url)
    assert bucket.keys() == []


def test_s3cmd_makes_and_removes_buckets(s3cmd):
    s3cmd("mb", "s3://made-by-s3cmd")
    assert "s3://made-by-s3cmd" in s3cmd("ls")
    s3cmd("rb", "s3://made-by-s3cmd")
    assert "s3://made-by-s3cmd" not in s3cmd("ls")


# rclone


def test_rclone(rclone, bucket, tree, tmp_path):
    remote = f"shoal:{bucket.name}"
    wanted = file_tree(tree)
    rclone("copy", tree, f"{remote}/tree")
    assert bucket.keys() == sorted((f"tree/{name}" for name in wanted), key=str.encode)
    rclone("check", "--download", tree, f"{remote}/tree")
    rclone("check", tree, f"{remote}/tree")
    rclone("copy", f"{remote}/tree", tmp_path / "back")
    assert file_tree(tmp_path / "back") == wanted

    (tree / "plain.txt").unlink()
    (tree / "with space").write_bytes(b"changed")
    (tree / "new").write_bytes(b"new")
    rclone("sync", tree, f"{remote}/tree")
    rclone("check", "--download", tree, f"{remote}/tree")
    assert bucket.keys() == sorted((f"tree/{name}" for name in file_tree(tree)), key=str.encode)

    rclone("sync", f"{remote}/tree", f"{remote}/copied")  # copies on the server
    rclone("check", "--download", tree, f"{remote}/copied")
    rclone("moveto", f"{remote}/copied/new", f"{remote}/moved")
    assert bucket.get("moved") == b"new"
    assert rclone("cat", f"{remote}/moved") == "new"
    assert len(rclone("lsf", "--recursive", "--files-only", remote).splitlines()) == 2 * len(file_tree(tree))
    assert json.loads(rclone("size", "--json", f"{remote}/tree"))["count"] == len(file_tree(tree))
    rclone("delete", remote)
    assert bucket.keys() == []


def test_rclone_makes_and_purges_buckets(rclone, tmp_path):
    (tmp_path / "file").write_text("content")
    rclone("mkdir", "shoal:made-by-rclone")
    rclone("copy", tmp_path / "file", "shoal:made-by-rclone/folder")
    assert "made-by-rclone" in rclone("lsd", "shoal:")
    rclone("purge", "shoal:made-by-rclone")
    assert "made-by-rclone" not in rclone("lsd", "shoal:")


def test_rclone_takes_all_of_a_listing_in_pages(rclone, bucket):
    for number in range(1100):
        bucket.put(f"many/{number:04}")
    assert len(rclone("lsf", f"shoal:{bucket.name}/many").splitlines()) == 1100


# curl


def test_curl(curl, server, bucket, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(random_bytes(3 * MIB))
    url = f"{server.endpoint}/{bucket.name}"
    curl("--fail", "--upload-file", source, f"{url}/by-curl")
    assert bucket.sha256("by-curl") == sha256_of_file(source)
    curl("--fail", "--output", target, f"{url}/by-curl")
    assert sha256_of_file(target) == sha256_of_file(source)
    curl("--fail", "--output", target, "--range", "5-9", f"{url}/by-curl")
    assert target.read_bytes() == source.read_bytes()[5:10]
    assert "<Key>by-curl</Key>" in curl("--fail", f"{url}?list-type=2")
    head = curl("--fail", "--head", f"{url}/by-curl")
    assert head.startswith("HTTP/1.1 200") and f"Content-Length: {3 * MIB}".lower() in head.lower()
    curl("--fail", "--request", "DELETE", f"{url}/by-curl")
    assert curl("--output", target, "--write-out", "%{http_code}", f"{url}/by-curl") == "404"


def test_curl_without_keys_gets_nothing(server, bucket, tmp_path):
    curl = Curl(server, tmp_path)
    (tmp_path / "curlrc").write_text('noproxy = "*"\n')
    for path in ("/", f"/{bucket.name}", f"/{bucket.name}/key"):
        assert curl("--output", tmp_path / "out", "--write-out", "%{http_code}", server.endpoint + path) == "403"
