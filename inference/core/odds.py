"""How likely a candidate is the one looked for: from a cosine to odds, and from odds to a chance within one search.

Knows numbers only. What a cosine is worth is measured once for each model (`inference/training/reid/calibrate.py`
writes the table into the manifest); a chance also needs how many were compared, because among thousands somebody is
always alike. A chance is a help in reading a list and never evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.manifest import Match

# Sightings of the target taken for being among those compared, before anything is looked at: one searches where
# somebody may have been.
EXPECTED_MATCHES = 1.0
# The model's own background counts as much as this many comparisons of one camera.
BACKGROUND_COUNT = 30.0
_MOST_LOG_LR = 30.0


@dataclass(frozen=True)
class Background:
    """Cosines of what is certainly or nearly always somebody else: mean, deviation, and of how many."""

    mean: float
    deviation: float
    count: int


@dataclass(frozen=True)
class MatchCalibration:
    """What a cosine of one model says about being the same one: the manifest's table, a line through its points,
    level outside."""

    table: Match

    @property
    def slope(self) -> float:
        """Logarithm of odds that a cosine of 1 is worth, over the middle of the table."""
        (first, low), (last, high) = self.table.points[0], self.table.points[-1]
        return (high - low) / (last - first)

    def log_lr(self, cosines: NDArray[np.float32], background: Background | None = None) -> NDArray[np.float64]:
        """Say how much cosines speak for a match.

        Args:
            cosines: N.
            background: Of the cameras they come from; cosines are first brought from it to the table's own, because
                one pair of cameras makes everybody alike and another nobody. None leaves them as they are.

        Returns:
            N natural logarithms of likelihood ratios.
        """
        seen = cosines.astype(np.float64)
        if background:
            seen = level(seen, background, self.table.mean, self.table.deviation)
        at, worth = np.array(self.table.points, np.float64).T
        found: NDArray[np.float64] = np.interp(seen, at, worth)
        return found


def level(cosines: NDArray[np.float64], background: Background, mean: float, deviation: float) -> NDArray[np.float64]:
    """Bring cosines from the background they were seen against to a model's own `mean` and `deviation`.

    A background of few comparisons is drawn towards the model's own.
    """
    share = background.count / (background.count + BACKGROUND_COUNT)
    here = share * background.mean + (1 - share) * mean
    spread = np.sqrt(share * background.deviation**2 + (1 - share) * deviation**2)
    levelled: NDArray[np.float64] = (cosines - here) / spread * deviation + mean
    return levelled


def background_of(cosines: NDArray[np.float32]) -> Background:
    """Measure the background from all cosines (or a fair sample) of one camera in one search.

    Nearly all are somebody else. The few that are not would hide themselves by widening it, so that what lies far
    above the rest (four deviations) is left out.
    """
    if not len(cosines):
        return Background(0.0, 1.0, 0)
    kept = cosines[cosines <= cosines.mean() + 4.0 * cosines.std()]
    return Background(float(kept.mean()), float(kept.std()), len(kept))


def posterior(log_lr: NDArray[np.float64], compared: int, *, expected: float = EXPECTED_MATCHES) -> NDArray[np.float64]:
    """Turn likelihood ratios of one search into chances, by Bayes' rule.

    Each of those compared is beforehand as likely the target as any other, `expected` of them in all. The share is not
    learnt from the search itself (expectation maximisation; Saerens, Latinne, Decaestecker 2002): queries that many are
    like have strangers far above their background, which it took for matches. Of candidates then shown with one chance
    in ten of being wrong, a quarter to a half were; with a fixed share a tenth (docs/measurements.md).

    Args:
        log_lr: N, in any order; may be empty.
        compared: How many were compared in all, at least N.
        expected: Matches expected beforehand.

    Returns:
        N chances of being the right one, 0 to 1.
    """
    share = min(expected / max(compared, len(log_lr), 1), 0.5)
    worth = np.clip(log_lr, -_MOST_LOG_LR, _MOST_LOG_LR) + np.log(share / (1.0 - share))
    chances: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-worth))
    return chances


def weak_from(odds: Sequence[float | None]) -> int | None:
    """Give the rank (from 1) from which everyone is more likely somebody else; None if unknown or there is none.

    Args:
        odds: Chances of being somebody else, in the order of the list.
    """
    if not odds or any(one is None for one in odds):
        return None
    strong = [rank for rank, one in enumerate(odds, start=1) if one is not None and one <= 0.5]
    first = max(strong, default=0) + 1
    return first if first <= len(odds) else None
