"""Stored files at their end: their hashes while they are there, then their deletion. Names are the storage's own."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from django.core.files.storage import default_storage


def hash_files(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each file; of one that is gone or cannot be read what is `known` of it, or nothing."""
    return {name: _hash(name) or known.get(name, "") for name in names if name}


def delete_files(names: Iterable[str]) -> None:
    """Delete the files and the folders that this empties. A file that is not there is fine; OSError for one that
    stays."""
    for name in names:
        default_storage.delete(name)
        if len(PurePosixPath(name).parts) > 2:  # kind/owner/file: the owner's folder goes with its last file
            with suppress(OSError):
                Path(default_storage.path(name)).parent.rmdir()


def _hash(name: str) -> str:
    try:
        with default_storage.open(name, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
