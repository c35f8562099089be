"""Print what ranking gains, and whether odds are true: CUHK03 val, with VIPeR and PRID beside it.

    python -m tests.bench.ranking [--reid DIR] [--model ID] [--folds FEATURES.npz]

DIR holds cuhk03/val and, where they are to be had, more/peta_viper and more/peta_prid; it defaults to `reid` below
DONGSEON_BENCH_DATA. Features come from the person model in use, unless another is named. Every picture is a query
against all others; pictures of the same person in the same camera are left out. As in the product, a query is the mean
of a picture and its mirror image, what is stored is not, and re-ranking knows the query and the head alone.

Odds are cross-fitted by identity: each half is searched with the table measured on the other half, then each set with
the table measured on the other sets. FEATURES are those of a model that was cross-validated (as `calibrate` reads
them): each set is a fold, its features from the network that has not seen it, and compared with its own alone.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Kind
from inference.core.images import read_image
from inference.core.manifest import Match, ModelStore, default_model
from inference.core.ranking import fuse, push_away, rerank
from inference.core.reid import embed_query, load_embedder
from inference.training.reid.calibrate import SHOWN, Seen, calibrate, read, shown, simulate

SETS = (
    ("CUHK03 val", "cuhk03/val", r"(?P<id>\d+)_(?P<cam>\d+)"),
    ("VIPeR", "more/peta_viper", r"(?P<id>\d+)_\d+_(?P<cam>\d)"),
    ("PRID", "more/peta_prid", r"(?P<id>\d+)_(?P<cam>[ab])"),
)
HEAD, DECISIONS = 200, 3
SEARCHES, HALVINGS = 1000, 3
BANDS = ((0.0, 0.02), (0.02, 0.05), (0.05, 0.07), (0.07, 0.14), (0.14, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.01))

Order = NDArray[np.int64]
Floats = NDArray[np.float32]
Shown = tuple[NDArray[np.float64], NDArray[np.bool_]]


class Found(NamedTuple):
    """Rank-1 and mAP in per cent, and of how many queries."""

    rank1: float
    map: float
    queries: int

    def __str__(self) -> str:
        return f"Rank-1 {self.rank1:6.2f}   mAP {self.map:6.2f}   {self.queries:5d} queries"


def main(arguments: Sequence[str] = ()) -> None:
    data = os.environ.get("DONGSEON_BENCH_DATA", "")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reid", type=Path, default=Path(data, "reid") if data else None)
    parser.add_argument("--model", default=default_model("reid", "person"))
    parser.add_argument("--folds", type=Path)
    options = parser.parse_args(arguments)
    if options.folds:
        print_folds(read([options.folds]))
        return
    if options.reid is None or not (options.reid / SETS[0][1]).is_dir():
        print("Ranking: skipped, no folder with cuhk03/val was named (--reid).")
        return
    seen = read_sets(options.reid, options.model)
    print_ranking(seen.only(seen.sets == SETS[0][0]))
    for name, _folder, _pattern in SETS[1:]:
        if (seen.sets == name).any():
            print_single(name, seen.only(seen.sets == name))
    print_odds(seen)


def read_sets(folder: Path, model_id: str) -> Seen:
    """Embed the pictures of every set that is there."""
    with tempfile.TemporaryDirectory() as cache:
        store = ModelStore(os.environ.get("DONGSEON_MODEL_CACHE") or cache, os.environ.get("DONGSEON_MODEL_MIRROR"))
        embedder = load_embedder(model_id, store)
        rows = [row for name, part, pattern in SETS for row in _rows(folder / part, name, pattern)]
        pictures = [read_image(path.read_bytes()) for path, *_labels in rows]
        parts = [pictures[at : at + 64] for at in range(0, len(pictures), 64)]
        features = np.concatenate([embedder.embed(part) for part in parts])
        queries = np.concatenate([embed_query(embedder, part, Kind.PERSON) for part in parts])
    sets, identities, cameras = (np.array(column) for column in list(zip(*rows, strict=True))[1:])
    return Seen(features, queries, sets, identities, cameras)


def _rows(folder: Path, name: str, pattern: str) -> Iterable[tuple[Path, str, str, str]]:
    for path in sorted(folder.glob("*.jpg")):
        match = re.match(pattern, path.name)
        if match:
            # CUHK03 numbers pictures, not cameras: 00 to 04 are the first camera's.
            camera = str(int(match["cam"]) // 5) if name == SETS[0][0] else match["cam"]
            yield path, name, f"{name}/{match['id']}", f"{name}/{camera}"


def print_ranking(seen: Seen) -> None:
    likeness, unmirrored = _likeness(seen)
    bare = _measure(seen, lambda query, rows: _sorted(unmirrored[query], rows))
    print(f"  one picture, without its mirror image          {bare}")
    base = _measure(seen, lambda query, rows: _sorted(likeness[query], rows))
    print(f"  one picture                                    {base}")
    ranked = _measure(seen, lambda query, rows: _reranked(seen, likeness[query], rows))
    print(f"  one picture, re-ranked (head of {HEAD})             {ranked}   mAP {ranked.map - base.map:+.2f}")
    single, double, both = _measure_pairs(seen, likeness)
    print(f"  one picture of a pair                          {single}")
    print(f"  two pictures, fused                            {double}   mAP {double.map - single.map:+.2f}")
    print(f"  two pictures, fused and re-ranked              {both}   mAP {both.map - single.map:+.2f}")
    for is_reranked, words in ((False, ""), (True, ", re-ranked")):
        before, after = _measure_feedback(seen, likeness, is_reranked=is_reranked)
        print(
            f"  the rest of the list after {DECISIONS} decisions{words:12}  {after}   mAP {after.map - before.map:+.2f}"
        )


def print_single(name: str, seen: Seen) -> None:
    """Where there is one right answer; to re-ranking it has nobody to be near to."""
    likeness, unmirrored = _likeness(seen)
    bare, both = _measure_across(seen, unmirrored), _measure_across(seen, likeness)
    print(f"  {name}, camera against camera, no mirror image {bare}")
    print(f"  {name}, camera against camera                  {both}   mAP {both.map - bare.map:+.2f}")
    base = _measure(seen, lambda query, rows: _sorted(likeness[query], rows))
    ranked = _measure(seen, lambda query, rows: _reranked(seen, likeness[query], rows))
    print(f"  {name}, one picture                            {base}")
    print(f"  {name}, one picture, re-ranked                 {ranked}   mAP {ranked.map - base.map:+.2f}")


def _likeness(seen: Seen) -> tuple[Floats, Floats]:
    """N×N cosines of all queries with all that is stored; and of what is stored with itself."""
    return seen.queries @ seen.features.T, seen.features @ seen.features.T


def print_folds(seen: Seen) -> None:
    rng = np.random.default_rng(0)
    _print_head("tens compared")
    found: list[Shown] = []
    for fitted, held in _halvings(seen, rng):
        table = calibrate(fitted)
        found += [_search_alone(held, name, table, rng) for name in np.unique(seen.sets)]
    _print_bands("all, other half's table", found)
    names = np.unique(seen.sets)
    left_out = [_search_alone(seen, name, calibrate(seen.only(seen.sets != name)), rng) for name in names]
    _print_bands("all, other folds' table", left_out)


def _halvings(seen: Seen, rng: np.random.Generator) -> Iterable[tuple[Seen, Seen]]:
    """What is fitted and what is held out: which half somebody falls into is drawn anew each time."""
    for _number in range(HALVINGS):
        first, second = seen.halves(rng)
        yield from ((first, second), (second, first))


def _search_alone(seen: Seen, name: str, table: Match, rng: np.random.Generator) -> Shown:
    return shown([*simulate(seen.only(seen.sets == name), table, rng, SEARCHES)])


def print_odds(seen: Seen) -> None:
    rng = np.random.default_rng(0)
    names = [name for name, _folder, _pattern in SETS if (seen.sets == name).any()]
    _print_head("hundreds to thousands compared")
    found: dict[str, list[Shown]] = {name: [] for name in names}
    for fitted, held in _halvings(seen, rng):
        table = calibrate(fitted)
        for name in names:
            found[name].append(_search_for(held, name, table, rng, SEARCHES // 2))
    for name in names:
        _print_bands(f"{name}, other half's table", found[name])
    _print_bands("all, other half's table", [one for name in names for one in found[name]])
    if len(names) < 2:
        return
    others = {name: calibrate(seen.only(seen.sets != name)) for name in names}
    left_out = {name: _search_for(seen, name, table, rng, SEARCHES) for name, table in others.items()}
    for name in names:
        _print_bands(f"{name}, other sets' table", [left_out[name]])
    _print_bands("all, other sets' table", [*left_out.values()])


def _print_head(compared: str) -> None:
    print(f"  Odds of being wrong, as shown / as found (candidates), lists of {SHOWN} out of {compared}")
    print(f"  {'':34}" + "".join(f"{low:.2f}–{min(high, 1):.2f}".rjust(21) for low, high in BANDS))


def _search_for(seen: Seen, name: str, table: Match, rng: np.random.Generator, count: int) -> Shown:
    """People of one set are searched for; those of the others are compared too."""
    return shown([*simulate(seen, table, rng, count, wanted=seen.identities[seen.sets == name])])


def _print_bands(words: str, found: list[Shown]) -> None:
    odds, is_wrong = (np.concatenate(column) for column in zip(*found, strict=True))
    cells = []
    for low, high in BANDS:
        is_in = (odds >= low) & (odds < high)
        count = int(is_in.sum())
        cells.append(f"{odds[is_in].mean():.3f}/{is_wrong[is_in].mean():.3f} ({count})" if count else "–")
    print(f"  {words:34}" + "".join(cell.rjust(21) for cell in cells), flush=True)


def _measure(seen: Seen, rank: Callable[[int, Order], Order]) -> Found:
    hits = []
    for query in range(len(seen.features)):
        is_same = seen.identities == seen.identities[query]
        rows = np.flatnonzero(~(is_same & (seen.cameras == seen.cameras[query])))
        hits.append(is_same[rank(query, rows)])
    return _score(hits)


def _measure_across(seen: Seen, likeness: Floats) -> Found:
    """Camera against camera, both ways, of the people whom both have seen."""
    first, second = (set(seen.identities[seen.cameras == camera]) for camera in np.unique(seen.cameras))
    is_shared = np.isin(seen.identities, list(first & second))
    hits = []
    for query in np.flatnonzero(is_shared).tolist():
        rows = np.flatnonzero(is_shared & (seen.cameras != seen.cameras[query]))
        hits.append((seen.identities == seen.identities[query])[_sorted(likeness[query], rows)])
    return _score(hits)


def _measure_pairs(seen: Seen, likeness: Floats) -> tuple[Found, Found, Found]:
    """Both pictures from one camera, answers from the other; beside it the same queries with one picture."""
    single, double, both = [], [], []
    for first, second in _pairs(seen):
        is_same = seen.identities == seen.identities[first]
        rows = np.flatnonzero(~(is_same & (seen.cameras == seen.cameras[first])))
        scores = (seen.features @ fuse(seen.queries[[first, second]]).T).max(axis=1)
        single += [is_same[_sorted(likeness[query], rows)] for query in (first, second)]
        double.append(is_same[_sorted(scores, rows)])
        both.append(is_same[_reranked(seen, scores, rows)])
    return _score(single), _score(double), _score(both)


def _pairs(seen: Seen) -> Iterable[tuple[int, int]]:
    for row, camera in enumerate(seen.cameras):
        is_same = seen.identities == seen.identities[row]
        if (is_same & (seen.cameras != camera)).any():
            mates = np.flatnonzero(is_same & (seen.cameras == camera))
            yield from ((row, int(mate)) for mate in mates if mate > row)


def _measure_feedback(seen: Seen, likeness: Floats, *, is_reranked: bool) -> tuple[Found, Found]:
    """The three best are decided truthfully; only what is left counts, before and after."""
    before, after = [], []
    for query in range(len(seen.features)):
        is_same = seen.identities == seen.identities[query]
        rows = np.flatnonzero(~(is_same & (seen.cameras == seen.cameras[query])))
        order = _reranked(seen, likeness[query], rows) if is_reranked else _sorted(likeness[query], rows)
        decided, rest = order[:DECISIONS], order[DECISIONS:]
        right, wrong = decided[is_same[decided]], decided[~is_same[decided]]
        pictures = np.concatenate([seen.queries[[query]], seen.features[right]])
        scores = (seen.features @ fuse(pictures).T).max(axis=1)
        scores = push_away(scores, seen.features, seen.features[wrong])
        before.append(is_same[rest])
        after.append(is_same[_reranked(seen, scores, rest) if is_reranked else _sorted(scores, rest)])
    return _score(before), _score(after)


def _sorted(scores: Floats, rows: Order) -> Order:
    return rows[np.argsort(-scores[rows], kind="stable")]


def _reranked(seen: Seen, scores: Floats, rows: Order) -> Order:
    order = _sorted(scores, rows)
    head = order[:HEAD]
    return np.concatenate([_sorted_by(rerank(scores[head], seen.features[head]), head), order[HEAD:]])


def _sorted_by(scores: Floats, rows: Order) -> Order:
    return rows[np.argsort(-scores, kind="stable")]


def _score(hits: Sequence[NDArray[np.bool_]]) -> Found:
    precisions, firsts = [], []
    for row in hits:
        places = np.flatnonzero(row) + 1
        if len(places):
            precisions.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
            firsts.append(bool(row[0]))
    return Found(100 * float(np.mean(firsts)), 100 * float(np.mean(precisions)), len(firsts))


if __name__ == "__main__":
    import sys

    cv2.setNumThreads(2)
    main(sys.argv[1:])
