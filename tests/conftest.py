"""Fixtures of the tests that run the built program. SHOAL_PROGRAM names it (default: build/release/shoal)."""
import os
import secrets

import pytest

from harness.bucket import Bucket
from harness.canned_origin import CannedOrigin
from harness.ceph_cluster import missing_packages, running_cluster
from harness.fronts import front_of
from harness.paced_origin import PacedOrigin
from harness.server import Server, program


def pytest_sessionstart(session):
    if not program().exists():
        pytest.exit(f"no program at {program()}: run scripts/build, or set SHOAL_PROGRAM", returncode=2)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that do not harm it; its log is checked at the end."""
    server = Server(tmp_path_factory.mktemp("server"), {"log.level": "debug", "log.requests": "true"})
    server.start()
    yield server
    server.close()


@pytest.fixture
def new_server(tmp_path):
    """Makes servers for one test: new_server(options={…}).start()."""
    servers = []

    def make(**arguments):
        server = Server(tmp_path / f"server{len(servers)}", **arguments)
        servers.append(server)
        return server

    yield make
    problems = []
    for server in servers:
        if server.process is not None:
            try:
                server.close()
            except AssertionError as problem:
                problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="session")
def ceph():
    """A Ceph cluster for all tests that want one; without leave to start it, or what it takes, they are skipped."""
    if not os.environ.get("SHOAL_TEST_CEPH"):
        pytest.skip("needs a Ceph cluster: scripts/test --with-ceph starts one")
    if missing := missing_packages():
        pytest.skip(f"no Ceph here, install {' '.join(missing)}: scripts/install ceph")
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def gateway(ceph):
    """The S3 service of that cluster."""
    return ceph.start_gateway()


@pytest.fixture
def origin(new_server):
    """A server that is the origin of others."""
    return new_server().start()


@pytest.fixture
def archive(new_server):
    """A second one, for what is kept elsewhere."""
    return new_server().start()


@pytest.fixture
def paced():
    """An origin whose pace a test sets."""
    origin = PacedOrigin()
    yield origin
    origin.close()


@pytest.fixture
def canned():
    """An origin that says what a test tells it to."""
    origin = CannedOrigin()
    yield origin
    origin.close()


@pytest.fixture
def in_front(new_server, origin):
    """Makes servers in front of the origin."""

    def make(options=None, url=None, expected_trouble=None):
        return front_of(new_server, origin, options, url, expected_trouble)

    return make


@pytest.fixture
def client(server):
    return server.boto3()


@pytest.fixture
def raw(server):
    return server.raw()


@pytest.fixture
def make_bucket(client):
    """Makes buckets of the shared server that are removed, with what is in them, after the test."""
    made = []

    def make(name=None):
        bucket = Bucket(client, name or f"test-{secrets.token_hex(6)}")
        client.create_bucket(Bucket=bucket.name)
        made.append(bucket)
        return bucket

    yield make
    for bucket in made:
        bucket.remove()


@pytest.fixture
def bucket(make_bucket):
    return make_bucket()


@pytest.fixture(autouse=True)
def server_survives(request):
    """Whatever a test does, the shared server is alive afterwards."""
    yield
    if "server" in request.fixturenames:
        server = request.getfixturevalue("server")
        assert server.is_alive(), f"the server died\n{server.log()[-3000:]}"
        assert server.admin_status("/-/health") == 200
