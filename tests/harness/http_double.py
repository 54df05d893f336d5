"""A web server in the test's process, for what plays an S3 service."""
import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Of one connection, which is kept open; tells nobody what it does."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # connections that are kept open end without asking


class HttpDouble:
    """Serves from the start on a free port of loopback. `name` goes into the keys with which it is asked."""

    def __init__(self, handler, name):
        self._server = _Server(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.access_key, self.secret_key = f"{name.upper()}ORIGINKEY", name * 8
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
