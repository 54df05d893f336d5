"""boto3, as programs use it."""
import datetime
import io
import urllib.error
import urllib.request

import botocore.exceptions
import pytest
from boto3.s3.transfer import TransferConfig

from harness.bucket import random_bytes, sha256_of_file
from harness.checksums import sha256_hex

MIB = 1 << 20


def code_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        call(**arguments)
    error = raised.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 65536, MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 20 * MIB])
def test_put_and_get(bucket, size):
    body = random_bytes(size, size)
    answer = bucket.put("key", body)
    head = bucket.client.head_object(Bucket=bucket.name, Key="key")
    assert head["ContentLength"] == size and head["ETag"] == answer["ETag"]
    for _ in range(2):  # the second may come from memory
        assert bucket.sha256("key") == sha256_hex(body)


def test_transfer_manager_64_mib_up_and_down(bucket, tmp_path):
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=4)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(random_bytes(64 * MIB + 12345))
    bucket.client.upload_file(str(source), bucket.name, "big", Config=config, ExtraArgs={"Metadata": {"kind": "big"}})
    head = bucket.client.head_object(Bucket=bucket.name, Key="big")
    assert head["ETag"].endswith('-9"') and head["Metadata"] == {"kind": "big"}
    bucket.client.download_file(bucket.name, "big", str(target), Config=config)
    assert sha256_of_file(target) == sha256_of_file(source)
    assert bucket.uploads() == []


def test_transfer_manager_streams_what_cannot_seek(bucket):
    class Stream(io.RawIOBase):
        def __init__(self, data):
            self._data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, target):
            return self._data.readinto(target)

    body = random_bytes(11 * MIB)
    bucket.client.upload_fileobj(
        Stream(body), bucket.name, "stream", Config=TransferConfig(multipart_chunksize=5 * MIB)
    )
    assert bucket.sha256("stream") == sha256_hex(body)


@pytest.mark.parametrize("size", [10_000, 6 * MIB])
def test_ranges(bucket, size):
    body = random_bytes(size)
    bucket.put("key", body)
    for text, first, end in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, size),
        ("bytes=100-199", 100, 200),
        ("bytes=-500", size - 500, size),
        (f"bytes={size - 1}-{size + 10}", size - 1, size),
        (f"bytes=-{size * 2}", 0, size),
        (f"bytes={size // 2}-", size // 2, size),
    ]:
        answer = bucket.client.get_object(Bucket=bucket.name, Key="key", Range=text)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["ContentRange"] == f"bytes {first}-{end - 1}/{size}"
        assert answer["Body"].read() == body[first:end]
    assert code_of(bucket.client.get_object, Bucket=bucket.name, Key="key", Range=f"bytes={size}-") == (
        416,
        "InvalidRange",
    )


def test_part_number_reads_one_part(bucket):
    parts = [random_bytes(5 * MIB, 1), random_bytes(5 * MIB, 2), random_bytes(777, 3)]
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key")["UploadId"]
    done = []
    for number, body in enumerate(parts, 1):
        answer = bucket.client.upload_part(Bucket=bucket.name, Key="key", UploadId=upload, PartNumber=number, Body=body)
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    listed = bucket.client.list_parts(Bucket=bucket.name, Key="key", UploadId=upload)["Parts"]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(1, 5 * MIB), (2, 5 * MIB), (3, 777)]
    assert bucket.keys() == []
    bucket.client.complete_multipart_upload(
        Bucket=bucket.name, Key="key", UploadId=upload, MultipartUpload={"Parts": done}
    )
    assert bucket.sha256("key") == sha256_hex(b"".join(parts))
    for number, body in enumerate(parts, 1):
        answer = bucket.client.get_object(Bucket=bucket.name, Key="key", PartNumber=number)
        assert answer["PartsCount"] == 3 and sha256_hex(answer["Body"].read()) == sha256_hex(body)


def test_aborted_upload_leaves_nothing(bucket):
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="key")["UploadId"]
    bucket.client.upload_part(Bucket=bucket.name, Key="key", UploadId=upload, PartNumber=1, Body=b"part")
    assert bucket.uploads() == [("key", upload)]
    bucket.client.abort_multipart_upload(Bucket=bucket.name, Key="key", UploadId=upload)
    assert bucket.uploads() == [] and bucket.keys() == []
    assert code_of(bucket.client.list_parts, Bucket=bucket.name, Key="key", UploadId=upload) == (404, "NoSuchUpload")


def test_upload_part_copy(bucket):
    source = random_bytes(11 * MIB)
    bucket.put("source", source)
    upload = bucket.client.create_multipart_upload(Bucket=bucket.name, Key="target")["UploadId"]
    done = []
    for number, (first, last) in enumerate([(0, 6 * MIB - 1), (6 * MIB, 11 * MIB - 1)], 1):
        answer = bucket.client.upload_part_copy(
            Bucket=bucket.name,
            Key="target",
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": bucket.name, "Key": "source"},
            CopySourceRange=f"bytes={first}-{last}",
        )
        done.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    bucket.client.complete_multipart_upload(
        Bucket=bucket.name, Key="target", UploadId=upload, MultipartUpload={"Parts": done}
    )
    assert bucket.sha256("target") == sha256_hex(source)


def test_copy_keeps_or_replaces_metadata(bucket):
    bucket.put("source", b"content", ContentType="text/plain", Metadata={"a": "1"})
    source = {"Bucket": bucket.name, "Key": "source"}
    bucket.client.copy_object(Bucket=bucket.name, Key="same", CopySource=source)
    bucket.client.copy_object(
        Bucket=bucket.name,
        Key="new",
        CopySource=source,
        MetadataDirective="REPLACE",
        ContentType="text/html",
        Metadata={"b": "2"},
    )
    same, new = (bucket.client.get_object(Bucket=bucket.name, Key=key) for key in ("same", "new"))
    assert same["Body"].read() == new["Body"].read() == b"content"
    assert (same["ContentType"], same["Metadata"]) == ("text/plain", {"a": "1"})
    assert (new["ContentType"], new["Metadata"]) == ("text/html", {"b": "2"})


def test_managed_copy_of_a_large_object_goes_in_parts(bucket):
    body = random_bytes(17 * MIB)
    bucket.put("source", body)
    bucket.client.copy(
        {"Bucket": bucket.name, "Key": "source"},
        bucket.name,
        "target",
        Config=TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB),
    )
    assert bucket.sha256("target") == sha256_hex(body)
    assert bucket.client.head_object(Bucket=bucket.name, Key="target")["ETag"].endswith('-3"')


def test_conditional_reads(bucket):
    etag = bucket.put("key", b"content")["ETag"]
    modified = bucket.client.head_object(Bucket=bucket.name, Key="key")["LastModified"]
    second = datetime.timedelta(seconds=1)
    for read in (bucket.client.get_object, bucket.client.head_object):
        place = {"Bucket": bucket.name, "Key": "key"}
        assert read(**place, IfMatch=etag)["ETag"] == etag
        assert code_of(read, **place, IfMatch='"other"')[0] == 412
        assert code_of(read, **place, IfNoneMatch=etag)[0] == 304
        assert read(**place, IfNoneMatch='"other"')["ETag"] == etag
        assert code_of(read, **place, IfModifiedSince=modified)[0] == 304
        assert read(**place, IfModifiedSince=modified - second)["ETag"] == etag
        assert code_of(read, **place, IfUnmodifiedSince=modified - second)[0] == 412
        assert read(**place, IfUnmodifiedSince=modified)["ETag"] == etag


def test_conditional_copies_fail_with_412_and_never_304(bucket):
    etag = bucket.put("source", b"content")["ETag"]
    place = {"Bucket": bucket.name, "Key": "target", "CopySource": {"Bucket": bucket.name, "Key": "source"}}
    assert code_of(bucket.client.copy_object, **place, CopySourceIfNoneMatch=etag) == (412, "PreconditionFailed")
    assert code_of(bucket.client.copy_object, **place, CopySourceIfMatch='"other"') == (412, "PreconditionFailed")
    assert bucket.keys() == ["source"]
    bucket.client.copy_object(**place, CopySourceIfMatch=etag)
    assert bucket.get("target") == b"content"


def test_paginators_see_every_key_once(bucket):
    keys = [f"{folder}/{i:03}" for folder in ("a", "b", "c") for i in range(70)] + ["top"]
    for key in keys:
        bucket.put(key)
    for operation in ("list_objects_v2", "list_objects"):
        pages = bucket.client.get_paginator(operation).paginate(Bucket=bucket.name, PaginationConfig={"PageSize": 17})
        assert [entry["Key"] for page in pages for entry in page["Contents"]] == sorted(keys)
        paginator = bucket.client.get_paginator(operation)
        pages = list(paginator.paginate(Bucket=bucket.name, Delimiter="/", PaginationConfig={"PageSize": 2}))
        assert [entry["Key"] for page in pages for entry in page.get("Contents", ())] == ["top"]
        prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", ())]
        assert prefixes == ["a/", "b/", "c/"]
    versions = bucket.client.get_paginator("list_object_versions").paginate(
        Bucket=bucket.name, PaginationConfig={"PageSize": 50}
    )
    assert [(v["Key"], v["VersionId"]) for page in versions for v in page["Versions"]] == [
        (key, "null") for key in sorted(keys)
    ]


def test_delete_objects_tells_each(bucket):
    for i in range(30):
        bucket.put(f"key{i}")
    listed = [{"Key": f"key{i}"} for i in range(0, 30, 2)] + [
        {"Key": "key1", "VersionId": "null"},
        {"Key": "never was"},
    ]
    answer = bucket.client.delete_objects(Bucket=bucket.name, Delete={"Objects": listed})
    assert sorted(d["Key"] for d in answer["Deleted"]) == sorted(entry["Key"] for entry in listed)
    assert bucket.keys() == sorted(f"key{i}" for i in range(3, 30, 2))


def test_presigned_get_and_put(bucket):
    place = {"Bucket": bucket.name, "Key": "a key+with%2Fodd/../names"}
    url = bucket.client.generate_presigned_url("put_object", {**place, "ContentType": "text/x-test"}, ExpiresIn=60)
    request = urllib.request.Request(url, b"by url", {"Content-Type": "text/x-test"}, method="PUT")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(request, timeout=20).status == 200
    assert bucket.client.head_object(**place)["ContentType"] == "text/x-test"
    url = bucket.client.generate_presigned_url(
        "get_object",
        {**place, "ResponseContentType": "text/plain", "ResponseContentDisposition": "attachment"},
        ExpiresIn=60,
    )
    with opener.open(url, timeout=20) as answer:
        assert answer.read() == b"by url"
        assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == ("text/plain", "attachment")
    with pytest.raises(urllib.error.HTTPError) as raised:
        opener.open(url.replace("text%2Fplain", "text%2Fhtml"), timeout=20)
    assert raised.value.code == 403


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept_and_returned(bucket, algorithm):
    body = random_bytes(100_000)
    field = "Checksum" + algorithm
    put = bucket.put("key", body, ChecksumAlgorithm=algorithm)
    assert put[field]
    assert bucket.client.get_object(Bucket=bucket.name, Key="key", ChecksumMode="ENABLED")[field] == put[field]
    assert bucket.client.head_object(Bucket=bucket.name, Key="key", ChecksumMode="ENABLED")[field] == put[field]


def test_buckets(make_bucket, client):
    bucket = make_bucket()
    assert bucket.name in [b["Name"] for b in client.list_buckets()["Buckets"]]
    client.head_bucket(Bucket=bucket.name)
    bucket.put("key")
    assert code_of(client.delete_bucket, Bucket=bucket.name) == (409, "BucketNotEmpty")
    assert code_of(client.head_bucket, Bucket="no-such-bucket")[0] == 404
    assert code_of(client.list_objects_v2, Bucket="no-such-bucket") == (404, "NoSuchBucket")
    client.get_bucket_location(Bucket=bucket.name)


def test_missing_key(bucket):
    assert code_of(bucket.client.get_object, Bucket=bucket.name, Key="none") == (404, "NoSuchKey")
    assert code_of(bucket.client.head_object, Bucket=bucket.name, Key="none")[0] == 404
    answer = bucket.client.delete_object(Bucket=bucket.name, Key="none")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_content_headers_come_back(bucket):
    fields = {
        "ContentType": "text/x-test; charset=utf-8",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
        "CacheControl": "max-age=7",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "Metadata": {"one": "1", "two-words": "with  spaces"},
    }
    expires = datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    bucket.put("key", b"x", Expires=expires, **fields)
    head = bucket.client.head_object(Bucket=bucket.name, Key="key")
    assert {name: head[name] for name in fields} == fields
    assert head["Expires"] == expires
