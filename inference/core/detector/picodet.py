"""PicoDet-S 416 (Paddle file with suppression in the graph) on OpenVINO.

Frames are squeezed to 416×416 without keeping their proportions, as the model was trained; `scale_factor`
makes the graph give boxes in source pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import COCO_CLASSES, Detections
from inference.core.detector.suppression import suppress
from inference.core.openvino_engine import DEFAULT_ENGINE, EngineConfig, Network, PictureInput

_SIDE_PX = 416
# Paddle numbers the 80 classes as COCO's list does, so the ids need no translation.
_CLASS_IDS = np.asarray(sorted(c for ids in COCO_CLASSES.values() for c in ids), np.int64)


@dataclass(frozen=True)
class PicoDetConfig:
    """Attributes:
    min_score: Weaker boxes are not returned; on the calibrated scale.
    score_points: Pairs of raw and calibrated score, rising; between them a straight line. PicoDet gives chance
        boxes higher scores than YOLO does, and the tracker's thresholds are to mean the same for both.
    max_overlap: IoU above which the weaker of two boxes of one kind is dropped; the graph's own limit works
        by class.
    """

    min_score: float = 0.1
    max_overlap: float = 0.7
    score_points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))


DEFAULT_CONFIG = PicoDetConfig()


class PicoDetDetector:
    """PicoDet-S; output R×6: class, score, x1, y1, x2, y2."""

    def __init__(
        self,
        path: Path,
        model_id: str,
        config: PicoDetConfig = DEFAULT_CONFIG,
        engine: EngineConfig = DEFAULT_ENGINE,
    ) -> None:
        self.id = model_id
        self._config = config
        imagenet = PictureInput("image", mean=(123.675, 116.28, 103.53), scale=(58.395, 57.12, 57.375))
        self._network = Network(path, imagenet, engine)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """See `Detector.detect`."""
        return [self._detect_one(image) for image in images]

    def _detect_one(self, image: NDArray[np.uint8]) -> Detections:
        height, width = image.shape[:2]
        squeezed = cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR)
        scale = np.asarray([[_SIDE_PX / height, _SIDE_PX / width]], np.float32)
        rows = self._network.infer(squeezed.astype(np.uint8, copy=False)[None], [("scale_factor", scale)])[0]
        raw, calibrated = zip(*self._config.score_points, strict=True)
        rows[:, 1] = np.interp(rows[:, 1], raw, calibrated)
        classes = rows[:, 0].astype(np.int64)
        rows, classes = _select(rows, classes, self._config.min_score)
        boxes = rows[:, 2:6].clip(0, [width, height, width, height]).astype(np.float32)
        limits = self._config
        return suppress(boxes, rows[:, 1], classes, min_score=limits.min_score, max_overlap=limits.max_overlap)


def _select(
    rows: NDArray[np.float32], classes: NDArray[np.int64], min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Drop the graph's filler rows (class −1), other classes and weak boxes."""
    mask = np.isin(classes, _CLASS_IDS) & (rows[:, 1] >= min_score)
    return rows[mask], classes[mask]
