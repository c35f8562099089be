"""In which order candidates are shown: pictures of one target joined, the head re-ranked, decisions and words used.

Knows vectors, scores and probabilities, nothing of where they are stored. Scores are cosines, plus what speaks for a
candidate besides; only their order has a meaning. How likely a candidate is right is `inference.core.odds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.attributes import columns_of
from inference.core.manifest import Head
from inference.core.reid import unit_length

# All measured on CUHK03 val (tests/bench/ranking.py) and, where only one right answer is to be had, on VIPeR and PRID.
SHARPNESS = 3.0
NEIGHBOURS = 6
# Weight of a neighbour falls by e with each 0.2 of cosine. With the original's weights and numbers of neighbours unlike
# ones outvoted the right one where there was only one: with the weights of then, mAP of VIPeR fell by 15 points and of
# PRID by 10. With these, and the weights of now, by 0.3 each (docs/measurements.md).
NEAR = 0.2
OVERLAP_WEIGHT = 0.7
PUSH, PUSH_FROM = 0.25, 0.5
# How often what a witness says of one attribute is wrong, or the target has changed it since.
WITNESS_ERROR = 0.1
MOST_EVIDENCE = 4.0


@dataclass(frozen=True)
class Wanted:
    """One thing said of the target. Values of one attribute are alternatives: red or orange."""

    attribute: str
    value: str
    is_required: bool = False


def fuse(query: NDArray[np.float32], *, sharpness: float = SHARPNESS) -> NDArray[np.float32]:
    """Join several pictures of one target: each becomes the mean of itself and of those like it.

    Pictures of one outfit become nearly one vector, less dependent on pose and light; a picture unlike the others
    (other clothes, or a mistake) stays itself and spoils none. Query expansion with powers of the cosine as weights
    comes from Radenović et al., "Fine-tuning CNN Image Retrieval with No Human Annotation" (TPAMI 2018).

    Args:
        query: Q×D float32, unit length.
        sharpness: The power.

    Returns:
        Q×D float32, unit length; a gallery feature's score is its best cosine over them.
    """
    weights = (np.maximum(query @ query.T, 0.0) ** sharpness).astype(np.float32)
    return unit_length(weights @ query)


def rerank(
    scores: NDArray[np.float32],
    features: NDArray[np.float32],
    *,
    neighbours: int = NEIGHBOURS,
    near: float = NEAR,
    overlap_weight: float = OVERLAP_WEIGHT,
) -> NDArray[np.float32]:
    """Raise candidates that share their nearest neighbours with the query.

    Several sightings of one person are alike among themselves, even where one of them is not much like the query.
    After Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding" (CVPR 2017), on the head of
    the list alone, with steeper weights and added to the score, so that it harms little where there is one sighting.

    Args:
        scores: N float32, the head's scores against the query.
        features: N×D float32, unit length, the head's features.
        neighbours: How many nearest neighbours are asked whether they are near each other.
        near: Difference in cosine over which a neighbour's weight falls by e.
        overlap_weight: What a full overlap of neighbours adds to the score.

    Returns:
        N float32, new scores.
    """
    if len(scores) < 2:
        return scores.astype(np.float32)
    likeness = _likeness(scores, features)
    near_ones = _expanded(_mutual(likeness, neighbours), _mutual(likeness, round(neighbours / 2)))
    weights = np.where(near_ones, np.exp((likeness - 1.0) / near), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    shared = np.minimum(weights[0], weights[1:]).sum(axis=1)
    raised: NDArray[np.float32] = (scores + overlap_weight * shared / (2.0 - shared)).astype(np.float32)
    return raised


def push_away(
    scores: NDArray[np.float32],
    features: NDArray[np.float32],
    rejected: NDArray[np.float32],
    *,
    push: float = PUSH,
    push_from: float = PUSH_FROM,
) -> NDArray[np.float32]:
    """Lower candidates that are like one that a person has rejected (Rocchio's feedback, for the nearest one only).

    Args:
        scores: N float32.
        features: N×D float32, unit length.
        rejected: R×D float32, unit length; may be empty.
        push: How much of the likeness above `push_from` is taken off.
        push_from: Cosine up to which a rejected one has no effect: most people are a little alike.

    Returns:
        N float32, new scores.
    """
    if not len(rejected) or not len(scores):
        return scores.astype(np.float32)
    likeness = (features @ rejected.T).max(axis=1)
    lowered: NDArray[np.float32] = (scores - push * np.maximum(0.0, likeness - push_from)).astype(np.float32)
    return lowered


def evidence(
    probabilities: NDArray[np.float32],
    heads: Sequence[Head],
    wanted: Sequence[Wanted],
    *,
    most: float = MOST_EVIDENCE,
) -> NDArray[np.float32]:
    """Say how much the description speaks for each candidate.

    For each attribute the logarithm of p(value | picture) over the value's share among people in general, allowing
    for a witness who errs; rare values that are seen say most. Attributes are taken for independent, which they are
    not quite, so that the sum is capped.

    Args:
        probabilities: N×V float32, calibrated, the heads' values one after the other.
        heads: What the columns mean.
        wanted: What was said; attributes and values that no head knows count for nothing.
        most: The cap; without one the order is finer, and the odds are too sure.

    Returns:
        N float32, natural logarithms of odds, within ±`most`.
    """
    total = np.zeros(len(probabilities), np.float32)
    for head, columns, said in _columns(heads, wanted):
        share = float(np.clip(sum(head.shares[head.values.index(value)] for value in said), 0.001, 0.999))
        seen = probabilities[:, columns].sum(axis=1).clip(0.0, 1.0)
        total += np.log((1 - WITNESS_ERROR) * seen / share + WITNESS_ERROR * (1 - seen) / (1 - share))
    capped: NDArray[np.float32] = total.clip(-most, most)
    return capped


def fits(probabilities: NDArray[np.float32], heads: Sequence[Head], wanted: Sequence[Wanted]) -> NDArray[np.bool_]:
    """Say of each candidate whether it may have all that is required; where the model does not know, it may.

    Args and shapes as for `evidence`.
    """
    may_be = np.ones(len(probabilities), np.bool_)
    spans = dict(zip([head.name for head in heads], columns_of(heads), strict=True))
    for head, columns, _said in _columns(heads, [one for one in wanted if one.is_required]):
        best = probabilities[:, spans[head.name]].max(axis=1)
        may_be &= (best < head.known_from) | (probabilities[:, columns].max(axis=1) >= best)
    return may_be


def _likeness(scores: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N+1)×(N+1) cosines, the query first."""
    likeness = np.ones((len(scores) + 1, len(scores) + 1), np.float32)
    likeness[1:, 1:] = features @ features.T
    likeness[0, 1:] = likeness[1:, 0] = scores
    np.minimum(likeness, 1.0, out=likeness)
    np.fill_diagonal(likeness, 1.0 + 1e-6)  # everything is its own nearest; copies of it come after
    return likeness


def _mutual(likeness: NDArray[np.float32], neighbours: int) -> NDArray[np.bool_]:
    """N×N: are both among the other's nearest? Copies of one picture are so together, or not at all."""
    place = max(likeness.shape[1] - neighbours - 1, 0)
    last = np.partition(likeness, place, axis=1)[:, place, None]
    nearest = likeness >= last - 1e-6
    mutual: NDArray[np.bool_] = nearest & nearest.T
    return mutual


def _expanded(mutual: NDArray[np.bool_], closest: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the closest ones of each neighbour, where most of them are neighbours already."""
    own, theirs = mutual.astype(np.float32), closest.astype(np.float32)
    is_taken = mutual & (own @ theirs.T > theirs.sum(axis=1) * 2 / 3)
    expanded: NDArray[np.bool_] = mutual | (is_taken.astype(np.float32) @ theirs > 0)
    return expanded


def _columns(heads: Sequence[Head], wanted: Sequence[Wanted]) -> list[tuple[Head, list[int], list[str]]]:
    """For each head of which something is said: the columns and names of those values."""
    found = []
    for head, span in zip(heads, columns_of(heads), strict=True):
        said = [one.value for one in wanted if one.attribute == head.name and one.value in head.values]
        said = list(dict.fromkeys(said))
        if said:
            found.append((head, [span.start + head.values.index(value) for value in said], said))
    return found
