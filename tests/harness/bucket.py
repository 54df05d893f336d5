"""What a test says about the content of a bucket."""
import hashlib
import random


def random_bytes(count, seed=0):
    """The same bytes for the same seed; nothing in them repeats, so a lost or doubled piece changes the hash."""
    return random.Random(seed).randbytes(count)


def sha256_of_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Bucket:
    """One bucket of the server, made for one test."""

    def __init__(self, client, name):
        self.client = client
        self.name = name

    def put(self, key, body=b"", **options):
        return self.client.put_object(Bucket=self.name, Key=key, Body=body, **options)

    def get(self, key, **options):
        return self.client.get_object(Bucket=self.name, Key=key, **options)["Body"].read()

    def sha256(self, key):
        digest = hashlib.sha256()
        for piece in self.client.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(1 << 20):
            digest.update(piece)
        return digest.hexdigest()

    def contents(self):
        """{key: (size, ETag)} of everything that a listing shows."""
        found = {}
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name):
            for entry in page.get("Contents", ()):
                found[entry["Key"]] = (entry["Size"], entry["ETag"])
        return found

    def keys(self):
        return sorted(self.contents(), key=lambda key: key.encode())

    def uploads(self):
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.name)
        return [(u["Key"], u["UploadId"]) for page in pages for u in page.get("Uploads", ())]

    def remove(self):
        """Empties and deletes it."""
        for key, upload in self.uploads():
            self.client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload)
        keys = [{"Key": key} for key in self.contents()]
        for at in range(0, len(keys), 1000):
            answer = self.client.delete_objects(
                Bucket=self.name, Delete={"Objects": keys[at : at + 1000], "Quiet": True}
            )
            assert "Errors" not in answer, answer["Errors"]
        self.client.delete_bucket(Bucket=self.name)
