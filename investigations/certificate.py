"""The search certificate: which cameras and hours were searched, and which could not be, and why.

"Not seen" means something only where it was looked. A time counts as searched if a search that ended well asked for
it, the camera's recording covers it, and the recording had been analysed with the search's model when it began.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from cameras.models import Camera, Recording
from investigations.intervals import Interval, intersect, merge, subtract, total_s
from investigations.models import Search, SearchRequest
from investigations.querying import compared_by, compared_with, incomparable
from portal.jobs import JobStatus


@dataclass
class Coverage:
    """What was asked of one camera, and what of it was recorded and read."""

    asked: list[Interval] = field(default_factory=list)
    recorded: list[Interval] = field(default_factory=list)
    searched: list[Interval] = field(default_factory=list)


def build_certificate(request: SearchRequest) -> dict[str, Any]:
    """Return the certificate of a request's searches so far, as JSON: seconds, ISO times in UTC.

    `gaps` of a camera are [from, until, why]; why is `unindexed` (recorded, not analysed in time), `offline` (the
    camera was not in service), `destroyed` (older than the camera's retention) or `missing` (nothing was recorded).
    `compared` counts a sighting once, however many searches compared it. `pictures_destroyed` counts the pictures
    searched by that retention has taken since.
    """
    searches = request.searches.filter(status=JobStatus.DONE).prefetch_related("cameras")
    coverages: dict[int, Coverage] = defaultdict(Coverage)
    for search in searches:
        _add_search(coverages, search)
    cameras = Camera.objects.filter(pk__in=coverages).order_by("code")
    rows = [_row(camera, coverages[camera.pk]) for camera in cameras]
    asked, searched = sum(row["asked_s"] for row in rows), sum(row["searched_s"] for row in rows)
    return {
        "made_at": timezone.now().isoformat(),
        "searches": len(searches),
        "unfinished": request.searches.exclude(status=JobStatus.DONE).count(),
        "compared": _compared(searches),
        "without_small": any(not search.includes_small for search in searches),
        "pictures_destroyed": sum(search.pictures_destroyed for search in searches),
        "asked_s": asked,
        "searched_s": searched,
        "share": searched / asked if asked else 0.0,
        "cameras": rows,
    }


def _compared(searches: Iterable[Search]) -> int:
    """How many sightings were compared. What a search compared within another's cameras and hours is among the other's.
    Those of several are counted in what is stored now: at least what one compared, at most what all did."""
    widest: list[tuple[Search, dict[str, str]]] = []
    for row in sorted(searches, key=lambda row: -row.sightings_compared):
        needed = compared_with(row)
        if not any(needed == other_needed and _lies_within(row, other) for other, other_needed in widest):
            widest.append((row, needed))
    numbers = [row.sightings_compared for row, _needed in widest]
    if len(numbers) < 2:
        return sum(numbers)
    first, *rest = (compared_by(row).order_by().values("pk") for row, _needed in widest)
    return min(sum(numbers), max(*numbers, first.union(*rest).count()))


def _lies_within(row: Search, other: Search) -> bool:
    return (
        row.kind == other.kind
        and row.includes_small <= other.includes_small
        and other.starts_at <= row.starts_at
        and row.ends_at <= other.ends_at
        and set(row.cameras.all()) <= set(other.cameras.all())
    )


def _add_search(coverages: dict[int, Coverage], search: Search) -> None:
    window = (search.starts_at, search.ends_at)
    for camera in search.cameras.all():
        coverages[camera.pk].asked.append(window)
    for recording in _recordings(search):
        coverage = coverages[recording.camera_id]
        part = intersect([(recording.started_at, recording.ends_at)], [window])
        coverage.recorded += part
        if recording.was_read:
            coverage.searched += part


def _recordings(search: Search) -> QuerySet[Any]:
    """The recordings in the search's hours; `was_read` where their sightings could be compared."""
    begun = search.started_at or search.requested_at
    rows = Recording.objects.filter(camera__in=search.cameras.all()).overlapping(search.starts_at, search.ends_at)
    done = Min("analyses__ended_at", filter=Q(analyses__status=JobStatus.DONE))
    was_read = Q(read_at__lte=begun) & ~Q(pk__in=incomparable(search).values("recording_id"))
    return rows.annotate(read_at=done).annotate(was_read=was_read)


def _row(camera: Camera, coverage: Coverage) -> dict[str, Any]:
    asked, searched = merge(coverage.asked), merge(coverage.searched)
    unindexed = subtract(coverage.recorded, searched)
    unrecorded = subtract(subtract(asked, searched), unindexed)
    gaps = [(*gap, "unindexed") for gap in unindexed] + [gap for part in unrecorded for gap in _why(camera, part)]
    return {
        "code": camera.code,
        "name": camera.name,
        "asked": [_iso(interval) for interval in asked],
        "asked_s": total_s(asked),
        "searched_s": total_s(searched),
        "gaps": [[start.isoformat(), end.isoformat(), why] for start, end, why in sorted(gaps)],
    }


def _why(camera: Camera, gap: Interval) -> list[tuple[datetime, datetime, str]]:
    """Say of each part of an unrecorded time whether it was destroyed, or never recorded."""
    kept_from = timezone.now() - timedelta(days=camera.retention_days)
    why = "missing" if camera.status == Camera.Status.ACTIVE else "offline"
    before, after = intersect([gap], [(gap[0], max(gap[0], kept_from))]), subtract([gap], [(gap[0], kept_from)])
    return [(*part, "destroyed") for part in before] + [(*part, why) for part in after]


def _iso(interval: Interval) -> list[str]:
    return [moment.isoformat() for moment in interval]
