"""Several origins behind one server, by bucket and by prefix."""
import pytest

from harness.bucket import random_bytes
from harness.fronts import bucket_of, status_of, write_keys


@pytest.fixture
def front(in_front, archive, tmp_path):
    keys = write_keys(tmp_path / "archive-keys", archive)
    options = {
        "origin.others": f"archive {archive.endpoint} credentials={keys}",
        "origin.places": "logs=archive,photos/raw/=archive",
        "origin.coherence": "owned",
        "server.threads": "2",
    }
    return in_front(options)


def test_buckets_and_prefixes_are_where_they_are_said_to_be(origin, archive, front):
    client = front.boto3()
    client.create_bucket(Bucket="logs")
    client.create_bucket(Bucket="photos")
    archive.boto3().create_bucket(Bucket="photos")
    bodies = {name: random_bytes(10_000, seed) for seed, name in enumerate(["a", "raw", "raw/1", "raw/2/3", "rax", "z"])}
    for name, body in bodies.items():
        bucket_of(front, "photos").put(name, body)
    bucket_of(front, "logs").put("raw/1", b"line")
    assert bucket_of(origin, "photos").keys() == ["a", "raw", "rax", "z"]
    assert bucket_of(archive, "photos").keys() == ["raw/1", "raw/2/3"]
    assert bucket_of(archive, "logs").get("raw/1") == b"line"
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["logs", "photos"]
    for _ in range(2):
        assert {name: bucket_of(front, "photos").get(name) for name in bodies} == bodies
    assert bucket_of(front, "photos").keys() == sorted(bodies)
    page = client.list_objects_v2(Bucket="photos", Delimiter="/")
    assert [item["Key"] for item in page["Contents"]] == ["a", "raw", "rax", "z"]
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["raw/"]
    deleted = client.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": name} for name in bodies]})
    assert len(deleted["Deleted"]) == len(bodies)
    assert bucket_of(front, "photos").keys() == bucket_of(archive, "photos").keys() == []


def test_large_objects_and_uploads_in_parts_go_there_too(archive, front):
    client = front.boto3()
    client.create_bucket(Bucket="photos")
    archive.boto3().create_bucket(Bucket="photos")
    body = random_bytes(6 << 20)
    upload = client.create_multipart_upload(Bucket="photos", Key="raw/large")["UploadId"]
    part = {"Bucket": "photos", "Key": "raw/large", "UploadId": upload}
    assert [u["Key"] for u in client.list_multipart_uploads(Bucket="photos")["Uploads"]] == ["raw/large"]
    etag = client.upload_part(**part, PartNumber=1, Body=body)["ETag"]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert bucket_of(archive, "photos").get("raw/large") == bucket_of(front, "photos").get("raw/large") == body


def test_what_the_origins_do_themselves_is_asked_of_the_right_one(origin, archive, front):
    client = front.boto3()
    client.create_bucket(Bucket="logs")
    before = archive.metrics().get('shoal_requests_total{operation="GetBucketPolicy",status="404"}', 0)
    assert status_of(lambda: client.get_bucket_policy(Bucket="logs")) == 404
    assert archive.metrics()['shoal_requests_total{operation="GetBucketPolicy",status="404"}'] == before + 1


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"origin.others": "archive"}, "expected a name and a URL"),
        ({"origin.places": "logs=archive"}, "where the name is one of origin.others"),
    ],
)
def test_settings_that_make_no_sense_are_refused(new_server, origin, options, reason):
    server = new_server(options={"origin.url": origin.endpoint, **options})
    with pytest.raises(AssertionError):
        server.start()
    assert reason in server.log()
