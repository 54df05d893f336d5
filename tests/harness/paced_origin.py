"""An S3 service that sends its objects at the pace that a test wants, or not as they are."""
import dataclasses
import hashlib
import re
import threading
import urllib.parse

from harness import http_double

PATIENCE_SECONDS = 60


@dataclasses.dataclass
class PacedObject:
    body: bytes
    etag: str
    waits_at: int | None = None  # stops there until go_on is set
    waiters_max: int | None = None  # how many requests do; all
    ends_at: int | None = None  # ends the connection there
    bytes_per_second: float | None = None
    checksums: dict = dataclasses.field(default_factory=dict)  # header, value: told with the whole and with HEAD
    go_on: threading.Event = dataclasses.field(default_factory=threading.Event)


class PacedOrigin(http_double.HttpDouble):
    """Knows GET and HEAD of objects, with Range and If-Match, and PUT, in any bucket. Anything else is answered 404."""

    def __init__(self):
        self.objects = {}
        self.requests = []  # method, path, headers
        self.capacity = None  # how many objects it sends at a time; more are answered with 503 SlowDown
        self.refused = 0
        self._sending = 0
        self._lock = threading.Lock()
        origin = self

        class Handler(http_double.Handler):
            def do_GET(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                path = urllib.parse.unquote(self.path.partition("?")[0])
                origin.requests.append((self.command, path, headers))
                found = origin.objects.get(path)
                if found is None and self.command == "HEAD" and path.count("/") == 1:
                    return self.answer(200)  # each bucket is there
                if found is None:
                    return self.answer(404, "NoSuchKey")
                if headers.get("if-match", found.etag) != found.etag:
                    return self.answer(412, "PreconditionFailed")
                if headers.get("if-none-match") == found.etag:
                    return self.answer(304, "NotModified")
                if not origin.begin_sending():
                    return self.answer(503, "SlowDown")
                try:
                    self.send_object(found, headers.get("range"))
                finally:
                    origin.end_sending()

            do_HEAD = do_GET

            def do_PUT(self):
                path = urllib.parse.unquote(self.path.partition("?")[0])
                body = self.rfile.read(int(self.headers["Content-Length"]))
                origin.requests.append((self.command, path, {}))
                kept = origin.keep(path, body)
                self.send_response(200)
                self.send_header("ETag", kept.etag)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer(self, status, code=""):
                text = f"<Error><Code>{code}</Code></Error>".encode() if status >= 400 else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(text)

            def send_object(self, found, wanted):
                size = len(found.body)
                first, last = 0, size - 1
                if wanted:
                    first, last = (int(number) for number in re.fullmatch(r"bytes=(\d+)-(\d+)", wanted).groups())
                    last = min(last, size - 1)
                self.send_response(206 if wanted else 200)
                if wanted:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                for name, value in () if wanted else found.checksums.items():
                    self.send_header(name, value)
                self.send_header("ETag", found.etag)
                self.send_header("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT")
                self.send_header("Content-Length", str(last + 1 - first))
                self.end_headers()
                if self.command == "GET":
                    self.send_body(found, first, last + 1)

            def send_body(self, found, begin, end):
                if found.waits_at is not None and begin <= found.waits_at < end and origin.shall_wait(found):
                    self.send_some(found, begin, found.waits_at)
                    begin = found.waits_at
                    found.go_on.wait(PATIENCE_SECONDS)
                if found.ends_at is not None and begin < found.ends_at < end:
                    end = found.ends_at
                    self.close_connection = True
                self.send_some(found, begin, end)

            def send_some(self, found, begin, end):
                if found.bytes_per_second is None:
                    self.wfile.write(found.body[begin:end])
                    return
                step = 16384
                for offset in range(begin, end, step):
                    threading.Event().wait(step / found.bytes_per_second)
                    self.wfile.write(found.body[offset : min(offset + step, end)])

        super().__init__(Handler, "paced")

    def keep(self, path, body, etag=None, **pace):
        found = PacedObject(body, etag or f'"{hashlib.md5(body).hexdigest()}"', **pace)
        self.objects[path] = found
        return found

    def asked(self, path):
        """The methods and ranges of the requests for an object so far."""
        return [(method, headers.get("range")) for method, asked, headers in self.requests if asked == path]

    def shall_wait(self, found):
        with self._lock:
            if found.waiters_max == 0:
                return False
            if found.waiters_max is not None:
                found.waiters_max -= 1
            return True

    def begin_sending(self):
        with self._lock:
            if self.capacity is not None and self._sending >= self.capacity:
                self.refused += 1
                return False
            self._sending += 1
            return True

    def end_sending(self):
        with self._lock:
            self._sending -= 1

    def close(self):
        for found in self.objects.values():
            found.go_on.set()
        super().close()
