"""A search's candidates as the page lists them: in order, with what speaks for each and what against it.

Reads in a number of queries that does not grow with the list. What is said about confirmed sightings is about those
whose confirmation the viewer knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Prefetch
from numpy.typing import NDArray

from cameras.gis import distance_m
from cameras.models import Camera
from inference.core.attributes import UNKNOWN
from inference.core.errors import CoreError
from inference.core.trajectory import ends
from inference.models import Feature, Sighting
from inference.sayings import SAYINGS
from investigations.fragments import PERSON_HEIGHTS_PER_S, VEHICLE_HEIGHTS_PER_S, Piece, join_pieces
from investigations.likeness import Best, likeness_of
from investigations.models import Candidate, CandidateDecision, QueryPicture, Search, SecondReview
from investigations.models.search import SearchQuerySet
from investigations.paths import Stop, limit_of, measure_hop
from portal.accounts.models import User

_PLACES = {attribute: place for place, attribute in enumerate(SAYINGS)}


def with_candidates(searches: SearchQuerySet, viewer: User) -> SearchQuerySet:
    """Read all that the list of candidates needs along with the searches; no list that would tell the viewer of
    decisions that are hidden from them."""
    # Cameras and recordings are few: read once each, not once for each candidate.
    telling = Search.objects.refined_by_hidden(viewer)
    candidates = Candidate.objects.exclude(search__in=telling.values("pk")).select_related("sighting")
    candidates = candidates.prefetch_related("sighting__camera", "sighting__recording", "sighting__plates")
    cameras = Camera.objects.only("pk").order_by("pk")
    searches = searches.select_related("requested_by", "request").prefetch_related("pictures")
    return searches.prefetch_related(Prefetch("cameras", cameras), Prefetch("candidates", candidates))


@dataclass(frozen=True)
class Conflict:
    """A confirmed sighting from which, or to which, nobody could have come in the time between."""

    sighting: int
    camera_name: str
    seen_at: Any
    distance_m: float
    seconds: float


@dataclass(frozen=True)
class Standing:
    """What was decided about a sighting, in the list of which search, and the second opinion ("" while none stands)."""

    decision: str
    search: int
    reason: str
    by: str
    at: datetime | None
    verdict: str


@dataclass(frozen=True)
class Finding:
    """What the list says about one candidate besides its sighting; `standing` as far as the viewer may know it."""

    rank: int
    group: int
    standing: Standing | None
    has_footage: bool
    conflict: Conflict | None
    evidence: list[dict[str, Any]]
    described: list[dict[str, Any]]


def pictures_shown(search: Search, viewer: User) -> list[QueryPicture]:
    """The search's pictures, without those of decided candidates whose decision this person must not learn."""
    shown = set(QueryPicture.objects.visible_to(viewer).filter(search=search).values_list("pk", flat=True))
    return [picture for picture in search.pictures.all() if picture.pk in shown]


def findings_of(search: Search, viewer: User) -> dict[int, Finding]:
    """Return what is said about each candidate of `search`, which was read by `with_candidates`."""
    rows = list(search.candidates.all())
    groups, conflicts, stored = _groups(search, rows), _conflicts(search, rows, viewer), _stored_recordings(rows)
    standing, best = _standing(search, viewer), likeness_of(search)
    pictures = [picture for picture in search.pictures.all() if not picture.error and not picture.is_against]
    number = {picture.pk: at for at, picture in enumerate(pictures_shown(search, viewer), start=1)}
    only = pictures[0].pk if len(pictures) == 1 else None
    findings = {}
    for at, row in enumerate(rows):
        worse = rows[at + 1].score if at + 1 < len(rows) else None
        like = best.get(row.sighting_id) or ((only, row.score) if only and row.score is not None else None)
        findings[row.pk] = Finding(
            rank=at + 1,
            group=groups[row.pk],
            standing=standing.get(row.sighting_id),
            has_footage=row.sighting.recording_id in stored,
            conflict=conflicts.get(row.pk),
            evidence=_evidence(search, row, at + 1, worse, like, number),
            described=_described(search, row),
        )
    return findings


def _evidence(
    search: Search, row: Candidate, rank: int, worse: float | None, like: Best | None, number: dict[int, int]
) -> list[dict[str, Any]]:
    """Numbers by name; what is not known is left out."""
    sighting, request = row.sighting, search.request
    values: dict[str, float | None] = {
        "picture": number.get(like[0]) if like else None,
        "similarity": like[1] if like else row.score,
        "rank": rank,
        "compared": search.sightings_compared,
        "gap": None if worse is None or row.score is None else row.score - worse,
        "description": row.evidence,
        "in_view_s": (sighting.last_seen_at - sighting.first_seen_at).total_seconds(),
        "width_px": sighting.x2 - sighting.x1,
        "height_px": sighting.y2 - sighting.y1,
    }
    if request.last_seen_at:
        values["after_last_seen_s"] = (sighting.seen_at - request.last_seen_at).total_seconds()
    if request.place:
        values["from_last_seen_m"] = distance_m(request.place, sighting.camera.position)
    return [{"name": name, "value": round(value, 4)} for name, value in values.items() if value is not None]


def _described(search: Search, row: Candidate) -> list[dict[str, Any]]:
    """What it looks like, and whether that is what was asked for."""
    asked: dict[str, set[str]] = {}
    for one in search.wanted:
        asked.setdefault(one["attribute"], set()).add(one["value"])
    return [
        {
            "attribute": attribute,
            "value": value,
            "probability": probability,
            "wanted": value in asked[attribute] if attribute in asked and value != UNKNOWN else None,
        }
        for attribute, (value, probability) in sorted(row.described.items(), key=_place)
    ]


def _place(look: tuple[str, Any]) -> int:
    """Head to foot, as the words are listed: PostgreSQL's JSON keeps no order."""
    return _PLACES.get(look[0], len(_PLACES))


def _standing(search: Search, viewer: User) -> dict[int, Standing]:
    """By sighting what this person knows to be decided in the request, in whichever of its searches."""
    of_request = {"candidate__search__request": search.request_id}
    decisions = CandidateDecision.objects.filter(**of_request).select_related("actor").order_by("at", "id")
    last = {decision.candidate_id: decision for decision in decisions}
    reviews = SecondReview.objects.standing().filter(**of_request)
    verdicts = dict(reviews.values_list("candidate_id", "verdict"))
    rows = Candidate.objects.filter(search__request=search.request_id).decided().known_to(viewer)
    return {
        row.sighting_id: Standing(row.decision, row.search_id, *_told(last.get(row.pk)), verdicts.get(row.pk, ""))
        for row in rows.order_by().defer("described")
    }


def _told(decision: CandidateDecision | None) -> tuple[str, str, datetime | None]:
    return (decision.reason, str(decision.actor), decision.at) if decision else ("", "", None)


def _groups(search: Search, rows: Sequence[Candidate]) -> dict[int, int]:
    """Say which candidates are pieces of one person's way past one camera; a group has its best one's number."""
    features = _features(search)
    pieces = [_piece(row, features.get(row.sighting_id)) for row in rows]
    is_vehicle = search.kind == Sighting.Kind.VEHICLE
    return join_pieces(pieces, heights_per_s=VEHICLE_HEIGHTS_PER_S if is_vehicle else PERSON_HEIGHTS_PER_S)


def _features(search: Search) -> dict[int, NDArray[np.float32]]:
    rows = Feature.objects.of_model(search.embedder).filter(sighting__candidates__search=search)
    return rows.vectors_by("sighting_id")


def _piece(row: Candidate, feature: NDArray[np.float32] | None) -> Piece:
    sighting = row.sighting
    try:
        first, last = ends(bytes(sighting.trajectory)) or (sighting.box, sighting.box)
    except CoreError:  # damaged; the picture's own box is there in any case
        first = last = sighting.box
    span = sighting.first_seen_at.timestamp(), sighting.last_seen_at.timestamp()
    return Piece(row.pk, sighting.camera_id, *span, first, last, feature)


def _stored_recordings(rows: Sequence[Candidate]) -> set[int]:
    """Recordings whose file is still there, so that a clip can be cut from it."""
    files = {row.sighting.recording_id: row.sighting.recording.file for row in rows}
    return {pk for pk, file in files.items() if file.name and file.storage.exists(file.name)}


def _conflicts(search: Search, rows: Sequence[Candidate], viewer: User) -> dict[int, Conflict]:
    shown = Candidate.objects.shown_on_path_to(viewer).filter(search__request=search.request_id)
    confirmed = Sighting.objects.filter(pk__in=shown.values("sighting_id")).select_related("camera")
    limit_mps = limit_of(is_vehicle=search.kind == Sighting.Kind.VEHICLE)
    stops = [(_stop(sighting), sighting.camera.name) for sighting in confirmed.defer("trajectory")]
    pairs = ((row.pk, _conflict(_stop(row.sighting), stops, limit_mps)) for row in rows)
    return {pk: conflict for pk, conflict in pairs if conflict}


def _conflict(stop: Stop, confirmed: Sequence[tuple[Stop, str]], limit_mps: float) -> Conflict | None:
    for other, name in confirmed:
        if other.key == stop.key or other.position == stop.position:
            continue
        first, second = sorted((stop, other), key=lambda one: (one.first_seen_at, one.last_seen_at, one.key))
        hop = measure_hop(first, second, limit_mps=limit_mps)
        if hop.is_impossible:
            return Conflict(other.key, name, other.first_seen_at, hop.distance_m, hop.duration_s)
    return None


def _stop(sighting: Sighting) -> Stop:
    return Stop(sighting.pk, sighting.camera.position, sighting.first_seen_at, sighting.last_seen_at)
