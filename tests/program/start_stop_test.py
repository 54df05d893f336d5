"""Starting, refusing to start, and stopping."""
import os
import re
import socket
import stat
import subprocess

import pytest

from harness.bucket import Bucket, random_bytes
from harness.checksums import sha256_hex
from harness.server import HOST, program, read_credentials
from harness.waiting import wait_until


def run(*arguments, environment=None, seconds=30):
    return subprocess.run(
        [str(program()), *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("SHOAL_")}, **(environment or {})},
    )


def refusal(server):
    """Starts a server that must refuse; returns what it wrote."""
    server.spawn()
    code = server.wait_exit(30)
    assert code > 0, f"exit {code}: it should refuse\n{server.log()}"
    return server.log()


def test_version_is_one_line():
    result = run("version")
    assert result.returncode == 0
    assert re.fullmatch(r"shoal \d+\.\d+\.\d+[^\n]*\n", result.stdout)


def test_first_start_makes_random_keys_and_prints_them_once(new_server):
    server = new_server(set_keys=False).start()
    path = server.data / "credentials"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    access_key, secret_key = read_credentials(server.data)
    assert len(secret_key) >= 32
    assert access_key in server.stdout() and secret_key in server.stdout()
    server.access_key, server.secret_key = access_key, secret_key

    environment, server.environment = server.environment, {}
    server.boto3().create_bucket(Bucket="first")
    server.stop()
    server.access_key = server.secret_key = None  # so that the second start does not get them from us
    server.start()
    assert read_credentials(server.data) == (access_key, secret_key)
    assert secret_key not in server.stdout()
    server.access_key, server.secret_key = access_key, secret_key
    assert [b["Name"] for b in server.boto3().list_buckets()["Buckets"]] == ["first"]
    server.environment = environment


def test_two_first_starts_make_different_keys(new_server):
    keys = [read_credentials(new_server(set_keys=False).start().data) for _ in range(2)]
    assert keys[0][0] != keys[1][0] and keys[0][1] != keys[1][1]


def test_credentials_that_others_can_read_are_refused(new_server):
    server = new_server(set_keys=False).start()
    server.stop()
    (server.data / "credentials").chmod(0o644)
    assert "chmod 600" in refusal(server)


def test_half_of_the_keys_in_the_environment_is_refused(new_server):
    server = new_server(set_keys=False, environment={"SHOAL_ROOT_ACCESS_KEY": "TESTONLYHALF"})
    assert "SHOAL_ROOT_SECRET_KEY" in refusal(server)


def test_second_server_on_the_same_directory_is_refused(new_server):
    first = new_server().start()
    bucket = Bucket(first.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    bucket.put("key", b"mine")
    second = new_server(data=first.data)
    message = refusal(second)
    assert str(first.data) in message and re.search("another|in use|lock", message, re.I)
    assert bucket.get("key") == b"mine"


@pytest.mark.parametrize("which", ["listen", "admin"])
def test_port_in_use_is_refused(new_server, which):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refusal(new_server(options={f"server.{which}": f"{HOST}:{port}"}))
    assert str(port) in message


def test_port_of_another_shoal_is_refused(new_server):
    """SO_REUSEPORT would let two servers of one user share a port, and clients would see two stores in turn."""
    first = new_server().start()
    assert str(first.port) in refusal(new_server(options={"server.listen": f"{HOST}:{first.port}"}))


def test_data_directory_that_is_a_file_is_refused(new_server, tmp_path):
    path = tmp_path / "file"
    path.write_text("not a directory")
    assert str(path) in refusal(new_server(data=path))


def test_data_directory_of_something_else_is_refused_and_left_alone(new_server, tmp_path):
    path = tmp_path / "other"
    path.mkdir()
    (path / "FORMAT").write_text("somebody else's 9\n")
    (path / "precious").write_text("data")
    assert str(path) in refusal(new_server(data=path))
    assert sorted(p.name for p in path.iterdir() if p.name in ("FORMAT", "precious")) == ["FORMAT", "precious"]
    assert (path / "FORMAT").read_text() == "somebody else's 9\n"


@pytest.mark.skipif(
    os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root writes to read-only directories"
)
def test_read_only_data_directory_is_refused(new_server, tmp_path):
    path = tmp_path / "locked"
    path.mkdir(mode=0o555)
    server = new_server(data=path / "data")
    command = server.command()
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", *command]
        for parent in [tmp_path, *tmp_path.parents]:
            if not os.stat(parent).st_mode & 1:
                pytest.skip(f"user nobody cannot reach {parent}")
    server.spawn(command)
    assert server.wait_exit(30) > 0
    assert str(path) in server.log()


@pytest.mark.parametrize(
    "option, value",
    [
        ("server.listen", "nowhere"),
        ("server.listen", "127.0.0.1:99999"),
        ("server.threads", "many"),
        ("server.threads", "1000"),
        ("server.stop_timeout", "30"),
        ("log.level", "loud"),
        ("server.lissten", "127.0.0.1:0"),
    ],
)
def test_bad_option_is_refused_by_name(new_server, option, value):
    server = new_server(options={option: value})
    server.spawn()
    assert server.wait_exit(30) == 2
    assert option in server.log()


def test_bad_environment_variable_is_refused_by_name(new_server):
    server = new_server(environment={"SHOAL_LOG_LEVEL": "loud"})
    server.spawn()
    assert server.wait_exit(30) == 2
    assert "SHOAL_LOG_LEVEL" in server.log() or "log.level" in server.log()


def test_bad_configuration_file_is_refused_with_its_line(tmp_path):
    path = tmp_path / "shoal.toml"
    path.write_text("[server]\nthreads = 2\nno_such_option = 1\n")
    for command in (
        ["check-config", "--config", str(path)],
        ["serve", "--config", str(path), "--data", str(tmp_path / "data")],
    ):
        result = run(*command)
        assert result.returncode == 2
        assert f"{path}:3" in result.stderr and "no_such_option" in result.stderr
    assert not (tmp_path / "data").exists()


def test_good_configuration_file_is_accepted_and_used(new_server, tmp_path):
    path = tmp_path / "shoal.toml"
    path.write_text('[server]\nregion = "eu-west-3"\n\n[log]\nlevel = "debug"\n')
    assert run("check-config", "--config", str(path)).returncode == 0
    server = new_server()
    server.spawn([*server.command(), "--config", str(path)])
    server.wait_ready()
    client = server.boto3()
    client.create_bucket(Bucket="bucket")
    assert client.get_bucket_location(Bucket="bucket")["LocationConstraint"] == "eu-west-3"


def test_missing_configuration_file_is_refused(tmp_path):
    result = run("check-config", "--config", str(tmp_path / "none.toml"))
    assert result.returncode == 2 and "none.toml" in result.stderr


def test_unknown_command_is_refused():
    result = run("frobnicate")
    assert result.returncode == 2 and "--help" in result.stderr


def test_objects_and_metadata_survive_a_restart(new_server):
    server = new_server().start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    bodies = {f"key{i}": random_bytes(size, i) for i, size in enumerate([0, 1, 4096, 70_000, 5 << 20, 9 << 20])}
    for key, body in bodies.items():
        bucket.put(key, body, ContentType="text/x-test", Metadata={"color": "blue"}, CacheControl="no-store")
    before = {key: bucket.client.head_object(Bucket=bucket.name, Key=key) for key in bodies}
    listed = bucket.contents()
    server.stop()
    server.start()
    bucket.client = server.boto3()
    assert bucket.contents() == listed
    for key, body in bodies.items():
        assert bucket.sha256(key) == sha256_hex(body)
        after = bucket.client.head_object(Bucket=bucket.name, Key=key)
        for field in ("ETag", "LastModified", "ContentType", "CacheControl", "Metadata", "ContentLength"):
            assert after[field] == before[key][field]


def test_number_of_threads_may_change_between_starts(new_server):
    server = new_server(options={"server.threads": "1"}).start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    bodies = {f"key{i}": random_bytes(100 + i, i) for i in range(200)}
    for threads in (1, 3, 2):
        if not server.is_alive():
            server.options["server.threads"] = str(threads)
            server.start()
            bucket.client = server.boto3()
        for key in list(bodies)[threads::3]:
            bodies[key] = random_bytes(200, f"{key} of {threads}")
        for key, body in bodies.items():
            bucket.put(key, body)
        server.stop()
    server.options["server.threads"] = "4"
    server.start()
    bucket.client = server.boto3()
    assert bucket.keys() == sorted(bodies)
    assert all(bucket.get(key) == body for key, body in bodies.items())


def test_sigterm_lets_a_slow_download_finish(new_server):
    server = new_server().start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    body = random_bytes(24 << 20)
    bucket.put("key", body)
    raw = server.raw()
    # A small receive buffer keeps most of the body on the server's side.
    with raw.begin("GET", "/bucket/key", receive_buffer=1 << 16) as connection:
        head = connection.read_head()
        received = connection.read_some(1 << 20)
        server.terminate()
        wait_until(lambda: server.refuses_connections(), "new connections are refused")
        received += connection.read_some(int(head.header("content-length")) - len(received))
    assert sha256_hex(received) == sha256_hex(body)
    assert server.wait_exit() == 0


def test_sigterm_lets_a_slow_upload_finish(new_server):
    server = new_server().start()
    bucket = Bucket(server.boto3(), "bucket")
    bucket.client.create_bucket(Bucket=bucket.name)
    body = random_bytes(8 << 20)
    raw = server.raw()
    request = raw.make("PUT", "/bucket/key", body=body)
    with raw.connect() as connection:
        connection.send(request.head_bytes() + body[: 1 << 20])
        server.terminate()
        wait_until(lambda: server.refuses_connections(), "new connections are refused")
        connection.send(body[1 << 20 :])
        assert connection.read_response().status == 200
    assert server.wait_exit() == 0
    server.start()
    assert Bucket(server.boto3(), "bucket").sha256("key") == sha256_hex(body)


def test_sigterm_cuts_off_who_is_too_slow(new_server):
    server = new_server(options={"server.stop_timeout": "1s"}).start()
    server.boto3().create_bucket(Bucket="bucket")
    raw = server.raw()
    request = raw.make("PUT", "/bucket/key", body=bytes(1 << 20))
    with raw.connect() as connection:
        connection.send(request.head_bytes() + request.body[:1000])
        wait_until(lambda: server.established_connections() >= 1, "the connection is accepted")
        server.terminate()
        assert server.wait_exit(15) == 0
    server.start()
    assert Bucket(server.boto3(), "bucket").keys() == []


def test_idle_connections_do_not_delay_a_stop(new_server):
    server = new_server().start()
    raw = server.raw()
    connections = [raw.connect() for _ in range(20)]
    for connection in connections:
        assert connection.request(raw.make("GET", "/")).status == 200
    server.terminate()
    assert server.wait_exit(10) == 0
    for connection in connections:
        connection.close()


def test_sigint_stops_it_too(new_server):
    server = new_server().start()
    server.process.send_signal(2)
    assert server.wait_exit() == 0


def test_admin_port_tells_health_and_readiness(server):
    assert server.admin_status("/-/health") == 200
    assert server.admin_status("/-/ready") == 200
    assert server.admin_status("/-/no-such") == 404
