"""The built program as a process under test."""
import datetime
import http.client
import os
import pathlib
import re
import secrets
import signal
import subprocess

from harness import process_memory, sigv4
from harness.boto3_client import make_boto3_client
from harness.raw_http import Connection, RawClient
from harness.waiting import wait_until

HOST = "127.0.0.1"
READY_SECONDS = 30
STOP_SECONDS = 40

# Nothing of this may stand in the log of a server that did well.
_TROUBLE = re.compile(
    r"^\S+ (?:error|critical) |CHECK failed|terminate called|"
    r"AddressSanitizer|ThreadSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:"
)
_SIGNATURE = re.compile(r"(?:X-Amz-Signature|[sS]ignature)=[0-9a-f]{16}")


def program():
    """Path of the program that is tested."""
    path = os.environ.get("SHOAL_PROGRAM")
    if path is None:
        path = pathlib.Path(__file__).parents[2] / "build/release/shoal"
    return pathlib.Path(path)


def make_secret():
    return secrets.token_hex(20)


class Server:
    """`shoal serve` on free ports of loopback: start() and stop() or kill(), again and again on one data directory."""

    def __init__(self, directory, options=None, environment=None, data=None, set_keys=True):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = pathlib.Path(data) if data else self.directory / "data"
        self.options = dict(options or {})
        self.environment = dict(environment or {})
        self.access_key = "TEST" + secrets.token_hex(8).upper() if set_keys else None
        self.secret_key = make_secret() if set_keys else None
        self.process = None
        self.port = None
        self.admin_port = None
        self.expected_trouble = None  # a regular expression of log lines that the test provokes
        self._starts = 0

    # Life.

    def command(self):
        options = {"server.listen": f"{HOST}:0", "server.admin": f"{HOST}:0", **self.options}
        command = [str(program()), "serve", "--data", str(self.data)]
        command += ["--listen", options.pop("server.listen"), "--admin", options.pop("server.admin")]
        for name, value in options.items():
            command += ["--set", f"{name}={value}"]
        return command

    def full_environment(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SHOAL_", "AWS_"))}
        if self.access_key and self.secret_key:
            environment["SHOAL_ROOT_ACCESS_KEY"] = self.access_key
            environment["SHOAL_ROOT_SECRET_KEY"] = self.secret_key
        environment.update(self.environment)
        return environment

    def spawn(self, command=None):
        """Starts the process and does not wait for anything."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        self._starts += 1
        self._output = self.directory / f"stdout.{self._starts}"
        with open(self._output, "wb") as output, open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command or self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                env=self.full_environment(),
            )
        self.port = self.admin_port = None
        return self

    def start(self):
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self):
        def ports():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"exit {self.process.returncode} at the start\n{self.stdout()}\n{self.log()[-3000:]}"
                )
            api = re.search(r"^shoal: S3 API on http://[^ ]*:(\d+)$", self.stdout(), re.M)
            admin = re.search(r"^shoal: admin on http://[^ ]*:(\d+)$", self.stdout(), re.M)
            return api and admin and (int(api[1]), int(admin[1]))

        self.port, self.admin_port = wait_until(ports, "the server prints its ports", READY_SECONDS)
        wait_until(lambda: self.admin_status("/-/ready") == 200, "the server is ready", READY_SECONDS)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_exit(self, seconds=STOP_SECONDS):
        return self.process.wait(seconds)

    def kill(self):
        """kill -9, as a power button for the process."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, which must end well."""
        assert self.is_alive(), f"the server died with {self.process.returncode}\n{self.log()[-3000:]}"
        self.terminate()
        code = self.wait_exit()
        assert code == 0, f"exit {code} after SIGTERM\n{self.log()[-3000:]}"

    def close(self):
        """Stops it if it runs, and looks through all that it ever wrote."""
        try:
            if self.is_alive():
                self.stop()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.kill()
        self.check_log()

    # What it says.

    @property
    def log_path(self):
        return self.directory / "log"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stdout(self):
        return self._output.read_text(errors="replace")

    def tls_port(self):
        """Where it speaks TLS, if it was told to (tls_options)."""
        return int(re.search(r"^shoal: S3 API on https://[^ ]*:(\d+)$", self.stdout(), re.M)[1])

    def check_log(self):
        log = self.log()
        trouble = [line for line in log.splitlines() if _TROUBLE.search(line)]
        if self.expected_trouble:
            trouble = [line for line in trouble if not re.search(self.expected_trouble, line)]
        assert not trouble, "the log tells of trouble:\n" + "\n".join(trouble[:20])
        self.check_no_secrets(log)

    def check_no_secrets(self, text):
        assert self.secret_key is None or self.secret_key not in text, "the secret key is in the log"
        found = _SIGNATURE.search(text)
        assert not found, f"a signature is in the log: {found[0] if found else ''}"
        found = sigv4.sent_signatures.intersection(re.findall(r"\b[0-9a-f]{64}\b", text))
        assert not found, f"signatures that were sent are in the log: {found}"

    def admin_status(self, path):
        try:
            return self.admin_get(path)[0]
        except OSError:
            return None

    def admin_get(self, path, method="GET"):
        connection = http.client.HTTPConnection(HOST, self.admin_port, timeout=10)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def metrics(self):
        """All samples of /metrics: name with labels, value."""
        status, body = self.admin_get("/metrics")
        assert status == 200
        lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def resident_bytes(self):
        return process_memory.resident_bytes(self.process.pid)

    def established_connections(self):
        """How many connections the kernel holds open to the S3 port, from the server's side."""
        wanted = f":{self.port:04X}"
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()]
        return sum(1 for line in lines if line[1].endswith(wanted) and line[3] == "01")

    def refuses_connections(self):
        try:
            Connection(HOST, self.port, timeout=2).close()
        except OSError:
            return True
        return False

    # Clients.

    @property
    def endpoint(self):
        return f"http://{HOST}:{self.port}"

    @property
    def authority(self):
        return f"{HOST}:{self.port}"

    def signer(self):
        return sigv4.Signer(self.access_key, self.secret_key)

    def raw(self, signer=None):
        return RawClient(HOST, self.port, signer or self.signer())

    def boto3(self, **configuration):
        return make_boto3_client(self.endpoint, self.access_key, self.secret_key, **configuration)


def read_credentials(data):
    """The keys that the server stored at its first start."""
    lines = (pathlib.Path(data) / "credentials").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return pairs["access_key"], pairs["secret_key"]


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)
