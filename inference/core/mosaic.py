"""Pixels made unrecognisable, and pixels left alone. Knows pictures and boxes, not who is in them.

Blocks lie on a grid of the picture and their sides are 8, 16, 32 … pixels, so that the grids of all sizes fit into
each other: where boxes overlap the coarser block holds, and every pixel of a masked box lies in a block of one colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box

Image = NDArray[np.uint8]
Pixels = tuple[int, int, int, int]
SMALLEST_BLOCK_PX = 8


@dataclass(frozen=True)
class MosaicConfig:
    """Attributes:
    blocks_across: A body has at most this many blocks from side to side, and at least half as many; a head
        then has one or two.
    side_margin: Masked beside a body, as a share of its width.
    head_margin: Masked above it, as a share of its height.
    foot_margin: Masked below it, likewise.
    colour_step: Colours are rounded to multiples of this, so that many frames together tell no more than one.
    """

    blocks_across: int = 6
    side_margin: float = 0.15
    head_margin: float = 0.12
    foot_margin: float = 0.05
    colour_step: int = 8


DEFAULT_MOSAIC = MosaicConfig()


def pixelate(
    image: Image, masked: Iterable[Box], spared: Iterable[Box] = (), config: MosaicConfig = DEFAULT_MOSAIC
) -> Image:
    """Cover boxes with a mosaic.

    Args:
        image: H×W×3 uint8 BGR; is not changed.
        masked: Bodies in source pixels; margins are added here.
        spared: Boxes in which the picture stays as it is, whoever else is there.
        config: How coarse and how wide.

    Returns:
        H×W×3 uint8 BGR.
    """
    result = image.copy()
    height, width = image.shape[:2]
    areas = sorted((_block_px(box, config), *_area(box, config)) for box in masked)
    for block_px, *edges in areas:
        _cover(result, _on_grid(edges, block_px, width, height), block_px, config.colour_step)
    for box in spared:
        x1, y1, x2, y2 = _inside(box, width, height)
        result[y1:y2, x1:x2] = image[y1:y2, x1:x2]
    return result


def outline(image: Image, box: Box, colour: tuple[int, int, int]) -> None:
    """Draw a thin frame around a box into the picture, just outside it where there is room."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = _inside(box, width, height)
    thickness = max(1, round(min(height, width) / 400))
    corner, opposite = (max(x1 - thickness, 0), max(y1 - thickness, 0)), (min(x2, width - 1), min(y2, height - 1))
    cv2.rectangle(image, corner, opposite, colour, thickness)


def grown(box: Box, share: float) -> Box:
    """Widen a box on every side by a share of its width and height."""
    dx, dy = box.width * share, box.height * share
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)


def _block_px(box: Box, config: MosaicConfig) -> int:
    needed = max(min(box.width, box.height) / config.blocks_across, 1.0)
    return max(SMALLEST_BLOCK_PX, 1 << math.ceil(math.log2(needed)))


def _area(box: Box, config: MosaicConfig) -> Box:
    dx = box.width * config.side_margin
    return Box(
        box.x1 - dx, box.y1 - box.height * config.head_margin, box.x2 + dx, box.y2 + box.height * config.foot_margin
    )


def _on_grid(edges: Iterable[float], block_px: int, width: int, height: int) -> Pixels:
    """Widen to whole blocks; those at the right and lower edges of the picture may be cut off by it."""
    x1, y1, x2, y2 = edges
    left, top = (max(math.floor(edge / block_px), 0) * block_px for edge in (x1, y1))
    right, bottom = (math.ceil(edge / block_px) * block_px for edge in (x2, y2))
    return left, top, min(right, width), min(bottom, height)


def _inside(box: Box, width: int, height: int) -> Pixels:
    x1, x2 = (min(max(round(edge), 0), width) for edge in (box.x1, box.x2))
    y1, y2 = (min(max(round(edge), 0), height) for edge in (box.y1, box.y2))
    return x1, y1, x2, y2


def _cover(image: Image, area: Pixels, block_px: int, colour_step: int) -> None:
    x1, y1, x2, y2 = area
    if x1 >= x2 or y1 >= y2:
        return
    region = image[y1:y2, x1:x2]
    right, below = -region.shape[1] % block_px, -region.shape[0] % block_px
    whole = cv2.copyMakeBorder(region, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = whole.shape[1] // block_px, whole.shape[0] // block_px
    means = cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    means = np.clip(np.rint(means / colour_step) * colour_step, 0, 255).astype(np.uint8)
    blocks = means.repeat(block_px, axis=0).repeat(block_px, axis=1)
    image[y1:y2, x1:x2] = blocks[: y2 - y1, : x2 - x1]
