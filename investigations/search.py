"""The search job: pictures and words in, candidates out, camera by camera, so that leads show while it still looks.

While it looks, the list is in the order of the plain cosines; at the end its head is re-ranked and gets its odds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from time import monotonic

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from cameras.models import Camera, Recording, RecordingQuerySet
from inference.core.ranking import fuse
from inference.engine import get_gallery
from inference.gallery import Found, Match
from inference.jobs import run_job
from inference.models import Analysis, Description, Feature, Sighting, SightingQuerySet
from investigations import events
from investigations.likeness import keep_likeness
from investigations.models import Candidate, Search
from investigations.ordering import (
    HEAD,
    Described,
    Ranked,
    fitting,
    found_by_words,
    misfits,
    rank,
    rank_by_words,
    read_descriptions,
)
from investigations.plate_search import (
    NO_PLATES,
    ReadPlates,
    asked_plate_of,
    near_plates,
    plate_warnings,
    plates_compared,
)
from investigations.querying import (
    NoQuery,
    Query,
    asked_by,
    cut_out,
    features_of,
    heads_of,
    incomparable,
    is_by_plate_alone,
    known_heads_of,
    rejected_features_of,
    wanted_of,
)
from portal import jobs
from portal.accounts.models import User
from portal.jobs import JobStatus
from portal.sentences import gettext as _
from portal.sentences import joined

__all__ = ["NoQuery", "cut_out", "query_features", "search", "write_candidates"]

CAMERAS_AT_ONCE = 20
# How often the list is written while it looks: nobody reads faster, and writing costs more than looking.
BETWEEN_LISTS_S = 0.5


@dataclass
class Harvest:
    """What was found so far: the head of the list, how alike everybody is by camera, how many were compared, and who is
    listed for a number plate."""

    near: ReadPlates
    matches: list[Match] = field(default_factory=list)
    cosines: dict[int, NDArray[np.float32]] = field(default_factory=dict)
    compared: int = 0

    def add(self, found: Found, *, limit: int) -> None:
        best = sorted([*self.matches, *found.matches], key=lambda match: (-match.score, match.sighting_id))
        self.matches = best[:limit]
        self.cosines |= found.cosines
        self.compared += found.compared


def search(search_id: int) -> None:
    """Run the search, if this worker gets it; failure is written on the row, not raised."""
    rows = Search.objects.select_related("request", "requested_by")
    run_job(rows, search_id, _run, on_failure=events.push_search_progress)


def _run(row: Search) -> None:
    query = _read_query(row)
    jobs.renew_claim(row, progress=0.05, sightings_compared=0)
    events.push_search_progress(row)
    camera_ids = list(row.cameras.values_list("pk", flat=True))
    harvest, due_s = Harvest(_near_plates(row, query, camera_ids)), 0.0
    for done, batch in _batches(camera_ids):
        harvest.add(_compare(row, query, batch), limit=max(row.limit, HEAD))
        if done < 1 and monotonic() < due_s:
            continue
        is_ranked = done == 1 or query.plate is not None  # by likeness alone a plate would not show
        lines = _ranked(row, query, harvest) if is_ranked else _plain(query, harvest)
        _write(row, query, lines, compared=harvest.compared, progress=0.05 + 0.95 * done)
        due_s = monotonic() + BETWEEN_LISTS_S
    jobs.end_job(row, JobStatus.DONE, warning=unanalysed_warning(row, camera_ids))
    events.push_search_progress(row)


def query_features(row: Search) -> NDArray[np.float32]:
    """Return the query's Q×D unit vectors; a picture that shows nobody keeps its error on its row."""
    return features_of(row)


def _read_query(row: Search) -> Query:
    """Raises ModelError where only words are searched by, and what understands them is gone."""
    features = query_features(row)
    is_by_more = len(features) > 0 or row.is_by_plate
    heads = known_heads_of(row.describer) if is_by_more else heads_of(row.describer)
    query = Query(features, rejected_features_of(row), wanted_of(row), heads, asked_plate_of(row))
    if not (is_by_more or query.has_words):
        said = _("No model in use knows the words of this search. Start a new one with a picture, or with other words.")
        raise NoQuery(said)
    return query


def _near_plates(row: Search, query: Query, camera_ids: Sequence[int]) -> ReadPlates:
    """Of all cameras at once: plates are looked for in one index, and a few cameras cost it as much as all."""
    if query.plate is None:
        return NO_PLATES
    queried = row.pictures.exclude(sighting=None).values("sighting_id")
    sightings = _searchable(row, camera_ids).exclude(pk__in=queried)
    return fitting(row, query, near_plates(row, query.plate, sightings, limit=max(row.limit, HEAD)))


def _compare(row: Search, query: Query, camera_ids: Sequence[int]) -> Found:
    limit, sightings = max(row.limit, HEAD), _searchable(row, camera_ids)
    if not query.has_pictures and query.plate and not query.has_words:
        return Found([], plates_compared(row, sightings), {})
    return _found_among(sightings, row, query, limit=limit)


def _found_among(sightings: SightingQuerySet, row: Search, query: Query, *, limit: int) -> Found:
    if not query.has_pictures:
        return found_by_words(_descriptions(row, query, sightings), query, limit=limit)
    without = misfits(_descriptions(row, query, sightings), query) if query.is_filtering and query.heads else set()
    return get_gallery().compare(fuse(query.features), _features(row, sightings), limit=limit, without=without)


def _fallen(row: Search, query: Query, harvest: Harvest) -> list[Match]:
    """Those on the list whom better ones have put out of the head: whoever was decided about stays, and is ranked."""
    if not (query.has_pictures or query.has_words):
        return []
    head = {match.sighting_id for match in harvest.matches}
    listed = row.candidates.values_list("sighting_id", "sighting__camera_id")
    fallen = {pk: camera_id for pk, camera_id in listed if pk not in head}
    sightings = _searchable(row, list(set(fallen.values()))).filter(pk__in=list(fallen))
    return _found_among(sightings, row, query, limit=len(fallen)).matches if fallen else []


def _plain(query: Query, harvest: Harvest) -> list[Ranked]:
    """The list while it still looks."""
    is_alike = query.has_pictures
    return [Ranked(one.sighting_id, one.score if is_alike else None, one.score) for one in harvest.matches]


def _ranked(row: Search, query: Query, harvest: Harvest) -> list[Ranked]:
    matches = [*harvest.matches, *_fallen(row, query, harvest)]
    if query.has_pictures:
        return rank(row, query, matches, harvest.cosines, harvest.compared, harvest.near)
    return rank_by_words(row, query, matches, harvest.near)


@transaction.atomic
def _write(row: Search, query: Query, lines: Sequence[Ranked], *, compared: int, progress: float) -> None:
    jobs.renew_claim(row, progress=progress, sightings_compared=compared)
    write_candidates(row, lines)
    keep_likeness(row, query.features, list(row.candidates.values_list("sighting_id", flat=True)))
    events.push_search_progress(row)
    events.push(row.request_id, {"type": "candidates.changed", "search": row.pk})


def _searchable(row: Search, camera_ids: Sequence[int]) -> SightingQuerySet:
    """The sightings that this search may compare: seen by these cameras, in its hours, by right of who asked."""
    assert isinstance(row.requested_by, User)
    return asked_by(row, Sighting.objects.visible_to(row.requested_by).filter(camera_id__in=camera_ids))


def _descriptions(row: Search, query: Query, sightings: SightingQuerySet) -> Described:
    queried = row.pictures.exclude(sighting=None).values("sighting_id")
    rows = Description.objects.of_model(row.describer).filter(sighting__in=sightings)
    return read_descriptions(rows.exclude(sighting__in=queried), query.heads)


def _features(row: Search, sightings: SightingQuerySet) -> QuerySet[Feature]:
    """Without those of the pictures that it starts from."""
    queried = row.pictures.exclude(sighting=None).values("sighting_id")
    rows = Feature.objects.of_model(row.embedder).filter(sighting__in=sightings)
    return rows.exclude(sighting__in=queried)


def write_candidates(row: Search, lines: Sequence[Ranked]) -> None:
    """Make the search's open candidates the best so far; what a person has decided about stays, with its new numbers.

    Call it in a transaction: rows are locked, so that no decision made meanwhile is deleted, and no sighting that an
    analysis has just replaced is pointed at.
    """
    best = [line.sighting_id for line in lines[: row.limit]]
    fallen = row.candidates.filter(decision=Candidate.Decision.PENDING).exclude(sighting_id__in=best)
    locked = list(fallen.select_for_update().values_list("pk", flat=True))
    row.candidates.filter(pk__in=locked).delete()
    listed = {*best, *row.candidates.values_list("sighting_id", flat=True)}
    alive = set(Sighting.objects.filter(pk__in=listed).select_for_update(no_key=True).values_list("pk", flat=True))
    Candidate.objects.bulk_create(
        [Candidate(search=row, **asdict(line)) for line in lines if line.sighting_id in alive],
        update_conflicts=True,
        unique_fields=["search", "sighting"],
        update_fields=["score", "order", "odds", "evidence", "described", "plate", "plate_distance"],
    )


def unanalysed_warning(row: Search, camera_ids: Sequence[int]) -> str:
    """Say which cameras' hours were not searched, so that "not found" is not taken for "not there"."""
    recorded = Recording.objects.filter(camera_id__in=camera_ids).overlapping(row.starts_at, row.ends_at)
    silent = row.cameras.exclude(pk__in=recorded.values("camera_id"))
    lines: list[str] = []
    if silent:
        lines.append(_("No recording in these hours: %(cameras)s.") % {"cameras": _codes(silent)})
    unread = row.cameras.filter(pk__in=_unread(recorded, row).values("camera_id"))
    if unread:
        lines.append(_("Not analysed yet: %(cameras)s.") % {"cameras": _codes(unread)})
    if row.is_by_plate:
        lines += plate_warnings(row, _searchable(row, camera_ids), is_alone=is_by_plate_alone(row))
    return joined(lines, by="\n")


def _codes(cameras: Iterable[Camera]) -> str:
    return ", ".join(camera.code for camera in cameras)


def _unread(recorded: RecordingQuerySet, row: Search) -> RecordingQuerySet:
    """Recordings never analysed, or with sightings that this search cannot compare; of plates that is said apart."""
    done = Analysis.objects.filter(status=JobStatus.DONE).values("recording_id")
    if is_by_plate_alone(row):
        return recorded.exclude(pk__in=done)
    return recorded.filter(~Q(pk__in=done) | Q(pk__in=incomparable(row).values("recording_id")))


def _batches(camera_ids: Sequence[int]) -> Iterator[tuple[float, Sequence[int]]]:
    for at in range(0, len(camera_ids), CAMERAS_AT_ONCE):
        batch = camera_ids[at : at + CAMERAS_AT_ONCE]
        yield (at + len(batch)) / len(camera_ids), batch
