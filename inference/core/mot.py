"""The MOTChallenge text format: one line per box, `frame,id,x,y,w,h,score,class,-1,-1`.

Reference: Dendorfer et al., MOTChallenge: A Benchmark for Single-Camera Multiple Target Tracking, IJCV 2021.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box


class MotRow(NamedTuple):
    """One box of one track in one frame; frames are numbered from 1, classes are COCO ids."""

    frame: int
    track: int
    box: Box
    score: float
    class_id: int


# Boxes by frame: track numbers (N int64) and boxes (N×4 float32 xyxy).
MotFrames = dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]]


def format_row(row: MotRow) -> str:
    """Write one line, without its end."""
    box = row.box
    return (
        f"{row.frame},{row.track},{box.x1:.2f},{box.y1:.2f},{box.width:.2f},{box.height:.2f},"
        f"{row.score:.4f},{row.class_id},-1,-1"
    )


def read_mot(path: Path, *, is_truth: bool = False) -> MotFrames:
    """Read a file of results or of ground truth.

    Args:
        path: The file.
        is_truth: Whether to leave out rows marked as not scored (7th value 0) or as no pedestrian (8th
            value not 1).
    """
    rows = np.loadtxt(path, delimiter=",", ndmin=2, usecols=range(8))
    if is_truth:
        rows = rows[(rows[:, 6] != 0) & (rows[:, 7] == 1)]
    boxes = rows[:, 2:6].copy()
    boxes[:, 2:] += boxes[:, :2]
    return group_by_frame(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), boxes.astype(np.float32))


def group_by_frame(frames: NDArray[np.int64], tracks: NDArray[np.int64], boxes: NDArray[np.float32]) -> MotFrames:
    """Sort parallel arrays (N, N, N×4) into frames."""
    return {int(frame): (tracks[frames == frame], boxes[frames == frame]) for frame in np.unique(frames)}


def from_rows(rows: Iterable[MotRow]) -> MotFrames:
    """Sort rows into frames."""
    listed = list(rows)
    return group_by_frame(
        np.asarray([row.frame for row in listed], np.int64),
        np.asarray([row.track for row in listed], np.int64),
        np.asarray([row.box for row in listed], np.float32).reshape(-1, 4),
    )
