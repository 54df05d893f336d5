"""Ceph's S3 service, seen as a test sees the servers that are ours."""
import urllib.parse

from harness.boto3_client import make_boto3_client


class Gateway:
    def __init__(self, endpoint, access_key, secret_key):
        self.endpoint, self.access_key, self.secret_key = endpoint, access_key, secret_key
        self.port = urllib.parse.urlsplit(endpoint).port

    def boto3(self):
        return make_boto3_client(self.endpoint, self.access_key, self.secret_key)
