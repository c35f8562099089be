"""Measure what a model's cosines are worth: the `match` table of its entry in the manifest.

    python -m inference.training.reid.calibrate FEATURES.npz [MORE.npz ...]

Each file holds `feature` (N×D, unit length), `identity`, `camera` and, where it joins several sets, `set`: people the
model was not trained on, each seen by two cameras or more; and `query` (N×D), where a picture that is searched by is
embedded in another way than one that is stored (`embed --as-query`). Prints the line for models.toml.

The line is fitted to pairs across cameras, each cosine brought to the background of its query and camera: so levelled,
cosines are worth nearly the same in every set, which plain ones are not. It rises, ever less steeply: what lies beyond
the likest strangers that were seen is not taken for surer than the way there says. Every set counts the same, and
within it every person. Two of different sets are never compared here, so that the sets may come from different
networks (each fold's of a cross-validation). `simulate` then searches as the product does, to see whether odds come
true (`python -m tests.bench.ranking`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from inference.core.manifest import Match
from inference.core.odds import MatchCalibration, background_of, level, posterior

# Where the line bends, in deviations above the mean of strangers.
KNOTS = (1.5, 3.0, 4.5, 6.0, 8.0, 10.0)
# Natural logarithm beyond which nothing is said: no set of people is large enough to know more.
MOST_SURE = 12.0
# Share of matches for which the line is fitted: the region of the best of a thousand.
PAIR_SHARE = 0.001
QUERIES_OF_A_SET = 2000
HEAD, SHOWN = 200, 50
NONE_RIGHT, MOST_RIGHT = 0.25, 3
_EDGES = np.linspace(-1.0, 5.0, 2401)
_MIDDLES = (_EDGES[1:] + _EDGES[:-1]) / 2


@dataclass(frozen=True)
class Seen:
    """Labelled pictures; identities and cameras carry their set's name, so that none is shared between sets.

    Attributes:
        features: N×D, of the pictures as they are stored.
        queries: N×D, of the same pictures where they are searched by.
        sets, identities, cameras: N names.
    """

    features: NDArray[np.float32]
    queries: NDArray[np.float32]
    sets: NDArray[np.str_]
    identities: NDArray[np.str_]
    cameras: NDArray[np.str_]

    def only(self, is_kept: NDArray[np.bool_]) -> Seen:
        features, queries = self.features[is_kept], self.queries[is_kept]
        return Seen(features, queries, self.sets[is_kept], self.identities[is_kept], self.cameras[is_kept])

    def halves(self, rng: np.random.Generator) -> tuple[Seen, Seen]:
        """Split by identity, each set for itself."""
        first: set[str] = set()
        for name in np.unique(self.sets):
            own = rng.permutation(np.unique(self.identities[self.sets == name]))
            first |= set(own[: len(own) // 2].tolist())
        is_first = np.isin(self.identities, list(first))
        return self.only(is_first), self.only(~is_first)


@dataclass(frozen=True)
class Searched:
    """The head of one simulated search: cosines at the table's background, which are right, how many compared."""

    log_lr: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    compared: int


def read(paths: Sequence[Path]) -> Seen:
    """Read feature files.

    Raises:
        ValueError: One lacks an array, or its arrays differ in length.
    """
    parts: list[list[NDArray[np.generic]]] = []
    for path in paths:
        with np.load(path) as file:
            missing = {"feature", "identity", "camera"} - set(file.files)
            if missing:
                raise ValueError(f"{path.name} has no {', '.join(sorted(missing))}.")
            features = file["feature"].astype(np.float32)
            queries = file["query"].astype(np.float32) if "query" in file.files else features
            sets = file["set"].astype(str) if "set" in file.files else np.full(len(features), path.stem)
            columns = [file["identity"].astype(str), file["camera"].astype(str)]
            if queries.shape != features.shape or any(len(column) != len(features) for column in (sets, *columns)):
                raise ValueError(f"{path.name}: its arrays differ in length.")
            named = [np.array([f"{a}/{b}" for a, b in zip(sets, column, strict=True)]) for column in columns]
            parts.append([features, queries, sets, *named])
    features, queries, sets, identities, cameras = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Seen(features, queries, sets, identities, cameras)


def calibrate(seen: Seen, *, seed: int = 0) -> Match:
    """Fit the table.

    Raises:
        ValueError: Nobody was seen by two cameras.
    """
    rng = np.random.default_rng(seed)
    own = [seen.only(seen.sets == name) for name in sorted(_queries(seen, seen))]
    bare = [_pairs(one, rng, mean=0.0, deviation=0.0) for one in own]
    mean = float(np.mean([others @ _MIDDLES for _same, others in bare]))
    spreads = [others @ _MIDDLES**2 - (others @ _MIDDLES) ** 2 for _same, others in bare]
    deviation = float(np.sqrt(np.mean(spreads)))
    found = [_pairs(one, rng, mean=mean, deviation=deviation) for one in own]
    same, others = (np.mean([pair[side] for pair in found], axis=0) for side in (0, 1))
    # A pinch of non-matches spread like matches: what so few people have not shown may exist.
    people = sum(len(np.unique(one.identities)) ** 2 / 2 for one in own)
    others = (others + same / people) / (1 + 1 / people)
    knots = mean + deviation * np.array(KNOTS)
    worth = _line(same, others, knots).clip(-MOST_SURE, MOST_SURE)
    points = tuple((round(at, 3), round(value, 2)) for at, value in zip(knots.tolist(), worth.tolist(), strict=True))
    return Match(points, round(mean, 4), round(deviation, 4))


def simulate(
    seen: Seen, table: Match, rng: np.random.Generator, count: int, *, wanted: NDArray[np.str_] | None = None
) -> Iterator[Searched]:
    """Search `count` times as the product does: one picture, other cameras, each with its own background.

    With `wanted` only these people are searched for; all are compared.
    """
    calibration = MatchCalibration(table)
    queries = _queries(seen if wanted is None else seen.only(np.isin(seen.identities, wanted)), seen)
    for _number in range(count):
        own = queries[rng.choice(list(queries))]
        query = rng.choice(own[rng.choice(list(own))])
        right, others = _gallery(seen, query, rng)
        rows = np.concatenate([right, others])
        cosines = seen.features[rows] @ seen.queries[query]
        log_lr = np.empty(len(rows))
        for camera in np.unique(seen.cameras[rows]):
            here = seen.cameras[rows] == camera
            log_lr[here] = calibration.log_lr(cosines[here], background_of(cosines[here]))
        head = np.argsort(-log_lr, kind="stable")[:HEAD]
        yield Searched(log_lr[head], head < len(right), len(rows))


def shown(searched: Sequence[Searched]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the odds of being wrong that a list of SHOWN candidates says, and whether they were."""
    odds = [1 - posterior(one.log_lr, one.compared)[:SHOWN] for one in searched]
    return np.concatenate(odds), ~np.concatenate([one.is_right[:SHOWN] for one in searched])


def _queries(wanted: Seen, seen: Seen) -> dict[str, dict[str, NDArray[np.int64]]]:
    """By set and identity, the rows (of `seen`) of wanted people whom two cameras have seen."""
    found: dict[str, dict[str, NDArray[np.int64]]] = {}
    for identity in np.unique(wanted.identities):
        rows = np.flatnonzero(seen.identities == identity)
        if len(np.unique(seen.cameras[rows])) > 1:
            found.setdefault(str(seen.sets[rows[0]]), {})[str(identity)] = rows
    if not found:
        raise ValueError("Nobody here was seen by two cameras: there is nothing to calibrate from.")
    return found


def _gallery(seen: Seen, query: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose who is compared: up to three right ones, all others of the set's other cameras, some of other sets."""
    is_same = seen.identities == seen.identities[query]
    is_elsewhere = seen.cameras != seen.cameras[query]
    right = rng.permutation(np.flatnonzero(is_same & is_elsewhere))
    right = right[: 0 if rng.random() < NONE_RIGHT else rng.integers(1, MOST_RIGHT + 1)]
    is_own_set = seen.sets == seen.sets[query]
    others = [np.flatnonzero(~is_same & is_elsewhere & is_own_set)]
    for name in np.unique(seen.sets[~is_own_set]):
        rows = rng.permutation(np.flatnonzero(seen.sets == name))
        others.append(rows[: rng.integers(min(100, len(rows)), len(rows) + 1)])
    return right, np.concatenate(others)


def _pairs(
    seen: Seen, rng: np.random.Generator, *, mean: float, deviation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Histograms of cosines across cameras, of the same and of others, every person counting the same.

    With a deviation, each query's cosines with one camera are brought to that background first.
    """
    _names, at, counts = np.unique(seen.identities, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[at]
    same, others = np.zeros(len(_MIDDLES)), np.zeros(len(_MIDDLES))
    for query in rng.permutation(len(seen.features))[:QUERIES_OF_A_SET]:
        for camera in np.unique(seen.cameras[seen.cameras != seen.cameras[query]]):
            rows = np.flatnonzero(seen.cameras == camera)
            cosines = seen.features[rows] @ seen.queries[query]
            if deviation:
                cosines = level(cosines.astype(np.float64), background_of(cosines), mean, deviation)
            cosines = cosines.clip(_MIDDLES[0], _MIDDLES[-1])
            is_same = at[rows] == at[query]
            shared = weights[query] * weights[rows]
            same += np.histogram(cosines[is_same], _EDGES, weights=shared[is_same])[0]
            others += np.histogram(cosines[~is_same], _EDGES, weights=shared[~is_same])[0]
    if not same.sum() or not others.sum():
        raise ValueError("Too few people were seen by two cameras: there is nothing to calibrate from.")
    return same / same.sum(), others / others.sum()


def _line(same: NDArray[np.float64], others: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression on a line bent at the knots that rises ever less; gives its height at each of them."""
    spans = [np.clip(_MIDDLES - low, 0.0, high - low) for low, high in pairwise(knots)]
    # A slope is the sum of all falls of slope after it, none of which is negative.
    falls = np.triu(np.ones((len(spans), len(spans))))
    basis = np.column_stack([np.ones(len(_MIDDLES)), np.column_stack(spans) @ falls])
    same, others = 1e3 * PAIR_SHARE * same, 1e3 * (1 - PAIR_SHARE) * others

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = np.clip(basis @ line, -40.0, 40.0)
        value = same @ np.logaddexp(0, -logit) + others @ np.logaddexp(0, logit)
        return float(value), basis.T @ (others / (1 + np.exp(-logit)) - same / (1 + np.exp(logit)))

    start = np.array([-9.0, *[3.0] * len(spans)])
    bounds = [(None, None), *[(0.0, None)] * len(spans)]
    line = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 3000}).x
    height = line[0] + np.concatenate([[0.0], np.cumsum(falls @ line[1:] * np.diff(knots))])
    worth: NDArray[np.float64] = height - np.log(PAIR_SHARE / (1 - PAIR_SHARE))
    return worth


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="FEATURES.npz")
    options = parser.parse_args()
    try:
        table = calibrate(read(options.files))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    points = ", ".join(f"[{at}, {worth}]" for at, worth in table.points)
    print(f"match = {{ points = [{points}], mean = {table.mean}, deviation = {table.deviation} }}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
