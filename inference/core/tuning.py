"""A site's own linear map on features: learnt from its tracks without labels, and measured without labels.

Knows vectors, numbered cameras and pairs, nothing of pictures or storage. A map takes from each feature what all
features of its camera have in common (light, angle, colours of the ground), and may make directions that change
between two views of one track count less (within-class covariance normalisation: Hatch, Kajarekar, Stolcke,
"Within-Class Covariance Normalization for SVM-based Speaker Recognition", Interspeech 2006).

Whether a map helps is told from two kinds of pairs. Two seen at the same time are certainly strangers, and say how high
a cosine must be to let only few strangers pass. Of pairs across cameras at other times some are the same one, nobody
knows which; but what passes beyond the strangers' share must be, and the better map finds more of them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.core.errors import ModelError
from inference.core.reid import unit_length

# A camera's mean counts as much as the mean of all at so many features.
SHRINKAGE = 20.0
# Larger: directions are treated more alike. Below 1 the map learns the noise of a few hundred views.
EVENNESS = 5.0
FEWEST_DIFFERENCES = 200
# Thresholds that so many of the strangers pass; what is found is averaged over them, since each stands on few.
STRANGERS_ABOVE = (5, 10, 20, 40)
# With more strangers thresholds rise no further: no search looks at so few.
RAREST_STRANGER = 1e-4
_ROUNDS = 30
_PAIRS_AT_ONCE = 20_000


@dataclass(frozen=True)
class SiteMap:
    """Features are moved by their camera's offset, turned by a matrix, and brought to unit length.

    Attributes:
        cameras: C, numbers of the cameras that have an offset of their own, rising.
        offsets: C×D.
        centre: D, for features of any other camera or of none.
        matrix: D×D.
    """

    cameras: NDArray[np.int64]
    offsets: NDArray[np.float32]
    centre: NDArray[np.float32]
    matrix: NDArray[np.float32]

    @property
    def dimension(self) -> int:
        return len(self.centre)

    def apply(self, features: NDArray[np.float32], cameras: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Map features.

        Args:
            features: N×D, unit length.
            cameras: N numbers; None where no camera is known.

        Returns:
            N×D float32, unit length.

        Raises:
            ModelError: D is not the map's.
        """
        if features.ndim != 2 or features.shape[1] != self.dimension:
            raise ModelError(f"The map is for {self.dimension} numbers, features have {features.shape[-1]}.")
        taken = np.tile(self.centre, (len(features), 1))
        if cameras is not None and len(self.cameras):
            places = np.searchsorted(self.cameras, cameras).clip(0, len(self.cameras) - 1)
            is_known = self.cameras[places] == cameras
            taken[is_known] = self.offsets[places[is_known]]
        return unit_length(((features - taken) @ self.matrix).astype(np.float32, copy=False))


class Pairs(NamedTuple):
    """Pairs of features by their rows, N each; whether the two are certainly strangers, and seen by two cameras.

    Those of one camera are all strangers.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    is_stranger: NDArray[np.bool_]
    is_across: NDArray[np.bool_]


class Verdict(NamedTuple):
    """What a map gives on pairs.

    Attributes:
        before, after: Found beyond chance in 10,000 pairs at other times, without and with the map.
        error: Standard error of their difference.
        after_error: Standard error of `after`.
        strangers: Certain strangers that the threshold stands on.
        false_share: Share of strangers that pass, the mean over the thresholds.
    """

    before: float
    after: float
    error: float
    after_error: float
    strangers: int
    false_share: float

    @property
    def gain(self) -> float:
        """After in relation to before (at least 1); 0.1 is a tenth more."""
        return (self.after - self.before) / max(self.before, 1.0)


def fit_map(
    features: NDArray[np.float32],
    cameras: NDArray[np.int64],
    *,
    strength: float = 1.0,
    differences: NDArray[np.float32] | None = None,
) -> SiteMap:
    """Learn a map.

    Args:
        features: N×D, unit length.
        cameras: N numbers.
        strength: How much of what a camera's features have in common is taken away, 0 to 1.
        differences: P×D, each of two views of one track; None leaves directions as they are.
    """
    known, places, counts = np.unique(cameras, return_inverse=True, return_counts=True)
    sums = np.zeros((len(known), features.shape[1]))
    np.add.at(sums, places, features)
    means = sums / counts[:, None]
    centre = means.mean(axis=0)
    weights = strength * counts / (counts + SHRINKAGE)
    offsets = centre + weights[:, None] * (means - centre)
    matrix = np.eye(len(centre)) if differences is None else evening_matrix(differences)
    return SiteMap(known, *(part.astype(np.float32) for part in (offsets, centre, matrix)))


def evening_matrix(differences: NDArray[np.float32], *, evenness: float = EVENNESS) -> NDArray[np.float64]:
    """Return the D×D matrix under which views of one track differ more evenly in all directions."""
    scatter = differences.astype(np.float64).T @ differences
    scatter *= len(scatter) / max(float(np.trace(scatter)), 1e-12)
    values, vectors = np.linalg.eigh(scatter + evenness * np.eye(len(scatter)))
    matrix: NDArray[np.float64] = (vectors / np.sqrt(values)) @ vectors.T * np.sqrt(evenness)
    return matrix


def cosines_of(features: NDArray[np.float32], pairs: Pairs) -> NDArray[np.float32]:
    """Return the cosine of each pair."""
    blocks = range(0, len(pairs.first), _PAIRS_AT_ONCE)
    found = [np.einsum("nd,nd->n", *(features[side[at : at + _PAIRS_AT_ONCE]] for side in pairs[:2])) for at in blocks]
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def judge(before: NDArray[np.float32], after: NDArray[np.float32], pairs: Pairs, *, seed: int = 0) -> Verdict:
    """Compare the cosines of pairs without and with a map.

    The error is taken from repeated drawings of the sightings of either side, not of the pairs alone: pairs that share
    a sighting err together (Owen, "The Pigeonhole Bootstrap", Annals of Applied Statistics 2007).

    Raises:
        ValueError: There are no pairs of one of the two kinds.
    """
    strangers = int(pairs.is_stranger.sum())
    if not max(STRANGERS_ABOVE) < strangers < len(pairs.is_stranger) or not (pairs.is_stranger & pairs.is_across).any():
        raise ValueError("Pairs of both kinds are needed, and enough of strangers.")
    shares = np.maximum(np.array(STRANGERS_ABOVE) / strangers, RAREST_STRANGER)
    orders = [np.argsort(-cosines, kind="stable") for cosines in (before, after)]
    whole = np.ones(len(before))
    found = [_found(order, pairs, whole, shares) for order in orders]
    random = np.random.default_rng(seed)

    def variances(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of the difference and of what is found with the map, when what `rows` numbers is drawn again."""
        drawn = np.zeros((_ROUNDS, 2))
        for number in range(_ROUNDS):
            weights = random.poisson(1.0, 1 + int(rows.max()))[rows].astype(np.float64)
            one, other = (_found(order, pairs, weights, shares) for order in orders)
            drawn[number] = other - one, other
        return np.asarray(drawn.var(axis=0, ddof=1))

    alone = variances(np.arange(len(before)))
    # Each side's sightings bring their own chance and that of the pairs, which would count twice.
    errors = np.sqrt(np.maximum(variances(pairs.first) + variances(pairs.second) - alone, alone))
    return Verdict(found[0], found[1], float(errors[0]), float(errors[1]), strangers, float(shares.mean()))


def _found(
    order: NDArray[np.int64],
    pairs: Pairs,
    weights: NDArray[np.float64],
    false_shares: NDArray[np.float64],
) -> float:
    """Pairs in 10,000 that pass where only `false_shares` of the strangers do; the mean over these. What passes of the
    strangers across cameras is chance, and taken off."""
    stranger, across, other = (
        np.where(is_kind, weights, 0.0)[order]
        for is_kind in (pairs.is_stranger, pairs.is_stranger & pairs.is_across, ~pairs.is_stranger)
    )
    if not (across.any() and other.any()):
        return 0.0
    passing = np.searchsorted(np.cumsum(stranger), false_shares * stranger.sum())
    passed, chance = (np.concatenate([[0.0], np.cumsum(kind)])[passing] / kind.sum() for kind in (other, across))
    return float(1e4 * (passed - chance).mean())


def pack_map(site_map: SiteMap) -> bytes:
    """Write a map as bytes; the same map always gives the same."""
    file = io.BytesIO()
    for part in (site_map.cameras, site_map.offsets, site_map.centre, site_map.matrix):
        np.save(file, np.ascontiguousarray(part), allow_pickle=False)
    return file.getvalue()


def unpack_map(blob: bytes, digest: str) -> SiteMap:
    """Read a map.

    Raises:
        ModelError: It is damaged: it has another digest, or its parts do not fit together.
    """
    if digest_of(blob) != digest:
        raise ModelError(f"The map {digest} is damaged: its contents have another digest.")
    file = io.BytesIO(blob)
    try:
        site_map = SiteMap(*(np.load(file, allow_pickle=False) for _part in range(4)))
    except (ValueError, EOFError, OSError) as error:
        raise ModelError(f"The map {digest} cannot be read.") from error
    count, dimension = len(site_map.cameras), site_map.dimension
    if site_map.offsets.shape != (count, dimension) or site_map.matrix.shape != (dimension, dimension):
        raise ModelError(f"The parts of the map {digest} do not fit together.")
    return site_map


def digest_of(blob: bytes) -> str:
    """Eight hex digits that name a map."""
    return hashlib.sha256(blob).hexdigest()[:8]


def choose_blocks(times_s: NDArray[np.float64], *, blocks: int = 6, every: int = 3) -> NDArray[np.bool_]:
    """Say of each sighting whether it is held back: every third of six runs of equal length, in order of time."""
    rank = np.empty(len(times_s), np.int64)
    rank[np.argsort(times_s, kind="stable")] = np.arange(len(times_s))
    is_held: NDArray[np.bool_] = rank * blocks // max(len(times_s), 1) % every == every - 1
    return is_held


def differences_of(views: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> NDArray[np.float32] | None:
    """Join differences of views, P×D each side; None if they are too few to learn from."""
    parts = [first - second for first, second in views if len(first)]
    if sum(len(part) for part in parts) < FEWEST_DIFFERENCES:
        return None
    joined: NDArray[np.float32] = np.concatenate(parts)
    joined -= joined.mean(axis=0)
    return joined
