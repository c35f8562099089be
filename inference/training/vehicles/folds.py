"""Which vehicles are held out when, and how well the others' network finds them again. Needs no torch.

    python -m inference.training.vehicles.folds FEATURES.npz [...]

FEATURES.npz holds `identity` (kind_number), `camera` and `feature` of every development crop, and `fold` where it comes
from a network that has not seen that fold; without it every fold is measured with the same features.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
# The set of two-camera crops, as packs and feature files name it.
LABELLED = "vehicle"
FOUR_WHEELERS = ("bus", "car", "truck")
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Answers:
    """One row for each query, of one or more folds.

    Attributes:
        kind: N names.
        among_fold, among_all: N booleans: the first answer was right, in the gallery of the query's own fold and in
            that of all identities.
        precision: N average precisions (0–1) in the gallery of all.
    """

    kind: Texts
    among_fold: NDArray[np.bool_]
    among_all: NDArray[np.bool_]
    precision: NDArray[np.float64]


def kind_of(identity: str) -> str:
    """Name the kind: `truck` of `truck_0012`."""
    return identity.split("_")[0]


def deal(identities: Iterable[str], *, folds: int = FOLDS, seed: int = 0) -> dict[str, int]:
    """Give every identity a fold: each kind is shuffled and dealt out in turn, so that each fold has its share of it.

    The same identities always get the same folds, in whatever order they come.
    """
    known = sorted(set(identities), key=lambda identity: (kind_of(identity), identity))
    order = np.random.default_rng(seed).permutation(len(known))
    shuffled = sorted((known[row] for row in order), key=kind_of)
    return {identity: place % folds for place, identity in enumerate(shuffled)}


def answer(features: NDArray[np.float32], identity: Texts, camera: Texts, held: NDArray[np.bool_]) -> Answers:
    """Ask for every held crop in the other camera, both ways.

    Args:
        features: N×D of unit length.
        identity, camera: N names; two cameras.
        held: N booleans: the identities that the network has not seen.

    Raises:
        ValueError: Not exactly two cameras.
    """
    cameras = np.unique(camera)
    if len(cameras) != 2:
        raise ValueError(f"Two cameras are compared, not {len(cameras)}.")
    parts = []
    for here, there in (cameras, cameras[::-1]):
        queries, gallery = np.flatnonzero(held & (camera == here)), np.flatnonzero(camera == there)
        queries = queries[np.isin(identity[queries], identity[gallery])]
        likeness = features[queries] @ features[gallery].T
        same = identity[queries][:, None] == identity[gallery][None, :]
        narrow = np.where(held[gallery], likeness, -np.inf)
        parts.append((queries, _first(narrow, same), _first(likeness, same), _precision(likeness, same)))
    queries, among_fold, among_all, precision = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Answers(np.array([kind_of(name) for name in identity[queries]]), among_fold, among_all, precision)


def read_answers(path: Path) -> Answers:
    """Measure one file of features; see the head of this module.

    Raises:
        ValueError: It lacks an array or holds no vehicle.
    """
    with np.load(path) as file:
        data: Mapping[str, NDArray[np.generic]] = {name: file[name] for name in file.files}
    if missing := {"identity", "camera", "feature"} - data.keys():
        raise ValueError(f"{path.name} lacks {', '.join(sorted(missing))}.")
    rows = data["set"] == LABELLED if "set" in data else np.ones(len(data["identity"]), bool)
    identity, camera = data["identity"][rows].astype(str), data["camera"][rows].astype(str)
    if not len(identity):
        raise ValueError(f"{path.name} holds no vehicle.")
    features = data["feature"][rows].astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    fold_of = deal(identity.tolist())
    fold = np.array([fold_of[name] for name in identity])
    measured = [int(data["fold"])] if "fold" in data else list(range(FOLDS))
    return join([answer(features, identity, camera, fold == number) for number in measured])


def join(parts: list[Answers]) -> Answers:
    """Put the answers of several folds one after the other."""
    names = Answers.__dataclass_fields__
    return Answers(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def describe(answers: Answers) -> str:
    """One line: Rank-1 against the fold's gallery and against all, and mAP against all, in per cent, by kind."""
    groups = {"four-wheelers": FOUR_WHEELERS} | {kind: (kind,) for kind in np.unique(answers.kind).tolist()}
    words = []
    for name, kinds in groups.items():
        rows = np.isin(answers.kind, kinds)
        if rows.any():
            shares = [answers.among_fold[rows].mean(), answers.among_all[rows].mean(), answers.precision[rows].mean()]
            words.append(f"{name} ({rows.sum()}) " + " / ".join(f"{100 * share:.1f}" for share in shares))
    return ", ".join(words)


def _first(likeness: NDArray[np.float32], same: NDArray[np.bool_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = same[np.arange(len(same)), likeness.argmax(axis=1)]
    return found


def _precision(likeness: NDArray[np.float32], same: NDArray[np.bool_]) -> NDArray[np.float64]:
    hits = np.take_along_axis(same, np.argsort(-likeness, axis=1, kind="stable"), axis=1)
    places = np.arange(1, hits.shape[1] + 1)
    precision: NDArray[np.float64] = (hits * hits.cumsum(axis=1) / places).sum(axis=1) / hits.sum(axis=1)
    return precision


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("features", type=Path, nargs="+")
    parts = []
    for path in parser.parse_args().features:
        parts.append(read_answers(path))
        print(f"{path.name}: {describe(parts[-1])}")
    if len(parts) > 1:
        print(f"together: {describe(join(parts))}")


if __name__ == "__main__":
    main()
