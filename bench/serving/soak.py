#!/usr/bin/env python3
"""Mixed load for a long time: at its end memory and descriptors are what they were, and every object is right.

`shoal bench mixed` puts, reads, lists and deletes objects of many sizes and checks every answer against what it last
wrote. Exits with 1 when an answer was wrong, or when memory
or descriptors grew.

Usage: soak.py --build build/release [--minutes 20]
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from shoal_process import ACCESS_KEY, SECRET_KEY, ShoalProcess  # noqa: E402

MIB = 1 << 20
LOOK_SECONDS = 5
# Of the run, what fills caches and pools; what comes behind is compared.
WARM_UP = 0.25
GROWTH_MAX = 0.05


def run_load(program, url, arguments):
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY)
    return subprocess.Popen([program, "bench", *arguments, "--endpoint", url, "--quiet"], env=environment)


def growth(values):
    """Of the second half over the first, by their medians: single peaks are no leak."""
    half = len(values) // 2
    first, second = statistics.median(values[:half]), statistics.median(values[half:])
    return second / first - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the built program")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--memory", default="256MiB", help="cache.memory of the server: smaller than what is stored")
    parser.add_argument("--disk", default="/var/tmp", help="where the data goes")
    arguments = parser.parse_args()
    program = str(arguments.build / "shoal")
    load = ["mixed", "--objects", "5000", "--size", "1KiB:60,4KiB-64KiB:38,1MiB-4MiB:2", "--keys", "zipf",
            "--mix", "get=60,put=25,list=5,delete=10", "--connections", "64", "--timeout", "60s",
            "--duration", f"{arguments.minutes * 60:.0f}s"]  # fmt: skip

    memory, descriptors = [], []
    with tempfile.TemporaryDirectory(prefix="shoal-soak.", dir=arguments.disk) as directory:
        options = {"cache.memory": arguments.memory, "storage.segment_bytes": "64MiB"}
        with ShoalProcess(program, pathlib.Path(directory) / "data", options=options) as server:
            running = run_load(program, server.url, load)
            began = time.monotonic()
            while running.poll() is None:
                time.sleep(LOOK_SECONDS)
                minutes = (time.monotonic() - began) / 60
                print(f"{minutes:6.1f} min  {server.resident_bytes() / MIB:7.1f} MiB  {server.descriptors()} descriptors", flush=True)
                if minutes > arguments.minutes * WARM_UP:
                    memory.append(server.resident_bytes())
                    descriptors.append(server.descriptors())
    problems = []
    if running.returncode != 0:
        problems.append("answers were wrong or failed")
    for name, values in (("memory", memory), ("descriptors", descriptors)):
        grown = growth(values)
        print(f"{name}: from {min(values):,} to {max(values):,}, second half {grown:+.1%}")
        if grown > GROWTH_MAX:
            problems.append(f"{name} grew")
    sys.exit("; ".join(problems) or 0)


if __name__ == "__main__":
    main()
