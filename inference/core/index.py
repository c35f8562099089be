"""Exact search among stored features: every one is compared, nothing is approximated.

Knows vectors only. A search names cameras and hours, so 10⁴–10⁶ vectors are touched; those are read in
blocks, so that features stored as float16 need little memory beyond their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A block of float32 stays in the processor's cache while it is multiplied.
_BLOCK_ROWS = 16_384


def top_k(
    query: NDArray[np.float32], features: NDArray[np.float16] | NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the features most like a target.

    Several pictures of one target give one ranking, see `fused_scores`.

    Args:
        query: Q×D (or D), unit length; all show the same target.
        features: N×D, unit length, of the same model.
        k: How many are wanted.

    Returns:
        Row numbers (int64) and scores (float32 cosine, −1 to 1) of the min(k, N) best, best first; equal
        scores in order of row.
    """
    scores = fused_scores(query, features)
    k = min(k, len(scores))
    if k <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    # Everything that reaches the k-th best score, so that ties at the border are settled by row, not by
    # chance.
    border = np.partition(scores, len(scores) - k)[len(scores) - k]
    rows = np.flatnonzero(scores >= border)
    order = rows[np.argsort(-scores[rows], kind="stable")][:k]
    return order.astype(np.int64), scores[order]


def fused_scores(
    query: NDArray[np.float32], features: NDArray[np.float16] | NDArray[np.float32]
) -> NDArray[np.float32]:
    """Score every feature against all pictures of one target: N float32.

    The score is the best of the cosines, so that a picture from behind is not outvoted by one from the front. On
    CUHK03 val, two to four pictures from one camera, best and mean were equal within a point.
    """
    queries = np.atleast_2d(np.asarray(query, np.float32))
    scores = np.empty(len(features), np.float32)
    for start in range(0, len(features), _BLOCK_ROWS):
        block = features[start : start + _BLOCK_ROWS].astype(np.float32, copy=False)
        scores[start : start + len(block)] = np.max([block @ one for one in queries], axis=0)
    return scores
