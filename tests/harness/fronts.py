"""Servers in front of an origin, and what tests ask of them."""
import botocore.exceptions
import pytest

from harness.bucket import Bucket

# What stands in the log when a test takes the origin away.
ORIGIN_FAILED = "store failed"


def front_of(new_server, origin, options=None, url=None, expected_trouble=None):
    """A server in front of an origin, with its keys."""
    server = new_server(
        options={"origin.url": url or origin.endpoint, "log.level": "debug", **(options or {})},
        environment={
            "SHOAL_ORIGIN_ACCESS_KEY": origin.access_key,
            "SHOAL_ORIGIN_SECRET_KEY": origin.secret_key,
        },
    )
    server.expected_trouble = expected_trouble
    return server.start()


def write_keys(path, server):
    """A file by which another server has the keys of this one."""
    path.write_text(f"access_key = {server.access_key}\nsecret_key = {server.secret_key}\n")
    path.chmod(0o600)
    return path


def bucket_of(server, name="bucket"):
    return Bucket(server.boto3(), name)


def status_of(call):
    """The status with which the server refuses it."""
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def requests_to(server):
    return server.metrics()["shoal_http_requests_total"]
