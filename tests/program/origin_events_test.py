"""An origin that tells which objects have changed."""
import base64
import http.client
import json
import re
import urllib.parse

import pytest

from harness.fronts import bucket_of, requests_to, status_of
from harness.raw_http import Connection
from harness.server import HOST
from harness.waiting import wait_until

TOKEN = "a token of enough length"


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"token = {TOKEN}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def front(in_front, token_file):
    options = {
        "origin.coherence": "events 1h",
        "origin.bucket_names": "photos=company-photos",
        "events.listen": f"{HOST}:0",
        "events.token_file": str(token_file),
        "events.body_bytes_max": "64KiB",
        "server.threads": "2",
    }
    return in_front(options)


def events_port(server):
    return int(re.search(r"^shoal: events on http://[^ ]*:(\d+)$", server.stdout(), re.M)[1])


def record(bucket, key):
    """As S3 tells of a key."""
    about = {"bucket": {"name": bucket}, "object": {"key": urllib.parse.quote_plus(key), "size": 4}}
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": about}


def tell(server, body, authorization=f"Bearer {TOKEN}", method="POST"):
    """The status of the answer."""
    connection = http.client.HTTPConnection(HOST, events_port(server), timeout=10)
    try:
        headers = {"Authorization": authorization} if authorization else {}
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request(method, "/minio/or/whatever", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_what_is_told_to_have_changed_is_compared_at_the_next_read(origin, front):
    bucket, behind = bucket_of(front), bucket_of(origin)
    behind.client.create_bucket(Bucket="bucket")
    for name in ("a b+ä", "c"):
        behind.put(name, b"old")
        assert bucket.get(name) == b"old"
        behind.put(name, b"new")
        assert bucket.get(name) == b"old"
    assert tell(front, {"Records": [record("bucket", "a b+ä")]}) == 200
    assert bucket.get("a b+ä") == b"new"
    assert bucket.get("c") == b"old"
    basic = base64.b64encode(f"rgw:{TOKEN}".encode()).decode()
    assert tell(front, {"Records": [record("bucket", "c")]}, f"Basic {basic}") == 200
    assert bucket.get("c") == b"new"
    # What has not changed is not sent again, and then asked for no more.
    assert tell(front, {"detail": {"bucket": {"name": "bucket"}, "object": {"key": "c"}}}) == 200
    read = front.metrics()["shoal_origin_read_bytes_total"]
    assert bucket.get("c") == b"new"
    assert front.metrics()["shoal_origin_read_bytes_total"] == read
    before = requests_to(origin)
    assert bucket.get("c") == b"new"
    assert requests_to(origin) == before


def test_objects_that_are_told_to_have_come_and_gone(origin, front):
    bucket, behind = bucket_of(front), bucket_of(origin)
    behind.client.create_bucket(Bucket="bucket")
    assert status_of(lambda: bucket.get("key")) == 404
    behind.put("key", b"body")
    assert tell(front, {"Records": [record("bucket", "key")]}) == 200
    assert bucket.get("key") == b"body"
    behind.client.delete_object(Bucket="bucket", Key="key")
    assert tell(front, {"Records": [record("bucket", "key")]}) == 200
    assert status_of(lambda: bucket.get("key")) == 404


def test_names_are_those_of_the_origin(origin, front):
    behind = bucket_of(origin, "company-photos")
    behind.client.create_bucket(Bucket="company-photos")
    behind.put("key", b"old")
    assert bucket_of(front, "photos").get("key") == b"old"
    behind.put("key", b"new")
    assert tell(front, {"Records": [record("photos", "key")]}) == 200
    assert bucket_of(front, "photos").get("key") == b"old"
    assert tell(front, {"Records": [record("company-photos", "key")]}) == 200
    assert bucket_of(front, "photos").get("key") == b"new"


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer a token of enough lengtH", "Basic !", "Basic Og==", TOKEN])
def test_nobody_is_heard_without_the_token(front, authorization):
    assert tell(front, {"Records": []}, authorization) == 401
    numbers = front.metrics()
    assert numbers['shoal_events_messages_total{outcome="refused"}'] == 1
    assert TOKEN not in front.log()


def test_what_is_no_message_is_refused(front):
    assert tell(front, "no JSON") == 400
    assert tell(front, "[" * 60_000) == 400
    assert tell(front, b"\xff\xfe{}") == 400
    assert tell(front, " " * 70_000) == 413
    assert tell(front, "", method="GET") == 405
    assert tell(front, {"Event": "s3:TestEvent"}) == 200
    numbers = front.metrics()
    assert numbers['shoal_events_messages_total{outcome="taken"}'] == 1
    assert numbers['shoal_events_messages_total{outcome="refused"}'] == 5
    assert numbers["shoal_events_objects_total"] == 0


def test_a_teller_that_stops_in_the_middle_disturbs_nobody(front):
    with Connection(HOST, events_port(front)) as connection:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n"
        connection.send(head.encode() + b'{"Records":')
    wait_until(lambda: front.metrics()['shoal_events_messages_total{outcome="refused"}'] == 1, "it is given up", 10)
    assert tell(front, {"Records": []}) == 200


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"origin.coherence": "events 1h"}, "events need events.listen"),
        ({"events.listen": "127.0.0.1:0"}, "needs events.token_file"),
        ({"events.listen": "127.0.0.1:0", "events.token_file": "/none"}, "there is no file /none"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(new_server, origin, options, reason):
    server = new_server(options={"origin.url": origin.endpoint, **options})
    with pytest.raises(AssertionError):
        server.start()
    assert reason in server.log()


def test_token_that_others_can_read_is_refused(new_server, origin, token_file):
    token_file.chmod(0o644)
    options = {"events.listen": f"{HOST}:0", "events.token_file": str(token_file)}
    server = new_server(options={"origin.url": origin.endpoint, **options})
    with pytest.raises(AssertionError):
        server.start()
    assert "chmod 600" in server.log()
