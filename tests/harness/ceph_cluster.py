"""A Ceph cluster of one node, in memory, on loopback: a monitor, an OSD and, when asked for, an S3 gateway.

    python3 tests/harness/ceph_cluster.py COMMAND…    runs a command while one is there (SHOAL_TEST_CEPH_CONF, …_POOL)
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from harness.gateway import Gateway  # noqa: E402  (the command runs from anywhere)
from harness.waiting import wait_until  # noqa: E402

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


class ReservedPort:
    """A port for a server that cannot choose one itself. It is none of those that the system hands out to whoever asks
    for any, and has a name in the abstract namespace, which ends with us: no other cluster of tests takes it."""

    PORTS = range(20_000, 32_000)

    def __init__(self):
        while True:
            self.number = random.choice(self.PORTS)
            self._name = socket.socket(socket.AF_UNIX)
            with socket.socket() as probe:
                try:
                    self._name.bind(f"\0shoal-test-port-{self.number}")
                    probe.bind((HOST, self.number))
                    return
                except OSError:
                    self._name.close()

    def release(self):
        self._name.close()


class CephCluster:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.configuration = self.directory / "ceph.conf"
        self.port = ReservedPort()
        self.gateway_port = ReservedPort()
        self._processes = []

    def start(self):
        fsid = str(uuid.uuid4())
        self.configuration.write_text(
            CONFIGURATION.format(
                fsid=fsid,
                host=HOST,
                port=self.port.number,
                gateway_port=self.gateway_port.number,
                directory=self.directory,
            )
        )
        for name in ("mon", "osd"):
            (self.directory / name).mkdir()
        monitors = self.directory / "monmap"
        address = f"[v2:{HOST}:{self.port.number}]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, str(monitors))
        self._run_daemon_tool("ceph-mon", "-i", "a", "--mkfs", "--monmap", str(monitors))
        self._spawn("ceph-mon", "-i", "a", "-f")
        osd = str(uuid.uuid4())
        self.ceph("osd", "new", osd)
        self._run_daemon_tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0", "-f")
        self._wait_until(lambda: self.ceph_json("osd", "stat")["num_up_osds"] == 1, "the OSD is up")
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
        self.port.release()
        self.gateway_port.release()

    def state(self):
        """What became of the daemons, and what they said last, for whoever wonders why there is no cluster."""
        lines = []
        for process in self._processes:
            code = process.poll()
            name = process.args[0]
            lines.append(f"{name}: {'runs' if code is None else f'ended with {code}'}")
            for path in sorted(self.directory.glob(f"*{name.removeprefix('ceph-')}*.log")) + [
                self.directory / f"{name}.out"
            ]:
                lines += [f"  {path.name}: {line}" for line in path.read_text(errors="replace").splitlines()[-8:]]
        return "\n".join(lines) or "no daemon was started"

    @property
    def osd(self):
        """The process that has the objects."""
        return self._processes[1]

    def start_gateway(self):
        """Returns an S3 service."""
        keys = ("GATEWAYKEY", "gateway-secret")
        with explained(self, "the S3 service of the Ceph cluster does not start"):
            return self._start_gateway(*keys)

    def _start_gateway(self, *keys):
        self._spawn("radosgw", "-n", "client.rgw", "-f")
        url = f"http://{HOST}:{self.gateway_port.number}"

        def answers():
            with contextlib.suppress(OSError), contextlib.closing(urllib.request.urlopen(url, timeout=5)):
                return True
            return False

        self._wait_until(answers, "the gateway answers")
        user = ["user", "create", "--uid=tester", "--display-name=tester"]
        self._run_daemon_tool("radosgw-admin", *user, f"--access-key={keys[0]}", f"--secret-key={keys[1]}")
        return Gateway(url, *keys)

    def objects(self, namespace=""):
        """Names of the RADOS objects of the pool."""
        return self.rados("ls", "-N", namespace).split("\n")[:-1] if namespace else self.rados("ls").split("\n")[:-1]

    def rados(self, *arguments):
        return self._run("rados", "-c", str(self.configuration), "-p", POOL, *arguments)

    def ceph(self, *arguments):
        return self._run("ceph", "-c", str(self.configuration), *arguments)

    def ceph_json(self, *arguments):
        return json.loads(self.ceph(*arguments, "-f", "json"))

    def _wait_until(self, condition, what):
        def holds():
            assert all(process.poll() is None for process in self._processes), f"waiting until {what}: a daemon ended"
            return condition()

        wait_until(holds, what, START_SECONDS, pause=0.1)

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
def explained(cluster, what):
    try:
        yield
    except (AssertionError, OSError, subprocess.SubprocessError) as problem:
        raise AssertionError(f"{what}: {problem}\n{cluster.state()}") from problem


@contextlib.contextmanager
def running_cluster():
    with tempfile.TemporaryDirectory(prefix="ceph-") as directory:
        cluster = CephCluster(directory)
        try:
            with explained(cluster, "the Ceph cluster of the tests does not start"):
                cluster.start()
            yield cluster
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
