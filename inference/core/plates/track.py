"""The plate of one vehicle that is followed: which frames are read, and what the reads say together.

Knows boxes, frames and a spotter; nothing of tracks' ends or of what is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from inference.core.detections import Box
from inference.core.images import encode_jpeg
from inference.core.plates.finder import FoundPlate
from inference.core.plates.rectify import cut_around
from inference.core.plates.spotter import PlateSpotter, SeenPlate
from inference.core.plates.text import PlateRead
from inference.core.plates.votes import vote
from inference.core.video import Frame


@dataclass(frozen=True)
class TrackPlateConfig:
    """Attributes:
    most_frames: Frames of one track that are looked at for its plate.
    min_width_px: Narrower vehicles are not looked at; their plates are below 20 px.
    clearly_larger: A frame is looked at if the vehicle is so many times as wide as when it was last looked at: six
        frames from 96 px lead to 516 px.
    again_after_s: Otherwise it is looked at again after so long, each time after twice the wait.
    still_large: But not if it is narrower than this share of the widest that was looked at.
    margin: Cut around the box, as a share of its sides: boxes end at bumpers.
    jpeg_quality: Of the plate's picture, 1–100.
    """

    most_frames: int = 6
    min_width_px: float = 96.0
    clearly_larger: float = 1.4
    again_after_s: float = 0.6
    still_large: float = 0.6
    margin: float = 0.04
    jpeg_quality: int = 92


DEFAULT_CONFIG = TrackPlateConfig()


@dataclass(frozen=True)
class TrackPlate:
    """What was read of one track.

    Attributes:
        read: All reads together.
        reads: How many there were.
        image_jpeg: The plate in the frame of the best read, with a little around it.
        frame: Number of that frame.
        time_s: Its time in the video.
    """

    read: PlateRead
    reads: int
    image_jpeg: bytes
    frame: int
    time_s: float


class _Taken(NamedTuple):
    seen: SeenPlate
    frame: int
    time_s: float


class PlateReads:
    """What was read of one track so far."""

    def __init__(self, config: TrackPlateConfig = DEFAULT_CONFIG) -> None:
        self._config = config
        self._taken: list[_Taken] = []
        self._frames = 0
        self._last_px = self._widest_px = 0.0
        self._last_s = 0.0

    def is_due(self, box: Box, time_s: float) -> bool:
        """Say whether the frame in which the vehicle has this box is worth looking at."""
        config = self._config
        if self._frames >= config.most_frames or box.width < config.min_width_px:
            return False
        if not self._frames or box.width >= self._last_px * config.clearly_larger:
            return True
        wait_s = config.again_after_s * 2 ** (self._frames - 1)
        return time_s - self._last_s >= wait_s and box.width >= self._widest_px * config.still_large

    def take(self, seen: Sequence[SeenPlate], box: Box, frame: int, time_s: float) -> None:
        """Note what was seen when the frame was looked at: the vehicle's plates, the surest first, or nothing."""
        self._frames += 1
        self._last_px, self._last_s = box.width, time_s
        self._widest_px = max(self._widest_px, box.width)
        if seen:
            self._taken.append(_Taken(seen[0], frame, time_s))

    def result(self) -> TrackPlate | None:
        """Say what the reads say together; None if nothing was read."""
        if not self._taken:
            return None
        read = vote([one.seen.read for one in self._taken])
        best = max(self._taken, key=lambda one: (one.seen.read.text == read.text, one.seen.read.confidence))
        image_jpeg = encode_jpeg(best.seen.picture, self._config.jpeg_quality)
        return TrackPlate(read, len(self._taken), image_jpeg, best.frame, best.time_s)


def read_frame(
    spotter: PlateSpotter, frame: Frame, vehicles: Sequence[tuple[PlateReads, Box]], config: TrackPlateConfig
) -> None:
    """Look at the plates of those of a frame's vehicles that are due, and note what is read.

    A plate within the box of a vehicle that stands in front (whose wheels are lower) is that one's.
    """
    due = [(plates, box) for plates, box in vehicles if plates.is_due(box, frame.time_s)]
    cuts = [cut_around(frame.image, box, config.margin) for _plates, box in due]
    spotted = spotter.spot([frame.image[top:bottom, left:right] for left, top, right, bottom in cuts])
    for (plates, box), (left, top, _right, _bottom), seen in zip(due, cuts, spotted, strict=True):
        in_front = [other for _plates, other in vehicles if other.y2 > box.y2]
        own = [one for one in seen if not any(_holds(other, one.found.moved(left, top)) for other in in_front)]
        plates.take(own, box, frame.index, frame.time_s)


def _holds(box: Box, plate: FoundPlate) -> bool:
    x, y = plate.corners.mean(axis=0).tolist()
    return bool(box.x1 < x < box.x2 and box.y1 < y < box.y2)
