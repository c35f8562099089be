#!/usr/bin/env python3
"""동선 증거 꾸러미를 검증합니다 · Verifies an evidence package of Dongseon.

    python verify.py PACKAGE.zip
    python verify.py PACKAGE.zip --key "3f2a 91c0 …"     (회신 공문에 적힌 지문 · the fingerprint in the answer letter)

Every package carries this file, and the portal hands it out by itself: it is one file, long as it is, because it has to
run alone. Python 3.9 or newer is enough, on a computer without a network. It checks the signature, the SHA-256 of every
file, and that not one byte of the package differs from what its contents call for. It ends with 0 if all is as it was
signed, else with 1.

A package (format dongseon-evidence/1) is one zip file in a canonical form: nothing compressed, no dates, no comments,
no gaps. `manifest.json` comes first, then `manifest.sig`, then the files of the manifest sorted by the bytes of their
names. So the manifest decides every byte, and the packer writes with the very functions that the verifier compares by.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import struct
import sys
import unicodedata
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Callable, Iterable, Iterator  # noqa: UP035  (Python 3.9)

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

FORMAT = "dongseon-evidence/1"
MANIFEST_NAME, SIGNATURE_NAME = "manifest.json", "manifest.sig"
SIGNATURE_BYTES = 129  # 128 hexadecimal digits and the end of the line
MOST_MANIFEST_BYTES = 16 * 1024 * 1024
MOST_FILE_BYTES = 2**53 - 1  # what every JSON reader holds exactly
MOST_NAME_BYTES = 200
MOST_PROBLEMS = 20
CHUNK_BYTES = 1024 * 1024


# ── The container: every byte of a zip file that is not the contents of a file ──────────────────────────────────────

UTF8_NAME, STORED, DATE, TIME = 0x0800, 0, 0x0021, 0  # 1 January 1980, the first day that zip knows
MADE_BY, PLAIN, NEEDS_ZIP64 = (3 << 8) | 45, 20, 45
READABLE_FILE = 0o100644 << 16
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True)
class Entry:
    """A file in the container: its name, size in bytes and CRC-32."""

    name: str
    size: int
    crc32: int


def local_header(entry: Entry) -> bytes:
    """Return the bytes before a file's contents."""
    is_large = entry.size >= FULL_32
    size = min(entry.size, FULL_32)
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if is_large else b""
    name = entry.name.encode()
    version = NEEDS_ZIP64 if is_large else PLAIN
    kind = (version, UTF8_NAME, STORED, TIME, DATE)
    return struct.pack("<4s5H3L2H", b"PK\3\4", *kind, entry.crc32, size, size, len(name), len(extra)) + name + extra


def directory(entries: Iterable[Entry]) -> bytes:
    """Return the bytes after the last file's contents: the central directory and its end."""
    records: list[bytes] = []
    offset = 0
    for entry in entries:
        records.append(_directory_record(entry, offset))
        offset += len(local_header(entry)) + entry.size
    listing = b"".join(records)
    return listing + _directory_end(len(records), len(listing), offset)


def _directory_record(entry: Entry, offset: int) -> bytes:
    size, start = min(entry.size, FULL_32), min(offset, FULL_32)
    large = [entry.size, entry.size] if size == FULL_32 else []
    large += [offset] if start == FULL_32 else []
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    name = entry.name.encode()
    kind = (MADE_BY, NEEDS_ZIP64 if large else PLAIN, UTF8_NAME, STORED, TIME, DATE)
    lengths = (len(name), len(extra), 0, 0, 0)
    fixed = struct.pack("<4s6H3L5H2L", b"PK\1\2", *kind, entry.crc32, size, size, *lengths, READABLE_FILE, start)
    return fixed + name + extra


def _directory_end(count: int, size: int, offset: int) -> bytes:
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, *[min(count, FULL_16)] * 2, min(size, FULL_32), min(offset, FULL_32), 0
    )
    if count < FULL_16 and size < FULL_32 and offset < FULL_32:
        return end
    zip64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, MADE_BY, NEEDS_ZIP64, 0, 0, count, count, size, offset
    ) + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    return zip64 + end


# ── The manifest ────────────────────────────────────────────────────────────────────────────────────────────────────

UNSAFE = frozenset('\\:*?"<>|')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE | re.ASCII)
HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
TEXTS = ("made_at", "made_by", "package", "request")


class ManifestError(ValueError):
    """The manifest is not one: says why, in Korean and in English."""

    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en)
        self.ko, self.en = ko, en


def canonical_json(value: object) -> bytes:
    """Return the one way to write a manifest: keys sorted, no spaces, UTF-8, one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def sort_key(name: str) -> bytes:
    return name.encode()


def is_safe_name(name: str) -> bool:
    """Can a file of this name be taken out on any system, without leaving the folder it is taken to?"""
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    if not 0 < length <= MOST_NAME_BYTES or unicodedata.normalize("NFC", name) != name:
        return False
    if any(c in UNSAFE or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in name):
        return False
    return all(
        part not in {"", ".", ".."} and part == part.strip(" ") and not part.endswith(".") and not DEVICES.match(part)
        for part in name.split("/")
    )


def clashes(names: Iterable[str]) -> set[str]:
    """Return the names that would overwrite another one, or lie below one that is a file."""
    seen: set[str] = {MANIFEST_NAME, SIGNATURE_NAME}
    found: set[str] = set()
    lowered = [(name, name.lower()) for name in names]
    for name, low in lowered:
        if low in seen:
            found.add(name)
        seen.add(low)
    for name, low in lowered:
        parts = low.split("/")
        if any("/".join(parts[:depth]) in seen for depth in range(1, len(parts))):
            found.add(name)
    return found


def read_manifest(data: bytes) -> dict[str, Any]:
    """Return the manifest, checked in every part.

    Raises:
        ManifestError: It is not a manifest of this format in its canonical form.
    """
    try:
        manifest = json.loads(data, parse_int=_small_int, parse_float=_refuse, parse_constant=_refuse)
        is_canonical = canonical_json(manifest) == data
    except (ValueError, RecursionError) as error:
        raise ManifestError(
            "manifest.json을 읽을 수 없습니다.", f"manifest.json cannot be read ({_shown(str(error))})."
        ) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ManifestError(
            f"manifest.json의 형식이 {FORMAT}이(가) 아닙니다.", f"manifest.json is not of the format {FORMAT}."
        )
    if not is_canonical:
        raise ManifestError("manifest.json이 정규 형식이 아닙니다.", "manifest.json is not in its canonical form.")
    if not _has_right_shape(manifest):
        raise ManifestError(
            "manifest.json의 항목이 빠졌거나 잘못되었습니다.", "manifest.json lacks something, or has something wrong."
        )
    _check_names([file["name"] for file in manifest["files"]])
    return manifest


def _small_int(digits: str) -> int:
    if len(digits) > 17:
        raise ValueError("a number is too long")
    return int(digits)


def _refuse(digits: str) -> None:
    raise ValueError("a number is not a whole number")


def _has_right_shape(manifest: dict[str, Any]) -> bool:
    audit = manifest.get("audit")
    return (
        set(manifest) == {"answer", "audit", "files", "format", "public_key", *TEXTS}
        and all(isinstance(manifest[name], str) for name in TEXTS)
        and _is_count(manifest["answer"])
        and _is_hash(manifest["public_key"])
        and isinstance(audit, dict)
        and set(audit) == {"hash", "sequence"}
        and _is_hash(audit["hash"])
        and _is_count(audit["sequence"])
        and isinstance(manifest["files"], list)
        and all(_is_file(file) for file in manifest["files"])
    )


def _is_file(file: object) -> bool:
    return (
        isinstance(file, dict)
        and set(file) == {"bytes", "name", "sha256"}
        and isinstance(file["name"], str)
        and _is_count(file["bytes"])
        and _is_hash(file["sha256"])
    )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_FILE_BYTES


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and HASH.fullmatch(value) is not None


def _check_names(names: list[str]) -> None:
    for name in names:
        if not is_safe_name(name):
            raise ManifestError(f"허용되지 않는 파일 이름: {_shown(name)}", f"Unsafe file name: {_shown(name)}")
    if names != sorted(names, key=sort_key):
        raise ManifestError("파일이 이름 순서대로 있지 않습니다.", "The files are not sorted by name.")
    for name in sorted(clashes(names)):
        raise ManifestError(f"겹치는 파일 이름: {_shown(name)}", f"File name that clashes with another: {_shown(name)}")


# ── The key and the signature ───────────────────────────────────────────────────────────────────────────────────────


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a raw public key in sixteen groups of four, for reading aloud."""
    digits = hashlib.sha256(public_key).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, 64, 4))


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Check an Ed25519 signature, with the cryptography package where there is one."""
    if not HAS_CRYPTOGRAPHY:
        return is_signed_by_plainly(public_key, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# Ed25519 as RFC 8032, section 5.1, writes it down. Slow, and not of constant time: it handles nothing secret.
PRIME, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME


def is_signed_by_plainly(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Check an Ed25519 signature with nothing but Python's own integers."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key = _decode_point(public_key)
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    x, y, z, t = _times(h, key)
    base = _decode_point(BASE_Y.to_bytes(32, "little"))
    assert base is not None
    return _encode_point(_plus(_times(s, base), (-x % PRIME, y, z, -t % PRIME))) == signature[:32]


def _decode_point(data: bytes) -> tuple[int, int, int, int] | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= PRIME:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(x2, (PRIME + 3) // 8, PRIME)
    if (x * x - x2) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - x2) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return x, y, 1, x * y % PRIME


def _encode_point(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], PRIME - 2, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _plus(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _times(factor: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    result = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = _plus(result, point)
        point, factor = _plus(point, point), factor >> 1
    return result


# ── Verifying ───────────────────────────────────────────────────────────────────────────────────────────────────────

# What can be wrong. {name} is the file, {at} the first byte of the package that is meant (from 0), {end} the last.
TEXT = {
    "missing": ("그런 파일이 없습니다: {name}", "There is no such file: {name}"),
    "unreadable": ("파일을 읽을 수 없습니다: {name} ({note})", "The file cannot be read: {name} ({note})"),
    "empty": ("파일이 비어 있습니다(0바이트).", "The file is empty (0 bytes)."),
    "not_a_package": (
        "동선 증거 꾸러미가 아니거나 첫머리가 바뀌었습니다(바이트 {at}).",
        "Not an evidence package of Dongseon, or its beginning was changed (byte {at}).",
    ),
    "truncated": (
        "{name}: 꾸러미가 {at}바이트에서 끊겼습니다. 뒷부분이 없습니다.",
        "{name}: the package breaks off after {at} bytes. The rest is missing.",
    ),
    "header": (
        "{name}: 파일 머리글의 바이트 {at}이(가) 바뀌었습니다.",
        "{name}: byte {at}, in the header of this file, was changed.",
    ),
    "other_file": (
        "{name}: 이 파일이 있어야 할 자리에 바이트 {at}부터 다른 것이 있습니다: {note}",
        "{name}: where this file has to be there is something else from byte {at} on: {note}",
    ),
    "content": (
        "{name}: 내용이 서명된 것과 다릅니다(바이트 {at}–{end} 사이).",
        "{name}: the contents are not those that were signed (within bytes {at}–{end}).",
    ),
    "manifest": ("{note_ko} (바이트 {at}–{end})", "{note} (bytes {at}–{end})"),
    "signature_form": (
        "manifest.sig: 서명의 형식이 잘못되었습니다(바이트 {at}–{end}).",
        "manifest.sig: this is not the form of a signature (bytes {at}–{end}).",
    ),
    "signature": (
        "서명이 목록과 맞지 않습니다. manifest.json(바이트 {at}–{end}) 또는 manifest.sig가 바뀌었습니다.",
        "The signature does not fit the manifest. manifest.json (bytes {at}–{end}) or manifest.sig was changed.",
    ),
    "directory": (
        "꾸러미 끝의 파일 목록에서 바이트 {at}이(가) 바뀌었습니다.",
        "Byte {at}, in the directory at the end of the package, was changed.",
    ),
    "appended": (
        "꾸러미 뒤에 {note}바이트가 덧붙었습니다(바이트 {at}부터).",
        "{note} bytes were appended to the package (from byte {at}).",
    ),
    "key": (
        "다른 열쇠로 서명되었습니다. 지문이 --key의 지문과 다릅니다.",
        "It was signed with another key: the fingerprint is not the one given with --key.",
    ),
    "more": ("더 있을 수 있습니다. 여기에서 그칩니다.", "There may be more; checking stops here."),
}


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was signed: a key of TEXT, the file, and the bytes of the package that are meant."""

    code: str
    name: str = ""
    at: int = 0
    end: int = 0
    note: str = ""
    note_ko: str = ""

    def text(self, language: int) -> str:
        """Return the sentence in Korean (0) or English (1)."""
        values = {"name": _shown(self.name), "note": _shown(self.note), "note_ko": self.note_ko or _shown(self.note)}
        return TEXT[self.code][language].format(at=self.at, end=self.end, **values)


@dataclass
class Result:
    """What verifying found. Without problems every byte is as it was signed by the key of this fingerprint."""

    problems: list[Problem] = field(default_factory=list)
    manifest: dict[str, Any] | None = None
    fingerprint: str = ""
    is_key_given: bool = False

    @property
    def is_intact(self) -> bool:
        return self.manifest is not None and not self.problems


class Stop(Exception):  # noqa: N818  (the end of the checking, not an error of the program)
    """What follows cannot be told apart any more."""


class Reader:
    """Reads a stream once from start to end, and knows where it is."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.position = 0

    def up_to(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end of the stream."""
        parts: list[bytes] = []
        while count and (part := self._stream.read(min(count, CHUNK_BYTES))):
            parts.append(part)
            self.position += len(part)
            count -= len(part)
        return b"".join(parts)

    def chunks(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes in pieces, fewer only at the end of the stream."""
        while count and (part := self.up_to(min(count, CHUNK_BYTES))):
            yield part
            count -= len(part)


def verify(stream: BinaryIO, *, key: str = "", on_file: Callable[[str], None] | None = None) -> Result:
    """Check a package, reading it once from start to end with little memory.

    Args:
        stream: The package, open for reading bytes.
        key: The fingerprint that the signing key must have, in the form of `fingerprint` without spaces.
        on_file: Told the name of each file before it is read.
    """
    result = Result(is_key_given=bool(key))
    with contextlib.suppress(Stop):
        _Check(Reader(stream), result, on_file or (lambda name: None)).run(key)
    return result


class _Check:
    """One run through a package; each step leaves the reader where the next one starts."""

    def __init__(self, reader: Reader, result: Result, on_file: Callable[[str], None]) -> None:
        self._reader, self._result, self._on_file = reader, result, on_file
        self._entries: list[Entry] = []

    def run(self, key: str) -> None:
        manifest_header, data = self._manifest_entry()
        manifest_at = len(manifest_header)
        signature_header = self._header(SIGNATURE_NAME, SIGNATURE_BYTES)
        signature_at = self._reader.position
        signature = self._contents(SIGNATURE_NAME, SIGNATURE_BYTES)
        manifest, is_signed = self._manifest(data, signature, manifest_at, signature_at)
        self._close(MANIFEST_NAME, data, manifest_header, manifest_at, is_sound=is_signed)
        self._close(SIGNATURE_NAME, signature, signature_header, signature_at, is_sound=is_signed)
        if key and key != self._result.fingerprint.replace(" ", ""):
            self._add("key")
        for file in manifest["files"]:
            self._on_file(file["name"])
            self._file(file)
        self._end()

    def _add(self, code: str, name: str = "", at: int = 0, **values: Any) -> None:
        self._result.problems.append(Problem(code, name, at, **values))
        if len(self._result.problems) == MOST_PROBLEMS:
            self._result.problems.append(Problem("more"))
            raise Stop

    def _stop(self, code: str, name: str = "", at: int = 0, **values: Any) -> Stop:
        self._add(code, name, at, **values)
        return Stop()

    def _manifest_entry(self) -> tuple[bytes, bytes]:
        """Read the first entry, header and contents; its size is told by its own header alone."""
        plain = local_header(Entry(MANIFEST_NAME, 0, 0))
        header = self._reader.up_to(len(plain))
        if not header:
            raise self._stop("empty")
        if len(header) < len(plain) and plain.startswith(header[:4]):
            raise self._stop("truncated", MANIFEST_NAME, len(header))
        differing = _first_difference(_without_sums(header), _without_sums(plain))
        if differing is not None:
            raise self._stop("not_a_package", at=differing)
        size, again = struct.unpack_from("<2L", header, 18)
        if size != again or size > MOST_MANIFEST_BYTES:
            raise self._stop("header", MANIFEST_NAME, 18)
        return header, self._contents(MANIFEST_NAME, size)

    def _header(self, name: str, size: int) -> bytes:
        """Read a header; stop where it is of another file, for then nothing that follows can be told apart."""
        start = self._reader.position
        plain = local_header(Entry(name, size, 0))
        header = self._reader.up_to(len(plain))
        if len(header) < len(plain):
            raise self._stop("truncated", name, self._reader.position)
        differing = _first_difference(header[18:], plain[18:])
        if differing is not None:
            raise self._stop("other_file", name, start + 18 + differing, note=_name_in(header))
        return header

    def _contents(self, name: str, size: int) -> bytes:
        data = self._reader.up_to(size)
        if len(data) < size:
            raise self._stop("truncated", name, self._reader.position)
        return data

    def _close(self, name: str, data: bytes, header: bytes, start: int, *, is_sound: bool) -> None:
        self._close_entry(Entry(name, len(data), zlib.crc32(data)), header, start, is_sound=is_sound)

    def _close_entry(self, entry: Entry, header: bytes, start: int, *, is_sound: bool) -> None:
        """Compare a header with what its contents call for, and note the entry for the directory.

        Of contents that are known to be wrong the checksum is taken as it stands: told once is enough.
        """
        if not is_sound:
            entry = Entry(entry.name, entry.size, struct.unpack_from("<L", header, 14)[0])
        self._entries.append(entry)
        differing = _first_difference(header, local_header(entry))
        if differing is not None:
            self._add("header", entry.name, start - len(header) + differing)

    def _manifest(self, data: bytes, signature: bytes, start: int, signature_at: int) -> tuple[dict[str, Any], bool]:
        """Return the manifest, and whether it is signed by the key that it names."""
        place = {"at": start, "end": start + len(data) - 1}
        try:
            manifest = read_manifest(data)
        except ManifestError as error:
            raise self._stop("manifest", MANIFEST_NAME, **place, note=error.en, note_ko=error.ko) from error
        public_key = bytes.fromhex(manifest["public_key"])
        self._result.manifest, self._result.fingerprint = manifest, fingerprint(public_key)
        if not re.fullmatch(rb"[0-9a-f]{128}\n", signature):
            self._add("signature_form", SIGNATURE_NAME, signature_at, end=signature_at + SIGNATURE_BYTES - 1)
            return manifest, False
        is_signed = is_signed_by(public_key, data, bytes.fromhex(signature[:128].decode()))
        if not is_signed:
            self._add("signature", SIGNATURE_NAME, **place)
        return manifest, is_signed

    def _file(self, file: dict[str, Any]) -> None:
        name, size = file["name"], file["bytes"]
        header = self._header(name, size)
        start = self._reader.position
        sha256, crc32 = hashlib.sha256(), 0
        for chunk in self._reader.chunks(size):
            sha256.update(chunk)
            crc32 = zlib.crc32(chunk, crc32)
        if self._reader.position < start + size:
            raise self._stop("truncated", name, self._reader.position)
        is_sound = sha256.hexdigest() == file["sha256"]
        if not is_sound:
            self._add("content", name, start, end=max(start, start + size - 1))
        self._close_entry(Entry(name, size, crc32), header, start, is_sound=is_sound)

    def _end(self) -> None:
        start, wanted = self._reader.position, directory(self._entries)
        found = self._reader.up_to(len(wanted))
        differing = _first_difference(found, wanted[: len(found)])
        if differing is not None:
            self._add("directory", at=start + differing)
        if len(found) < len(wanted):
            raise self._stop("truncated", "zip", self._reader.position)
        end = self._reader.position
        if extra := sum(len(chunk) for chunk in self._reader.chunks(2**63)):
            self._add("appended", at=end, note=str(extra))


def _first_difference(a: bytes, b: bytes) -> int | None:
    if a == b:
        return None
    return next((at for at, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))  # noqa: B905  (Python 3.9)


def _without_sums(header: bytes) -> bytes:
    """A header without its checksum and sizes, which depend on the contents."""
    return header[:14] + bytes(12) + header[26:]


def _name_in(header: bytes) -> str:
    """What a header that should be another one says of itself."""
    if header[:4] != b"PK\3\4":
        return header[:16].hex(" ")
    length = int.from_bytes(header[26:28], "little")
    size = int.from_bytes(header[18:22], "little")
    return f"{header[30 : 30 + length].decode(errors='replace')} ({size} bytes)"


def _shown(text: str) -> str:
    """Text from a package that may not be trusted, so that it cannot play with a terminal."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)[:400]


# ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def verify_file(path: Path, *, key: str = "", on_file: Callable[[str], None] | None = None) -> Result:
    """Check a package on disk."""
    try:
        with path.open("rb") as stream:
            return verify(stream, key=key, on_file=on_file)
    except FileNotFoundError:
        return Result([Problem("missing", str(path))])
    except OSError as error:
        return Result([Problem("unreadable", str(path), note=str(error.strerror))])


def report_lines(result: Result) -> Iterator[str]:
    """Yield what a person has to know, Korean above English."""
    if result.manifest is not None:
        yield from _facts(result.manifest)
    for problem in result.problems:
        yield f"[오류] {problem.text(0)}"
        yield f"[WRONG] {problem.text(1)}"
    yield ""
    if not result.is_intact:
        yield "검증 실패: 이 꾸러미는 서명된 그대로가 아닙니다. 관제센터에 다시 요청하십시오."
        yield "NOT INTACT: this package is not as it was signed. Ask the control centre for another copy."
        return
    assert result.manifest is not None
    count = len(result.manifest["files"])
    yield f"이상 없음: 파일 {count}개와 꾸러미의 모든 바이트가 아래 열쇠로 서명된 그대로입니다."
    yield f"INTACT: {count} files and every byte of the package are as signed with the key below."
    yield from _key_lines(result)


def _facts(manifest: dict[str, Any]) -> Iterator[str]:
    audit = manifest["audit"]
    for ko, en, value in (
        ("꾸러미", "package", manifest["package"]),
        ("요청", "request", manifest["request"]),
        ("회신", "answer", str(manifest["answer"])),
        ("작성", "made", f"{manifest['made_at']}, {manifest['made_by']}"),
        ("감사 기록", "audit root", f"{audit['sequence']}:{audit['hash']}"),
    ):
        yield f"{ko} ({en}): {_shown(value)}"
    yield ""


def _key_lines(result: Result) -> Iterator[str]:
    yield ""
    yield "서명 열쇠의 지문 (fingerprint of the signing key):"
    yield f"  {result.fingerprint[:39]}"
    yield f"  {result.fingerprint[40:]}"
    yield ""
    if result.is_key_given:
        yield "지문이 주어진 것과 같습니다. (The fingerprint is the one given.)"
        return
    yield "[확인 필요] 이 지문을 회신 공문에 적힌 지문과 대조하십시오. 다르면 믿지 마십시오."
    yield "[TO DO] Compare this fingerprint with the one in the answer letter. If they differ, do not trust it."


def _fingerprint_argument(groups: list[str]) -> str:
    digits = re.sub(r"[\s:–-]", "", "".join(groups)).lower()
    if digits and not HASH.fullmatch(digits):
        raise SystemExit(
            "--key: 지문은 0–9와 a–f로 된 64자입니다(네 자씩 열여섯 묶음).\n"
            "--key: a fingerprint has 64 characters of 0-9 and a-f (sixteen groups of four)."
        )
    return digits


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0 for a package that is intact, else 1."""
    parser = argparse.ArgumentParser(
        description="동선 증거 꾸러미를 검증합니다. / Verifies an evidence package of Dongseon."
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE.zip")
    parser.add_argument("--key", nargs="+", default=[], help="회신 공문의 지문 / the fingerprint in the answer letter")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks Korean must not end the checking
    given = parser.parse_args(arguments)
    is_watched = sys.stderr.isatty()
    result = verify_file(
        given.package,
        key=_fingerprint_argument(given.key),
        on_file=(lambda name: print(f"  … {name}", file=sys.stderr)) if is_watched else None,
    )
    print("\n".join(report_lines(result)))
    return 0 if result.is_intact else 1


if __name__ == "__main__":
    sys.exit(main())
