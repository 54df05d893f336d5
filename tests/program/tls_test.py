"""The S3 API over TLS: versions, certificates that change while the server runs, and clients that do it wrong."""
import signal
import socket
import ssl
import subprocess
import time

import pytest

from harness.boto3_client import make_boto3_client
from harness.certificates import make_certificate, tls_options
from harness.server import HOST
from harness.waiting import wait_until

BODY = bytes(range(256)) * 4096  # many TLS records


class TlsServer:
    """A server that speaks TLS on a port of its own, and its clients."""

    def __init__(self, new_server, directory, **options):
        self.certificate, self.key = make_certificate(directory, "first")
        self.server = new_server(options={**tls_options(self.certificate, self.key), **options}).start()
        self.port = self.server.tls_port()

    def client(self):
        keys = self.server.access_key, self.server.secret_key
        return make_boto3_client(f"https://{HOST}:{self.port}", *keys, verify=str(self.certificate))

    def connect(self, version=None):
        """A connection with whatever certificate the server shows."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2", "http/1.1"])
        if version:
            context.minimum_version = context.maximum_version = version
        return context.wrap_socket(socket.create_connection((HOST, self.port), timeout=20))

    def shown_name(self):
        with self.connect() as connection:
            der = connection.getpeercert(binary_form=True)
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True, check=True)
        return text.stdout.decode().split("=")[-1].strip()


@pytest.fixture
def tls(new_server, tmp_path):
    return TlsServer(new_server, tmp_path)


def read_to_end(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def test_objects_go_both_ways(tls):
    client = tls.client()
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="key", Body=BODY)
    assert client.get_object(Bucket="bucket", Key="key")["Body"].read() == BODY
    assert client.get_object(Bucket="bucket", Key="key", Range="bytes=100-199")["Body"].read() == BODY[100:200]
    upload = client.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    part = client.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=1, Body=BODY)
    done = client.complete_multipart_upload(
        Bucket="bucket", Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert done["Location"].startswith("https://")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_and_http_1_1_are_agreed_upon(tls, version):
    with tls.connect(version) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_old_versions_are_refused(tls):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        tls.connect(ssl.TLSVersion.TLSv1_1)


def test_1_2_can_be_refused(new_server, tmp_path):
    tls = TlsServer(new_server, tmp_path, **{"tls.version_min": "1.3"})
    with pytest.raises((ssl.SSLError, ConnectionError)):
        tls.connect(ssl.TLSVersion.TLSv1_2)
    tls.connect(ssl.TLSVersion.TLSv1_3).close()


def test_the_plain_port_stays_plain(tls):
    assert tls.server.boto3().list_buckets()["Buckets"] == []


def test_an_end_of_the_response_is_an_end_of_tls(tls):
    with tls.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"AccessDenied" in read_to_end(connection)  # an end without close_notify would raise


def test_sighup_takes_the_new_certificate_for_new_connections(tls):
    assert tls.shown_name() == "first"
    old = tls.connect()
    make_certificate(tls.certificate.parent, "second")
    assert tls.shown_name() == "first"
    tls.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: tls.shown_name() == "second", "the new certificate is shown", 10)
    old.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"AccessDenied" in read_to_end(old)


def test_a_bad_certificate_leaves_the_old_one(tls):
    tls.server.expected_trouble = "certificate not reloaded"
    tls.certificate.write_text("no certificate")
    tls.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "certificate not reloaded" in tls.server.log(), "it is told", 10)
    assert tls.shown_name() == "first"


@pytest.mark.parametrize("wrong", ["certificate", "key"])
def test_what_cannot_work_is_told_at_the_start(new_server, tmp_path, wrong):
    certificate, key = make_certificate(tmp_path, "first")
    (certificate if wrong == "certificate" else key).write_text("no PEM")
    server = new_server(options={"tls.listen": f"{HOST}:0", "tls.certificate_file": str(certificate), "tls.key_file": str(key)})
    server.spawn()
    assert server.wait_exit() == 1
    assert f"{wrong}.pem" in server.log()


def test_who_does_not_speak_tls_or_stops_in_the_middle_harms_nobody(new_server, tmp_path):
    tls = TlsServer(new_server, tmp_path, **{"limits.head_timeout": "500ms"})
    plain = socket.create_connection((HOST, tls.port), timeout=20)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    silent = socket.create_connection((HOST, tls.port), timeout=20)
    half = socket.create_connection((HOST, tls.port), timeout=20)
    half.sendall(bytes.fromhex("16030100ff"))  # the head of a record that does not come
    began = time.monotonic()
    for connection in (plain, silent, half):
        read_to_end(connection)
    assert time.monotonic() - began < 10
    assert tls.client().list_buckets()["Buckets"] == []


def test_a_body_that_is_cut_off_without_a_goodbye_is_not_stored(tls):
    client = tls.client()
    client.create_bucket(Bucket="bucket")
    url = client.generate_presigned_url("put_object", Params={"Bucket": "bucket", "Key": "key"})
    connection = tls.connect()
    target = url.split(f":{tls.port}")[1]
    connection.sendall(f"PUT {target} HTTP/1.1\r\nHost: {HOST}:{tls.port}\r\nContent-Length: 100000\r\n\r\n".encode() + b"x" * 50000)
    plain = socket.socket(fileno=connection.detach())
    plain.close()
    wait_until(lambda: tls.server.metrics()["shoal_http_connections_open"] <= 1, "the server notices", 10)
    assert "Contents" not in client.list_objects_v2(Bucket="bucket")
