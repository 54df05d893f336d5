#!/usr/bin/env python3
"""Signed GETs of small cached objects, next to nginx serving the same files unsigned, in turn in one run.

Every body is compared with the file before anything is timed. One server core and one client core each (taskset).
Usage: small_object_get.py --program build/release/shoal [--objects 2000] [--bytes 4096] [--rounds 5] [--seconds 5]
"""
import argparse
import hashlib
import http.client
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from shoal_process import ShoalProcess  # noqa: E402

WRK_SCRIPT = """
local paths = {}
for line in io.lines(os.getenv("PATHS_FILE")) do paths[#paths + 1] = line end
local next_path = 0
request = function()
  next_path = next_path %% #paths + 1
  return wrk.format("GET", paths[next_path])
end
""".replace("%%", "%")

NGINX_CONFIGURATION = """
worker_processes 1;
daemon off;
error_log {root}/error.log;
pid {root}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=100000 inactive=1h;
  open_file_cache_valid 1h;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}/www; }}
}}
"""


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def verify(address, paths, digests):
    connection = http.client.HTTPConnection(address)
    for path, digest in zip(paths, digests):
        connection.request("GET", path)
        body = connection.getresponse().read()
        if hashlib.sha256(body).hexdigest() != digest:
            sys.exit(f"wrong body from {address} for {path[:80]}")
    connection.close()


def measure(address, paths_file, script, connections, seconds):
    output = subprocess.run(["taskset", "-c", "1", "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", script,
                             f"http://{address}/"], env=dict(os.environ, PATHS_FILE=str(paths_file)), capture_output=True,
                            text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"errors under load from {address}:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()

    root = pathlib.Path(tempfile.mkdtemp(prefix="shoal-bench.", dir="/dev/shm"))
    try:
        (root / "www").mkdir()
        os.chmod(root, 0o755)
        source = random.Random(7)
        names = [f"train/n{i % 100:08}/n{i % 100:08}_{i}.JPEG" for i in range(arguments.objects)]
        bodies = [source.randbytes(arguments.bytes) for _ in names]
        digests = [hashlib.sha256(body).hexdigest() for body in bodies]
        for name, body in zip(names, bodies):
            path = root / "www" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        script = root / "get.lua"
        script.write_text(WRK_SCRIPT)

        port = free_port()
        (root / "nginx.conf").write_text(NGINX_CONFIGURATION.format(root=root, port=port))
        nginx = subprocess.Popen(["taskset", "-c", "0", "nginx", "-c", root / "nginx.conf", "-e", root / "error.log"])
        try:
            with ShoalProcess(arguments.program, root / "data", threads=1, cpus="0") as shoal:
                client = shoal.client()
                client.create_bucket(Bucket="bench")
                for name, body in zip(names, bodies):
                    client.put_object(Bucket="bench", Key=name, Body=body)
                signed = [client.generate_presigned_url("get_object", Params={"Bucket": "bench", "Key": name}, ExpiresIn=86400)
                          for name in names]
                systems = {
                    "shoal": (urllib.parse.urlsplit(shoal.url).netloc, [url.split("/", 3)[3].join(["/", ""]) for url in signed]),
                    "nginx": (f"127.0.0.1:{port}", ["/" + name for name in names]),
                }
                for system, (address, paths) in systems.items():
                    verify(address, paths, digests)
                    (root / f"{system}.paths").write_text("\n".join(paths) + "\n")
                rates = {system: [] for system in systems}
                for round_number in range(arguments.rounds):
                    for system, (address, _) in systems.items():
                        rate = measure(address, root / f"{system}.paths", script, arguments.connections, arguments.seconds)
                        rates[system].append(rate)
                        print(f"round {round_number + 1}: {system} {rate:,.0f} GET/s", file=sys.stderr, flush=True)
                ratios = [a / b for a, b in zip(rates["shoal"], rates["nginx"])]
                print(f"objects {arguments.objects}, {arguments.bytes} bytes, {arguments.connections} connections, one core a server")
                print("| system | GET/s median | min | max |\n|---|--:|--:|--:|")
                for system, values in rates.items():
                    print(f"| {system} | {statistics.median(values):,.0f} | {min(values):,.0f} | {max(values):,.0f} |")
                print(f"ratio shoal/nginx: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")
        finally:
            nginx.terminate()
            nginx.wait()
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
