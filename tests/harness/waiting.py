"""Waiting for conditions, never for time."""
import time


def wait_until(condition, what, seconds=20.0, pause=0.01):
    """Calls `condition` until it returns something true, which is returned; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(pause)
