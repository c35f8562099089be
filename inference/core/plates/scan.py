"""Plates of a whole picture: those of the vehicles that a detector finds, and those of vehicles that are cut off or
that it misses, which are looked for in tiles of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Kind
from inference.core.detector.base import Detector
from inference.core.plates.finder import apart
from inference.core.plates.rectify import cut_around
from inference.core.plates.spotter import PlateSpotter, SeenPlate


@dataclass(frozen=True)
class ScanConfig:
    """Attributes:
    min_score: Vehicles the detector is less sure of are left to the tiles.
    margin: Cut around a vehicle's box, as a share of its sides.
    levels: Tiles have the picture's shorter side, half of it, and so on, so many sizes.
    overlap: Of neighbouring tiles, as a share of their side; wider plates are seen whole in the next size.
    least_tile_px: No tile is smaller: there the vehicle would be too narrow for its plate to be read.
    max_overlap: IoU above which two plates are the same.
    most: Places that are read in one picture, the likeliest ones.
    """

    min_score: float = 0.25
    margin: float = 0.04
    levels: int = 3
    overlap: float = 0.34
    least_tile_px: int = 192
    max_overlap: float = 0.3
    most: int = 40


DEFAULT_CONFIG = ScanConfig()

Edges = tuple[int, int, int, int]


def scan(
    picture: NDArray[np.uint8], detector: Detector, spotter: PlateSpotter, config: ScanConfig = DEFAULT_CONFIG
) -> list[SeenPlate]:
    """Read all plates of a picture.

    Args:
        picture: H×W×3 uint8 BGR.
        detector: Finds the vehicles.
        spotter: Finds and reads plates.
        config: Where is looked.

    Returns:
        Plates with their places in pixels of the picture, the surest read first; each place and each text once.
    """
    (found,) = detector.detect([picture])
    vehicles = found.of_kinds((Kind.VEHICLE,))
    boxes = [vehicles[row].box for row in np.flatnonzero(vehicles.scores >= config.min_score).tolist()]
    parts = [*(cut_around(picture, box, config.margin) for box in boxes), *tiles(picture.shape[1::-1], config)]
    spotted = spotter.finder.find([picture[top:bottom, left:right] for left, top, right, bottom in parts])
    moved = [one.moved(left, top) for (left, top, _, _), those in zip(parts, spotted, strict=True) for one in those]
    places = apart(sorted(moved, key=lambda one: -one.score), config.max_overlap)[: config.most]
    (seen,) = spotter.read_found([picture], [places])
    return _once(seen, config.max_overlap)


def tiles(size: tuple[int, ...], config: ScanConfig = DEFAULT_CONFIG) -> Iterator[Edges]:
    """Divide a picture of this width and height: left, top, right, bottom of all of it, then of square tiles."""
    width, height = size
    yield 0, 0, width, height
    for level in range(config.levels):
        side = min(size) // 2**level
        if side < config.least_tile_px or (not level and width == height):
            continue
        for top, left in product(*(_starts(length, side, config.overlap) for length in (height, width))):
            yield left, top, left + side, top + side


def _starts(length: int, side: int, overlap: float) -> list[int]:
    """Where tiles begin: from edge to edge, overlapping by at least so much."""
    steps = int(np.ceil((length - side) / (side * (1 - overlap))))
    return [round(number * (length - side) / max(steps, 1)) for number in range(steps + 1)]


def _once(seen: list[SeenPlate], max_overlap: float) -> list[SeenPlate]:
    """Leave out places and texts that a surer read has; places may have met when they were looked at from near."""
    kept = apart([plate.found for plate in seen], max_overlap)
    once: dict[str, SeenPlate] = {}
    for plate in seen:
        if any(plate.found is one for one in kept):
            once.setdefault(plate.read.text, plate)
    return list(once.values())
