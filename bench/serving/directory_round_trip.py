#!/usr/bin/env python3
"""A real directory of small files: uploaded with rclone, read back and compared, and again after kill -9 and a restart.

Usage: directory_round_trip.py --program build/release/shoal [--directory /usr/share/icons/Papirus] [--files-min 50000]
"""
import argparse
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from shoal_process import ACCESS_KEY, SECRET_KEY, ShoalProcess  # noqa: E402


def digests_of(directory):
    """SHA-256 of every regular file below `directory`; symbolic links are left out, as rclone does."""
    digests = {}
    for path in pathlib.Path(directory).rglob("*"):
        if path.is_file() and not path.is_symlink():
            digests[str(path.relative_to(directory))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def timed(what, action):
    began = time.monotonic()
    result = action()
    seconds = time.monotonic() - began
    print(f"{what}: {seconds:.1f} s", flush=True)
    return result, seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--directory", default="/usr/share/icons")
    parser.add_argument("--files-min", type=int, default=50_000)
    parser.add_argument("--transfers", type=int, default=32)
    arguments = parser.parse_args()

    root = pathlib.Path(tempfile.mkdtemp(prefix="shoal-round-trip."))
    try:
        source = arguments.directory
        expected = digests_of(source)
        size = sum(os.path.getsize(os.path.join(source, name)) for name in expected)
        print(f"{len(expected):,} files, {size / 1e6:,.0f} MB")
        if len(expected) < arguments.files_min:
            sys.exit(f"{arguments.directory} has fewer than {arguments.files_min} files: install papirus-icon-theme")

        def rclone(url, *command):
            inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
            environment = dict(inherited, RCLONE_CONFIG=str(root / "rclone.conf"), RCLONE_CONFIG_SHOAL_TYPE="s3",
                               RCLONE_CONFIG_SHOAL_PROVIDER="Other", RCLONE_CONFIG_SHOAL_ENDPOINT=url,
                               RCLONE_CONFIG_SHOAL_ACCESS_KEY_ID=ACCESS_KEY, RCLONE_CONFIG_SHOAL_SECRET_ACCESS_KEY=SECRET_KEY,
                               RCLONE_CONFIG_SHOAL_REGION="us-east-1")
            subprocess.run(["rclone", *map(str, command), "--transfers", str(arguments.transfers), "--checkers", "32", "-q", "--skip-links"],
                           env=environment, check=True)

        def compare(url, name):
            target = root / name
            _, seconds = timed(f"{name}: download", lambda: rclone(url, "copy", "shoal:icons", target))
            found = digests_of(target)
            if found != expected:
                different = {key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)}
                sys.exit(f"{name}: {len(different)} files differ, for example {sorted(different)[:3]}")
            print(f"{name}: {len(found):,} files equal, {len(found) / seconds:,.0f} files/s")
            shutil.rmtree(target)

        shoal = ShoalProcess(arguments.program, root / "data")
        try:
            shoal.start()
            rclone(shoal.url, "mkdir", "shoal:icons")
            _, seconds = timed("upload", lambda: rclone(shoal.url, "copy", source, "shoal:icons"))
            print(f"upload: {len(expected) / seconds:,.0f} files/s, each durable")
            compare(shoal.url, "first reading")
            shoal.stop(signal.SIGKILL)
            timed("restart after kill -9", shoal.start)
            compare(shoal.url, "after kill -9")
        finally:
            shoal.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
