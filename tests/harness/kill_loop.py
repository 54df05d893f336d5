"""kill -9 of a server at any moment, again and again, under load.

Some threads put, delete and upload in parts, each on keys of its own, and write down what was acknowledged. The server
is killed at a random moment, sometimes again while it recovers, and started again. Then every key must hold what was
acknowledged last, or what was under way at the kill, as a whole.
"""
import collections
import dataclasses
import hashlib
import os
import random
import secrets
import threading
import time

from harness.bucket import Bucket
from harness.raw_http import ConnectionClosed
from harness.waiting import wait_until

WORKERS = 6
KEYS_OF_WORKER = 24
BUCKET = "kill"
PART_BYTES = 5 << 20

ABSENT = None  # as a version: the key must not exist


NOTHING = object()  # as a version: no operation is under way


@dataclasses.dataclass
class Key:
    """What is known of one key: the version (SHA-256 of the body) that the last acknowledged operation left, and the one
    that an operation without an answer may have left."""

    acknowledged: object = ABSENT
    pending: object = NOTHING


@dataclasses.dataclass
class Upload:
    """An upload in parts that lives through kills: its acknowledged parts must still be there."""

    id: str
    parts: dict = dataclasses.field(default_factory=dict)  # number -> (ETag, body)


class Worker:
    """A client with keys of its own; runs until the server is gone."""

    def __init__(self, number, seed):
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.keys = {f"{number}/{i:02d}": Key() for i in range(KEYS_OF_WORKER)}
        self.uploads = {}  # key -> Upload
        self.counts = collections.Counter()
        self.problem = None

    def body(self):
        size = self.random.choice([0, 1, 100, 4000, 4096, 30_000, 65_536, 200_000])
        if self.random.random() < 0.02:
            size = self.random.randrange(4 << 20, 9 << 20)
        return self.random.randbytes(size)

    def run(self, raw):
        try:
            with raw.connect() as connection:
                while True:
                    self.step(raw, connection)
        except (ConnectionClosed, ConnectionError):
            pass
        except Exception as problem:  # told by the main thread
            self.problem = problem

    def step(self, raw, connection):
        name = self.random.choice(list(self.keys))
        action = self.random.choices(["put", "delete", "get", "part", "complete"], [50, 20, 10, 12, 8])[0]
        if action == "put":
            body = self.body()
            self.write(raw, connection, "PUT", name, 200, hashlib.sha256(body).digest(), body=body)
        elif action == "delete":
            self.write(raw, connection, "DELETE", name, 204, ABSENT)
        elif action == "get":
            answer = connection.request(raw.make("GET", f"/{BUCKET}/{name}"))
            found = hashlib.sha256(answer.body).digest() if answer.status == 200 else ABSENT
            assert found == self.keys[name].acknowledged, f"{name}: status {answer.status}, not what was acknowledged"
        elif action == "part":
            self.add_part(raw, connection, name)
        elif name in self.uploads:
            self.complete(raw, connection, name)
        self.counts[action] += 1

    def write(self, raw, connection, method, name, status, version, query=(), body=b""):
        """One operation that changes a key; its version is pending until the answer is there."""
        self.keys[name].pending = version
        answer = connection.request(raw.make(method, f"/{BUCKET}/{name}", query=query, body=body))
        assert answer.status == status, f"{method} {name}: {answer}"
        self.keys[name] = Key(version)

    def add_part(self, raw, connection, name):
        path = f"/{BUCKET}/{name}"
        if name not in self.uploads:
            answer = connection.request(raw.make("POST", path, query=[("uploads", None)]))
            assert answer.status == 200, answer
            space = answer.xml().tag.split("}")[0] + "}"
            self.uploads[name] = Upload(answer.xml().findtext(space + "UploadId"))
        upload = self.uploads[name]
        # Only the last part may be small: a second one follows the few first ones that are large.
        number = 2 if 1 in upload.parts and len(upload.parts[1][1]) >= PART_BYTES else 1
        large = number == 1 and self.random.random() < 0.1
        body = self.random.randbytes(PART_BYTES if large else self.random.randrange(1, 50_000))
        upload.parts.pop(number, None)  # which of two parts of one number a kill leaves, nobody knows
        answer = connection.request(
            raw.make("PUT", path, query=[("partNumber", str(number)), ("uploadId", upload.id)], body=body)
        )
        assert answer.status == 200, answer
        upload.parts[number] = (answer.header("etag"), body)

    def complete(self, raw, connection, name):
        upload = self.uploads[name]
        if not upload.parts:
            return
        parts = sorted(upload.parts.items())
        xml = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, (etag, _) in parts)
        body = f"<CompleteMultipartUpload>{xml}</CompleteMultipartUpload>".encode()
        version = hashlib.sha256(b"".join(part for _, (_, part) in parts)).digest()
        del self.uploads[name]  # after a kill in between nobody knows whether it is there
        self.write(raw, connection, "POST", name, 200, version, query=[("uploadId", upload.id)], body=body)


class Verifier:
    """Compares the recovered server with what the workers know."""

    def __init__(self):
        self.counts = collections.Counter()
        self.complaints = []

    def check(self, raw, bucket, workers):
        listed = bucket.contents()
        expected = set()
        with raw.connect() as connection:
            for worker in workers:
                for name, key in worker.keys.items():
                    found = self.check_key(raw, connection, name, key)
                    worker.keys[name] = Key(found)
                    if found is not ABSENT:
                        expected.add(name)
                self.finish_uploads(raw, connection, worker)
        if set(listed) != expected:
            self.complaints.append(f"the listing differs: {sorted(set(listed) ^ expected)[:10]}")

    def check_key(self, raw, connection, name, key):
        answer = connection.request(raw.make("GET", f"/{BUCKET}/{name}"))
        assert answer.status in (200, 404), f"{name}: {answer}"
        found = hashlib.sha256(answer.body).digest() if answer.status == 200 else ABSENT
        self.counts["verified"] += 1
        if found not in (key.acknowledged, key.pending):
            kind = "resurrected" if key.acknowledged is ABSENT else "lost"
            self.counts[kind] += 1
            self.complaints.append(f"{name}: {kind}; status {answer.status}, {len(answer.body)} bytes")
        return found

    def finish_uploads(self, raw, connection, worker):
        """A third of the open uploads is completed with the parts acknowledged before the kill."""
        for name in sorted(worker.uploads)[::3]:
            if worker.uploads[name].parts:
                worker.complete(raw, connection, name)
                found = self.check_key(raw, connection, name, worker.keys[name])
                worker.keys[name] = Key(found)
                self.counts["uploads finished"] += 1


def kill_again_and_again(server, cycles):
    """Of a server that runs, in a bucket that this makes."""
    seed = os.environ.get("SHOAL_KILL_SEED") or secrets.token_hex(4)
    dice = random.Random(seed)
    server.boto3().create_bucket(Bucket=BUCKET)
    workers = [Worker(number, seed) for number in range(WORKERS)]
    verifier = Verifier()
    for cycle in range(cycles):
        raw = server.raw()
        threads = [threading.Thread(target=worker.run, args=[raw]) for worker in workers]
        before = operations(workers)
        for thread in threads:
            thread.start()
        # The moment of the kill: after some operations, and then some microseconds more, which need not be exact.
        wanted = before + dice.randrange(1, 400)
        wait_until(
            lambda: operations(workers) >= wanted or not any(t.is_alive() for t in threads),
            "operations are done",
            60,
            0.0005,
        )
        time.sleep(dice.random() * 0.005)
        server.kill()
        for thread in threads:
            thread.join()
        while dice.random() < 0.25:  # also while it recovers
            server.spawn()
            time.sleep(dice.random() * 0.08)
            server.kill()
            verifier.counts["killed in recovery"] += 1
        server.start()
        verifier.complaints += [f"worker {w.number}: {w.problem!r}" for w in workers if w.problem]
        verifier.check(server.raw(), Bucket(server.boto3(), BUCKET), workers)
        assert (
            not verifier.complaints
        ), f"cycle {cycle} of SHOAL_KILL_SEED={seed} SHOAL_KILL_CYCLES={cycles}:\n" + "\n".join(
            verifier.complaints[:20]
        )
    counts = verifier.counts
    print(
        f"\nkill -9: seed {seed}, {cycles} cycles, {counts['killed in recovery']} more kills in recovery, "
        f"{operations(workers)} operations, {counts['verified']} objects verified, "
        f"{counts['uploads finished']} uploads finished, lost {counts['lost']}, resurrected {counts['resurrected']}"
    )


def operations(workers):
    return sum(sum(worker.counts.values()) for worker in workers)
