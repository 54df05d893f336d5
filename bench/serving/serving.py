#!/usr/bin/env python3
"""Shoal, nginx, Varnish, memcached and a minimal server under the same load, in turn in each round, and tables of what came of it.

The load generator is `shoal bench`, which checks every body while it measures. One core for the server, one for the
client. Each server gets the same requests, as boto3 sends them: with a SigV4 signature of its own each, which Shoal
verifies and the others ignore. With --requests short those to Shoal have only the lines that are signed, and those to
the others just the Host. memcached has a load generator of its own, as it does not speak HTTP.
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import systems

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import stolen_time  # noqa: E402
import svg_bars  # noqa: E402

KIB = 1024
SIZES = [1 * KIB, 4 * KIB, 16 * KIB, 64 * KIB, 100 * KIB, 1024 * KIB]
WRITTEN_SIZES = [4 * KIB, 64 * KIB, 1024 * KIB]
CONNECTIONS = [1, 16, 64]
BYTES_OF_OBJECTS = 64 * KIB * KIB


def size_name(size):
    return f"{size // KIB} KiB" if size < KIB * KIB else f"{size // (KIB * KIB)} MiB"


class Tools:
    """The built programs, and how load is put on a server."""

    def __init__(self, build, scratch, attempts):
        self.attempts = attempts
        self.shoal = build / "shoal"
        self.minimal = build / "bench/minimal_epoll_server"
        self.write_bodies = build / "bench/write_bodies"
        self.memcached_load = build / "bench/memcached_load"
        self.report = scratch / "report.json"

    def load(self, system, operation, connections, seconds, existing=True):
        """One row of `shoal bench`, with the CPU of server and client for each request: the one of a few attempts from
        which other virtual machines took least, if they took something from all."""
        return stolen_time.least_disturbed(
            lambda: self.attempt_load(system, operation, connections, seconds, existing), self.attempts)

    def attempt_load(self, system, operation, connections, seconds, existing):
        command = ["taskset", "-c", systems.CLIENT_CPU, *system.load_command(operation, connections, seconds)]
        command += [*system.objects.arguments(), "--connections", str(connections), "--json", str(self.report)]
        if system.speaks_http:
            command += ["--use-existing"] if existing else ["--keep"]
        environment = dict(os.environ, **systems.CREDENTIALS)
        cpu_before = system.cpu_seconds()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{system.name}, {operation}: not all answers were right:\n{done.stdout}{done.stderr}")
        report = json.loads(self.report.read_text())
        row = report["operations"][0]
        row["server_us"] = (system.cpu_seconds() - cpu_before) / report["requests_made"] * 1e6
        row["client_us"] = report["client_cpu_us_per_request"]
        return row


class Results:
    """Rows of all rounds: (operation, size, connections, system) -> list of rows."""

    def __init__(self):
        self.rows = collections.defaultdict(list)

    def add(self, operation, size, connections, system, row):
        self.rows[operation, size, connections, system].append(row)

    def median(self, key, field):
        return statistics.median(row[field] for row in self.rows[key])

    def write_csv(self, path):
        fields = ["operation", "size", "connections", "system", "round", "requests_per_second", "mib_per_second", "p50_ms",
                  "p90_ms", "p99_ms", "p999_ms", "server_us", "client_us", "stolen_share"]
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(fields)
            for (operation, size, connections, system), rows in self.rows.items():
                for number, row in enumerate(rows):
                    writer.writerow([operation, size, connections, system, number] + [row[name] for name in fields[5:]])

    def table(self, operation):
        """Markdown: a row for each system, with its ratio to Shoal in the same rounds."""
        lines = [
            "| size | connections | system | requests/s | from | to | p50 ms | p99 ms | server µs | Shoal is faster by | from | to |",
            "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for key, rows in self.rows.items():
            if key[0] != operation:
                continue
            _, size, connections, system = key
            rates = [row["requests_per_second"] for row in rows]
            ours = [row["requests_per_second"] for row in self.rows[operation, size, connections, "shoal"]]
            ratio = "| | | "
            if system != "shoal":
                ratios = [a / b for a, b in zip(ours, rates)]
                ratio = f"| {statistics.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} "
            lines.append(
                f"| {size_name(size)} | {connections} | {system} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | "
                f"{max(rates):,.0f} | {self.median(key, 'p50_ms'):.3f} | {self.median(key, 'p99_ms'):.3f} | "
                f"{self.median(key, 'server_us'):.1f} {ratio}|"
            )
        return "\n".join(lines)

    def plot(self, operation, connections):
        sizes = sorted({size for op, size, c, _ in self.rows if op == operation and c == connections})
        names = list(dict.fromkeys(name for op, _, c, name in self.rows if op == operation and c == connections))
        series = {}
        for name in names:
            series[name] = []
            for size in sizes:
                rates = [row["requests_per_second"] for row in self.rows.get((operation, size, connections, name), [])]
                series[name].append((statistics.median(rates), min(rates), max(rates)) if rates else None)
        title = f"{operation.upper()}, {connections} connections, one core for the server"
        return svg_bars.bars(title, "requests/s", [size_name(size) for size in sizes], series)


def measure(results, tools, arguments, operation, kinds, objects, existing=True):
    """All systems with one size of objects, each number of connections, in turn in each round."""
    with tempfile.TemporaryDirectory(prefix="shoal-serving.", dir="/dev/shm") as memory, tempfile.TemporaryDirectory(
        prefix="shoal-serving.", dir=arguments.disk
    ) as disk:
        # What is read is in memory for all; what is written goes to the disk for all.
        root = pathlib.Path(memory if existing else disk)
        root.chmod(0o755)
        (root / "dav").mkdir()
        files = ["--to", str(root / "www"), *objects.arguments()]
        if existing:
            subprocess.run([str(tools.write_bodies), *files], check=True)
        running = []
        try:
            for kind in kinds:
                system = kind(tools, root, objects)
                running.append(system)
                system.start()
                if existing:
                    system.warm_up()
            for connections in arguments.connections:
                for number in range(arguments.rounds):
                    for system in running:
                        row = tools.load(system, operation, connections, arguments.seconds, existing)
                        results.add(operation, objects.size, connections, system.name, row)
                        print(
                            f"{operation} {size_name(objects.size)} c={connections} round {number + 1}: {system.name} "
                            f"{row['requests_per_second']:,.0f}/s, server {row['server_us']:.1f} µs"
                            + (f", {row['stolen_share']:.0%} stolen" if row["stolen_share"] > stolen_time.SHARE_MAX else ""),
                            file=sys.stderr, flush=True,
                        )
        finally:
            for system in running:
                system.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the built programs")
    parser.add_argument("--operations", default="get,head,put,list", help="which of them")
    parser.add_argument("--sizes", help="in KiB, with commas; by default those of each operation")
    parser.add_argument("--connections", default="1,16,64")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--attempts", type=int, default=3,
                        help="measured again so often while other virtual machines take processor time from this one")
    parser.add_argument("--requests", choices=["boto3", "short"], default="boto3",
                        help="boto3: the same for all; short: signed for Shoal only, no line more than needed")
    parser.add_argument("--disk", default="/var/tmp", help="where written objects go")
    parser.add_argument("--csv", type=pathlib.Path, help="every round")
    parser.add_argument("--svg", type=pathlib.Path, help="folder for plots")
    parser.add_argument("--quick", action="store_true", help="two sizes, 16 connections, three short rounds")
    arguments = parser.parse_args()
    if arguments.requests == "short":
        systems.System.request_options = systems.UNSIGNED
        systems.Shoal.request_options = systems.SIGNED
    if arguments.quick:
        arguments.connections, arguments.rounds, arguments.seconds = "16", 3, 0.7
        arguments.sizes = arguments.sizes or "4,64"
    arguments.connections = [int(count) for count in arguments.connections.split(",")]
    sizes = [int(size) * KIB for size in arguments.sizes.split(",")] if arguments.sizes else None
    operations = arguments.operations.split(",")

    # Servers are stopped however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = Results()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="shoal-serving."))
    try:
        tools = Tools(arguments.build, scratch, arguments.attempts)
        if "get" in operations:
            for size in sizes or SIZES:
                objects = systems.Objects(max(64, min(1000, BYTES_OF_OBJECTS // size)), size)
                measure(results, tools, arguments, "get", systems.READERS, objects)
        if "head" in operations:
            measure(results, tools, arguments, "head", systems.HEADERS, systems.Objects(1000, 4 * KIB))
        if "list" in operations:
            measure(results, tools, arguments, "list", systems.LISTERS, systems.Objects(10_000, 1 * KIB))
        if "put" in operations:
            for size in sizes or WRITTEN_SIZES:
                measure(results, tools, arguments, "put", systems.WRITERS, systems.Objects(1000, size), existing=False)
    finally:
        shutil.rmtree(scratch)

    shares = [row["stolen_share"] for rows in results.rows.values() for row in rows]
    disturbed = sum(share > stolen_time.SHARE_MAX for share in shares)
    print(f"\nOf {len(shares)} measurements {disturbed} lost more than {stolen_time.SHARE_MAX:.0%} of the processors to other "
          f"virtual machines, at most {max(shares):.0%}.")
    for operation in operations:
        print(f"\n### {operation.upper()}\n\n{results.table(operation)}")
        if arguments.svg:
            arguments.svg.mkdir(parents=True, exist_ok=True)
            for connections in arguments.connections:
                (arguments.svg / f"serving-{operation}-{connections}.svg").write_text(results.plot(operation, connections))
    if arguments.csv:
        results.write_csv(arguments.csv)


if __name__ == "__main__":
    main()
