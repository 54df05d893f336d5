#!/usr/bin/env python3
"""A TCP proxy that delivers what the server answers so many milliseconds later: the way to a distant origin.

Prints its port; counts nothing and changes nothing. Ends with its standard input.
"""
import argparse
import asyncio
import sys


class Answers(asyncio.Protocol):
    """From the server to the client, each piece late by the same time."""

    def __init__(self, client, delay):
        self.client, self.delay = client, delay
        self.loop = asyncio.get_running_loop()

    def data_received(self, data):
        self.loop.call_later(self.delay, self.deliver, data)

    def deliver(self, data):
        if not self.client.is_closing():
            self.client.write(data)

    def connection_lost(self, _):
        self.loop.call_later(self.delay, self.client.close)


class Requests(asyncio.Protocol):
    """From a client to the server, at once."""

    def __init__(self, port, delay):
        self.port, self.delay = port, delay
        self.server, self.early = None, []

    def connection_made(self, transport):
        self.client = transport
        self.connecting = asyncio.ensure_future(self.connect())

    async def connect(self):
        loop = asyncio.get_running_loop()
        try:
            self.server, _ = await loop.create_connection(lambda: Answers(self.client, self.delay), "127.0.0.1", self.port)
        except OSError:
            self.client.close()
            return
        self.server.writelines(self.early)
        if self.client.is_closing():
            self.server.close()

    def data_received(self, data):
        if self.server is None:
            self.early.append(data)
        else:
            self.server.write(data)

    def connection_lost(self, _):
        if self.server is not None:
            self.server.close()


async def serve(port, delay):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Requests(port, delay), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=int, required=True, help="port on this machine")
    parser.add_argument("--milliseconds", type=float, default=10)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.to, arguments.milliseconds / 1000))


if __name__ == "__main__":
    main()
