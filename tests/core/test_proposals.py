from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.core.detections import Detections, Kind
from inference.core.detector import Detector
from inference.core.proposals import propose_box, propose_boxes
from inference.core.video import read_frames


class Finds:
    """Says the same boxes of any picture of its size, and nothing of any other."""

    id = "finds"

    def __init__(self, shape: tuple[int, int], *rows: tuple[float, float, float, float, float, int]) -> None:
        self.shape, self.rows = shape, np.asarray(rows, np.float32).reshape(-1, 6)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        rows = self.rows if images[0].shape[:2] == self.shape else self.rows[:0]
        return [Detections(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.int64))]


PICTURE = np.zeros((400, 300, 3), np.uint8)


@pytest.mark.parametrize(
    ("rows", "kind", "expected"),
    [
        ([(10, 10, 60, 150, 0.9, 0), (100, 50, 200, 350, 0.8, 0)], Kind.PERSON, (100, 50, 200, 350)),
        ([(10, 10, 60, 150, 0.9, 0), (100, 50, 290, 350, 0.8, 2)], Kind.PERSON, (10, 10, 60, 150)),
        ([(10, 10, 60, 150, 0.9, 0), (100, 50, 290, 150, 0.8, 2)], Kind.VEHICLE, (100, 50, 290, 150)),
        # 270 × 370 of 300 × 400 is 83 %: the picture was cut out already.
        ([(20, 20, 290, 390, 0.9, 0)], Kind.PERSON, (0, 0, 300, 400)),
        ([(10, 10, 60, 150, 0.2, 0)], Kind.PERSON, None),
        ([], Kind.PERSON, None),
    ],
)
def test_the_largest_surest_target_is_proposed(
    rows: list[tuple[float, float, float, float, float, int]], kind: Kind, expected: tuple[int, ...] | None
) -> None:
    assert propose_box(PICTURE, Finds((400, 300), *rows), kind=kind) == expected


def test_a_person_who_touches_all_edges_is_found_with_a_border() -> None:
    # The border is a quarter of 400 px on each side: 600 × 500, the person at 100–400 × 100–500.
    assert propose_box(PICTURE, Finds((600, 500), (100, 100, 400, 500, 0.8, 0))) == (0, 0, 300, 400)


def test_all_that_may_be_meant_are_proposed_the_largest_and_surest_first() -> None:
    rows = [(10, 10, 60, 150, 0.9, 0), (-5, 50, 200, 450, 0.8, 0), (0, 0, 50, 50, 0.9, 2), (0, 0, 90, 90, 0.1, 0)]
    boxes = propose_boxes(PICTURE, Finds((400, 300), *rows))
    assert [tuple(found.box) for found in boxes] == [(0, 50, 200, 400), (10, 10, 60, 150)]
    many = [(10 + place, 10, 60, 150, 0.9, 0) for place in range(40)]
    assert len(propose_boxes(PICTURE, Finds((400, 300), *many))) == 20
    (alone,) = propose_boxes(PICTURE, Finds((600, 500), (100, 100, 400, 500, 0.8, 0)))  # found with a border only
    assert tuple(alone.box) == (0, 0, 300, 400)
    assert propose_boxes(PICTURE, Finds((400, 300))) == []


@pytest.mark.footage
def test_people_are_found_in_the_demo_clip_and_nobody_in_noise(detector: Detector, vtest: Path) -> None:
    frame = next(read_frames(vtest))
    box = propose_box(frame.image, detector)
    assert box is not None
    x1, y1, x2, y2 = box
    assert propose_box(np.ascontiguousarray(frame.image[y1:y2, x1:x2]), detector) == (0, 0, x2 - x1, y2 - y1)
    assert propose_box(np.full((300, 200, 3), 127, np.uint8), detector) is None
