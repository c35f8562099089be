"""Packages are written in one form only, whole or not at all."""

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from investigations.evidence import archive, verify
from investigations.evidence.archive import ArchiveError, measure, measure_all, write_archive
from tests.evidence.conftest import FACTS, KEY, small_files, write_small

GIB = 2**30


def test_the_same_files_make_the_same_package_in_whatever_order(tmp_path: Path) -> None:
    backwards = dict(reversed(small_files().items()))
    assert write_small(tmp_path / "a.zip").read_bytes() == write_small(tmp_path / "b.zip", backwards).read_bytes()


def test_what_was_written_is_what_is_told_about_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    written = write_archive(path, measure_all(small_files()), facts=FACTS, key=KEY)
    assert (written.size, written.sha256) == (path.stat().st_size, measure("a", path).file.sha256)
    assert [file.name for file in written.files] == sorted(small_files(), key=str.encode)


def test_any_zip_program_can_open_a_package(package: Path) -> None:
    with zipfile.ZipFile(package) as opened:
        assert opened.testzip() is None
        assert opened.namelist()[:2] == ["manifest.json", "manifest.sig"]
        assert {name: opened.read(name) for name in small_files()} == small_files()
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}


def test_files_are_taken_from_disk_too(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(3 * verify.CHUNK_BYTES + 7))
    with zipfile.ZipFile(write_small(tmp_path / "a.zip", {"clip.mp4": clip})) as opened:
        assert opened.read("clip.mp4") == clip.read_bytes()


def test_a_file_that_changes_meanwhile_leaves_no_package(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"before")
    parts = measure_all({"clip.mp4": clip})
    clip.write_bytes(b"after!")
    with pytest.raises(ArchiveError, match=r"clip\.mp4 changed while the package was made"):
        write_archive(tmp_path / "a.zip", parts, facts=FACTS, key=KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_failed_package_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    path = write_small(tmp_path / "a.zip")
    before = path.read_bytes()
    with pytest.raises(ArchiveError):
        write_small(path, {"../a": b""})
    assert path.read_bytes() == before


def test_a_missing_file_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"clip.mp4 cannot be read: No such file"):
        measure("clip.mp4", tmp_path / "none")
    with pytest.raises(ArchiveError, match=r"The package cannot be written: No such file"):
        write_small(tmp_path / "none" / "a.zip")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:a",
        "con",
        "a/NUL.txt",
        "a.",
        "a ",
        " a",
        "a\nb",
        "a\u202eb",
        "a?b",
        "\u1100\u1161",  # Hangul in parts, as one system writes it and others do not
        "x" * 201,
        "\ud800",
    ],
)
def test_a_name_that_some_system_cannot_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="cannot be named"):
        write_small(tmp_path / "a.zip", {name: b""})


@pytest.mark.parametrize("names", [("a", "A"), ("clips", "clips/1"), ("Manifest.json",), ("manifest.sig/x",)])
def test_names_that_would_overwrite_each_other_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ArchiveError, match="overwrite each other"):
        write_small(tmp_path / "a.zip", dict.fromkeys(names, b""))


def test_one_name_used_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="overwrite each other: a"):
        write_archive(tmp_path / "a.zip", [measure("a", b"1"), measure("a", b"2")], facts=FACTS, key=KEY)


class Holes(io.RawIOBase):
    """A file of many GiB of which only a few pieces exist: (offset, bytes), the rest reads as zeros."""

    def __init__(self, pieces: list[tuple[int, bytes]], size: int) -> None:
        self._pieces, self._size, self._at = pieces, size, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._size, self._at + size)
        window = bytearray(max(0, end - self._at))
        for start, data in self._pieces:
            low, high = max(start, self._at), min(start + len(data), end)
            if low < high:
                window[low - self._at : high - self._at] = data[low - start : high - start]
        self._at = max(self._at, end)
        return bytes(window)


def _large(entries: list[verify.Entry], last: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for entry in entries:
        header = verify.local_header(entry)
        yield offset, header
        offset += len(header) + entry.size
    yield offset - len(last), last
    yield offset, verify.directory(entries)


@pytest.mark.parametrize("sizes", [[5 * GIB, 3], [3 * GIB, 3 * GIB, 3], [4 * GIB - 1, 3], [4 * GIB - 2, 3]])
def test_packages_beyond_4_gib_are_zip64_as_others_read_it(sizes: list[int]) -> None:
    entries = [verify.Entry(f"clips/{at}.mp4", size, 0x352441C2) for at, size in enumerate(sizes)]
    pieces = list(_large(entries, b"abc"))
    with zipfile.ZipFile(Holes(pieces, pieces[-1][0] + len(pieces[-1][1]))) as opened:
        assert [entry.file_size for entry in opened.infolist()] == sizes
        assert opened.read(entries[-1].name) == b"abc"


def test_more_files_than_the_old_directory_counts_are_zip64_too() -> None:
    entries = [verify.Entry(f"{at:05}", 0, 0) for at in range(65536)]
    pieces = list(_large(entries, b""))
    with zipfile.ZipFile(Holes(pieces[-1:], pieces[-1][0] + len(pieces[-1][1]))) as opened:
        assert len(opened.infolist()) == 65536


def test_small_packages_carry_nothing_of_zip64(package: Path) -> None:
    assert struct.pack("<4s", b"PK\6\6") not in package.read_bytes()
    assert archive.utc(FACTS.made_at) == "2026-11-20T03:00:00Z"
