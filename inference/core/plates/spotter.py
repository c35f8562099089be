"""Plates of vehicles: found, looked at again from near, turned upright and read.

Where nothing is found, nothing is read. The look from near is for the corners: the finder sees a whole vehicle in few
pixels, of which a plate has a quarter. A plate that stays doubtful, or lies elsewhere than it seemed to, is looked at
from there once more: of a wide plate half may have been taken for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import iou_matrix
from inference.core.plates.finder import FoundPlate, PlateFinder
from inference.core.plates.reader import PlateReader
from inference.core.plates.reads import LEAST, SURE
from inference.core.plates.rectify import rectified, shown
from inference.core.plates.text import PlateRead

# Side of the square that is looked at again, in widths of the plate: as near as the finder was trained at.
NEAR = 2.5
# Shares of width and height that are left around a plate, in the order in which it is read: the finder's corners are
# off by some hundredths of the width, and a wider cut loses no character. The others are tried where it stays doubtful.
MARGINS = (0.1, 0.04, 0.18)
# How often it is looked at from near at most.
LOOKS = 3
# Two places of a plate with a lower IoU are different ones.
SETTLED = 0.6

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class SeenPlate:
    """A plate that was read.

    Attributes:
        read: What stands on it.
        found: Where it is, in pixels of the vehicle's picture.
        picture: H×W×3 uint8 BGR, the plate with a little around it, as it is in the vehicle's picture.
    """

    read: PlateRead
    found: FoundPlate
    picture: Picture


@dataclass
class _Sight:
    """A plate while it is looked at: where it seemed to be, where it was seen from near since, and the surest read."""

    picture: Picture
    start: FoundPlate
    places: list[FoundPlate] = field(default_factory=list)
    read: PlateRead | None = None
    read_at: FoundPlate | None = None

    @property
    def last(self) -> FoundPlate:
        return self.places[-1] if self.places else self.start

    @property
    def is_settled(self) -> bool:
        """Is it where it had been seen before?"""
        boxes = np.asarray([one.box for one in [self.start, *self.places][-2:]], np.float32)
        return float(iou_matrix(boxes[:1], boxes[1:])[0, 0]) >= SETTLED

    @property
    def is_doubtful(self) -> bool:
        return self.read is not None and self.read.confidence < SURE

    def take(self, read: PlateRead | None, place: FoundPlate) -> None:
        if read is not None and (self.read is None or read.confidence > self.read.confidence):
            self.read, self.read_at = read, place


class PlateSpotter:
    """A finder and a reader in a row."""

    def __init__(self, finder: PlateFinder, reader: PlateReader, *, near: float = NEAR, least: float = LEAST) -> None:
        """`near`: side of the look from near in widths of the plate, 0 leaves it out; reads below `least` are none."""
        self.finder = finder
        self.reader = reader
        self._near = near
        self._least = least

    def spot(self, vehicles: Sequence[Picture]) -> list[list[SeenPlate]]:
        """Read the plates of vehicles.

        Args:
            vehicles: H×W×3 uint8 BGR each, a crop of one vehicle; sizes may differ.

        Returns:
            One list for each vehicle, the surest read first; empty where no plate is found or none can be read.
        """
        return self.read_found(vehicles, self.finder.find(vehicles))

    def read_found(self, pictures: Sequence[Picture], found: Sequence[Sequence[FoundPlate]]) -> list[list[SeenPlate]]:
        """Read what was found in each picture; arguments and result are as those of `spot`."""
        sights = [[_Sight(picture, one) for one in those] for picture, those in zip(pictures, found, strict=True)]
        self._read([one for those in sights for one in those])
        seen = [[_seen(one) for one in those] for those in sights]
        return [
            sorted((one for one in those if one), key=lambda plate: plate.read.confidence, reverse=True)
            for those in seen
        ]

    def _read(self, sights: Sequence[_Sight]) -> None:
        """Read each plate; a doubtful one in several places and cuts, of which the surest read counts."""
        first, *others = MARGINS
        left = list(sights)
        for _look in range(LOOKS if self._near else 1):
            for one, place in zip(left, self._from_near(left), strict=True):
                one.places.append(place)
            self._cut([(one, one.last) for one in left], first)
            left = [one for one in left if one.is_doubtful or not (one.read or one.is_settled)]
        for margin in others:
            doubtful = [one for one in sights if one.is_doubtful]
            self._cut([(one, place) for one in doubtful for place in one.places], margin)

    def _cut(self, places: Sequence[tuple[_Sight, FoundPlate]], margin: float) -> None:
        reads = self.reader.read([rectified(one.picture, place.corners, margin=margin) for one, place in places])
        for (one, place), read in zip(places, reads, strict=True):
            one.take(read if read and read.confidence >= self._least else None, place)

    def _from_near(self, sights: Sequence[_Sight]) -> list[FoundPlate]:
        """Look at each plate from near. One that is not seen again stays where it was."""
        if not self._near or not sights:
            return [one.last for one in sights]
        windows = [_around(one.picture, one.last, self._near) for one in sights]
        found = self.finder.find([one.picture[window] for one, window in zip(sights, windows, strict=True)])
        return [
            _seen_again(one.last, [other.moved(columns.start, rows.start) for other in those])
            for one, (rows, columns), those in zip(sights, windows, found, strict=True)
        ]


def _seen(one: _Sight) -> SeenPlate | None:
    if one.read is None or one.read_at is None:
        return None
    return SeenPlate(one.read, one.read_at, shown(one.picture, one.read_at))


def _around(picture: Picture, found: FoundPlate, near: float) -> tuple[slice, slice]:
    """Rows and columns of a square around a plate, moved and made smaller where the picture ends."""
    x1, y1, x2, y2 = found.box
    side = max(x2 - x1, y2 - y1) * near
    return _span((y1 + y2) / 2, side, picture.shape[0]), _span((x1 + x2) / 2, side, picture.shape[1])


def _span(middle: float, side: float, length: int) -> slice:
    size = max(1, min(round(side), length))
    start = min(max(round(middle - size / 2), 0), length - size)
    return slice(start, start + size)


def _seen_again(before: FoundPlate, nearer: Sequence[FoundPlate]) -> FoundPlate:
    """The one of the plates whose middle is in the box of what was found before, and the best of those."""
    x1, y1, x2, y2 = before.box
    for one in nearer:
        x, y = one.corners.mean(axis=0).tolist()
        if x1 < x < x2 and y1 < y < y2:
            return one
    return before
