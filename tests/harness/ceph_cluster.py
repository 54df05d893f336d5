"""A Ceph cluster of one node, in memory, on loopback: a monitor, an OSD and, when asked for, an S3 gateway.

    python3 tests/harness/ceph_cluster.py COMMAND…    runs a command while one is there (SHOAL_TEST_CEPH_CONF, …_POOL)
"""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from harness.waiting import wait_until  # noqa: E402  (the command runs from anywhere)

HOST = "127.0.0.1"
POOL = "shoal"
START_SECONDS = 60
PROGRAMS = {
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "ceph": "ceph-common",
    "monmaptool": "ceph-common",
    "radosgw": "radosgw",
}

CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = v2:{host}:{port}
public addr = {host}
cluster addr = {host}
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
keyring = {directory}/keyring
run dir = {directory}
admin socket = {directory}/$name.asok
pid file = {directory}/$name.pid
crash dir = {directory}
log file = {directory}/$name.log
mon cluster log file = {directory}/cluster.log
mon data = {directory}/mon
osd data = {directory}/osd
osd objectstore = memstore
memstore device bytes = 4G
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
mon max pg per osd = 1000
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1
rgw frontends = beast endpoint={host}:{gateway_port}
"""


def missing_packages():
    """Those without which no cluster can be started."""
    return sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class CephCluster:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.configuration = self.directory / "ceph.conf"
        self.port = free_port()
        self.gateway_port = free_port()
        self._processes = []

    def start(self):
        fsid = str(uuid.uuid4())
        self.configuration.write_text(
            CONFIGURATION.format(
                fsid=fsid, host=HOST, port=self.port, gateway_port=self.gateway_port, directory=self.directory
            )
        )
        for name in ("mon", "osd"):
            (self.directory / name).mkdir()
        monitors = self.directory / "monmap"
        address = f"[v2:{HOST}:{self.port}]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(monitors))
        self._run_daemon_tool("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(monitors))
        self._spawn("ceph-mon", "-i", "a", "-f")
        osd = str(uuid.uuid4())
        self.ceph("osd", "new", osd)
        self._run_daemon_tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0", "-f")
        wait_until(lambda: self.ceph_json("osd", "stat")["num_up_osds"] == 1, "the OSD is up", START_SECONDS, pause=0.1)
        self.ceph("osd", "pool", "create", POOL, "8", "8")
        self.rados("put", "probe", "/dev/null")  # waits until the pool takes writes
        self.rados("rm", "probe")
        return self

    def stop(self):
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    @property
    def osd(self):
        """The process that has the objects."""
        return self._processes[1]

    def start_gateway(self):
        """Returns the URL of an S3 service, and its keys."""
        keys = ("GATEWAYKEY", "gateway-secret")
        self._spawn("radosgw", "-n", "client.rgw", "-f")
        url = f"http://{HOST}:{self.gateway_port}"

        def answers():
            with contextlib.suppress(OSError), contextlib.closing(urllib.request.urlopen(url, timeout=5)):
                return True
            return False

        wait_until(answers, "the gateway answers", START_SECONDS, pause=0.1)
        user = ["user", "create", "--uid=tester", "--display-name=tester"]
        self._run_daemon_tool("radosgw-admin", *user, f"--access-key={keys[0]}", f"--secret-key={keys[1]}")
        return url, *keys

    def objects(self, namespace=""):
        """Names of the RADOS objects of the pool."""
        return self.rados("ls", "-N", namespace).split("\n")[:-1] if namespace else self.rados("ls").split("\n")[:-1]

    def rados(self, *arguments):
        return self._run("rados", "-c", str(self.configuration), "-p", POOL, *arguments)

    def ceph(self, *arguments):
        return self._run("ceph", "-c", str(self.configuration), *arguments)

    def ceph_json(self, *arguments):
        return json.loads(self.ceph(*arguments, "-f", "json"))

    def _run_daemon_tool(self, program, *arguments):
        return self._run(program, "-c", str(self.configuration), *arguments)

    def _run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, env=self._environment())
        assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}"
        return done.stdout

    def _spawn(self, program, *arguments):
        with open(self.directory / f"{program}.out", "ab") as output:
            command = [program, "-c", str(self.configuration), *arguments]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment()
            )
        self._processes.append(process)

    def _environment(self):
        return {name: value for name, value in os.environ.items() if not name.startswith("CEPH_")}


@contextlib.contextmanager
def running_cluster():
    with tempfile.TemporaryDirectory(prefix="ceph-") as directory:
        cluster = CephCluster(directory)
        try:
            yield cluster.start()
        finally:
            cluster.stop()


def main():
    missing = missing_packages()
    if missing:
        sys.exit(f"no Ceph here: scripts/install ceph (missing: {' '.join(missing)})")
    with running_cluster() as cluster:
        variables = {"SHOAL_TEST_CEPH_CONF": str(cluster.configuration), "SHOAL_TEST_CEPH_POOL": POOL}
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, **variables}).returncode)


if __name__ == "__main__":
    main()
