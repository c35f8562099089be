from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Detections
from inference.core.plates.finder import FoundPlate
from inference.core.plates.scan import ScanConfig, scan, tiles
from inference.core.plates.spotter import PlateSpotter
from inference.core.plates.text import PlateRead

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]


class GivenDetector:
    """Finds vehicles at the boxes it is given; the last is a person."""

    id = "given"

    def __init__(self, *boxes: Box, score: float = 0.9) -> None:
        self._boxes = [*boxes, (0, 0, 50, 50)]
        self._score = score

    def detect(self, images: Sequence[Picture]) -> list[Detections]:
        count = len(self._boxes)
        classes = np.asarray([2] * (count - 1) + [0], np.int64)
        return [Detections(np.asarray(self._boxes, np.float32), np.full(count, self._score, np.float32), classes)]


class PaintFinder:
    """Finds boards by their shade of blue; too small a share of a picture's width it does not see."""

    id = "paint"

    def __init__(self, *, least_share: float = 0.0, slip: float = 0.0) -> None:
        self.shown: list[tuple[int, ...]] = []
        self._least_share, self._slip = least_share, slip

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        self.shown += [picture.shape[:2] for picture in pictures]
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Picture) -> list[FoundPlate]:
        found = []
        for shade in sorted(set(np.unique(picture[..., 0]).tolist()) - {0}):
            rows, columns = np.nonzero(picture[..., 0] == shade)
            box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            share = (box[2] - box[0]) / picture.shape[1]
            if share >= self._least_share and box[2] - box[0] == 40:
                found.append(self._at(box, share))
        return sorted(found, key=lambda one: -one.score)

    def _at(self, box: Sequence[float], share: float) -> FoundPlate:
        x1, y1, x2, y2 = (edge + self._slip * share for edge in box)
        return FoundPlate(np.asarray([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32), min(share, 1.0))


class ShadeReader:
    """Reads the shade of blue, as sure as it is blue."""

    id = "shade"

    def read(self, crops: Sequence[Picture]) -> list[PlateRead | None]:
        shades = [int(crop[..., 0].max()) for crop in crops]
        return [PlateRead(f"12가{shade:04}", shade / 255) if shade else None for shade in shades]


def street(*boards: tuple[int, int, int], size: tuple[int, int] = (960, 640)) -> Picture:
    """A picture with boards of 40×12 px at x, y of a shade."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y, shade in boards:
        picture[y : y + 12, x : x + 40, 0] = shade
    return picture


def read(
    picture: Picture, *vehicles: tuple[float, float, float, float], finder: PaintFinder | None = None
) -> list[str]:
    spotter = PlateSpotter(finder or PaintFinder(), ShadeReader())
    return [plate.read.text for plate in scan(picture, GivenDetector(*vehicles), spotter)]


def test_plates_of_vehicles_and_of_what_the_detector_missed_are_read_once_each_the_surest_first() -> None:
    picture = street((100, 300, 90), (700, 500, 200))
    vehicles = [(60, 200, 200, 340), (61, 200, 202, 340)]
    assert read(picture, *vehicles) == ["12가0200", "12가0090"]
    assert read(picture) == ["12가0200", "12가0090"]


def test_places_are_in_pixels_of_the_picture() -> None:
    spotter = PlateSpotter(PaintFinder(slip=8), ShadeReader())
    (plate,) = scan(street((700, 500, 200)), GivenDetector((650, 400, 800, 540)), spotter)
    assert plate.found.box == pytest.approx((700, 500, 740, 512), abs=4)
    assert plate.picture.shape[1] == pytest.approx(46, abs=2)


def test_a_plate_that_is_small_in_the_picture_is_found_in_tiles() -> None:
    picture = street((700, 500, 200))
    # 40 px are 4 % of the width, 6 % and 13 % of the larger tiles' sides.
    assert read(picture, finder=PaintFinder(least_share=0.1)) == ["12가0200"]
    assert read(picture, finder=PaintFinder(least_share=0.5)) == []


def test_one_text_in_two_places_is_told_once() -> None:
    """A plate and its mirror image in a wet road, or two finds too far apart to be seen as one."""
    spotter = PlateSpotter(PaintFinder(), SameReader())
    assert len(scan(street((100, 300, 90), (700, 500, 200)), GivenDetector(), spotter)) == 1


class SameReader:
    id = "same"

    def read(self, crops: Sequence[Picture]) -> list[PlateRead | None]:
        return [PlateRead("12가3456", 0.8)] * len(crops)


def test_persons_and_doubtful_vehicles_are_not_looked_at() -> None:
    finder = PaintFinder()
    detector = GivenDetector((100, 100, 200, 200), score=0.2)
    scan(street(), detector, PlateSpotter(finder, ShadeReader()))
    assert finder.shown == [(bottom - top, right - left) for left, top, right, bottom in tiles((960, 640))]


@pytest.mark.parametrize("size", [(960, 640), (640, 960), (1920, 1080), (200, 200), (300, 290), (4000, 500), (64, 64)])
def test_tiles_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    width, height = size
    config = ScanConfig()
    whole, *rest = tiles(size, config)
    assert whole == (0, 0, width, height)
    for side in {right - left for left, _top, right, _bottom in rest}:
        assert side >= config.least_tile_px
        covered = np.zeros((height, width), np.uint8)
        of_side = [tile for tile in rest if tile[2] - tile[0] == side]
        for left, top, right, bottom in of_side:
            assert bottom - top == side
            covered[top:bottom, left:right] += 1
        assert covered.min() >= 1
        # Every place is in the middle part of some tile, unless it is at the picture's edge.
        lefts = sorted({tile[0] for tile in of_side})
        assert all(b - a <= side * (1 - config.overlap) + 1 for a, b in pairwise(lefts))
    assert len(rest) < 120


def test_a_picture_with_nothing_in_it_has_no_plates() -> None:
    assert read(street()) == []
