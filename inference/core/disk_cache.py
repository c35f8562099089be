"""Files that can be made again, kept on disk up to a number of bytes: those used least recently go first.

Knows names and bytes. Several processes may share one folder; a disk that is full or gone only means that nothing
is kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from uuid import uuid4

# The folder is measured when so much of its limit was written since, and then emptied down to this share.
MEASURED_EVERY = 0.05
EMPTIED_TO = 0.9
ATTEMPTS = 3


@dataclass
class DiskCache:
    """Each file has an owner (a folder, with which it goes) and a name.

    Attributes:
        folder: Where; made when the first file is kept.
        most_bytes: At most so many, and what is written between two measurements; 0 keeps nothing.
    """

    folder: Path
    most_bytes: int
    _written: int | None = field(default=None, repr=False)  # None: never measured
    _lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, owner: str, name: str) -> bytes | None:
        """Return what is kept, and note that it was used."""
        path = self.folder / owner / name
        try:
            content = path.read_bytes()
            os.utime(path)  # the clock that trimming goes by: many disks do not note reads
        except OSError:
            return None
        return content

    def put(self, owner: str, name: str, content: bytes) -> bool:
        """Keep `content`, whole or not at all; of two who keep the same, one stays. False: it could not be kept."""
        if len(content) > self.most_bytes * MEASURED_EVERY:
            return False
        path = self.folder / owner / name
        part = path.with_name(f"{name}.{uuid4().hex[:8]}.part")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        self._count(len(content))
        return True

    def forget(self, owner: str) -> None:
        """Delete all that belongs to `owner`. OSError for what stays."""
        folder = self.folder / owner
        for left in reversed(range(ATTEMPTS)):
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:  # all of it, or one of its files, went by itself
                if not folder.exists():
                    return
            except OSError:  # somebody may have put one more file there
                if not left:
                    raise

    def trim(self) -> None:
        """Delete what was used least recently, if there is more than the limit."""
        files = sorted(self._files())
        total = sum(size for _used, size, _path in files)
        if total <= self.most_bytes:
            return
        for _used, size, path in files:
            if total <= self.most_bytes * EMPTIED_TO:
                break
            with suppress(OSError):
                path.unlink()
                total -= size
            with suppress(OSError):
                path.parent.rmdir()  # goes with its last file

    def _count(self, size: int) -> None:
        with self._lock:
            if self._written is not None and self._written + size < self.most_bytes * MEASURED_EVERY:
                self._written += size
                return
            self._written = 0
        self.trim()

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        with suppress(OSError):
            for owner in list(self.folder.iterdir()):
                with suppress(OSError):
                    for path in list(owner.iterdir()):
                        with suppress(OSError):
                            state = path.stat()
                            yield state.st_mtime, state.st_size, path
