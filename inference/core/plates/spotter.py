"""Plates of vehicles: found, looked at again from near, turned upright and read.

Where nothing is found, nothing is read. The second look is for the corners: the finder sees a whole vehicle in few
pixels, of which a plate has a quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.finder import FoundPlate, PlateFinder
from inference.core.plates.reader import PlateReader
from inference.core.plates.rectify import rectified, shown
from inference.core.plates.text import PlateRead

# Side of the square that is looked at again, in widths of the plate: as near as the finder was trained at.
NEAR = 2.5
# Shares of width and height that are left around a plate, in the order in which it is read: the finder's corners are
# off by some hundredths of the width, and a wider cut loses no character. The others are tried where it stays doubtful.
MARGINS = (0.1, 0.04, 0.18)
SURE = 0.97
# Reads less likely than this to be right are guesses at grilles and lamps.
LEAST_CONFIDENCE = 0.01

Picture = NDArray[np.uint8]
Found = list[list[FoundPlate]]


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


class PlateSpotter:
    """A finder and a reader in a row."""

    def __init__(
        self, finder: PlateFinder, reader: PlateReader, *, near: float = NEAR, least: float = LEAST_CONFIDENCE
    ) -> None:
        """`near`: side of the second look in widths of the plate, 0 leaves it out; reads below `least` are none."""
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
        located = self._located(pictures, found) if self._near else found
        reads = iter(
            self._read([(picture, one) for picture, those in zip(pictures, located, strict=True) for one in those])
        )
        seen = []
        for picture, those in zip(pictures, located, strict=True):
            answers = [(one, next(reads)) for one in those]
            plates = [SeenPlate(read, one, shown(picture, one)) for one, read in answers if self._is_plate(read)]
            seen.append(sorted(plates, key=lambda plate: plate.read.confidence, reverse=True))
        return seen

    def _read(self, plates: Sequence[tuple[Picture, FoundPlate]]) -> list[PlateRead | None]:
        """Read each plate, doubtful ones in cuts of several widths, of which the surest read counts."""
        first, *others = MARGINS
        reads = self._read_cut(plates, first)
        doubtful = [at for at, read in enumerate(reads) if self._is_plate(read) and read.confidence < SURE]
        for margin in others:
            again = self._read_cut([plates[at] for at in doubtful], margin)
            for at, read in zip(doubtful, again, strict=True):
                reads[at] = max((one for one in (reads[at], read) if one), key=lambda one: one.confidence)
        return reads

    def _read_cut(self, plates: Sequence[tuple[Picture, FoundPlate]], margin: float) -> list[PlateRead | None]:
        return self.reader.read([rectified(picture, one.corners, margin=margin) for picture, one in plates])

    def _is_plate(self, read: PlateRead | None) -> TypeGuard[PlateRead]:
        return read is not None and read.confidence >= self._least

    def _located(self, pictures: Sequence[Picture], found: Sequence[Sequence[FoundPlate]]) -> Found:
        """Look at each plate from near. One that is not seen again stays where it was."""
        cuts = [
            (picture, one, _around(picture, one, self._near))
            for picture, those in zip(pictures, found, strict=True)
            for one in those
        ]
        again = iter(self.finder.find([picture[rows, columns] for picture, _one, (rows, columns) in cuts]))
        nearer = iter(
            [
                _seen_again(one, [other.moved(columns.start, rows.start) for other in next(again)])
                for _picture, one, (rows, columns) in cuts
            ]
        )
        return [[next(nearer) for _one in those] for those in found]


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
