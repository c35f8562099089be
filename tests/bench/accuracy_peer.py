"""The line to leave behind: OpenCV read, YOLO11n float at 640×640 on OpenVINO, and the trackers library's ByteTrack.

Written as one would write it in an afternoon, with the library's defaults, so that `accuracy` compares like with like
on the same machine in the same run. The package is no dependency; without it the comparison is skipped.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box
from inference.core.mot import MotFrames, MotRow, from_rows

SIDE_PX = 640
MIN_SCORE = 0.1
MAX_OVERLAP = 0.7


def has_peer() -> bool:
    """Say whether the package is installed."""
    return importlib.util.find_spec("trackers") is not None and importlib.util.find_spec("supervision") is not None


def peer_tracks(video: Path, model: Path, fps: float | None) -> MotFrames:
    """Track persons in a recording, frame by frame in one thread."""
    import openvino
    import supervision
    from trackers import ByteTrackTracker

    compiled = openvino.Core().compile_model(str(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    capture = cv2.VideoCapture(str(video))
    own_fps = capture.get(cv2.CAP_PROP_FPS)
    step = round(own_fps / fps) if fps else 1
    tracker = ByteTrackTracker(frame_rate=own_fps / step)
    rows: list[MotRow] = []
    index = 0
    while True:
        is_read, image = capture.read()
        if not is_read:
            return from_rows(rows)
        index += 1
        if (index - 1) % step == 0:
            boxes, scores = _detect(compiled, image)
            found = supervision.Detections(xyxy=boxes, confidence=scores, class_id=np.zeros(len(scores), int))
            rows += _rows(index, tracker.update(found))


def _detect(compiled: Any, image: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = image.shape[:2]
    scale = SIDE_PX / max(height, width)
    resized = cv2.resize(image, (round(width * scale), round(height * scale)))
    square = np.full((SIDE_PX, SIDE_PX, 3), 114, np.uint8)
    square[: resized.shape[0], : resized.shape[1]] = resized
    blob = cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True)
    output = compiled(blob)[0][0]
    rows = output[:, output[4] >= MIN_SCORE]
    corners = np.concatenate([rows[:2] - rows[2:4] / 2, rows[2:4]]).T / scale
    kept = np.asarray(cv2.dnn.NMSBoxes(corners.tolist(), rows[4].tolist(), MIN_SCORE, MAX_OVERLAP), int).reshape(-1)
    boxes = corners[kept]
    boxes[:, 2:] += boxes[:, :2]
    return boxes.astype(np.float32), rows[4, kept].astype(np.float32)


def _rows(index: int, tracked: Any) -> list[MotRow]:
    """Keep what the tracker has confirmed; −1 marks what it has not."""
    return [
        MotRow(index, int(number), Box(*map(float, box)), float(score), 0)
        for box, number, score in zip(tracked.xyxy, tracked.tracker_id, tracked.confidence, strict=True)
        if number >= 0
    ]
