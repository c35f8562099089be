"""In which order a search lists what it found, and how likely each is right: the core's ranking on stored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from inference.background import backgrounds_of
from inference.core.attributes import answers, width_of
from inference.core.errors import ModelError
from inference.core.manifest import Head, base_of
from inference.core.odds import Background, MatchCalibration, background_of, posterior
from inference.core.ranking import evidence, fits, push_away, rerank
from inference.engine import model_store
from inference.gallery import Found, Match
from inference.models import Description
from inference.tuning import match_of
from investigations.models import Search
from investigations.querying import Query, stored_features

# So many of the best are re-ranked; fewer are mostly the target's own neighbours, more is time for nothing.
HEAD = 200
# Where the model has no table: about what a cosine is worth in log-odds between strangers and matches.
USUAL_SLOPE = 20.0
# From so many comparisons a camera's own background is better than the pair's.
OWN_BACKGROUND = 30
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


def rank_by_words(row: Search, query: Query, matches: Sequence[Match]) -> list[Ranked]:
    """Lines of a list without pictures; rejected candidates push away what looks like them."""
    described = _descriptions_of(row, query, [match.sighting_id for match in matches])
    orders = {match.sighting_id: match.score for match in matches}
    vectors = stored_features(row.embedder, list(orders)) if len(query.rejected) else {}
    for pk, vector in vectors.items():
        push = push_away(np.zeros(1, np.float32), vector[None], query.rejected)[0]
        orders[pk] += float(push) * USUAL_SLOPE
    lines = [
        Ranked(pk, None, order, None, _rounded(orders[pk]), _looks(described.get(pk), query))
        for pk, order in orders.items()
    ]
    return sorted(lines, key=lambda line: (-line.order, line.sighting_id))


def rank(
    row: Search, query: Query, matches: Sequence[Match], cosines: Mapping[int, NDArray[np.float32]], compared: int
) -> list[Ranked]:
    """Lines of a list that pictures were searched by: re-ranked, with odds and what the description says.

    Args:
        row: The search.
        query: What it looks for.
        matches: The head of the list, by the fused query's cosine.
        cosines: By camera, how alike everybody there is to the fused query.
        compared: How many were compared.
    """
    vectors = stored_features(row.embedder, [match.sighting_id for match in matches])
    head = [match for match in matches if match.sighting_id in vectors]
    if not head:
        return []
    features = np.stack([vectors[match.sighting_id] for match in head])
    fused = np.array([match.score for match in head], np.float32)
    described = _descriptions_of(row, query, [match.sighting_id for match in head])
    worth = _evidence([described.get(match.sighting_id) for match in head], query)
    calibration = calibration_of(row.embedder, row.kind)
    pushed = push_away(fused, features, query.rejected)
    first = np.argsort(-pushed, kind="stable")[:HEAD]
    pushed[first] = rerank(pushed[first], features[first])
    order = pushed + worth / (calibration.slope if calibration else USUAL_SLOPE)
    odds = _odds(row, calibration, head, fused, cosines, worth, compared) if calibration else [None] * len(head)
    scores = (features @ query.features.T).max(axis=1)
    lines = [
        Ranked(
            match.sighting_id,
            _rounded(scores[at]),
            float(order[at]),
            odds[at],
            _rounded(worth[at]) if query.wanted else None,
            _looks(described.get(match.sighting_id), query),
        )
        for at, match in enumerate(head)
    ]
    return sorted(lines, key=lambda line: (-line.order, line.sighting_id))


def calibration_of(embedder: str, kind: str) -> MatchCalibration | None:
    """What the manifest says the model's cosines are worth; None where it has no table for this kind (a table is of the
    first kind that the model is for), or there is no such model. A tuned one's is its base's, moved to its cosines."""
    try:
        entry = model_store().entry(base_of(embedder), task="reid")
        table = match_of(embedder, entry.match)
    except ModelError:
        return None
    return MatchCalibration(table) if table and entry.kinds[0] == kind else None


def _odds(
    row: Search,
    calibration: MatchCalibration,
    head: Sequence[Match],
    fused: NDArray[np.float32],
    cosines: Mapping[int, NDArray[np.float32]],
    worth: NDArray[np.float32],
    compared: int,
) -> list[float | None]:
    """Chances of being somebody else, each camera's cosines read against its own background."""
    backgrounds = _backgrounds(row, cosines)
    cameras = np.array([match.camera_id for match in head])
    log_lr = np.zeros(len(head))
    for camera_id in np.unique(cameras).tolist():
        here = cameras == camera_id
        log_lr[here] = calibration.log_lr(fused[here], backgrounds.get(camera_id))
    return [round(float(1 - chance), 6) for chance in posterior(log_lr + worth, compared)]


def _backgrounds(row: Search, cosines: Mapping[int, NDArray[np.float32]]) -> dict[int, Background]:
    """Of each camera how alike strangers are to the query: by this search's own cosines, or, where they are few and
    the query's pictures come from cameras, by what both cameras are known for."""
    own = {pk: background_of(found) for pk, found in cosines.items()}
    few = [pk for pk, found in own.items() if found.count < OWN_BACKGROUND]
    queried = [pk for pk in row.pictures.usable().values_list("sighting__camera_id", flat=True) if pk]
    if not few or not queried:
        return own
    pairs = backgrounds_of(row.embedder, queried, few, kind=row.kind)
    for (_from, to), known in sorted(pairs.items(), key=lambda pair: pair[1].count):
        own[to] = Background(known.mean, known.deviation, known.count)
    return own


def _descriptions_of(row: Search, query: Query, sighting_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    if not query.heads:
        return {}
    rows = Description.objects.of_model(row.describer).filter(sighting__in=sighting_ids)
    return read_descriptions(rows, query.heads).by_sighting()


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
