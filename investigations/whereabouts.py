"""Where next for a request: the cameras within reach of a stop, with what was recorded and searched there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from cameras.gis import distance_m
from cameras.models import Camera, Recording
from inference.core.errors import CoreError
from inference.core.trajectory import decode
from inference.models import Sighting
from investigations.intervals import Interval, intersect, merge
from investigations.leads import pace_of
from investigations.models import Candidate, Search, SearchRequest
from investigations.reach import Reach, Rings, Watcher, hop_heading, rank_cameras, rings, track_heading
from portal.accounts.models import User
from portal.jobs import JobStatus

LONGEST = timedelta(hours=24)
MOST_CAMERAS = 200
# Searched are the hours that were recorded, but for what falls between two frames.
WHOLE = 0.98


@dataclass(frozen=True)
class Origin:
    """Where the target was last seen, and where it was going: `source` says how that is known."""

    position: tuple[float, float]
    seen_at: datetime
    sighting: Sighting | None = None
    heading_deg: float | None = None
    source: str = ""


@dataclass(frozen=True)
class Next:
    """A camera within reach. `recorded` and `searched` are parts of the hours in question, 0 to 1."""

    reach: Reach
    camera: dict[str, Any]
    recorded: float
    searched: float
    is_in_scope: bool

    @property
    def is_searched(self) -> bool:
        return self.recorded > 0 and self.searched >= self.recorded * WHOLE

    @property
    def order(self) -> tuple[Any, ...]:
        """What can be searched comes first, then what was, then what nobody recorded, then what may not be."""
        return not self.is_in_scope, self.recorded == 0, self.is_searched, -self.reach.likelihood, self.camera["code"]


@dataclass(frozen=True)
class Outcome:
    origin: Origin
    starts_at: datetime
    ends_at: datetime
    rings: Rings
    rows: list[Next]
    total: int
    hours_left: bool  # whether the hours in question are within the request's scope
    cameras_left: int | None


def where_next(
    request: SearchRequest, viewer: User, *, minutes: int | None = None, sighting_id: int | None = None
) -> Outcome:
    """Rank the cameras that the target can have reached `minutes` after the stop, or by now."""
    origin = _origin(request, viewer, sighting_id)
    ends_at = _until(origin.seen_at, minutes)
    seconds = (ends_at - origin.seen_at).total_seconds()
    cameras = _cameras(viewer, origin)
    ranked = rank_cameras(
        map(_watcher, cameras.values()),
        origin.position,
        seconds=seconds,
        pace=pace_of(request),
        heading_deg=origin.heading_deg,
    )
    rows = _describe(request, viewer, ranked, cameras, (origin.seen_at, ends_at))
    moment, hours = request.scope.moment or origin.seen_at, request.hours
    is_within = hours is None or abs(ends_at - moment) <= timedelta(hours=hours)
    return Outcome(
        origin,
        origin.seen_at,
        ends_at,
        rings(pace_of(request), seconds),
        rows[:MOST_CAMERAS],
        len(rows),
        is_within,
        _cameras_left(request),
    )


def _until(seen_at: datetime, minutes: int | None) -> datetime:
    if minutes is not None:
        return seen_at + timedelta(minutes=minutes)
    # A footage clock that runs ahead makes a sighting of the future: a minute later then.
    return min(max(timezone.now(), seen_at + timedelta(minutes=1)), seen_at + LONGEST)


# ── From where ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _origin(request: SearchRequest, viewer: User, sighting_id: int | None) -> Origin:
    stops = _stops(request, viewer)
    if sighting_id is not None:
        candidates = Candidate.objects.visible_to(viewer).filter(search__request=request, sighting=sighting_id)
        sighting = Sighting.objects.filter(pk__in=candidates.values("sighting")).select_related("camera", "recording")
        chosen = sighting.first()
        if chosen is None:
            raise Http404(_("This sighting is none of the request's candidates."))
        return _origin_at(chosen, [stop for stop in stops if stop.last_seen_at <= chosen.first_seen_at])
    if stops:
        return _origin_at(stops[-1], stops[:-1])
    if request.place is not None and request.last_seen_at is not None:
        return Origin(request.place, request.last_seen_at, source="request")
    raise ValidationError(
        _("Nobody knows yet where to go on from: confirm a candidate, or have the station say where and when.")
    )


def _stops(request: SearchRequest, viewer: User) -> list[Sighting]:
    shown = Candidate.objects.visible_to(viewer).filter(search__request=request).shown_on_path_to(viewer)
    rows = Sighting.objects.filter(pk__in=shown.values("sighting_id")).select_related("camera", "recording")
    return list(rows.order_by("first_seen_at", "last_seen_at", "pk"))


def _origin_at(sighting: Sighting, before: list[Sighting]) -> Origin:
    """The track itself says best where somebody was going; else the way from the stop before."""
    camera = sighting.camera
    heading, source = _track_heading(sighting), "track"
    if heading is None and before:
        heading, source = hop_heading(before[-1].camera.position, camera.position), "hop"
    return Origin(camera.position, sighting.last_seen_at, sighting, heading, source if heading is not None else "")


def _track_heading(sighting: Sighting) -> float | None:
    camera = sighting.camera
    try:
        boxes = decode(bytes(sighting.trajectory)).boxes
    except CoreError:
        return None
    watcher = Watcher(camera.pk, camera.position, camera.bearing_deg, camera.field_of_view_deg)
    return track_heading(boxes, watcher, sighting.recording.width)


# ── Where to ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cameras(viewer: User, origin: Origin) -> dict[int, dict[str, Any]]:
    rows = Camera.objects.visible_to(viewer).exclude(status=Camera.Status.RETIRED)
    if origin.sighting is not None:
        rows = rows.exclude(pk=origin.sighting.camera_id)
    names = ("id", "code", "name", "latitude", "longitude", "bearing_deg", "field_of_view_deg")
    return {row["id"]: row for row in rows.order_by().values(*names)}


def _watcher(row: dict[str, Any]) -> Watcher:
    return Watcher(row["id"], (row["latitude"], row["longitude"]), row["bearing_deg"], row["field_of_view_deg"])


def _describe(
    request: SearchRequest, viewer: User, ranked: list[Reach], cameras: dict[int, dict[str, Any]], hours: Interval
) -> list[Next]:
    recorded, searched = _recorded(viewer, hours), _searched(request, viewer, hours)
    already = set(Camera.objects.filter(searches__request=request).values_list("pk", flat=True))
    left, length_s = _cameras_left(request), max(1.0, (hours[1] - hours[0]).total_seconds())
    rows = [
        Next(
            reach,
            cameras[reach.key],
            recorded=_length_s(recorded.get(reach.key, [])) / length_s,
            searched=_both_s(searched.get(reach.key, []), recorded.get(reach.key, [])) / length_s,
            is_in_scope=_is_near(request, cameras[reach.key]) and (left is None or left > 0 or reach.key in already),
        )
        for reach in ranked
    ]
    return sorted(rows, key=lambda row: row.order)


def _both_s(a: list[Interval], b: list[Interval]) -> float:
    return _length_s(intersect(a, b)) if a and b else 0.0


def _recorded(viewer: User, hours: Interval) -> dict[int, list[Interval]]:
    rows = Recording.objects.visible_to(viewer).overlapping(*hours).order_by()
    return _by_camera(rows.values_list("camera_id", "started_at", "ends_at"), hours)


def _searched(request: SearchRequest, viewer: User, hours: Interval) -> dict[int, list[Interval]]:
    """By searches that have run, or do."""
    rows = Search.objects.visible_to(viewer).filter(request=request, starts_at__lt=hours[1], ends_at__gt=hours[0])
    rows = rows.exclude(status__in=[JobStatus.FAILED, JobStatus.CANCELLED]).order_by()
    return _by_camera(rows.exclude(cameras=None).values_list("cameras", "starts_at", "ends_at"), hours)


def _by_camera(rows: Iterable[tuple[int, datetime, datetime]], hours: Interval) -> dict[int, list[Interval]]:
    found: dict[int, list[Interval]] = {}
    for camera, start, end in rows:
        found.setdefault(camera, []).append((max(start, hours[0]), min(end, hours[1])))
    # Most cameras have one interval; thousands of them are asked for at once.
    return {camera: merge(parts) if len(parts) > 1 else parts for camera, parts in found.items()}


def _length_s(disjoint: list[Interval]) -> float:
    return sum((end - start).total_seconds() for start, end in disjoint)


def _is_near(request: SearchRequest, camera: dict[str, Any]) -> bool:
    if request.radius_m is None or request.place is None:
        return True
    return distance_m(request.place, (camera["latitude"], camera["longitude"])) <= request.radius_m


def _cameras_left(request: SearchRequest) -> int | None:
    """How many further cameras the request may search; None where there is no limit."""
    if request.most_cameras is None:
        return None
    searched = Camera.objects.filter(searches__request=request).distinct().count()
    return max(0, request.most_cameras - searched)
