"""The core groups of the public compatibility suite ceph/s3-tests, against the failures that we expect and explain.

S3TESTS_GIT names a clone of the suite, S3T_PYTHON a Python with boto3 1.36 or later (older ones do not know the
parameters of many cases); the runner and its groups are in ../shared/s3-tests beside the checkout, or under
SHOAL_SHARED. Without these three the test is skipped.
"""
import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
SHARED = pathlib.Path(os.environ.get("SHOAL_SHARED", HERE.parents[2] / "shared"))
RUNNER = SHARED / "s3-tests" / "run-s3-tests"
EXPECTED_FAILURES = HERE / "s3_tests_expected_failures.txt"
CORE_TESTS = 276
PASSED_MIN = 250


def expected_failures():
    """{test: reason}; the file has a test and its reason on each line, under headings that begin with ##."""
    failures = {}
    for line in EXPECTED_FAILURES.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition("  # ")
            assert reason, f"{EXPECTED_FAILURES.name}: no reason for {name}"
            failures[name.strip()] = reason
    return failures


def outcomes(results):
    """{test: passed}; the cases of a parametrised test count as one."""
    passed = {}
    for line in results.read_text().splitlines():
        entry = json.loads(line)
        assert "died_after" not in entry, f"the server died after {entry['died_after']}"
        if "id" in entry and entry["result"] != "skipped":
            name = entry["id"].split("[")[0]
            passed[name] = passed.get(name, True) and entry["result"] == "passed"
    return passed


@pytest.mark.timeout(1200)
def test_core_groups(new_server, tmp_path):
    if not RUNNER.exists():
        pytest.skip(f"{RUNNER} is not there: set SHOAL_SHARED")
    if "S3TESTS_GIT" not in os.environ:
        pytest.skip("set S3TESTS_GIT to a clone of https://github.com/ceph/s3-tests")
    if "S3T_PYTHON" not in os.environ:
        pytest.skip("set S3T_PYTHON to a Python with boto3 1.36 or later")
    server = new_server().start()
    environment = {**os.environ, "S3T_RESULTS": str(tmp_path / "results"), "S3T_TIMEOUT": "400"}
    run = subprocess.run(
        [str(RUNNER), server.endpoint, server.access_key, server.secret_key, "core"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    print("\n" + run.stdout)

    passed = outcomes(tmp_path / "results" / "results.jsonl")
    failed = {name for name, good in passed.items() if not good}
    reasons = (tmp_path / "results" / "failed.txt").read_text()
    assert failed - expected_failures().keys() == set(), reasons
    assert expected_failures().keys() - failed == set(), "these pass now: take them off the list"
    assert sum(passed.values()) >= PASSED_MIN and len(passed) <= CORE_TESTS
