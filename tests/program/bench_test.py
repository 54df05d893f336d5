"""`shoal bench` against the real server, and against servers that answer wrongly, which it has to notice."""
import csv
import http.server
import json
import signal
import subprocess
import threading

import pytest

from harness.server import HOST, program
from harness.waiting import wait_until

SHORT = ["--objects", "200", "--warmup", "100ms", "--duration", "500ms"]


def bench(server, *arguments, environment=None):
    """Runs it with the server's keys in the usual AWS variables."""
    variables = {k: v for k, v in server.full_environment().items() if not k.startswith("SHOAL_")}
    variables |= {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
    variables |= environment or {}
    command = [str(program()), "bench", *arguments, "--endpoint", f"http://{HOST}:{server.port}"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)


def buckets(server):
    return [bucket["Name"] for bucket in server.boto3().list_buckets()["Buckets"]]


@pytest.mark.parametrize("operation", ["get", "put", "head", "list", "delete", "mixed"])
def test_each_operation_runs_without_errors_and_leaves_nothing(server, tmp_path, operation):
    result = bench(server, operation, *SHORT, "--bucket", f"bench-{operation}", "--json", str(tmp_path / "json"))
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((tmp_path / "json").read_text())
    for row in report["operations"]:
        assert row["requests"] > 0 and row["errors"] == 0 and row["wrong"] == 0, row
        assert 0 < row["p50_ms"] <= row["p90_ms"] <= row["p99_ms"] <= row["p999_ms"] <= row["max_ms"], row
    assert "and the bucket" in result.stdout
    assert f"bench-{operation}" not in buckets(server)


@pytest.mark.parametrize("size", ["0", "7", "31", "32", "33", "100000", "3MiB", "1-200KiB", "1KiB:90,20KiB-90KiB:10"])
def test_bodies_of_every_size_are_verified(server, size):
    arguments = ["--mix", "get=5,head=2,put=2,delete=1", "--size", size, "--objects", "40", "--keys", "zipf", "--threads", "2"]
    result = bench(server, "mixed", *SHORT, *arguments)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("form", [["--signature", "presigned"], ["--payload", "sha256"]])
def test_other_ways_to_sign_are_accepted(server, form):
    result = bench(server, "mixed", *SHORT, *form)
    assert result.returncode == 0, result.stdout + result.stderr


def test_objects_can_be_kept_and_read_again(server, tmp_path):
    common = [*SHORT, "--bucket", "kept", "--prefix", "run/", "--csv", str(tmp_path / "csv")]
    assert "--use-existing" in bench(server, "put", *common, "--keep", "--duration", "1s").stdout
    objects = server.boto3().list_objects_v2(Bucket="kept")["Contents"]
    assert objects[0]["Key"] == "run/0000000000" and objects[0]["Size"] == 4096
    result = bench(server, "get", *common, "--keep")
    assert result.returncode == 0, result.stdout + result.stderr
    for operation in ["get", "head", "list"]:
        result = bench(server, operation, *common, "--use-existing")
        assert result.returncode == 0, result.stdout + result.stderr
        assert [row["operation"] for row in csv.DictReader((tmp_path / "csv").open())] == [operation]
    assert len(server.boto3().list_objects_v2(Bucket="kept")["Contents"]) == 200


def test_what_is_there_already_stays(server, bucket):
    bucket.put("photo", b"body")
    assert bench(server, "mixed", *SHORT, "--bucket", bucket.name).returncode == 0
    assert bucket.get("photo") == b"body"
    assert [entry["Key"] for entry in bucket.client.list_objects_v2(Bucket=bucket.name)["Contents"]] == ["photo"]


def test_keys_come_from_files_too(server, tmp_path):
    (tmp_path / "credentials").write_text(
        f"[other]\naws_access_key_id=x\n[work]\naws_access_key_id = {server.access_key}\n"
        f"aws_secret_access_key = {server.secret_key}\n"
    )
    environment = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_PROFILE": "work",
    }
    assert bench(server, "head", *SHORT, environment=environment).returncode == 0


def test_wrong_use_is_told(server):
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": "/nowhere"}
    for arguments, environment, words in [
        (["get"], nobody, "no keys to sign with"),
        (["get", "--size", "many"], {}, "--size"),
        (["get", "--keys", "pareto"], {}, "--keys"),
        (["mixed", "--mix", "get=0"], {}, "--mix"),
        (["get", "--use-existing"], {}, "--prefix"),
        (["put", "--objects", "4"], {}, "two objects for each connection"),
        (["sing"], {}, "sing"),
    ]:
        result = bench(server, *arguments, environment=environment)
        assert result.returncode == 2, arguments
        assert words in result.stderr, result.stderr


def test_a_wrong_secret_is_an_error_that_names_the_reason(server):
    result = bench(server, "get", *SHORT, environment={"AWS_SECRET_ACCESS_KEY": "not-the-secret"})
    assert result.returncode == 1
    assert "403" in result.stderr and "not-the-secret" not in result.stderr


def test_interrupted_it_reports_and_cleans_up(server):
    command = [str(program()), "bench", "get", "--objects", "100", "--duration", "1h", "--bucket", "interrupted"]
    command += ["--endpoint", f"http://{HOST}:{server.port}", "--data", str(server.data)]
    environment = server.full_environment()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        wait_until(lambda: "interrupted" in buckets(server), "the load has begun")
        wait_until(
            lambda: server.boto3().list_objects_v2(Bucket="interrupted").get("KeyCount") == 100, "the objects are there"
        )
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=30)
    assert "removed 100 objects" in output, output + errors
    assert "interrupted" not in buckets(server)


class LyingServer(http.server.ThreadingHTTPServer):
    """Stores objects in a dict; `lie(objects, name)` is what a GET answers: a body, or None for 404."""

    daemon_threads = True

    def __init__(self, lie):
        super().__init__((HOST, 0), LyingHandler)
        self.lie, self.objects, self.before = lie, {}, {}
        self.port = self.server_address[1]
        self.access_key = self.secret_key = "not-checked"

    def full_environment(self):
        return {}


class LyingHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self):
        self.answer(200)

    def do_PUT(self):
        name = self.path.rsplit("/", 1)[1]
        self.server.before[name] = self.server.objects.get(name)
        self.server.objects[name] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200)

    def do_DELETE(self):
        self.answer(204)

    def do_GET(self):
        body = self.server.lie(self.server, self.path.rsplit("/", 1)[1])
        self.answer(404 if body is None else 200, body or b"")

    def log_message(self, *_):
        pass


def flip_a_bit(server, name):
    body = bytearray(server.objects[name])
    body[len(body) // 2] ^= 1
    return bytes(body)


LIES = {
    "none": (lambda server, name: server.objects[name], None),
    "flipped": (flip_a_bit, "does not match the checksum"),
    "truncated": (lambda server, name: server.objects[name][:-1], "bytes instead of"),
    "swapped": (lambda server, name: server.objects["0000000000"], "that of another object"),
    "mixed": (
        lambda server, name: server.objects[name][:2000] + server.objects["0000000000"][2000:],
        "does not match the checksum",
    ),
    "lost": (lambda server, name: None, "status 404 for an object that had been confirmed"),
    "foreign": (lambda server, name: b"x" * 4096, "does not begin with our stamp"),
    "stale": (lambda server, name: server.before[name] or server.objects[name], "had been confirmed before"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies_is_found_out(lie):
    answer, complaint = LIES[lie]
    with LyingServer(answer) as liar:
        thread = threading.Thread(target=liar.serve_forever)
        thread.start()
        mix = "get=1,put=1" if lie == "stale" else "get=1"
        result = bench(liar, "mixed", "--mix", mix, *SHORT, "--objects", "20", "--connections", "4")
        liar.shutdown()
        thread.join()
    if complaint is None:
        assert result.returncode == 0, result.stdout + result.stderr
    else:
        assert result.returncode == 1, result.stdout
        assert complaint in result.stdout, result.stdout + result.stderr
