"""kill -9 at any moment loses nothing that was acknowledged and brings nothing back that was deleted (harness/kill_loop.py).

    SHOAL_KILL_CYCLES=500 SHOAL_KILL_SEED=… /usr/bin/python3 -m pytest -s tests/program/kill_test.py
"""
import os

import pytest

from harness.kill_loop import kill_again_and_again

CYCLES = int(os.environ.get("SHOAL_KILL_CYCLES", "12"))


@pytest.mark.timeout(240 + 30 * CYCLES)
def test_kill_loses_nothing(new_server):
    kill_again_and_again(new_server().start(), CYCLES)
