"""The one vocabulary for boxes: every detector returns it, every later step reads it.

Knows nothing of models, video files or tracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Kind(StrEnum):
    """What is looked for."""

    PERSON = "person"
    VEHICLE = "vehicle"


# COCO class ids. Bicycles are left out: no number plate, and the rider is already tracked as a person.
COCO_CLASSES: dict[Kind, tuple[int, ...]] = {Kind.PERSON: (0,), Kind.VEHICLE: (2, 3, 5, 7)}
_KIND_OF = {class_id: kind for kind, class_ids in COCO_CLASSES.items() for class_id in class_ids}


def kind_of(class_id: int) -> Kind:
    """Name the kind a COCO class belongs to (KeyError for a class that is not looked for)."""
    return _KIND_OF[class_id]


class Box(NamedTuple):
    """Corners in source pixels: x1, y1 inclusive, x2, y2 exclusive."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)


@dataclass(frozen=True)
class Detection:
    """One object in one frame."""

    box: Box
    score: float
    class_id: int

    @property
    def kind(self) -> Kind:
        return kind_of(self.class_id)


@dataclass(frozen=True)
class Detections:
    """All objects of one frame, as arrays of equal length.

    Attributes:
        boxes: N×4 float32, x1, y1, x2, y2 in source pixels.
        scores: N float32, 0–1.
        classes: N int64, COCO class ids.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, row: int) -> Detection:
        x1, y1, x2, y2 = (float(v) for v in self.boxes[row])
        return Detection(Box(x1, y1, x2, y2), float(self.scores[row]), int(self.classes[row]))

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    @property
    def kinds(self) -> list[Kind]:
        return [kind_of(int(class_id)) for class_id in self.classes]

    def select(self, mask: NDArray[np.bool_] | NDArray[np.int64]) -> Detections:
        """Keep the rows a boolean mask or an index array names."""
        return Detections(self.boxes[mask], self.scores[mask], self.classes[mask])

    def of_kinds(self, kinds: tuple[Kind, ...]) -> Detections:
        wanted = [class_id for kind in kinds for class_id in COCO_CLASSES[kind]]
        return self.select(np.isin(self.classes, wanted))

    def shifted(self, dx: float, dy: float) -> Detections:
        """Move every box, e.g. from a crop back into the frame it was cut from."""
        return Detections(self.boxes + np.asarray([dx, dy, dx, dy], np.float32), self.scores, self.classes)


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of every box of `a` (N×4) with every box of `b` (M×4): N×M, 0–1."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    area_a = np.prod(np.clip(a[:, 2:] - a[:, :2], 0, None), axis=1)
    area_b = np.prod(np.clip(b[:, 2:] - b[:, :2], 0, None), axis=1)
    union = area_a[:, None] + area_b[None, :] - inter
    iou: NDArray[np.float32] = (inter / np.maximum(union, 1e-9)).astype(np.float32)
    return iou
