"""Starts the built server for a benchmark and stops it again."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from harness import process_memory  # noqa: E402

ACCESS_KEY = "bench-access-key"
SECRET_KEY = "bench-secret-key-0123456789"


class ShoalProcess:
    """One server on a directory; `with` starts and stops it."""

    def __init__(self, program, data, threads=0, cpus=None, options=None, environment=None):
        self.program, self.data, self.threads, self.cpus = program, pathlib.Path(data), threads, cpus
        self.options, self.environment = options or {}, environment or {}
        self.process = None
        self.url = self.admin_url = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        command = [self.program, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                   "--set", f"server.threads={self.threads}"]
        for name, value in self.options.items():
            command += ["--set", f"{name}={value}"]
        if self.cpus:
            command = ["taskset", "-c", self.cpus] + command
        environment = dict(os.environ, SHOAL_ROOT_ACCESS_KEY=ACCESS_KEY, SHOAL_ROOT_SECRET_KEY=SECRET_KEY, **self.environment)
        self.url = None
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            match = re.match(r"shoal: (S3 API|admin) on (\S+)", line)
            if match and match[1] == "S3 API":
                self.url = self.url or match[2]  # without TLS
            elif match:
                self.admin_url = match[2]
                return
        self.log.seek(0)
        raise RuntimeError(f"the server did not start:\n{self.log.read()}")

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None

    def resident_bytes(self):
        return process_memory.resident_bytes(self.process.pid)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def client(self):
        import boto3
        from botocore.config import Config

        return boto3.client("s3", endpoint_url=self.url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
                            region_name="us-east-1", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
