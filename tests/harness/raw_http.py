"""HTTP/1.1 over a plain socket: sends any bytes, reads what comes back by the rules."""
import contextlib
import dataclasses
import socket
import xml.etree.ElementTree

from harness import sigv4


@dataclasses.dataclass
class Response:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        values = [value for n, value in self.headers if n.lower() == name.lower()]
        assert len(values) < 2, f"the header {name} came {len(values)} times"
        return values[0] if values else None

    def xml(self):
        return xml.etree.ElementTree.fromstring(self.body)

    @property
    def error_code(self):
        """The S3 error code of the body, which must then be complete; None without a body."""
        if self.status < 400 or not self.body:
            return None
        root = self.xml()
        assert root.tag == "Error", self.body
        assert root.findtext("Message"), self.body
        assert root.findtext("RequestId") == self.header("x-amz-request-id"), self.body
        return root.findtext("Code")

    def __str__(self):
        return f"{self.status} {self.body[:300]!r}"


class ConnectionClosed(Exception):
    """The server closed (or reset) the connection before a whole response came."""


class Connection:
    def __init__(self, host, port, timeout=30.0, receive_buffer=None):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(timeout)
        self._socket.connect((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.socket = self._socket

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def reset(self):
        """Closes with RST, as a host that crashed would answer."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def try_send(self, data):
        """As send, but a server that has answered and closed already is fine."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(data)

    def half_close(self):
        self._socket.shutdown(socket.SHUT_WR)

    def _receive(self):
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionError as error:
            raise ConnectionClosed(str(error)) from error
        if not data:
            raise ConnectionClosed(f"after {len(self._buffer)} unread bytes")
        self._buffer += data

    def _take(self, count):
        while len(self._buffer) < count:
            self._receive()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def _take_line(self):
        while b"\r\n" not in self._buffer:
            self._receive()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line

    def read_head(self):
        """Status and headers; interim responses (100) count as responses."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name and name == name.strip(), f"bad header line {line!r}"
            headers.append((name, value.strip()))
        return Response(int(status), headers, b"")

    def read_response(self, method="GET"):
        response = self.read_head()
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if (response.header("transfer-encoding") or "").lower() == "chunked":
            response.body = self._read_chunked()
        elif response.header("content-length") is not None:
            response.body = self._take(int(response.header("content-length")))
        else:
            response.body = self.read_to_end()
        return response

    def _read_chunked(self):
        body = b""
        while size := int(self._take_line(), 16):
            body += self._take(size)
            assert self._take(2) == b"\r\n"
        while self._take_line():
            pass
        return body

    def read_to_end(self):
        """What comes until the server ends the connection, however it does."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self._receive()
        data, self._buffer = self._buffer, b""
        return data

    def read_some(self, count):
        return self._take(count)

    def is_closed_by_server(self):
        """Waits for the end of the connection; true if nothing more came before it."""
        try:
            self._receive()
        except ConnectionClosed:
            return True
        except socket.timeout:
            return False
        return False

    def request(self, request):
        """Sends a sigv4.Request and reads the response."""
        self.try_send(request.to_bytes())
        return self.read_response(request.method)


class RawClient:
    """Signed requests to one server, each on a connection of its own unless a Connection is given."""

    def __init__(self, host, port, signer):
        self.host, self.port, self.signer = host, port, signer
        self.authority = f"{host}:{port}"

    def connect(self, **options):
        return Connection(self.host, self.port, **options)

    def make(self, method, path, query=(), headers=(), body=b"", sign=True, length=True, **sign_options):
        request = sigv4.Request(method, path, list(query), [("Host", self.authority), *headers], body)
        if length and (body or method in ("PUT", "POST")) and request.header("content-length") is None:
            request.set_header("Content-Length", str(len(body)))
        if sign:
            self.signer.sign(request, **sign_options)
        return request

    def begin(self, method, path, headers=(), body=b"", **socket_options):
        """A connection over which a request was sent; its answer is still to be read."""
        connection = self.connect(**socket_options)
        connection.send(self.make(method, path, headers=headers, body=body).to_bytes())
        return connection

    def send(self, request):
        with self.connect() as connection:
            return connection.request(request)

    def call(self, method, path, **options):
        return self.send(self.make(method, path, **options))
