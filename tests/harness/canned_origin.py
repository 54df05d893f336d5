"""An S3 service that says what a test tells it to, and remembers what it was asked."""
import urllib.parse

from harness import http_double


class CannedOrigin(http_double.HttpDouble):
    """Answers by method, path and names of the query; everything else with 404 NoSuchKey."""

    def __init__(self):
        self.answers = {}  # (method, path, frozenset of names) -> status, headers, body; or bytes as they are sent
        self.requests = []
        origin = self

        class Handler(http_double.Handler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path, _, query = self.path.partition("?")
                query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                origin.requests.append((self.command, urllib.parse.unquote(path), query, headers, body))
                known = (self.command, urllib.parse.unquote(path), frozenset(query))
                answer = origin.answers.get(known, (404, {}, b"<Error><Code>NoSuchKey</Code></Error>"))
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                    self.close_connection = True
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        super().__init__(Handler, "canned")

    def says(self, method, path, query, status=200, body=b"", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[method, path, frozenset(query)] = (status, named, body)

    def sends(self, method, path, query, answer):
        """These bytes and nothing else, before the connection is closed."""
        self.answers[method, path, frozenset(query)] = answer

    def asked(self, method, path):
        """The requests so far: query, headers, body of each."""
        return [request[2:] for request in self.requests if request[:2] == (method, path)]
