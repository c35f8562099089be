"""What is cut out of pictures: vehicles with a margin for the finder, plates upright for the reader and as they are
for people.

The reader's cut is made as its training makes it (`inference/training/plates/pack.py`): the corners are brought to an
upright picture with a margin, what lies outside the picture repeats its edge. How wide the margin is says `spotter.py`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box
from inference.core.plates.finder import FoundPlate

Picture = NDArray[np.uint8]

READER_SIZE = (192, 64)
# Share of the width and of the height on each side.
MARGIN = 0.04
# A plate that is larger than the reader's picture is first cut at so many times its size, then averaged.
MOST_ENLARGED = 6
# Around the picture for people, in heights of the plate.
SHOWN_MARGIN = 0.25


def rectified(
    picture: Picture, corners: NDArray[np.float32], *, size: tuple[int, int] = READER_SIZE, margin: float = MARGIN
) -> Picture:
    """Bring a plate to an upright picture.

    Args:
        picture: H×W×3 uint8 BGR.
        corners: 4×2, left top, right top, right bottom, left bottom in pixels of the picture.
        size: Width and height of the result.
        margin: Share of width and height left around the plate.

    Returns:
        `size`, uint8 BGR.
    """
    times = _enlarged(corners, size)
    width, height = size[0] * times, size[1] * times
    x, y = width * margin, height * margin
    goal = np.asarray([(x, y), (width - x, y), (width - x, height - y), (x, height - y)], np.float32)
    # Pixels have their middles half a pixel from their edges.
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32) - np.float32(0.5), goal - np.float32(0.5))
    seen = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    if times > 1:
        seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    return seen.astype(np.uint8, copy=False)


def stretched(crop: Picture, size: tuple[int, int] = READER_SIZE) -> Picture:
    """Bring a crop that already is a plate with some margin to the reader's size."""
    is_larger = crop.shape[1] > size[0] and crop.shape[0] > size[1]
    how = cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR
    return cv2.resize(crop, size, interpolation=how).astype(np.uint8, copy=False)


def leaning(picture: Picture, lean: float) -> Picture:
    """Show an upright plate as if from a side: from left to right it falls by `lean` of its height; same size."""
    height, width = picture.shape[:2]
    slope = lean * height / width
    matrix = np.asarray([(1, 0, 0), (slope, 1, -slope * width / 2)], np.float32)
    seen = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return seen.astype(np.uint8, copy=False)


def shown(picture: Picture, found: FoundPlate, margin: float = SHOWN_MARGIN) -> Picture:
    """Cut a plate out for people: upright box, a little around it, the pixels as they are; a copy.

    Empty if the plate lies wholly outside the picture.
    """
    x1, y1, x2, y2 = found.box
    around = margin * (y2 - y1)
    height, width = picture.shape[:2]
    left, top = max(math.floor(x1 - around), 0), max(math.floor(y1 - around), 0)
    right, bottom = min(math.ceil(x2 + around), width), min(math.ceil(y2 + around), height)
    return picture[top : max(bottom, top), left : max(right, left)].copy()


def cut_around(picture: Picture, box: Box, margin: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a vehicle's box with a share of it around, in whole pixels; at least one."""
    height, width = picture.shape[:2]
    wide, tall = margin * box.width, margin * box.height
    left, top = min(max(round(box.x1 - wide), 0), width - 1), min(max(round(box.y1 - tall), 0), height - 1)
    right, bottom = min(round(box.x2 + wide), width), min(round(box.y2 + tall), height)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _enlarged(corners: NDArray[np.float32], size: tuple[int, int]) -> int:
    """How many times the reader's size a plate has, so that no pixel of it is passed over."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    wide, tall = float(max(sides[0], sides[2])), float(max(sides[1], sides[3]))
    return max(1, min(MOST_ENLARGED, math.ceil(max(wide / size[0], tall / size[1]) - 0.25)))
