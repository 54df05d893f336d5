"""What the server does not interpret itself is done by the origin, for who may do everything."""
import base64
import hashlib

import pytest

from harness.fronts import bucket_of, front_of, status_of

VERSIONING = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'


@pytest.fixture
def front(new_server, canned):
    return front_of(new_server, canned, {"origin.coherence": "owned", "origin.forward_bytes_max": "64KiB"})


def test_configuration_of_a_bucket_is_the_origins(canned, front):
    client = front.boto3()
    canned.says("GET", "/bucket", ["versioning"], body=VERSIONING, Content_Type="application/xml")
    assert client.get_bucket_versioning(Bucket="bucket")["Status"] == "Enabled"
    canned.says("PUT", "/bucket", ["versioning"])
    client.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Suspended"})
    query, headers, body = canned.asked("PUT", "/bucket")[0]
    assert query == {"versioning": ""} and b"Suspended" in body
    assert headers["content-md5"] == base64.b64encode(hashlib.md5(body).digest()).decode()
    assert f"Credential={canned.access_key}/" in headers["authorization"]
    assert front.access_key not in str(canned.requests)


def test_refusals_come_back_as_they_are(canned, front):
    client = front.boto3()
    error = b"<Error><Code>NoSuchLifecycleConfiguration</Code><Message>There is none</Message></Error>"
    canned.says("GET", "/bucket", ["lifecycle"], 404, error, Content_Type="application/xml")
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.get_bucket_lifecycle_configuration(Bucket="bucket")
    assert refused.value.response["Error"] == {
        "Code": "NoSuchLifecycleConfiguration",
        "Message": "There is none",
    }


def test_a_version_is_read_from_the_origin(canned, front):
    client = front.boto3()
    canned.says("GET", "/bucket/a key", ["versionId"], body=b"of old", ETag='"abc"', x_amz_version_id="v1")
    answer = client.get_object(Bucket="bucket", Key="a key", VersionId="v1")
    assert answer["Body"].read() == b"of old" and answer["VersionId"] == "v1" and answer["ETag"] == '"abc"'
    assert canned.asked("GET", "/bucket/a key")[0][0]["versionId"] == "v1"
    canned.says("HEAD", "/bucket/a key", ["versionId"], body=b"of old", ETag='"abc"')
    assert client.head_object(Bucket="bucket", Key="a key", VersionId="v1")["ContentLength"] == 6


def test_presigned_requests_are_signed_anew(canned, front):
    canned.says("GET", "/bucket/key", ["versionId"], body=b"of old")
    url = front.boto3().generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "key", "VersionId": "v1"}
    )
    answer = front.raw().call("GET", url.split(str(front.port), 1)[1], sign=False)
    assert answer.status == 200 and answer.body == b"of old"
    assert canned.asked("GET", "/bucket/key")[0][0] == {"versionId": "v1"}


def test_what_a_forwarded_request_changes_is_not_in_memory_any_more(canned, front):
    client = front.boto3()
    etag = hashlib.md5(b"body").hexdigest()
    modified = {"Last_Modified": "Sat, 21 Nov 2026 12:00:00 GMT"}
    canned.says("GET", "/bucket/key", [], body=b"body", ETag=f'"{etag}"', **modified)
    for _ in range(2):
        assert client.get_object(Bucket="bucket", Key="key")["Body"].read() == b"body"
    assert len(canned.asked("GET", "/bucket/key")) == 1
    canned.says("DELETE", "/bucket/key", ["versionId"], 204)
    client.delete_object(Bucket="bucket", Key="key", VersionId="v2")
    assert client.get_object(Bucket="bucket", Key="key")["Body"].read() == b"body"
    assert len(canned.asked("GET", "/bucket/key")) == 2


def test_the_keys_for_the_origin_are_told_to_nobody(canned, front):
    error = f"<Error><Code>Odd</Code><AWSAccessKeyId>{canned.access_key}</AWSAccessKeyId></Error>".encode()
    for status in (400, 403):
        canned.says("GET", "/bucket", ["policy"], status, error)
        answer = front.raw().call("GET", "/bucket", query=[("policy", "")])
        assert answer.status == 403 and canned.access_key.encode() not in answer.body


def test_redirects_are_not_followed_and_not_passed_on(canned, front):
    front.expected_trouble = "answered 307"
    canned.says("GET", "/bucket", ["policy"], 307, Location="http://127.0.0.1:1/bucket?policy")
    answer = front.raw().call("GET", "/bucket", query=[("policy", "")])
    assert answer.status == 500 and answer.header("Location") is None


def test_bodies_have_a_limit(canned, front):
    front.expected_trouble = "more than origin.forward_bytes_max"
    client = front.boto3()
    assert status_of(lambda: client.put_bucket_policy(Bucket="bucket", Policy="x" * 70_000)) == 400
    canned.says("GET", "/bucket/key", ["versionId"], body=b"x" * 70_000)
    assert front.raw().call("GET", "/bucket/key", query=[("versionId", "v1")]).status == 501
    assert len(canned.asked("GET", "/bucket/key")) == 1
    assert canned.asked("PUT", "/bucket") == []


def test_nobody_else_may_do_so(canned, front):
    canned.says("GET", "/bucket", ["policy"], body=b"{}")
    for path, query in (("/bucket", [("policy", "")]), ("/bucket/key", [("versionId", "v1")])):
        assert front.raw().call("GET", path, query=query, sign=False).status in (403, 404)
    assert not any(query for _, _, query, _, _ in canned.requests), "whether there is a public object was asked, no more"


def test_an_embedded_store_says_what_it_does_not_do(server, bucket):
    assert status_of(lambda: bucket.client.put_bucket_policy(Bucket=bucket.name, Policy="{}")) == 501
