"""The command line clients, each with a home of its own so that nothing of the user's configuration takes part."""
import os
import pathlib
import shutil
import subprocess

import pytest

from harness.bucket import sha256_of_file


def _debian_first(name):
    """The tool of the Debian package if it is there, since its version is the tested one."""
    path = pathlib.Path("/usr/bin") / name
    return str(path) if path.exists() else shutil.which(name)


class Tool:
    """A command line client that talks to one server."""

    name = None

    def __init__(self, server, home):
        self.server = server
        self.home = pathlib.Path(home)
        self.path = _debian_first(self.name)
        if self.path is None:
            pytest.skip(f"{self.name} is not installed: scripts/install test")
        self.configure()

    def configure(self):
        pass

    def arguments(self):
        return []

    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "LC_ALL": "C.UTF-8", "HOME": str(self.home), "NO_PROXY": "*", "no_proxy": "*"}

    def try_run(self, *arguments, seconds=120, **options):
        return subprocess.run(
            [self.path, *self.arguments(), *map(str, arguments)],
            env=self.environment(),
            capture_output=True,
            timeout=seconds,
            **{"text": True, **options},
        )

    def __call__(self, *arguments, **options):
        """Runs it; returns what it printed; fails if it failed."""
        result = self.try_run(*arguments, **options)
        assert (
            result.returncode == 0
        ), f"{self.name} {arguments}: exit {result.returncode}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
        return result.stdout


class AwsCli(Tool):
    name = "aws"

    def configure(self):
        (self.home / "aws-config").write_text(
            "[default]\nregion = us-east-1\noutput = json\ncli_pager =\n"
            "s3 =\n    addressing_style = path\n    multipart_chunksize = 8MB\n"
        )

    def arguments(self):
        return ["--endpoint-url", self.server.endpoint]

    def environment(self):
        return {
            **super().environment(),
            "AWS_ACCESS_KEY_ID": self.server.access_key,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
            "AWS_CONFIG_FILE": str(self.home / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }


class S3cmd(Tool):
    name = "s3cmd"

    def configure(self):
        settings = {
            "access_key": self.server.access_key,
            "secret_key": self.server.secret_key,
            "host_base": self.server.authority,
            "host_bucket": self.server.authority,
            "use_https": "False",
            "signature_v2": "False",
            "bucket_location": "us-east-1",
            "multipart_chunk_size_mb": "5",
            "max_retries": "1",
        }
        path = self.home / "s3cfg"
        path.write_text("[default]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
        path.chmod(0o600)

    def arguments(self):
        return ["--config", str(self.home / "s3cfg"), "--no-progress"]


class Rclone(Tool):
    name = "rclone"

    def arguments(self):
        return ["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1"]

    def environment(self):
        return {
            **super().environment(),
            "RCLONE_CONFIG_SHOAL_TYPE": "s3",
            "RCLONE_CONFIG_SHOAL_PROVIDER": "Other",
            "RCLONE_CONFIG_SHOAL_ACCESS_KEY_ID": self.server.access_key,
            "RCLONE_CONFIG_SHOAL_SECRET_ACCESS_KEY": self.server.secret_key,
            "RCLONE_CONFIG_SHOAL_ENDPOINT": self.server.endpoint,
            "RCLONE_CONFIG_SHOAL_FORCE_PATH_STYLE": "true",
            "RCLONE_CONFIG_SHOAL_CHUNK_SIZE": "5Mi",
            "RCLONE_CONFIG_SHOAL_UPLOAD_CUTOFF": "8Mi",
        }


class Curl(Tool):
    name = "curl"

    def arguments(self):
        # The keys stay out of the process list: they come in a configuration file.
        return ["--silent", "--show-error", "--config", str(self.home / "curlrc")]

    def configure(self):
        path = self.home / "curlrc"
        path.write_text(
            f'user = "{self.server.access_key}:{self.server.secret_key}"\n'
            'aws-sigv4 = "aws:amz:us-east-1:s3"\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\nnoproxy = "*"\n'
        )
        path.chmod(0o600)


def file_tree(root):
    """{relative path: SHA-256} of a directory."""
    return {str(p.relative_to(root)): sha256_of_file(p) for p in sorted(pathlib.Path(root).rglob("*")) if p.is_file()}
