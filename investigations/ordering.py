"""In which order a search lists what it found, and how likely each is right: the core's ranking on stored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.core.attributes import answers, width_of
from inference.core.manifest import Head
from inference.core.odds import posterior
from inference.core.ranking import evidence, fits, fuse, push_away, rerank
from inference.gallery import Found, Match
from inference.models import Description
from investigations.chances import calibration_of, log_lr_of
from investigations.models import Search
from investigations.plate_search import NO_PLATES, ReadPlate, ReadPlates, plates_read
from investigations.querying import Query, stored_features

# So many of the best are re-ranked; fewer are mostly the target's own neighbours, more is time for nothing.
HEAD = 200
# Where the model has no table: about what a cosine is worth in log-odds between strangers and matches.
USUAL_SLOPE = 20.0
# Keeps the order where a table is level.
TIE = 1e-3
ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class Ranked:
    """One line of the list; the fields are the candidate's."""

    sighting_id: int
    score: float | None
    order: float
    odds: float | None = None
    evidence: float | None = None
    described: dict[str, Any] = field(default_factory=dict)
    plate: str = ""
    plate_distance: float | None = None


@dataclass(frozen=True)
class Described:
    """Descriptions of sightings: N keys and N×V probabilities."""

    sighting_ids: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    def by_sighting(self) -> dict[int, NDArray[np.float32]]:
        return dict(zip(self.sighting_ids.tolist(), self.probabilities, strict=True))


def read_descriptions(rows: QuerySet[Description], heads: Sequence[Head]) -> Described:
    """Read stored descriptions; what does not fit the heads (the model was changed) is left out."""
    width = width_of(heads)
    keys: list[int] = []
    blobs: list[bytes | memoryview] = []
    for key, blob in rows.order_by().values_list("sighting_id", "probabilities").iterator(chunk_size=ROWS_AT_ONCE):
        if len(blob) == width:
            keys.append(key)
            blobs.append(blob)
    numbers = np.frombuffer(b"".join(blobs), np.uint8).reshape(len(keys), width)
    return Described(np.array(keys, np.int64), np.multiply(numbers, np.float32(1 / 255), dtype=np.float32))


def misfits(described: Described, query: Query) -> set[int]:
    """Sightings that certainly lack something required, so that they are not compared."""
    may_be = fits(described.probabilities, query.heads, query.wanted)
    return set(described.sighting_ids[~may_be].tolist())


def found_by_words(described: Described, query: Query, *, limit: int) -> Found:
    """Rank by the description alone; the scores are log-odds."""
    may_be = fits(described.probabilities, query.heads, query.wanted)
    worth = evidence(described.probabilities, query.heads, query.wanted, most=np.inf)
    rows = np.flatnonzero(may_be)
    best = rows[np.lexsort((described.sighting_ids[rows], -worth[rows]))][:limit]
    matches = [Match(int(described.sighting_ids[row]), float(worth[row])) for row in best]
    return Found(matches, len(described.sighting_ids), {})


def fitting(row: Search, query: Query, near: ReadPlates) -> ReadPlates:
    """Leave out those that certainly lack something required, as among all others."""
    if not query.is_filtering or not query.heads or not near:
        return near
    without = misfits(_read_descriptions(row, query, list(near)), query)
    return {pk: read for pk, read in near.items() if pk not in without}


def rank_by_words(row: Search, query: Query, matches: Sequence[Match], near: ReadPlates = NO_PLATES) -> list[Ranked]:
    """Lines of a list without pictures, by description and plate; who was rejected pushes away what looks alike."""
    said = {match.sighting_id: match.score for match in matches}
    ids = list(dict.fromkeys((*said, *near)))
    described = _descriptions_of(row, query, ids)
    read, told = _plates_of(query, ids, near)
    if query.plate:  # among other evidence the description counts no more than its cap
        worth = _evidence([described.get(pk) for pk in ids], query)
        said = dict(zip(ids, worth.tolist(), strict=True))
    orders = dict(said)
    vectors = stored_features(row.embedder, ids) if len(query.rejected) else {}
    for pk, vector in vectors.items():
        push = push_away(np.zeros(1, np.float32), vector[None], query.rejected)[0]
        orders[pk] += float(push) * USUAL_SLOPE
    lines = [
        Ranked(
            pk,
            None,
            orders[pk] + told[at],
            None,
            _rounded(orders[pk]) if query.wanted else None,
            _looks(described.get(pk), query),
            *_plate_fields(read.get(pk)),
        )
        for at, pk in enumerate(ids)
    ]
    return sorted(lines, key=lambda line: (-line.order, line.sighting_id))


def rank(
    row: Search,
    query: Query,
    matches: Sequence[Match],
    cosines: Mapping[int, NDArray[np.float32]],
    compared: int,
    near: ReadPlates = NO_PLATES,
) -> list[Ranked]:
    """Lines of a list that pictures were searched by: re-ranked, with odds and what description and plate say.

    Args:
        row: The search.
        query: What it looks for.
        matches: The head of the list, by the fused query's cosine.
        cosines: By camera, how alike everybody there is to the fused query.
        compared: How many were compared.
        near: Those who are listed for their plates, whether they are in the head or not.
    """
    vectors = stored_features(row.embedder, [*(match.sighting_id for match in matches), *near])
    head = _head(query, matches, near, vectors)
    if not head:
        return []
    ids = [match.sighting_id for match in head]
    described = _descriptions_of(row, query, ids)
    worth = _evidence([described.get(pk) for pk in ids], query)
    read, told = _plates_of(query, ids, near)
    calibration = calibration_of(row.embedder, row.kind)
    log_lr = log_lr_of(row, calibration, head, cosines) if calibration else None
    slope = calibration.slope if calibration else USUAL_SLOPE
    pushed, alike = _likeness(query, head, vectors)
    odds: list[float | None] = [None] * len(ids)
    if query.plate:
        order = _likeness_odds(pushed, alike, log_lr, head, slope) + worth + told
    else:
        order = alike + worth / slope
        if log_lr is not None:
            odds = [round(float(1 - chance), 6) for chance in posterior(log_lr + worth, compared)]
    lines = [
        Ranked(
            pk,
            _rounded((query.features @ vectors[pk]).max()) if pk in vectors else None,
            float(order[at]),
            odds[at],
            _rounded(worth[at]) if query.wanted else None,
            _looks(described.get(pk), query),
            *_plate_fields(read.get(pk)),
        )
        for at, pk in enumerate(ids)
    ]
    return sorted(lines, key=lambda line: (-line.order, line.sighting_id))


def _head(
    query: Query, matches: Sequence[Match], near: ReadPlates, vectors: Mapping[int, NDArray[np.float32]]
) -> list[Match]:
    """The head by likeness, then those listed for their plates alone, with their cosines if they have a feature."""
    head = [match for match in matches if match.sighting_id in vectors]
    fused, known = fuse(query.features), {match.sighting_id for match in head}
    return head + [
        Match(pk, float((fused @ vectors[pk]).max()) if pk in vectors else np.nan, read.camera_id)
        for pk, read in near.items()
        if pk not in known
    ]


def _likeness(
    query: Query, head: Sequence[Match], vectors: Mapping[int, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """N cosines, less what is like a rejected candidate, and the same re-ranked; NaN without a feature."""
    pushed, alike = np.full((2, len(head)), np.nan, np.float32)
    known = np.array([at for at, match in enumerate(head) if match.sighting_id in vectors], np.intp)
    if len(known):
        features = np.stack([vectors[head[at].sighting_id] for at in known])
        scores = push_away(np.array([head[at].score for at in known], np.float32), features, query.rejected)
        pushed[known] = scores
        first = np.argsort(-scores, kind="stable")[:HEAD]
        scores[first] = rerank(scores[first], features[first])
        alike[known] = scores
    return pushed, alike


def _likeness_odds(
    pushed: NDArray[np.float32],
    alike: NDArray[np.float32],
    log_lr: NDArray[np.float64] | None,
    head: Sequence[Match],
    slope: float,
) -> NDArray[np.float64]:
    """The likeness as N log-odds that a plate's can be added to; 0 without a feature.

    How much is the table's to say or, where the model has none, the slope's, against the middle of the head. Who gets
    it, re-ranking: what it adds to a cosine is no evidence, so that the best in its order takes the largest share.
    """
    worth = np.zeros(len(head))
    known = np.flatnonzero(np.isfinite(alike))
    if not len(known):
        return worth
    fused = np.array([match.score for match in head])
    said = (pushed - np.median(pushed[known])) * slope if log_lr is None else log_lr + (pushed - fused) * slope
    best_first = known[np.argsort(-alike[known], kind="stable")]
    worth[best_first] = np.sort(said[known])[::-1] + alike[best_first] * TIE
    return worth


def _plates_of(query: Query, ids: Sequence[int], near: ReadPlates) -> tuple[ReadPlates, NDArray[np.float64]]:
    """What was read of the sightings' plates, and N log-odds: nothing where none was read, or none is asked for."""
    told = np.zeros(len(ids))
    if query.plate is None:
        return NO_PLATES, told
    read = plates_read(query.plate, ids, near)
    for at, pk in enumerate(ids):
        if pk in read:
            told[at] = query.plate.worth(read[pk].distance)
    return read, told


def _plate_fields(read: ReadPlate | None) -> tuple[str, float | None]:
    return (read.text, read.distance) if read else ("", None)


def _descriptions_of(row: Search, query: Query, sighting_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    return _read_descriptions(row, query, sighting_ids).by_sighting() if query.heads else {}


def _read_descriptions(row: Search, query: Query, sighting_ids: Sequence[int]) -> Described:
    rows = Description.objects.of_model(row.describer).filter(sighting__in=sighting_ids)
    return read_descriptions(rows, query.heads)


def _evidence(described: Sequence[NDArray[np.float32] | None], query: Query) -> NDArray[np.float32]:
    """N log-odds; nothing for a sighting without a description."""
    worth = np.zeros(len(described), np.float32)
    known = [at for at, probabilities in enumerate(described) if probabilities is not None]
    if known and query.wanted:
        rows = np.stack([described[at] for at in known])  # type: ignore[misc]  # None is excluded
        worth[known] = evidence(rows, query.heads, query.wanted)
    return worth


def _looks(probabilities: NDArray[np.float32] | None, query: Query) -> dict[str, Any]:
    """What a sighting looks like: what the model knows of it, and of what is wanted also that it does not know."""
    if probabilities is None:
        return {}
    asked = {one.attribute for one in query.wanted}
    said = {name: ranked[0] for name, ranked in answers(query.heads, probabilities).items()}
    known = {head.name: head.values for head in query.heads}
    return {
        name: [value, _rounded(chance)]
        for name, (value, chance) in said.items()
        if name in asked or value in known[name]
    }


def _rounded(value: Any) -> float:
    return round(float(value), 4)
