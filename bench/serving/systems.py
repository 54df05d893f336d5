"""The servers of bench/serving, each on one core and with the same objects: started, preloaded and stopped alike."""
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from shoal_process import ACCESS_KEY, SECRET_KEY, ShoalProcess  # noqa: E402

BUCKET = "bench"
SERVER_CPU, CLIENT_CPU = "0", "1"

# What requests are like, as options of the load generator: no line more than needed, or as boto3 sends them.
UNSIGNED = ["--signature", "none"]
SIGNED = ["--signature", "header"]
LIKE_BOTO3 = [*SIGNED, "--sdk-lines"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on port {port}")


def family_of(pid):
    """The process and all below it."""
    family = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        for child in children:
            family += family_of(int(child))
    return family


def cpu_seconds(pid):
    """As the scheduler counts it, in nanoseconds: ticks are too coarse for short rounds."""
    seconds = 0
    for member in family_of(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
    return seconds


class Objects:
    """What is served: so many objects of one size."""

    def __init__(self, count, size):
        self.count, self.size = count, size
        self.prefix = f"objects-{size}/"

    def arguments(self):
        return ["--bucket", BUCKET, "--prefix", self.prefix, "--objects", str(self.count), "--size", str(self.size)]


class System:
    """A server process on its core."""

    request_options = LIKE_BOTO3
    speaks_http = True

    def __init__(self, tools, root, objects):
        self.tools, self.root, self.objects = tools, root, objects
        self.process = None
        self.url = None

    def command(self, port):
        raise NotImplementedError

    def start(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with open(self.root / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(["taskset", "-c", SERVER_CPU, *self.command(port)], stdout=log, stderr=log)
        wait_for_port(port)

    def load_command(self, operation, connections, seconds):
        """Of the load generator for it, without what all have."""
        return [str(self.tools.shoal), "bench", operation, "--endpoint", self.url, *self.request_options,
                "--duration", f"{seconds}s", "--warmup", "200ms", "--quiet"]

    def warm_up(self):
        """Everything that is read later is read once."""

    def read_all_once(self):
        for number in range(self.objects.count):
            urllib.request.urlopen(f"{self.url}/{BUCKET}/{self.objects.prefix}{number:010}").read()

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Shoal(System):
    """Every request signed anew and verified, objects from the memory cache."""

    name = "shoal"

    def start(self):
        self.server = ShoalProcess(self.tools.shoal, self.root / "shoal-data", threads=1, cpus=SERVER_CPU)
        self.server.start()
        self.process, self.url = self.server.process, self.server.url

    def warm_up(self):
        # Puts all objects, and reads for a moment.
        self.tools.load(self, "get", 16, 0.3, existing=False)
        self.tools.load(self, "get", 1, 0.5)

    def stop(self):
        self.server.stop()
        self.process = None


class Minimal(System):
    """The ceiling: bench/serving/minimal_epoll_server.cc, without signatures."""

    name = "minimal epoll"

    def start(self):
        files = self.root / "files-of-minimal"
        files.mkdir(exist_ok=True)
        command = ["taskset", "-c", SERVER_CPU, str(self.tools.minimal), "--files", str(files), *self.objects.arguments()]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = re.match(r"minimal: (\S+)", self.process.stdout.readline())[1]


NGINX = """
worker_processes 1;
daemon off;
error_log {root}/nginx-{port}.error;
pid {root}/nginx-{port}.pid;
user root;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_max_body_size 64m;
  client_body_temp_path {root}/t1-{port}; proxy_temp_path {root}/t2-{port}; fastcgi_temp_path {root}/t3-{port};
  uwsgi_temp_path {root}/t4-{port}; scgi_temp_path {root}/t5-{port};
  {http}
  server {{ listen 127.0.0.1:{port} backlog=4096; {server} }}
}}
"""


class Nginx(System):
    """Files on tmpfs, sendfile, descriptors kept open."""

    name = "nginx static"
    http = "open_file_cache max=100000 inactive=1h; open_file_cache_valid 1h;"

    def server_block(self):
        return f"root {self.root}/www;"

    def http_block(self):
        return self.http

    def command(self, port):
        text = NGINX.format(root=self.root, port=port, http=self.http_block(), server=self.server_block())
        configuration = self.root / f"nginx-{port}.conf"
        configuration.write_text(text)
        return ["nginx", "-c", str(configuration), "-e", f"{self.root}/nginx-{port}.error"]

    def warm_up(self):
        self.read_all_once()


class Origin(Nginx):
    """Behind the proxies; not measured."""

    name = "origin"


class WithOrigin:
    """A server that fetches what it lacks from files served by nginx."""

    def start(self):
        self.origin = Origin(self.tools, self.root, self.objects)
        self.origin.start()
        super().start()

    def stop(self):
        super().stop()
        self.origin.stop()

    def warm_up(self):
        self.read_all_once()
        self.read_all_once()


class NginxProxyCache(WithOrigin, Nginx):
    """Its cache on tmpfs."""

    name = "nginx proxy_cache"

    def http_block(self):
        return f"proxy_cache_path {self.root}/proxy-cache keys_zone=cache:64m max_size=4g inactive=1h use_temp_path=off;"

    def server_block(self):
        return f"location / {{ proxy_pass {self.origin.url}; proxy_cache cache; proxy_cache_valid 200 1h; }}"

    def stop(self):
        super().stop()
        shutil.rmtree(self.root / "proxy-cache", ignore_errors=True)


class NginxDav(Nginx):
    """PUT into files on the same disk as Shoal's log, without fsync: it promises less."""

    name = "nginx dav, no fsync"

    def server_block(self):
        return f"root {self.root}/dav; dav_methods PUT DELETE; create_full_put_path on; location = /{BUCKET} {{ return 200; }}"

    def warm_up(self):
        pass


class Varnish(WithOrigin, System):
    """Cache in memory (malloc)."""

    name = "varnish"

    def command(self, port):
        host, origin_port = self.origin.url.removeprefix("http://").split(":")
        vcl = self.root / "varnish.vcl"
        vcl.write_text(
            f'vcl 4.1;\nbackend default {{ .host = "{host}"; .port = "{origin_port}"; }}\n'
            "sub vcl_recv { unset req.http.Authorization; }\n"  # what has one is not cached otherwise
            "sub vcl_backend_response { set beresp.ttl = 1h; }\n"
        )
        return ["varnishd", "-F", "-a", f"127.0.0.1:{port}", "-f", str(vcl), "-s", "malloc,2g", "-n",
                str(self.root / "varnish"), "-p", "timeout_idle=600"]


class Memcached(System):
    """Its text protocol; objects of 1 MiB need a larger limit than it has by default."""

    name, speaks_http = "memcached", False

    def command(self, port):
        self.port = port
        return ["memcached", "-l", "127.0.0.1", "-p", str(port), "-t", "1", "-m", "2048", "-I", "4m", "-u", "nobody"]

    def load_command(self, operation, connections, seconds):
        return [str(self.tools.memcached_load), "--port", str(self.port), "--seconds", str(seconds),
                "--set", "no" if self.is_warm else "yes"]

    is_warm = False

    def warm_up(self):
        self.tools.load(self, "get", 1, 0.3)
        self.is_warm = True


READERS = [Shoal, Minimal, Nginx, NginxProxyCache, Varnish, Memcached]
WRITERS = [Shoal, Minimal, NginxDav]
LISTERS = [Shoal, Minimal]
HEADERS = [Shoal, Nginx]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
