"""boto3, so that no error of a server hides."""
import boto3
import botocore.config


def make_boto3_client(endpoint, access_key, secret_key, verify=None, **configuration):
    """A client that never tries a request twice. `verify` names the certificate to trust."""
    settings = {
        "signature_version": "s3v4",
        "retries": {"total_max_attempts": 1},
        "s3": {"addressing_style": "path"},
        "connect_timeout": 10,
        "read_timeout": 60,
        "max_pool_connections": 32,
        "proxies": {},
    }
    settings.update(configuration)
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        verify=verify,
        config=botocore.config.Config(**settings),
    )
