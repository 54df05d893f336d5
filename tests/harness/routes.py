"""All requests that the server knows, read out of its own table, so that no route can be added past the tests."""
import dataclasses
import pathlib
import re

TABLE = pathlib.Path(__file__).parents[2] / "shoal/s3/operation.cc"
_ROW = re.compile(
    r'\{\s*\w+,\s*"(\w+)",\s*"(\w+)",\s*(service|bucket|object),\s*"([\w-]*)",\s*"([\w-]*)",\s*(\w+),\s*(\w+)\}'
)


@dataclasses.dataclass(frozen=True)
class Route:
    name: str
    method: str
    resource: str
    sub_resource: str
    header: str
    support: str
    writes: bool

    def path(self, bucket, key="key"):
        return {"service": "/", "bucket": f"/{bucket}", "object": f"/{bucket}/{key}"}[self.resource]

    def query(self):
        """What selects it, and what it needs besides."""
        if not self.sub_resource:
            return []
        values = {"list-type": "2", "uploadId": "none"}
        query = [(self.sub_resource, values.get(self.sub_resource))]
        return query + ([("partNumber", "1")] if self.sub_resource == "uploadId" and self.method == "PUT" else [])

    def headers(self, bucket):
        if self.name == "CorsPreflight":
            return [("Origin", "http://somewhere.example")]
        return [(self.header, f"/{bucket}/key")] if self.header else []

    def __str__(self):
        return f"{self.name}-{self.resource}"


def routes():
    found = [Route(*match[:-1], match[-1] == "writes") for match in _ROW.findall(TABLE.read_text())]
    assert len(found) > 90, f"{TABLE} is written in another way now: read {len(found)} routes"
    return found
