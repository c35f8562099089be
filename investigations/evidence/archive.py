"""Writes a package: one canonical zip file with a signed manifest. Its layout is defined in `verify.py` alone.

Files are read twice: once for their hashes, which the manifest needs before anything is written, and once to be copied.
Whatever changed in between is found, and no package is left.
"""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from investigations.evidence import keys, verify
from investigations.evidence.content import AuditRoot, FileHash

Source: TypeAlias = bytes | Path


class ArchiveError(Exception):
    """The package cannot be written; the message is one clear sentence."""


@dataclass(frozen=True)
class Facts:
    """What the manifest says besides its files."""

    package: str
    request: str
    answer: int
    made_at: datetime
    made_by: str
    audit: AuditRoot


@dataclass(frozen=True)
class Part:
    """A file to go into a package, measured."""

    file: FileHash
    crc32: int
    source: Source


@dataclass(frozen=True)
class Written:
    """A package that was written: its size in bytes, its SHA-256 and the fingerprint of the key that signed it."""

    size: int
    sha256: str
    fingerprint: str
    files: tuple[FileHash, ...]


def measure(name: str, source: Source) -> Part:
    """Read a file once, for its size and hashes.

    Raises:
        ArchiveError: It cannot be read.
    """
    sha256, crc32, size = hashlib.sha256(), 0, 0
    for chunk in _chunks(name, source):
        sha256.update(chunk)
        crc32 = zlib.crc32(chunk, crc32)
        size += len(chunk)
    return Part(FileHash(name, size, sha256.hexdigest()), crc32, source)


def measure_all(files: Mapping[str, Source]) -> list[Part]:
    return [measure(name, source) for name, source in files.items()]


def write_archive(path: Path, parts: Iterable[Part], *, facts: Facts, key: Ed25519PrivateKey) -> Written:
    """Write a package to `path`, whole or not at all.

    Args:
        path: Where to; replaced if it is there. The folder must exist.
        parts: Its files, in any order.
        facts: What the manifest says besides.
        key: Signs the manifest.

    Raises:
        ArchiveError: A name is not allowed or used twice, a file changed or cannot be read, or the disk is full.
    """
    unordered = list(parts)
    _check_names([part.file.name for part in unordered])
    ordered = sorted(unordered, key=lambda part: verify.sort_key(part.file.name))
    manifest = verify.canonical_json(_manifest(ordered, facts, keys.public_bytes(key)))
    if len(manifest) > verify.MOST_MANIFEST_BYTES:
        raise ArchiveError("The package has too many files for one manifest: make several packages.")
    signature = key.sign(manifest).hex().encode() + b"\n"
    own = [measure(verify.MANIFEST_NAME, manifest), measure(verify.SIGNATURE_NAME, signature)]
    size, sha256 = _write_whole(path, own + ordered)
    return Written(size, sha256, keys.fingerprint(key), tuple(part.file for part in ordered))


def utc(at: datetime) -> str:
    """Return a time as everything in a package writes it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _manifest(parts: list[Part], facts: Facts, public_key: bytes) -> dict[str, Any]:
    return {
        "format": verify.FORMAT,
        "package": facts.package,
        "request": facts.request,
        "answer": facts.answer,
        "made_at": utc(facts.made_at),
        "made_by": facts.made_by,
        "audit": {"sequence": facts.audit.sequence, "hash": facts.audit.hash},
        "public_key": public_key.hex(),
        "files": [{"name": part.file.name, "bytes": part.file.size, "sha256": part.file.sha256} for part in parts],
    }


def _check_names(names: list[str]) -> None:
    for name in names:
        if not verify.is_safe_name(name):
            raise ArchiveError(f"A file of a package cannot be named {name!r}.")
    for name in sorted(verify.clashes(names)):
        raise ArchiveError(f"Two files of the package would overwrite each other: {name}.")


def _write_whole(path: Path, parts: list[Part]) -> tuple[int, str]:
    """Write beside `path`, then move there: no reader ever sees half a package."""
    with ExitStack() as stack:
        try:
            handle, name = tempfile.mkstemp(prefix=".package-", dir=path.parent)
            stack.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as file:
                written = _write(file, parts)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError as error:
            raise ArchiveError(f"The package cannot be written: {error.strerror}.") from error
    return written


def _write(file: BinaryIO, parts: list[Part]) -> tuple[int, str]:
    sha256, size = hashlib.sha256(), 0
    for chunk in _container(parts):
        sha256.update(chunk)
        size += file.write(chunk)
    return size, sha256.hexdigest()


def _container(parts: list[Part]) -> Iterator[bytes]:
    entries = [verify.Entry(part.file.name, part.file.size, part.crc32) for part in parts]
    for part, entry in zip(parts, entries, strict=True):
        yield verify.local_header(entry)
        sha256 = hashlib.sha256()
        for chunk in _chunks(part.file.name, part.source):
            sha256.update(chunk)
            yield chunk
        if sha256.hexdigest() != part.file.sha256:
            raise ArchiveError(f"{part.file.name} changed while the package was made: make it again.")
    yield verify.directory(entries)


def _chunks(name: str, source: Source) -> Iterator[bytes]:
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            while chunk := stream.read(verify.CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise ArchiveError(f"{name} cannot be read: {error.strerror}.") from error
