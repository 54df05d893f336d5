"""A server in front of an origin: another server, with the embedded store."""
import base64
import concurrent.futures
import hashlib
import pathlib
import signal
import subprocess
import time

import pytest

from harness.bucket import random_bytes
from harness.certificates import make_certificate, make_expired_certificate, tls_options
from harness.faulty_proxy import FaultyProxy
from harness.fronts import ORIGIN_FAILED, bucket_of, front_of, requests_to, status_of, write_keys
from harness.server import program
from harness.waiting import wait_until


def test_objects_are_kept_by_the_origin_and_served_from_memory(origin, in_front):
    front = in_front({"origin.coherence": "owned"})
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    body = random_bytes(100_000)
    bucket.put("some key/ä+%", body)
    assert bucket_of(origin).get("some key/ä+%") == body
    before = requests_to(origin)
    for _ in range(10):
        assert bucket.get("some key/ä+%") == body
    assert requests_to(origin) == before
    assert front.metrics()["shoal_cache_hits_total"] >= 10


def test_everything_that_clients_do(origin, in_front):
    front = in_front(expected_trouble="error=not_supported")
    client, raw = front.boto3(), front.raw()
    client.create_bucket(Bucket="bucket")
    assert [b["Name"] for b in client.list_buckets()["Buckets"]] == ["bucket"]
    client.put_object(
        Bucket="bucket", Key="a/1", Body=b"one", ContentType="text/plain", Metadata={"colour": "blue"}, Tagging="k=v"
    )
    client.put_object(Bucket="bucket", Key="a/2", Body=b"")
    client.copy_object(Bucket="bucket", Key="b/3", CopySource={"Bucket": "bucket", "Key": "a/1"})
    answer = client.get_object(Bucket="bucket", Key="b/3")
    assert answer["Body"].read() == b"one"
    assert answer["ContentType"] == "text/plain" and answer["Metadata"] == {"colour": "blue"}
    assert answer["ETag"] == f'"{hashlib.md5(b"one").hexdigest()}"'
    assert client.get_object(Bucket="bucket", Key="a/2")["Body"].read() == b""
    assert client.get_object(Bucket="bucket", Key="a/1", Range="bytes=1-")["Body"].read() == b"ne"
    listed = client.list_objects_v2(Bucket="bucket", Delimiter="/")
    assert [p["Prefix"] for p in listed["CommonPrefixes"]] == ["a/", "b/"]
    names = [
        item["Key"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket="bucket", PaginationConfig={"PageSize": 1})
        for item in page["Contents"]
    ]
    assert names == ["a/1", "a/2", "b/3"]
    assert client.get_object_tagging(Bucket="bucket", Key="a/1")["TagSet"] == [{"Key": "k", "Value": "v"}]
    client.put_object_tagging(Bucket="bucket", Key="a/1", Tagging={"TagSet": [{"Key": "n", "Value": "w"}]})
    assert client.get_object_tagging(Bucket="bucket", Key="a/1")["TagSet"] == [{"Key": "n", "Value": "w"}]
    assert raw.call("PUT", "/bucket/a/1", body=b"x", headers=[("If-None-Match", "*")]).status == 412
    assert status_of(lambda: client.put_object(Bucket="bucket", Key="a/1", Body=b"x", ACL="public-read")) == 501
    assert status_of(lambda: client.get_object(Bucket="bucket", Key="none")) == 404
    assert status_of(lambda: client.get_object(Bucket="no-bucket", Key="none")) == 404
    assert status_of(lambda: client.delete_bucket(Bucket="bucket")) == 409
    deleted = client.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": name} for name in names]})
    assert len(deleted["Deleted"]) == 3
    client.delete_bucket(Bucket="bucket")
    assert origin.boto3().list_buckets()["Buckets"] == []


def test_upload_in_parts(origin, in_front):
    client = in_front().boto3()
    client.create_bucket(Bucket="bucket")
    first, second = random_bytes(6 << 20), random_bytes(1 << 20)
    upload = client.create_multipart_upload(Bucket="bucket", Key="large", Metadata={"colour": "red"})["UploadId"]
    assert [u["UploadId"] for u in client.list_multipart_uploads(Bucket="bucket")["Uploads"]] == [upload]
    part = {"Bucket": "bucket", "Key": "large", "UploadId": upload}
    tags = [
        client.upload_part(**part, PartNumber=number, Body=body)["ETag"] for number, body in ((1, first), (2, second))
    ]
    assert [p["Size"] for p in client.list_parts(**part)["Parts"]] == [len(first), len(second)]
    parts = [{"PartNumber": i + 1, "ETag": tag} for i, tag in enumerate(tags)]
    made = client.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
    assert made["ETag"].endswith('-2"')
    answer = client.get_object(Bucket="bucket", Key="large")
    assert answer["Body"].read() == first + second
    assert answer["Metadata"] == {"colour": "red"} and answer["ETag"] == made["ETag"]
    for _ in range(2):  # the second time from memory
        ranged = client.get_object(Bucket="bucket", Key="large", Range="bytes=5000000-7000000")
        assert ranged["Body"].read() == (first + second)[5_000_000:7_000_001]
    aborted = client.create_multipart_upload(Bucket="bucket", Key="other")["UploadId"]
    client.abort_multipart_upload(Bucket="bucket", Key="other", UploadId=aborted)
    assert "Uploads" not in client.list_multipart_uploads(Bucket="bucket")


def test_large_bodies_are_sent_on_as_they_come(origin, in_front):
    """An upload that is larger than all the memory that the server may have."""
    front = in_front({"cache.memory": "32MiB", "server.threads": "2"})
    client = front.boto3()
    client.create_bucket(Bucket="bucket")
    body = random_bytes(80 << 20)
    for key in ("one", "two"):  # on one loop or another
        client.put_object(Bucket="bucket", Key=key, Body=body, Metadata={"colour": "blue"})
        stored = origin.boto3().get_object(Bucket="bucket", Key=key)
        assert stored["Body"].read() == body and stored["Metadata"] == {"colour": "blue"}
        assert client.head_object(Bucket="bucket", Key=key)["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    part = {"Bucket": "bucket", "Key": "parts"}
    part["UploadId"] = client.create_multipart_upload(**part)["UploadId"]
    tag = client.upload_part(**part, PartNumber=1, Body=body)["ETag"]
    client.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert origin.boto3().get_object(Bucket="bucket", Key="parts")["Body"].read() == body


def test_copies_are_made_by_the_origin(origin, in_front):
    front = in_front({"origin.coherence": "owned"})
    client = front.boto3()
    client.create_bucket(Bucket="bucket")
    body = random_bytes(8 << 20)
    origin.boto3().put_object(Bucket="bucket", Key="from", Body=body, Metadata={"colour": "blue"})
    bucket_of(front).put("to", b"old")
    source = {"Bucket": "bucket", "Key": "from"}
    before = front.metrics()
    client.copy_object(Bucket="bucket", Key="to", CopySource=source)
    target = {"Bucket": "bucket", "Key": "parts"}
    target["UploadId"] = client.create_multipart_upload(**target)["UploadId"]
    tags = [
        client.upload_part_copy(**target, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={span}")
        for number, span in ((1, "0-5242879"), (2, "5242880-8388607"))
    ]
    after = front.metrics()
    for name in ("shoal_origin_read_bytes_total", "shoal_origin_sent_bytes_total"):
        assert after[name] - before[name] < 10_000
    parts = [{"PartNumber": i + 1, "ETag": tag["CopyPartResult"]["ETag"]} for i, tag in enumerate(tags)]
    client.complete_multipart_upload(**target, MultipartUpload={"Parts": parts})
    assert client.get_object(Bucket="bucket", Key="parts")["Body"].read() == body
    copied = client.get_object(Bucket="bucket", Key="to")
    assert copied["Body"].read() == body and copied["Metadata"] == {"colour": "blue"}
    bucket_of(origin).put("from", b"changed")
    client.copy_object(Bucket="bucket", Key="to", CopySource=source)
    assert bucket_of(front).get("to") == b"changed"
    answer = status_of(lambda: client.copy_object(Bucket="bucket", Key="to", CopySource=source, CopySourceIfMatch="x"))
    assert answer == 412


@pytest.mark.parametrize("left", [1, 3 << 20])
def test_upload_that_is_broken_off_leaves_the_old_object(origin, in_front, left):
    options = {"origin.coherence": "owned", "origin.gather_bytes_max": "1MiB"}
    front = in_front(options, expected_trouble=ORIGIN_FAILED)
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    bucket.put("key", b"old")
    raw = front.raw()
    request = raw.make("PUT", "/bucket/key", body=random_bytes(4 << 20))
    connection = raw.connect()
    connection.send(request.to_bytes()[:-left])
    connection.reset()
    digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    wrong = raw.call("PUT", "/bucket/key", body=random_bytes(4 << 20), headers=[("Content-MD5", digest)])
    assert wrong.status == 400
    assert bucket.get("key") == bucket_of(origin).get("key") == b"old"


def test_one_request_to_the_origin_however_many_ask(origin, in_front):
    front = in_front({"limits.connections_max": "2000"})
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    bucket_of(origin).put("cold", b"body")
    before = requests_to(origin)
    clients = [front.raw() for _ in range(4)]

    def get(i):
        return clients[i % 4].call("GET", "/bucket/cold").body

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        assert set(pool.map(get, range(200))) == {b"body"}
    assert requests_to(origin) - before <= 2  # and one for what the authoriser looks at


@pytest.mark.parametrize("first", ["GET", "HEAD"])
@pytest.mark.parametrize(("lifetime", "is_asked"), [("1h", False), ("0s", True)])
def test_missing_key_is_remembered_for_a_while(origin, in_front, lifetime, is_asked, first):
    front = in_front({"origin.coherence": "owned", "origin.missing_key_lifetime": lifetime})
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    assert front.raw().call(first, "/bucket/key").status == 404
    for method in ("GET", "HEAD", "GET"):
        before = requests_to(origin)
        assert front.raw().call(method, "/bucket/key").status == 404
        assert (requests_to(origin) > before) == is_asked
    bucket_of(front).put("key", b"ours")
    assert bucket_of(front).get("key") == b"ours"


def test_what_others_write_is_seen_in_time(origin, in_front):
    front = in_front({"origin.coherence": "revalidate 1h", "origin.bucket_coherence": "always=revalidate 0s"})
    for name in ("bucket", "always"):
        bucket_of(origin, name).client.create_bucket(Bucket=name)
        bucket_of(origin, name).put("key", b"first")
        assert bucket_of(front, name).get("key") == b"first"
        bucket_of(origin, name).put("key", b"second")
    assert bucket_of(front, "always").get("key") == b"second"
    assert bucket_of(front).get("key") == b"first"
    insisting = front.raw().call("GET", "/bucket/key", headers=[("Cache-Control", "max-age=0, no-cache")])
    assert insisting.body == b"second"
    assert bucket_of(front).get("key") == b"second"


def test_origin_that_is_gone(origin, in_front):
    front = in_front(
        {"origin.coherence": "owned", "origin.bucket_coherence": "strict=revalidate 0s,lax=revalidate 0s stale 1h"},
        expected_trouble=ORIGIN_FAILED,
    )
    for name in ("bucket", "strict", "lax"):
        bucket_of(front, name).client.create_bucket(Bucket=name)
        bucket_of(front, name).put("key", b"body")
        assert bucket_of(front, name).get("key") == b"body"
    origin.kill()
    assert bucket_of(front).get("key") == b"body"
    assert bucket_of(front, "lax").get("key") == b"body"
    assert status_of(lambda: bucket_of(front, "strict").get("key")) == 503
    assert status_of(lambda: bucket_of(front).get("cold")) == 503
    assert status_of(lambda: bucket_of(front).put("key", b"new")) in (500, 503)
    assert bucket_of(front).get("key") == b"body"


def told(front, key, method="GET", **headers):
    answer = front.raw().call(method, key, headers=list(headers.items()))
    assert answer.status == 200
    return answer.header("x-shoal-cache")


def test_answers_tell_where_they_come_from(origin, in_front):
    front = in_front(
        {"origin.coherence": "revalidate 1h", "origin.bucket_coherence": "always=revalidate 0s stale 1h",
         "cache.bypassed_buckets": "uncached", "server.threads": "2"},
        expected_trouble=ORIGIN_FAILED,
    )  # fmt: skip
    for name in ("bucket", "always", "uncached"):
        bucket_of(origin, name).client.create_bucket(Bucket=name)
        for i in range(8):  # some on each loop
            bucket_of(origin, name).put(f"key{i}", b"body")
    for i in range(8):
        key = f"/bucket/key{i}"
        assert told(front, key, "HEAD") == "miss"
        assert [told(front, key) for _ in range(2)] == ["miss", "hit"]
        assert told(front, key, "HEAD") == "hit"
        assert told(front, key, **{"Cache-Control": "no-cache"}) == "revalidated"
        key = f"/always/key{i}"
        assert [told(front, key) for _ in range(2)] == ["miss", "revalidated"]
        assert told(front, key, "HEAD") == "revalidated"
        bucket_of(origin, "always").put(f"key{i}", b"new")
        assert [told(front, key) for _ in range(2)] == ["miss", "revalidated"]
        assert [told(front, f"/uncached/key{i}") for _ in range(2)] == ["bypass", "bypass"]
    bucket_of(origin).put("large", random_bytes(3 << 20))
    assert told(front, "/bucket/large") == "pieces"
    origin.kill()
    assert told(front, "/bucket/key0") == "hit"
    assert told(front, "/always/key0") == told(front, "/always/key0", "HEAD") == "stale"
    numbers = front.metrics()
    for answer in ("unchanged", "changed", "none"):
        assert numbers[f'shoal_coherence_questions_total{{answer="{answer}"}}'] > 0
    assert numbers["shoal_coherence_stale_reads_total"] == 2


def test_answers_without_an_origin_tell_nothing(origin):
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    bucket_of(origin).put("key", b"body")
    assert origin.raw().call("GET", "/bucket/key").header("x-shoal-cache") is None


def test_what_changed_comes_with_the_comparison(origin, in_front):
    front = in_front({"origin.coherence": "revalidate 0s"})
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    bucket_of(origin).put("key", b"first")
    assert bucket_of(front).get("key") == b"first"
    for changed in (True, False):
        if changed:
            bucket_of(origin).put("key", b"second")
        before = requests_to(origin)
        assert bucket_of(front).get("key") == b"second"
        assert requests_to(origin) == before + 1


def test_tags_that_others_change_are_seen(origin, in_front):
    front = in_front({"origin.coherence": "revalidate 1h"})
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    bucket_of(origin).put("key", b"body")
    assert bucket_of(front).get("key") == b"body"
    tags = [{"Key": "colour", "Value": "blue"}]
    origin.boto3().put_object_tagging(Bucket="bucket", Key="key", Tagging={"TagSet": tags})
    assert front.boto3().get_object_tagging(Bucket="bucket", Key="key")["TagSet"] == tags


def test_bucket_that_goes_is_forgotten_by_all_loops(origin, in_front):
    """What others have deleted stays readable in a bucket of which that was promised not to happen, while there is the bucket."""
    front = in_front({"origin.coherence": "immutable", "server.threads": "4"})
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    names = [f"key {number}" for number in range(20)]
    for name in names:
        bucket.put(name, b"old")
    for name in names:
        origin.boto3().delete_object(Bucket="bucket", Key=name)
        assert bucket.get(name) == b"old"
    bucket.client.delete_bucket(Bucket="bucket")
    assert {status_of(lambda: bucket.get(name)) for name in names} == {404}
    bucket.client.create_bucket(Bucket="bucket")
    assert {status_of(lambda: bucket.get(name)) for name in names} == {404}


def test_bucket_under_another_name(origin, in_front):
    front = in_front({"origin.bucket_names": "photos=company-photos"})
    client = front.boto3()
    client.create_bucket(Bucket="photos")
    client.create_bucket(Bucket="other")
    assert [b["Name"] for b in origin.boto3().list_buckets()["Buckets"]] == ["company-photos", "other"]
    assert [b["Name"] for b in client.list_buckets()["Buckets"]] == ["other", "photos"]
    bucket_of(front, "photos").put("key", b"body")
    assert bucket_of(origin, "company-photos").get("key") == b"body"
    client.copy_object(Bucket="other", Key="copy", CopySource={"Bucket": "photos", "Key": "key"})
    assert bucket_of(origin, "other").get("copy") == b"body"
    assert [item["Key"] for item in client.list_objects_v2(Bucket="photos")["Contents"]] == ["key"]
    # There is one way to it only, so that it is in memory only once.
    assert status_of(lambda: client.get_object(Bucket="company-photos", Key="key")) == 404
    assert status_of(lambda: client.put_object(Bucket="company-photos", Key="key", Body=b"x")) == 404


def is_stopped(pid):
    """Whether every thread is: a busy machine takes its time with that."""
    threads = pathlib.Path(f"/proc/{pid}/task").glob("*/stat")
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


def test_origin_that_stands_still(origin, in_front):
    """Requests end in time, and nothing is stuck when it goes on."""
    front = in_front(
        {"origin.first_byte_timeout": "300ms", "origin.retry_time_max": "100ms", "origin.coherence": "revalidate 1s"},
        expected_trouble=ORIGIN_FAILED,
    )
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    bucket.put("warm", b"body")
    bucket_of(origin).put("cold", b"cold")
    origin.process.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(origin.process.pid), "all threads of the origin stand still", 10)
        began = time.monotonic()
        assert status_of(lambda: bucket.get("cold")) == 503
        assert time.monotonic() - began < 10
        assert status_of(lambda: bucket.put("warm", b"unknown")) == 500
    finally:
        origin.process.send_signal(signal.SIGCONT)
    # Nobody knows what became of it: what the origin has is what is shown.
    wait_until(lambda: bucket.get("warm") == bucket_of(origin).get("warm"), "both say the same", 10)
    assert bucket.get("cold") == b"cold"


def test_answers_that_are_cut_are_never_cached(origin, in_front):
    proxy = FaultyProxy(origin.port)
    front = in_front(
        {"origin.idle_timeout": "0s", "origin.backoff_first": "1ms"}, url=proxy.url, expected_trouble=ORIGIN_FAILED
    )
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    body = random_bytes(50_000)
    bucket_of(origin).put("key", body)
    for bytes_max in (0, 1, 100, 1_000, 40_000):
        proxy.cut_after(bytes_max)
        assert status_of(lambda: bucket_of(front).get("key")) in (500, 503)
    proxy.heal()
    assert bucket_of(front).get("key") == body
    proxy.close()


def test_wrong_keys_are_told_without_them(origin, new_server):
    front = new_server(
        options={"origin.url": origin.endpoint},
        environment={"SHOAL_ORIGIN_ACCESS_KEY": origin.access_key, "SHOAL_ORIGIN_SECRET_KEY": "wrong" * 8},
    ).start()
    assert status_of(lambda: front.boto3().create_bucket(Bucket="bucket")) == 403
    assert "wrong" * 8 not in front.log()


def test_keys_may_be_in_a_file(origin, new_server, tmp_path):
    keys = write_keys(tmp_path / "keys", origin)
    front = new_server(options={"origin.url": origin.endpoint, "origin.credentials_file": str(keys)}).start()
    front.boto3().create_bucket(Bucket="bucket")
    keys.chmod(0o644)
    other = new_server(options={"origin.url": origin.endpoint, "origin.credentials_file": str(keys)})
    with pytest.raises(AssertionError):
        other.start()
    assert "chmod 600" in other.log()


def test_restart_reads_back_what_was_in_memory(origin, in_front):
    front = in_front({"origin.coherence": "owned"})
    bucket = bucket_of(front)
    bucket.client.create_bucket(Bucket="bucket")
    for i in range(20):
        bucket.put(f"key{i}", b"body")
    front.stop()
    front.start()
    wait_until(lambda: front.metrics()["shoal_cache_entries"] == 20, "all is in memory again")
    bucket = bucket_of(front)
    before = requests_to(origin)
    assert all(bucket.get(f"key{i}") == b"body" for i in range(20))
    assert requests_to(origin) == before


def test_origin_over_tls(new_server, tmp_path):
    certificate, key = make_certificate(tmp_path / "right", "origin")
    origin = new_server(options=tls_options(certificate, key)).start()
    url = f"https://127.0.0.1:{origin.tls_port()}"
    bucket = bucket_of(front_of(new_server, origin, {"origin.ca_file": str(certificate)}, url))
    bucket.client.create_bucket(Bucket="bucket")
    body = random_bytes(3 << 20)
    bucket.put("key", body)
    assert bucket.get("key") == body
    assert bucket_of(origin).get("key") == body


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("another host", "IP address mismatch"),
        ("unknown authority", "self-signed certificate"),
        ("expired", "certificate has expired"),
    ],
)
def test_origin_that_cannot_prove_who_it_is(new_server, tmp_path, wrong, reason):
    """Is refused with the reason in the log, and gets no request."""
    if wrong == "expired":
        certificate, key = make_expired_certificate(tmp_path / "wrong", "origin")
    else:
        name = "DNS:example.org" if wrong == "another host" else "IP:127.0.0.1"
        certificate, key = make_certificate(tmp_path / "wrong", "origin", name)
    origin = new_server(options=tls_options(certificate, key)).start()
    options = {} if wrong == "unknown authority" else {"origin.ca_file": str(certificate)}
    url = f"https://127.0.0.1:{origin.tls_port()}"
    front = front_of(new_server, origin, options, url, expected_trouble=ORIGIN_FAILED)
    before = requests_to(origin)
    assert status_of(lambda: bucket_of(front).get("key")) == 503
    assert requests_to(origin) == before
    assert f"TLS with 127.0.0.1: its certificate: {reason}" in front.log()


def test_file_without_certificates_is_refused_at_the_start(new_server, origin, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    front = new_server(options={"origin.url": "https://127.0.0.1:1", "origin.ca_file": str(empty)})
    with pytest.raises(AssertionError):
        front.start()
    assert f"no usable certificates in {empty}" in front.log()


def warm(server, *arguments):
    """`shoal warm`, asked of the server."""
    command = [str(program()), "warm", *arguments, "--data", str(server.data)]
    command += ["--admin", f"127.0.0.1:{server.admin_port}"]
    return subprocess.run(command, env=server.full_environment(), capture_output=True, text=True, timeout=60)


def test_warm_up(origin, in_front):
    front = in_front({"origin.coherence": "owned", "server.threads": "2"})
    bucket_of(origin).client.create_bucket(Bucket="bucket")
    for i in range(150):  # more than one step
        bucket_of(origin).put(f"set/{i:03} +%", random_bytes(1000))
    bucket_of(origin).put("set/large", random_bytes(3 << 20))
    bucket_of(origin).put("other", b"body")
    planned = warm(front, "s3://bucket/set/", "--dry-run")
    assert planned.returncode == 0 and planned.stdout.startswith("151 objects, 3.1 MiB; "), planned
    assert "all of it fits" in planned.stdout
    assert front.metrics()["shoal_cache_entries"] == 0
    done = warm(front, "bucket/set/", "--after", "set/099 +%")
    assert done.returncode == 0 and done.stdout.startswith("51 objects, "), done
    assert warm(front, "bucket/set/", "--rate", "100MiB").stdout.startswith("151 objects, 3.1 MiB read")
    before = requests_to(origin)
    assert all(len(bucket_of(front).get(f"set/{i:03} +%")) == 1000 for i in range(150))
    assert requests_to(origin) == before
    assert told(front, "/bucket/other") == "miss"
    refused = warm(front, "no-such-bucket/")
    assert refused.returncode == 1 and "404" in refused.stderr


def test_data_directory_of_another_process_is_refused(new_server, origin, in_front):
    front = in_front()
    other = new_server(options={"origin.url": origin.endpoint}, data=front.data)
    with pytest.raises(AssertionError):
        other.start()
    assert "is open in another process" in other.log()


def test_listings_may_come_from_memory(origin, in_front):
    front = in_front({"origin.list_cache": "1h"})
    bucket, behind = bucket_of(front), bucket_of(origin)
    behind.client.create_bucket(Bucket="bucket")
    names = sorted(f"{folder}/{i:02}" for folder in "abc" for i in range(40))
    for name in names:
        behind.put(name, b"body")
    assert bucket.contents() == behind.contents()

    def listing(client, **request):
        answer = client.list_objects_v2(Bucket="bucket", **request)
        prefixes = [prefix["Prefix"] for prefix in answer.get("CommonPrefixes", ())]
        objects = [(entry["Key"], entry["Size"], entry["ETag"]) for entry in answer.get("Contents", ())]
        return prefixes, objects, answer["IsTruncated"]

    def pages(source):
        return front.metrics()[f'shoal_list_cache_pages_total{{from="{source}"}}']

    asked, known = pages("origin"), pages("memory")
    requests = [
        {"Delimiter": "/"},
        {"Prefix": "b/", "Delimiter": "/"},
        {"Prefix": "b/1"},
        {"Prefix": "b", "StartAfter": "b/17", "MaxKeys": 5},
        {"StartAfter": "c/39"},
    ]
    answers = [listing(front.boto3(), **request) for request in requests]
    assert (pages("origin"), pages("memory")) == (asked, known + len(requests))
    assert answers == [listing(behind.client, **request) for request in requests]
    assert front.metrics()["shoal_list_cache_names"] == len(names)
    assert front.metrics()['shoal_memory_bytes{account="listed_names"}'] > 0


def test_listing_shows_our_writes_though_it_comes_from_memory(origin, in_front):
    front = in_front({"origin.list_cache": "1h"})
    bucket, behind = bucket_of(front), bucket_of(origin)
    behind.client.create_bucket(Bucket="bucket")
    for i in range(40):
        behind.put(f"{i:02}", b"body")
    known = bucket.contents()
    behind.put("10a", b"of others")
    assert bucket.contents() == known
    bucket.put("20a", b"ours")
    bucket.put("30", b"longer than before")
    bucket.client.delete_object(Bucket="bucket", Key="35")
    shown = bucket.contents()
    assert "35" not in shown and shown["30"][0] == 18 and shown["20a"][0] == 4
    assert {key: shown[key] for key in shown if key > "20"} == {
        key: value for key, value in behind.contents().items() if key > "20"
    }
    assert "10a" not in shown
    pages = 'shoal_list_cache_pages_total{from="memory"}'
    before = front.metrics()[pages]
    assert bucket.contents() == shown
    assert front.metrics()[pages] == before + 1
