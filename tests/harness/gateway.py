"""Ceph's S3 service, seen as a test sees the servers that are ours."""
import urllib.parse

import boto3
import botocore.config


class Gateway:
    def __init__(self, endpoint, access_key, secret_key):
        self.endpoint, self.access_key, self.secret_key = endpoint, access_key, secret_key
        self.port = urllib.parse.urlsplit(endpoint).port

    def boto3(self):
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=botocore.config.Config(
                s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, proxies={}
            ),
        )
