"""The checksums of the S3 API in plain Python: an implementation of its own to compare the server's with."""
import base64
import hashlib
import zlib


def _table(polynomial):
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


_CRC32C = _table(0x82F63B78)
_CRC64NVME = _table(0x9A6C9329AC4BC9B5)


def _crc(table, bits, data):
    ones = (1 << bits) - 1
    value = ones
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ ones


def crc32(data):
    return zlib.crc32(data).to_bytes(4, "big")


def crc32c(data):
    return _crc(_CRC32C, 32, data).to_bytes(4, "big")


def crc64nvme(data):
    return _crc(_CRC64NVME, 64, data).to_bytes(8, "big")


ALGORITHMS = {
    "CRC32": crc32,
    "CRC32C": crc32c,
    "CRC64NVME": crc64nvme,
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def header_of(algorithm):
    return "x-amz-checksum-" + algorithm.lower()


def checksum(algorithm, data):
    """The value of the header or trailer: base64 of the digest."""
    return base64.b64encode(ALGORITHMS[algorithm](data)).decode()


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def content_md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()
