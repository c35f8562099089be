"""How good the core is: tracking (MOTA, IDF1) and re-identification (Rank-1, mAP).

References:
    Bernardin, Stiefelhagen: Evaluating Multiple Object Tracking Performance: The CLEAR MOT Metrics, 2008.
    Ristani, Solera, Zou, Cucchiara, Tomasi: Performance Measures and a Data Set for Multi-Target, Multi-
    Camera Tracking, 2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from inference.core.detections import iou_matrix
from inference.core.mot import MotFrames

MIN_IOU = 0.5


@dataclass(frozen=True)
class TrackingScore:
    """Attributes:
    mota: 1 − (misses + false alarms + switches) / true boxes.
    idf1: Share of boxes with the right identity, the harmonic mean of precision and recall.
    misses, false_alarms, switches, true_boxes: Counts behind MOTA.
    """

    mota: float
    idf1: float
    misses: int
    false_alarms: int
    switches: int
    true_boxes: int


@dataclass(frozen=True)
class ReidScore:
    """Attributes:
    rank1: Share of queries whose best match is right.
    mean_ap: Mean average precision.
    queries: Queries that had a right answer to find.
    """

    rank1: float
    mean_ap: float
    queries: int


def score_tracking(truth: MotFrames, result: MotFrames, frames: Iterable[int]) -> TrackingScore:
    """Compare tracks with ground truth at IoU 0.5.

    Args:
        truth: Ground truth by frame.
        result: Tracks by frame.
        frames: The frames to be scored; boxes in others are left aside.
    """
    wanted = list(frames)
    misses = false_alarms = switches = 0
    held: dict[int, int] = {}
    for frame in wanted:
        true_ids, ids, overlap = _frame(truth, result, frame)
        pairs = _clear_pairs(true_ids, ids, overlap, held)
        misses += len(true_ids) - len(pairs)
        false_alarms += len(ids) - len(pairs)
        switches += sum(held.get(true_id, number) != number for true_id, number in pairs)
        held.update(pairs)
    true_boxes = sum(len(truth[frame][0]) for frame in wanted if frame in truth)
    mota = 1 - (misses + false_alarms + switches) / max(true_boxes, 1)
    return TrackingScore(mota, _idf1(truth, result, wanted), misses, false_alarms, switches, true_boxes)


def _frame(
    truth: MotFrames, result: MotFrames, frame: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    nothing = (np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
    true_ids, true_boxes = truth.get(frame, nothing)
    ids, boxes = result.get(frame, nothing)
    return true_ids, ids, iou_matrix(true_boxes, boxes)


def _clear_pairs(
    true_ids: NDArray[np.int64], ids: NDArray[np.int64], overlap: NDArray[np.float32], held: dict[int, int]
) -> list[tuple[int, int]]:
    """Pair truth and tracks in one frame: earlier pairs that still overlap stay, the rest is assigned."""
    gains = np.where(overlap >= MIN_IOU, overlap, 0.0)
    if not gains.size:
        return []
    for i, true_id in enumerate(true_ids):
        # 10 exceeds what any other assignment could gain by breaking a pair that still holds.
        gains[i] += 10.0 * ((ids == held.get(int(true_id), -1)) & (gains[i] > 0))
    pairs = zip(*linear_sum_assignment(-gains), strict=True)
    return [(int(true_ids[i]), int(ids[j])) for i, j in pairs if gains[i, j] > 0]


def _idf1(truth: MotFrames, result: MotFrames, frames: list[int]) -> float:
    """Match whole trajectories one to one so that the most boxes get the right identity."""
    shared: Counter[tuple[int, int]] = Counter()
    true_count = result_count = 0
    for frame in frames:
        true_ids, ids, overlap = _frame(truth, result, frame)
        true_count, result_count = true_count + len(true_ids), result_count + len(ids)
        shared.update((int(true_ids[i]), int(ids[j])) for i, j in np.argwhere(overlap >= MIN_IOU))
    if not shared:
        return 0.0
    rows = {true_id: i for i, true_id in enumerate(sorted({pair[0] for pair in shared}))}
    columns = {number: j for j, number in enumerate(sorted({pair[1] for pair in shared}))}
    gains = np.zeros((len(rows), len(columns)))
    for (true_id, number), count in shared.items():
        gains[rows[true_id], columns[number]] = count
    right = gains[linear_sum_assignment(-gains)].sum()
    return float(2 * right / (true_count + result_count))


def score_reid(
    features: NDArray[np.float32],
    identities: NDArray[np.int64],
    cameras: NDArray[np.int64],
    *,
    queries: NDArray[np.float32] | None = None,
) -> ReidScore:
    """Use every picture as a query against all others; pictures of its identity in its own camera are left
    out.

    Args:
        features: N×D, unit length.
        identities: N.
        cameras: N.
        queries: N×D, the same pictures as they are searched by; None takes `features` for both.
    """
    similarity = (features if queries is None else queries) @ features.T
    precisions, firsts = [], []
    for row in range(len(features)):
        is_same = identities == identities[row]
        is_used = ~(is_same & (cameras == cameras[row]))
        order = np.argsort(-similarity[row][is_used], kind="stable")
        hits = is_same[is_used][order]
        if hits.any():
            places = np.flatnonzero(hits) + 1
            precisions.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
            firsts.append(bool(hits[0]))
    return ReidScore(float(np.mean(firsts)), float(np.mean(precisions)), len(firsts))
