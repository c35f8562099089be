"""What a reader's raw confidence is worth, fitted to reads of plates whose texts are known. Needs no torch.

The curve is Platt's: the log-odds of being right are a straight line over the raw log-odds. It has two numbers, so that
two hundred real plates can carry it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.plates.reader import Points, calibrated
from inference.core.plates.reads import LEAST

# What a read is shown for as it stands, and what wrong ones are counted from.
SHOWN_FROM = 0.7
# Raw confidences between which the curve is drawn as straight lines.
KNOTS = (0.05, 0.2, 0.4, 0.6, 0.75, 0.85, 0.92, 0.97, 0.99, 1.0)
# Nothing is surer than this, by a handful of reads in a thousand.
_MOST = 0.9995


@dataclass(frozen=True)
class RawRead:
    """What the reader made of one plate: its set (or level), text, fold, and the read with its raw confidence, empty
    where it saw no plate."""

    set: str
    text: str
    fold: int
    is_made: bool
    read: str
    confidence: float
    characters: tuple[tuple[tuple[str, float], ...], ...] = ()

    @property
    def is_right(self) -> bool:
        return self.read == self.text


def fit_confidence(reads: Sequence[RawRead], *, made: float = 1.0, careful: float = 0.0) -> Points:
    """Fit the curve and give it as points, as the manifest's `confidence`.

    Below LEAST a read stays the guess that it is, whatever the curve says: the reads of grilles and lamps lie there.

    Args:
        reads: Where the reader saw no plate counts for nothing.
        made: What all made plates weigh beside all real ones.
        careful: Standard errors by which the curve is lowered.

    Raises:
        ValueError: There are no right or no wrong reads, or surer reads are not oftener right.
    """
    held = [one for one in reads if one.read]
    right = np.array([one.is_right for one in held], np.float64)
    if not len(held) or right.min() == right.max():
        raise ValueError("A curve needs right and wrong reads.")
    raw, weights = np.array([one.confidence for one in held]), _weights(np.array([one.is_made for one in held]), made)
    line, spread = _line(_columns(raw), right, weights)
    if line[0] <= 0:
        raise ValueError("Surer reads are not oftener right; no curve can be fitted.")
    knots = _columns(np.array(KNOTS))
    doubt = careful * np.sqrt(np.einsum("ni,ij,nj->n", knots, spread, knots))
    worth = np.maximum.accumulate(1 / (1 + np.exp(doubt - knots @ line)))
    start = (0.0, 0.0), (LEAST, min(LEAST, float(worth[0])))
    return *start, *((knot, round(float(one), 4)) for knot, one in zip(KNOTS, worth, strict=True))


def without_own_fold(reads: Sequence[RawRead], *, made: float = 1.0, careful: float = 0.0) -> list[float]:
    """Give the confidence of each read by a curve that was fitted without its fold."""
    folds = {one.fold for one in reads}
    curves = {
        fold: fit_confidence([one for one in reads if one.fold != fold], made=made, careful=careful) for fold in folds
    }
    return [calibrated(one.confidence, curves[one.fold]) for one in reads]


def figures(reads: Sequence[RawRead], confidences: Sequence[float]) -> Iterator[str]:
    """Say for each set how many are shown as sure and wrong though sure, by the raw confidence and the other."""
    for name in sorted({one.set for one in reads}):
        rows = [(one, sure) for one, sure in zip(reads, confidences, strict=True) if one.set == name]
        raw = [(one.is_right, one.confidence) for one, _sure in rows]
        yield f"{name} ({len(rows)}): raw {_said(raw)}; fitted {_said([(one.is_right, sure) for one, sure in rows])}"


def manifest_line(points: Points) -> str:
    return f"confidence = [{', '.join(f'[{raw:g}, {worth:g}]' for raw, worth in points)}]"


def _said(rows: Sequence[tuple[bool, float]]) -> str:
    sure = [is_right for is_right, confidence in rows if confidence >= SHOWN_FROM]
    wrong = len(sure) - sum(sure)
    brier = float(np.mean([(confidence - is_right) ** 2 for is_right, confidence in rows]))
    return f"{len(sure)} sure, {wrong} wrong ({100 * wrong / len(rows):.1f} %), squared error {brier:.4f}"


def _columns(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """N×2: log-odds, and 1."""
    clipped = np.clip(raw, 1 - _MOST, _MOST)
    return np.stack([np.log(clipped / (1 - clipped)), np.ones_like(clipped)], axis=1)


def _weights(is_made: NDArray[np.bool_], made: float) -> NDArray[np.float64]:
    """1 for each real read, and `made` times as much as they all have for the made ones together."""
    real, others = int((~is_made).sum()), int(is_made.sum())
    if not real:
        return np.ones(others)
    return np.where(is_made, made * real / max(others, 1), 1.0)


def _line(
    columns: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit log-odds by Newton's steps: slope and height, and their covariance. The wanted shares are drawn in a little
    (Platt 1999), so that it ends."""
    hits = float((weights * right).sum())
    misses = float(weights.sum()) - hits
    wanted = np.where(right > 0, (hits + 1) / (hits + 2), 1 / (misses + 2))
    line, spread = np.array([1.0, 0.0]), np.eye(2)
    for _step in range(50):
        said = 1 / (1 + np.exp(-columns @ line))
        bend = (columns * (weights * np.maximum(said * (1 - said), 1e-6))[:, None]).T @ columns
        spread = np.linalg.inv(bend + 1e-9 * np.eye(2))
        line -= np.clip(spread @ (columns.T @ (weights * (said - wanted))), -1, 1)
    return line, spread
