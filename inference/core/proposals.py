"""Find the target in a picture that a user uploaded.

Knows one picture and a detector.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import COCO_CLASSES, Box, Detection, Detections, Kind
from inference.core.detector.base import Detector

# A box that covers this share of the picture's area means that the picture was already cut out.
_TIGHT_SHARE = 0.6
# Border added when nothing is found, as a share of the longer side: detectors overlook people who touch all
# edges.
_BORDER_SHARE = 0.25
_MIN_SCORE = 0.35
_MOST_BOXES = 20
PixelBox = tuple[int, int, int, int]


def propose_box(
    image: NDArray[np.uint8],
    detector: Detector,
    *,
    kind: Kind = Kind.PERSON,
    min_score: float = _MIN_SCORE,
) -> PixelBox | None:
    """Propose the box of the largest, surest target.

    Args:
        image: H×W×3 uint8 BGR.
        detector: Any detector.
        kind: What the user is looking for.
        min_score: Weaker boxes are not proposed.

    Returns:
        x1, y1, x2, y2 in whole pixels; the whole picture when it is already cut tight around one target; None
        when nobody (or no vehicle) was found.
    """
    box = _best(detector.detect([image])[0], kind, min_score) or _best_with_border(image, detector, kind, min_score)
    if box is None:
        return None
    height, width = image.shape[:2]
    if box.area >= _TIGHT_SHARE * width * height:
        return (0, 0, width, height)
    x1, y1, x2, y2 = round(box.x1), round(box.y1), round(box.x2), round(box.y2)
    return (max(x1, 0), max(y1, 0), min(x2, width), min(y2, height))


def propose_boxes(
    image: NDArray[np.uint8],
    detector: Detector,
    *,
    kind: Kind = Kind.PERSON,
    min_score: float = _MIN_SCORE,
    most: int = _MOST_BOXES,
) -> list[Detection]:
    """Propose the boxes among which the user may mean one; the one that `propose_box` picks comes first.

    Args:
        image, detector, kind, min_score: As for `propose_box`.
        most: At most so many.

    Returns:
        Boxes in pixels, within the picture; none when nobody (or no vehicle) was found.
    """
    height, width = image.shape[:2]
    found = detector.detect([image])[0].of_kinds((kind,))
    found = found.select(found.scores >= min_score)
    if not len(found):
        box = _best_with_border(image, detector, kind, min_score)
        return [] if box is None else [Detection(box, min_score, COCO_CLASSES[kind][0])]
    rows = sorted((found[row] for row in range(len(found))), key=lambda one: -one.box.area * one.score)
    return [replace(one, box=_within(one.box, width, height)) for one in rows[:most]]


def _within(box: Box, width: int, height: int) -> Box:
    return Box(max(box.x1, 0.0), max(box.y1, 0.0), min(box.x2, float(width)), min(box.y2, float(height)))


def _best(found: Detections, kind: Kind, min_score: float) -> Box | None:
    found = found.of_kinds((kind,))
    found = found.select(found.scores >= min_score)
    if not len(found):
        return None
    sizes = (found.boxes[:, 2] - found.boxes[:, 0]) * (found.boxes[:, 3] - found.boxes[:, 1])
    return found[int(np.argmax(sizes * found.scores))].box


def _best_with_border(image: NDArray[np.uint8], detector: Detector, kind: Kind, min_score: float) -> Box | None:
    height, width = image.shape[:2]
    border = round(_BORDER_SHARE * max(height, width))
    padded = cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REPLICATE)
    found = detector.detect([padded.astype(np.uint8, copy=False)])[0]
    box = _best(found.shifted(-border, -border), kind, min_score)
    if box is None:
        return None
    inside = Box(max(box.x1, 0.0), max(box.y1, 0.0), min(box.x2, width), min(box.y2, height))
    return inside if inside.area > 0 else None
