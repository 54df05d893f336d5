"""Reads a list of URLs of one server, each once, over so many connections at a time, and checks every body."""
import asyncio
import collections
import hashlib
import statistics
import time
import urllib.parse


class WrongAnswer(Exception):
    pass


async def read_one(reader, writer, host, target):
    """The body of one GET over a connection that stays open, and where Shoal says that it came from."""
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status = head.split(b" ", 2)[1]
    if status != b"200":
        raise WrongAnswer(f"{target}: status {status.decode()}")
    lines = (line.split(b":", 1) for line in head.split(b"\r\n")[1:] if line)
    fields = {name.lower(): value.strip() for name, value in lines}
    body = await reader.readexactly(int(fields[b"content-length"]))
    return body, fields.get(b"x-shoal-cache", b"not told").decode()


async def work(host, port, jobs, times, sources, at_the_same_time):
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
    await at_the_same_time.wait()
    while jobs:
        target, digest = jobs.pop()
        began = time.perf_counter()
        body, source = await read_one(reader, writer, f"{host}:{port}", target)
        times.append(time.perf_counter() - began)
        sources[source] += 1
        if hashlib.md5(body).hexdigest() != digest:
            raise WrongAnswer(f"{target}: other bytes than were put")
    writer.close()


async def read_all(urls, connections):
    """`urls`: (URL, MD5) of each. Seconds for all, the times of each in milliseconds, and how many came from where."""
    parts = urllib.parse.urlsplit(urls[0][0])
    jobs = [(url[url.index(parts.netloc) + len(parts.netloc):], digest) for url, digest in reversed(urls)]
    times, sources, start = [], collections.Counter(), asyncio.Event()
    work_on_jobs = (work(parts.hostname, parts.port, jobs, times, sources, start) for _ in range(connections))
    tasks = [asyncio.ensure_future(one) for one in work_on_jobs]
    await asyncio.sleep(0.3)  # for the connections; who comes later begins later
    began = time.perf_counter()
    start.set()
    await asyncio.gather(*tasks)
    return time.perf_counter() - began, sorted(1000 * t for t in times), sources


def measure(urls, connections):
    """Requests per second, median and p99 in milliseconds, and how many answers came from where (x-shoal-cache)."""
    seconds, times, sources = asyncio.run(read_all(urls, connections))
    return {
        "requests_per_second": len(times) / seconds,
        "p50_ms": statistics.median(times),
        "p99_ms": times[min(len(times) - 1, int(len(times) * 0.99))],
        "sources": sources,
    }
