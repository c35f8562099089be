"""Recordings as they are looked at: pieces to play, pictures, previews. What was made is kept on disk for a while."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore, Lock

from django.conf import settings
from django.utils.translation import gettext as _

from cameras.models import Recording
from inference.core.detections import Box
from inference.core.disk_cache import DiskCache
from inference.core.errors import CoreError
from inference.core.images import encode_jpeg
from inference.core.playback import Playable, cut_piece, examine
from inference.core.previews import make_preview
from inference.core.trajectory import Trajectory, decode
from inference.core.video import frame_on_show
from inference.models import Sighting

PICTURE_QUALITY = 95
# Encoding leaves a core to everybody else; who has to wait longer for a turn is asked to come again.
MAKERS = BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))
TURN_WITHIN_S = 8.0
# Two who ask for the same piece at once have it made once.
_MAKING = [Lock() for _ in range(64)]


class Busy(CoreError):  # noqa: N818 -- an answer, not a fault
    """Too many pieces are being made at once."""


def how_to_play(recording: Recording) -> Playable:
    """Say how a recording can be played. VideoError if it cannot."""
    return examine(recording.file.path)


def piece_of(recording: Recording, number: int, *, is_encoded: bool = False) -> bytes:
    """Return the piece that shows a recording from `number` times four seconds on; see `inference.core.playback`."""
    path, name = recording.file.path, f"{'e' if is_encoded else 'p'}{number}.mp4"
    return _kept(recording, name, lambda: cut_piece(path, number, is_encoded=is_encoded, turn=_turn).content)


def picture_at(recording: Recording, at_s: float) -> bytes:
    """Return the frame that is on show at `at_s` seconds, whole, as a JPEG."""
    return encode_jpeg(frame_on_show(recording.file.path, at_s).image, quality=PICTURE_QUALITY)


def preview_of(sighting: Sighting) -> bytes:
    """Return a few seconds around a sighting's best moment as a small MP4."""
    recording = sighting.recording
    moment_s = (sighting.seen_at - recording.started_at).total_seconds()
    path, box = recording.file.path, Box(*sighting.box)

    def make() -> bytes:
        with _turn():
            return make_preview(path, moment_s, box, track_of(sighting))

    return _kept(recording, f"s{sighting.pk}.mp4", make)


def track_of(sighting: Sighting) -> Trajectory:
    """Return where the target was, box by box; nothing where the stored track cannot be read."""
    try:
        return decode(bytes(sighting.trajectory))
    except CoreError:
        return Trajectory()


def owner_of(recording: Recording) -> str:
    """The folder of what was made of a recording; none that has the same number later gets it."""
    digest = hashlib.sha256(f"{recording.file.name} {recording.sha256}".encode()).hexdigest()
    return f"{recording.pk}-{digest[:16]}"


def forget_footage(owners: Iterable[str]) -> None:
    """Delete all that was made of these recordings (`owner_of`). OSError for what stays."""
    for owner in owners:
        footage_cache().forget(owner)


def footage_cache() -> DiskCache:
    return _cache(Path(settings.FOOTAGE_CACHE_DIR), settings.FOOTAGE_CACHE_MB)


@cache
def _cache(folder: Path, megabytes: int) -> DiskCache:
    return DiskCache(folder, megabytes * 1_000_000)


def _kept(recording: Recording, name: str, make: Callable[[], bytes]) -> bytes:
    """Return what is kept, or make it and keep it, unless the recording was destroyed meanwhile."""
    kept, owner = footage_cache(), owner_of(recording)
    if (content := kept.get(owner, name)) is not None:
        return content
    with _MAKING[hash((owner, name)) % len(_MAKING)]:
        if (content := kept.get(owner, name)) is not None:
            return content
        content = make()
        # Destruction deletes the row first and then the folder: who finds the row has its file deleted there.
        if kept.put(owner, name, content) and not Recording.objects.filter(pk=recording.pk).exists():
            kept.forget(owner)
    return content


@contextmanager
def _turn() -> Iterator[None]:
    if not MAKERS.acquire(timeout=TURN_WITHIN_S):
        raise Busy(_("Too much footage is being prepared at once. Try again in a moment."))
    try:
        yield
    finally:
        MAKERS.release()
