"""More connections than a shell's limit of descriptors allows, and what one of them costs."""
import resource
import socket

from harness.server import HOST

SHELL_LIMIT = 1024
FIRST_CONNECTIONS = 1000  # which also pay for what all share
CONNECTIONS = 4000
IDLE_BYTES_MAX = 8 << 10


def connect(server, connections, count):
    """Opens connections until there are so many, and makes a request on each of the new ones."""
    new = []
    while len(connections) < count:
        new.append(socket.create_connection((HOST, server.port), timeout=30))
        connections.append(new[-1])
    for connection in new:
        connection.sendall(b"GET /bucket/key HTTP/1.1\r\nHost: x\r\n\r\n")
    for connection in new:
        assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")


def test_idle_connections_are_held_and_cost_little(new_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = new_server(options={"server.threads": "1"})
    resource.setrlimit(resource.RLIMIT_NOFILE, (SHELL_LIMIT, hard))  # what a shell gives the server
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CONNECTIONS + 500), hard))
    connections = []
    try:
        connect(server, connections, FIRST_CONNECTIONS)
        before = server.resident_bytes()
        connect(server, connections, CONNECTIONS)
        assert server.metrics()["shoal_http_connections_open"] == CONNECTIONS
        assert (server.resident_bytes() - before) / (CONNECTIONS - FIRST_CONNECTIONS) < IDLE_BYTES_MAX
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
