"""Where plates are in a picture of a vehicle, by their four corners.

Knows pictures and the finder's heat and corners, nothing of what stands on a plate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import iou_matrix
from inference.core.errors import ModelError
from inference.core.manifest import ModelStore
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig
from inference.core.plates.network import PairNetwork, plate_entry

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class FinderConfig:
    """Attributes:
    min_score: What is less likely a plate is not returned; low, because the reader refuses what is none.
    most: Plates returned for one picture.
    max_overlap: IoU of upright boxes above which the weaker of two is the same plate.
    min_width_px: Narrower plates are not returned: nobody reads them.
    """

    min_score: float = 0.2
    most: int = 4
    max_overlap: float = 0.3
    min_width_px: float = 12.0


DEFAULT_CONFIG = FinderConfig()


@dataclass(frozen=True)
class FoundPlate:
    """A plate in a picture.

    Attributes:
        corners: 4×2 float32, x and y of left top, right top, right bottom and left bottom in pixels of the picture;
            they may lie outside it.
        score: 0 to 1, how likely it is one.
    """

    corners: NDArray[np.float32]
    score: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The upright box around it: x1, y1, x2, y2."""
        (x1, y1), (x2, y2) = self.corners.min(axis=0).tolist(), self.corners.max(axis=0).tolist()
        return x1, y1, x2, y2

    def moved(self, dx: float, dy: float) -> FoundPlate:
        """Say where it is in the picture that this one was cut from, at dx, dy."""
        return FoundPlate(self.corners + np.asarray([dx, dy], np.float32), self.score)


class PlateFinder(Protocol):
    """Finds plates in pictures of vehicles."""

    @property
    def id(self) -> str:
        """The model's id in the manifest."""
        ...

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        """Find plates.

        Args:
            pictures: H×W×3 uint8 BGR each; sizes may differ.

        Returns:
            One list for each picture, best first; empty where there is no plate.
        """
        ...


class OpenVinoPlateFinder:
    """A network with heat and corners, run on OpenVINO."""

    def __init__(
        self, model_id: str, network: PairNetwork, *, size: tuple[int, int], config: FinderConfig = DEFAULT_CONFIG
    ) -> None:
        """`size` is the width and height in pixels to which a picture is brought."""
        self.id = model_id
        self._network = network
        self._size = size
        self._config = config

    def find(self, pictures: Sequence[Picture]) -> list[list[FoundPlate]]:
        """See `PlateFinder.find`.

        Raises:
            ModelError: The network does not answer as a finder does.
        """
        if not pictures:
            return []
        heat, corners = self._network.infer(pictures, self._stretched, dimensions=(3, 4))
        if corners.shape != (len(pictures), 8, *heat.shape[1:]):
            raise ModelError(f"{self.id} does not answer as its task in the manifest wants.")
        return [
            decode_heat(one, at, (picture.shape[1], picture.shape[0]), self._config)
            for one, at, picture in zip(heat, corners, pictures, strict=True)
        ]

    def _stretched(self, picture: Picture) -> Picture:
        """As the training's pictures were brought to size: averaged as soon as one side shrinks."""
        is_larger = picture.shape[1] > self._size[0] or picture.shape[0] > self._size[1]
        how = cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR
        return cv2.resize(picture, self._size, interpolation=how).astype(np.uint8, copy=False)


def load_plate_finder(
    model_id: str, store: ModelStore, *, engine: EngineConfig = DEFAULT_ENGINE, config: FinderConfig = DEFAULT_CONFIG
) -> PlateFinder:
    """Load a plate finder, fetching its files when they are missing.

    Raises:
        ModelError: Unknown id, not a plate finder, or its files cannot be had.
    """
    entry = plate_entry(model_id, store, "plate-finder")
    return OpenVinoPlateFinder(model_id, PairNetwork(entry, store, engine), size=entry.input_size, config=config)


def decode_heat(
    heat: NDArray[np.float32],
    corners: NDArray[np.float32],
    size: tuple[int, int],
    config: FinderConfig = DEFAULT_CONFIG,
) -> list[FoundPlate]:
    """Turn the network's answer for one picture into plates.

    Args:
        heat: R×C logits of a plate's middle being in the cell.
        corners: 8×R×C, x and y of the four corners in cells, from the cell's middle.
        size: Width and height of the picture in pixels.
        config: What is kept.

    Returns:
        Plates, best first. Of two that overlap the better one is kept; what is no upright quadrilateral, or has its
        middle outside the picture, is left out.
    """
    rows, columns = _peaks(heat, config.min_score)
    scores = _sigmoid(heat[rows, columns])
    order = np.lexsort((columns, rows, -scores))
    places = np.stack([columns, rows], axis=1)[order, None] + 0.5
    offsets = corners[:, rows[order], columns[order]].T.reshape(-1, 4, 2)
    cell_px = np.asarray(size, np.float32) / np.asarray(heat.shape[::-1], np.float32)
    found = [
        FoundPlate(one.astype(np.float32), float(score))
        for one, score in zip((places + offsets) * cell_px, scores[order], strict=True)
    ]
    return apart([one for one in found if _is_plausible(one, size, config)], config.max_overlap)[: config.most]


def apart(found: Sequence[FoundPlate], max_overlap: float) -> list[FoundPlate]:
    """Keep the best of plates that overlap more than `max_overlap`, or of which one holds the other's middle.

    `found` is best first, and so is what is kept.
    """
    kept: list[FoundPlate] = []
    for one in found:
        if not any(_is_same(one, other, max_overlap) for other in kept):
            kept.append(one)
    return kept


def _is_same(one: FoundPlate, other: FoundPlate, max_overlap: float) -> bool:
    boxes = np.asarray([one.box, other.box], np.float32)
    middle = one.corners.mean(axis=0)
    is_inside = bool((middle > boxes[1, :2]).all() and (middle < boxes[1, 2:]).all())
    return is_inside or float(iou_matrix(boxes[:1], boxes[1:])[0, 0]) > max_overlap


def _peaks(heat: NDArray[np.float32], min_score: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of cells that are at least as hot as their eight neighbours, and hot enough."""
    around = cv2.dilate(heat.astype(np.float32), np.ones((3, 3), np.uint8))
    is_peak = (heat >= around) & (_sigmoid(heat) >= min_score)
    rows, columns = np.nonzero(is_peak)
    return rows, columns


def _is_plausible(found: FoundPlate, size: tuple[int, int], config: FinderConfig) -> bool:
    """Whether the corners go round clockwise without a dent, left ones left and upper ones above, in the picture."""
    corners = found.corners
    if not np.isfinite(corners).all():
        return False
    middle, sides = corners.mean(axis=0), np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    is_inside = bool((middle >= 0).all() and (middle < np.asarray(size)).all())
    is_convex = bool((sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0] > 0).all())
    return is_inside and is_convex and float(sides[0, 0]) >= config.min_width_px and float(sides[1, 1]) > 0


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)
