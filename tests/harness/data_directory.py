"""A data directory as bytes on the disk, and the commands of `shoal` that work on one."""
import json
import pathlib
import subprocess

from harness.server import program


def segments(data):
    return sorted((pathlib.Path(data) / "segments").glob("*.seg"))


def flip(data, content, offset=0):
    """Flips a bit at the first place in the segments where these bytes are; the path and the place of the byte."""
    for path in segments(data):
        found = path.read_bytes().find(content)
        if found < 0:
            continue
        with open(path, "r+b") as file:
            file.seek(found + offset)
            byte = file.read(1)[0]
            file.seek(found + offset)
            file.write(bytes([byte ^ 1]))
        return path, found + offset
    raise AssertionError(f"no segment holds {content[:40]!r}")


def shoal(*arguments, environment=None, seconds=60):
    """Runs a command of the program."""
    return subprocess.run(
        [str(program()), *map(str, arguments)], capture_output=True, text=True, timeout=seconds, env=environment
    )


def shoal_json(*arguments, code=0, **options):
    """What a command prints as JSON; it must end with `code`."""
    result = shoal(*arguments, "--json", **options)
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    return json.loads(result.stdout)
