"""Which pictures a command line names: files, and folders with all that lies in them, linked folders too. Knows names,
reads no picture."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from inference.core.errors import ImageError
from inference.core.images import SUFFIXES


@dataclass(frozen=True)
class PictureFile:
    """A picture, and what answers about it are filed under.

    Attributes:
        path: As it was given: below the folder that was named, where one was.
        name: Its path within that folder, or the file's name. Bytes that are no UTF-8 stand there as \\xb0, and a
            backslash as two.
    """

    path: Path
    name: str


def picture_files(sources: Sequence[Path]) -> list[PictureFile]:
    """List the files named and the pictures in the folders named, by name; each once, and no two under one name.

    Pictures that would share a name have their path instead.

    Raises:
        ImageError: A source is not there, a folder cannot be read, or there are no pictures in any.
    """
    missing = next((source for source in sources if not source.exists()), None)
    if missing is not None:
        raise ImageError(f"There is no file or folder {missing}.")
    once: dict[Path, PictureFile] = {}
    for file in chain.from_iterable(map(_files, sources)):
        once.setdefault(file.path.absolute(), file)
    if not once:
        raise ImageError(f"There are no pictures in {', '.join(map(str, sources))}.")
    return _told_apart([*once.values()])


def _files(source: Path) -> Iterator[PictureFile]:
    if not source.is_dir():
        yield PictureFile(source, _writable(source.name))
        return
    for path in sorted(path for path in _walk(source) if path.suffix.lower() in SUFFIXES):
        yield PictureFile(path, _writable(path.relative_to(source).as_posix()))


def _walk(source: Path) -> Iterator[Path]:
    """Yield what is no folder in a folder and those below it, each folder once: those that lie there themselves, then
    those that links lead to. A link back to a folder that it lies in is not followed."""
    walked: set[tuple[int, int]] = set()
    starts = [source]
    for start in starts:  # grows meanwhile
        for folder, folders, names in os.walk(start, onerror=_refuse):
            known = Path(folder).stat()
            if (known.st_dev, known.st_ino) in walked:
                folders.clear()
                continue
            walked.add((known.st_dev, known.st_ino))
            folders.sort()
            starts += [path for name in folders if (path := Path(folder, name)).is_symlink() and not _leads_back(path)]
            yield from (Path(folder, name) for name in names)


def _leads_back(link: Path) -> bool:
    return link.parent.resolve().is_relative_to(link.resolve())


def _refuse(error: OSError) -> None:
    raise ImageError(f"{error.filename} cannot be read: {error.strerror}.")


def _by_path(file: PictureFile) -> PictureFile:
    return PictureFile(file.path, _writable(file.path.as_posix()))


def _writable(name: str) -> str:
    """What a text file can hold of a name: archives made by Korean programs leave CP949 in names."""
    return os.fsencode(name).replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def _told_apart(files: list[PictureFile]) -> list[PictureFile]:
    """Name by their paths those that share a name; such a path may be another's name, whence the repetition."""
    while True:
        counts = Counter(file.name for file in files)
        named = [_by_path(file) if counts[file.name] > 1 else file for file in files]
        if named == files:
            return files
        files = named
