"""Rows 31 and 32 of docs/SECURITY.md: a server in front of an origin asks that origin and nobody else, and tells nobody
its keys there."""
import http.server
import threading

import botocore.exceptions
import pytest

from harness.bucket import Bucket


class Listener:
    """Notes who asks for what, and always says the same."""

    def __init__(self, status, headers=()):
        self.requests = []
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                requests.append((self.command, self.path))
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.authority = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.authority}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def front_of(new_server, url, access_key="AKIAORIGIN", secret_key="o" * 40, options=None):
    front = new_server(
        options={"origin.url": url, "origin.attempts_max": "1", **(options or {})},
        environment={"SHOAL_ORIGIN_ACCESS_KEY": access_key, "SHOAL_ORIGIN_SECRET_KEY": secret_key},
    )
    front.expected_trouble = "store failed"
    return front.start()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_row_31_redirects_of_an_origin_are_not_followed(new_server, status):
    with Listener(200) as elsewhere, Listener(status, [("Location", elsewhere.url + "/bucket/key")]) as origin:
        raw = front_of(new_server, origin.url).raw()
        for method, body in (("GET", b""), ("HEAD", b""), ("PUT", b"body"), ("DELETE", b"")):
            assert raw.call(method, "/bucket/key", body=body).status >= 400
        assert raw.call("GET", "/bucket", query=[("list-type", "2")]).status >= 400
        assert origin.requests
        assert not elsewhere.requests


def test_row_31_no_client_chooses_who_is_asked(new_server):
    with Listener(200) as elsewhere, Listener(404) as origin:
        raw = front_of(new_server, origin.url).raw()
        request = raw.make("GET", "/bucket/key", sign=False)
        request.set_header("Host", elsewhere.authority)
        raw.signer.sign(request)
        assert raw.send(request).status == 404
        authority = elsewhere.authority
        for source in (f"http://{authority}/bucket/key", f"//{authority}/bucket/key", f"@{authority}/key"):
            copy = raw.call("PUT", "/bucket/copy", headers=[("x-amz-copy-source", source)])
            assert copy.status >= 400, source
        for bucket in (authority, f"x@{authority}", "..%2f.."):
            assert raw.call("GET", f"/{bucket}/key").status >= 400, bucket
        assert not elsewhere.requests


def test_row_32_keys_of_the_origin_are_nowhere(new_server):
    origin = new_server().start()
    options = {"log.level": "trace", "log.requests": "true"}
    front = front_of(new_server, origin.endpoint, origin.access_key, origin.secret_key, options)
    bucket = Bucket(front.boto3(), "bucket")
    bucket.client.create_bucket(Bucket="bucket")
    bucket.put("key", b"body")
    origin.kill()
    with pytest.raises(botocore.exceptions.ClientError):
        bucket.get("cold")
    shown = front.log() + front.stdout() + front.admin_get("/metrics")[1].decode()
    assert origin.secret_key not in shown
    front.check_no_secrets(shown)
