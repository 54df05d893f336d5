#!/usr/bin/env python3
"""Shoal in front of a distant origin, next to nginx proxy_cache, Varnish and nobody, in turn in each round.

The origin is Shoal with its embedded store, behind a proxy that delivers every answer 10 ms late. Requests to the origin
and to Shoal are signed; nginx and Varnish cannot sign, so the objects are public and theirs are not. One core for the
server that is measured, one for everything else. Every body is checked.

  cold        each object once, none in memory
  warm        all in memory: `shoal bench get`
  one key     1,000 clients ask for the same object that is not there: how often the origin was asked
  half        memory for half of the objects, which are all equally wanted (signed and verified by Shoal only)
  flash       memory for a quarter of them (at least 16 MiB) and all of them on the flash of a second tier: each once, in
              another order than they came there; it is told how many came from where. Also with memory for half, under the
              load of `half`
"""
import argparse
import collections
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request

import each_once

BENCH = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH / "lib"), str(BENCH / "serving")]
import systems  # noqa: E402
from serving import Tools  # noqa: E402
from shoal_process import ACCESS_KEY, SECRET_KEY, ShoalProcess  # noqa: E402

MIB = 1 << 20


class Delay:
    """The proxy on the way to the origin."""

    def __init__(self, url, milliseconds):
        port = url.rsplit(":", 1)[1]
        command = [sys.executable, str(BENCH / "origin/delaying_proxy.py"), "--to", port, "--milliseconds", str(milliseconds)]
        self.process = subprocess.Popen(["taskset", "-c", systems.CLIENT_CPU, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class OriginStore(systems.System):
    """The origin with its objects, which everybody may read."""

    name = "origin"
    request_options = systems.SIGNED

    def __init__(self, tools, root, objects):
        super().__init__(tools, root, objects)
        self.server = ShoalProcess(tools.shoal, root / "origin", threads=1, cpus=systems.CLIENT_CPU,
                                   options={"server.admin": "127.0.0.1:0"})
        self.server.start()
        self.process, self.url = self.server.process, self.server.url
        tools.load(self, "get", 16, 0.3, existing=False)
        client = self.server.client()
        self.digests = {}
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=systems.BUCKET):
            for item in page["Contents"]:
                client.put_object_acl(Bucket=systems.BUCKET, Key=item["Key"], ACL="public-read")
                self.digests[item["Key"]] = item["ETag"].strip('"')

    def reads(self):
        """Of objects, since the start."""
        text = urllib.request.urlopen(f"{self.server.admin_url}/metrics").read().decode()
        counts = re.findall(r'^shoal_requests_total\{operation="GetObject".*\} (\S+)', text, re.M)
        return sum(float(count) for count in counts)

    def stop(self):
        self.server.stop()


class Direct(systems.System):
    """Nobody in between."""

    name = "direct"
    request_options = systems.SIGNED

    def __init__(self, tools, root, objects, store, way, memory):
        super().__init__(tools, root, objects)
        self.store, self.url = store, way.url

    def start(self):
        pass

    def stop(self):
        pass

    def cpu_seconds(self):
        return systems.cpu_seconds(self.store.process.pid)

    def urls(self):
        return presigned(self.url, self.store.digests)


class InFront(Direct):
    """Shoal."""

    name = "shoal"
    options = {}

    def __init__(self, tools, root, objects, store, way, memory):
        super().__init__(tools, root, objects, store, way, memory)
        self.data, self.memory, self.upstream = root / "front", memory, way.url

    def start(self):
        options = {"origin.url": self.upstream, "origin.coherence": "owned", "cache.warm_restart": "false", **self.options}
        if self.memory:
            options["cache.memory"] = str(self.memory)
        self.server = ShoalProcess(self.tools.shoal, self.data, threads=1, cpus=systems.SERVER_CPU, options=options,
                                   environment={"SHOAL_ORIGIN_ACCESS_KEY": ACCESS_KEY, "SHOAL_ORIGIN_SECRET_KEY": SECRET_KEY})
        self.server.start()
        self.process, self.url = self.server.process, self.server.url

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.data)


class WithFlash(InFront):
    """Shoal with a second tier that has room for all."""

    name = "shoal with flash"

    def start(self):
        self.flash = pathlib.Path(tempfile.mkdtemp(prefix="flash.", dir=self.tools.report.parent))
        capacity = max(64 * MIB, 4 * self.objects.count * self.objects.size)
        self.options = {"flash.directory": self.flash, "flash.capacity": capacity, "flash.feed_interval": "20ms",
                        "flash.write_bytes_per_second": 512 * MIB}
        super().start()

    def stop(self):
        super().stop()
        shutil.rmtree(self.flash)

    def fill(self):
        """Reads all until what is not in memory is on flash."""
        urls = self.urls()
        for _ in range(20):
            row = each_once.measure(random.sample(urls, len(urls)), 64)
            if row["sources"]["miss"] <= len(urls) // 100:
                return
        sys.exit(f"{self.name}: the copies do not get to flash: {dict(row['sources'])}")


class Unsigned:
    """A cache that cannot sign and does not ask who asks."""

    request_options = systems.UNSIGNED

    def __init__(self, tools, root, objects, store, way, memory):
        self.place = root / self.name.replace(" ", "-")
        self.place.mkdir(mode=0o755)
        super().__init__(tools, self.place, objects)
        self.store, self.origin, self.memory = store, way, memory or 4 << 30

    def start(self):
        systems.System.start(self)

    def stop(self):
        systems.System.stop(self)
        shutil.rmtree(self.place)

    def urls(self):
        return [(f"{self.url}/{systems.BUCKET}/{key}", digest) for key, digest in self.store.digests.items()]


class NginxInFront(Unsigned, systems.NginxProxyCache):
    def http_block(self):
        cache = f"proxy_cache_path {self.root}/cache keys_zone=cache:64m max_size={self.memory} inactive=1h use_temp_path=off;"
        origin = self.origin.url.removeprefix("http://")
        return f"{cache} upstream origin {{ server {origin}; keepalive 1024; }}"

    def server_block(self):
        return ('location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; '
                "proxy_cache cache; proxy_cache_lock on; proxy_cache_valid 200 1h; }")


class VarnishInFront(Unsigned, systems.Varnish):
    def command(self, port):
        command = super().command(port)
        return [f"malloc,{self.memory}" if part == "malloc,2g" else part for part in command]


SYSTEMS = [Direct, InFront, NginxInFront, VarnishInFront]


def presigned(url, digests):
    import boto3
    from botocore.config import Config

    client = boto3.client("s3", endpoint_url=url, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
                          region_name="us-east-1", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    return [(client.generate_presigned_url("get_object", Params={"Bucket": systems.BUCKET, "Key": key}), digest)
            for key, digest in digests.items()]


class Results:
    def __init__(self):
        self.rows = collections.defaultdict(list)

    def add(self, what, system, row):
        self.rows[what, system].append(row)
        numbers = {name: value for name, value in row.items() if name != "sources"}
        numbers.update({f"from {source}": count for source, count in row.get("sources", {}).items()})
        told = "  ".join(f"{name} {value:,.2f}" for name, value in numbers.items())
        print(f"{what}: {system}: {told}", file=sys.stderr, flush=True)

    def table(self):
        lines = ["| what | system | requests/s | from | to | p50 ms | p99 ms | origin reads | Shoal is faster by |",
                 "|---|---|--:|--:|--:|--:|--:|--:|--:|"]
        for (what, system), rows in self.rows.items():
            rates = [row["requests_per_second"] for row in rows]
            ours = [row["requests_per_second"] for row in self.rows.get((what, "shoal"), [])]
            ratio = "" if system == "shoal" or not ours else f"{statistics.median(a / b for a, b in zip(ours, rates)):.2f}"
            p50, p99, reads = (statistics.median(row[name] for row in rows) for name in ("p50_ms", "p99_ms", "reads"))
            lines.append(f"| {what} | {system} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} | "
                         f"{p50:.2f} | {p99:.2f} | {reads:,.0f} | {ratio} |")
        return "\n".join(lines)


def counted(store, run):
    """What `run` gives, and how many objects were read of the origin meanwhile."""
    before = store.reads()
    row = run()
    wanted = ("requests_per_second", "p50_ms", "p99_ms", "sources")
    return {**{name: row[name] for name in wanted if name in row}, "reads": store.reads() - before}


def measure(results, kinds, tools, root, objects, store, way, arguments):
    for _ in range(arguments.rounds):
        for kind in kinds:
            system = kind(tools, root, objects, store, way, None)
            system.start()
            try:
                urls = system.urls()
                results.add("cold", system.name, counted(store, lambda: each_once.measure(urls, arguments.connections)))
                warm = counted(store, lambda: tools.load(system, "get", arguments.connections, arguments.seconds))
                results.add("warm", system.name, warm)
            finally:
                system.stop()
            one = kind(tools, root, objects, store, way, None)
            one.start()
            try:
                same = [one.urls()[0]] * 1000
                results.add("one key", one.name, counted(store, lambda: each_once.measure(same, 1000)))
            finally:
                one.stop()
            if kind is Direct:
                continue
            half = kind(tools, root, objects, store, way, objects.count * objects.size // 2)
            half.start()
            try:
                each_once.measure(half.urls(), 64)  # so that no miss is the first of its object
                loaded = counted(store, lambda: tools.load(half, "get", arguments.connections, arguments.seconds))
                results.add("half", half.name, loaded)
            finally:
                half.stop()


def measure_flash(results, tools, root, objects, store, way, arguments):
    """A second tier: with memory for a quarter, each object once; with memory for half, as without it."""
    all_bytes = objects.count * objects.size
    for what, memory in (("flash", max(16 * MIB, all_bytes // 4)), ("half", all_bytes // 2)):
        for _ in range(arguments.rounds):
            system = WithFlash(tools, root, objects, store, way, memory)
            system.start()
            try:
                system.fill()
                urls = random.sample(system.urls(), objects.count)
                run = {"flash": lambda: each_once.measure(urls, arguments.connections),
                       "half": lambda: tools.load(system, "get", arguments.connections, arguments.seconds)}[what]
                results.add(what, system.name, counted(store, run))
            finally:
                system.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder of the built program")
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=4, help="of each, in KiB")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--milliseconds", type=float, default=10, help="how late the origin's answers are")
    parser.add_argument("--disk", default="/var/tmp", help="where the origin keeps its objects")
    arguments = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers are stopped however this ends
    results = Results()
    with tempfile.TemporaryDirectory(prefix="shoal-origin.", dir=arguments.disk) as disk, tempfile.TemporaryDirectory(
        prefix="shoal-origin.", dir="/dev/shm"
    ) as memory:
        pathlib.Path(memory).chmod(0o755)
        tools = Tools(arguments.build, pathlib.Path(disk))
        objects = systems.Objects(arguments.objects, arguments.size * 1024)
        store = OriginStore(tools, pathlib.Path(disk), objects)
        way = Delay(store.url, arguments.milliseconds)
        try:
            measure(results, SYSTEMS, tools, pathlib.Path(memory), objects, store, way, arguments)
            measure_flash(results, tools, pathlib.Path(memory), objects, store, way, arguments)
        finally:
            way.stop()
            store.stop()
    print(results.table())


if __name__ == "__main__":
    main()
