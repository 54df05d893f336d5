"""What a process has of the machine's memory, as the system counts it. For tests and benchmarks."""
import contextlib
import os
import pathlib
import re


def resident_bytes(pid):
    """Memory of the process that is in RAM, with its files in memory and without those on a disk."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    own = int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.M)[1]) * 1024
    return own + bytes_of_files_in_memory(pid)


def bytes_of_files_in_memory(pid):
    """Of the files without a name in which large bodies lie."""
    total = 0
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(descriptor).startswith("/memfd:"):
                total += descriptor.stat().st_blocks * 512
    return total
