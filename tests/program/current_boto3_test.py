"""A current boto3, if one is installed beside Debian's: its defaults (checksums on everything) as they are.

Looked for in the python3 of PATH; skipped without one of at least 1.36.
"""
import json
import os
import shutil
import subprocess

import pytest

from harness.bucket import random_bytes
from harness.checksums import sha256_hex
from harness.fronts import bucket_of

SCRIPT = """
import hashlib, json, os, sys
import boto3
from boto3.s3.transfer import TransferConfig

client = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1")
bucket, folder = sys.argv[1:]
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
sha = lambda body: hashlib.sha256(body).hexdigest()
found = {}
for name in ("empty", "small", "large"):
    path = os.path.join(folder, name)
    client.upload_file(path, bucket, name, Config=config)
    client.download_file(bucket, name, path + ".back", Config=config)
    found[name] = sha(open(path + ".back", "rb").read())
body = open(os.path.join(folder, "small"), "rb").read()
for algorithm in ("CRC32", "SHA1", "SHA256"):
    put = client.put_object(Bucket=bucket, Key=algorithm, Body=body, ChecksumAlgorithm=algorithm)
    get = client.get_object(Bucket=bucket, Key=algorithm)
    assert put["Checksum" + algorithm] == get["Checksum" + algorithm]
    found[algorithm] = sha(get["Body"].read())
keys = [{"Key": entry["Key"]} for entry in client.list_objects_v2(Bucket=bucket)["Contents"]]
found["deleted"] = len(client.delete_objects(Bucket=bucket, Delete={"Objects": keys})["Deleted"])
print(json.dumps(found))
"""


@pytest.fixture
def python():
    path = shutil.which("python3")
    check = "import boto3, sys; sys.exit(tuple(map(int, boto3.__version__.split('.')[:2])) < (1, 36))"
    if path is None or subprocess.run([path, "-c", check], capture_output=True).returncode != 0:
        pytest.skip("python3 of PATH has no boto3 of at least 1.36")
    return path


def use(python, server, bucket, folder):
    """What a client with its defaults found in the end, and what it has to find."""
    bodies = {"empty": b"", "small": random_bytes(70_000), "large": random_bytes(20 << 20)}
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "ENDPOINT": server.endpoint,
        "AWS_ACCESS_KEY_ID": server.access_key,
        "AWS_SECRET_ACCESS_KEY": server.secret_key,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": "/dev/null",
        "NO_PROXY": "*",
    }
    command = [python, "-c", SCRIPT, bucket, str(folder)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    wanted = {name: sha256_hex(body) for name, body in bodies.items()}
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        wanted[algorithm] = sha256_hex(bodies["small"])
    return json.loads(run.stdout), {**wanted, "deleted": 6}


def test_defaults_of_a_current_boto3(python, server, bucket, tmp_path):
    found, wanted = use(python, server, bucket.name, tmp_path)
    assert found == wanted
    assert bucket.keys() == []


def test_the_same_in_front_of_an_origin(python, origin, in_front, tmp_path):
    """Its parts, each with a checksum, are sent on as they come."""
    front = in_front({"origin.gather_bytes_max": "1MiB"})
    front.boto3().create_bucket(Bucket="bucket")
    found, wanted = use(python, front, "bucket", tmp_path)
    assert found == wanted
    assert bucket_of(origin).keys() == []
