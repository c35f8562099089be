"""Non-maximum suppression, shared by detectors whose graph has none or a looser one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import COCO_CLASSES, Detections

# A car also seen as a truck is one vehicle: suppression works by kind, not by class.
_GROUP_OF = np.full(256, -1, np.int64)
for _group, _class_ids in enumerate(COCO_CLASSES.values()):
    _GROUP_OF[list(_class_ids)] = _group


def suppress(
    boxes: NDArray[np.float32],
    scores: NDArray[np.float32],
    classes: NDArray[np.int64],
    *,
    min_score: float,
    max_overlap: float,
) -> Detections:
    """Keep the best of boxes of one kind that overlap.

    Args:
        boxes: N×4 float32 xyxy.
        scores: N float32, 0–1.
        classes: N COCO class ids, only such as are looked for.
        min_score: Weaker boxes are dropped.
        max_overlap: IoU above which the weaker of two boxes of one kind is dropped.

    Returns:
        What is left, best score first.
    """
    if not len(scores):
        return Detections.empty()
    corner_and_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(
        corner_and_size.astype(np.float64).tolist(),
        scores.astype(np.float64).tolist(),
        _GROUP_OF[classes].tolist(),
        min_score,
        max_overlap,
    )
    rows = np.asarray(kept, np.int64).reshape(-1)
    order = rows[np.lexsort((rows, -scores[rows]))]
    return Detections(boxes[order], scores[order], classes[order])
