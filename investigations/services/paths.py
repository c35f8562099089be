"""Verbs on paths."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from inference.models import Sighting
from investigations import events
from investigations.models import Candidate, Path, PathPoint, SearchRequest
from investigations.paths import Hop, Stop, limit_of
from investigations.paths import build_path as order_stops
from investigations.reads import note_plates_of
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record


@transaction.atomic
def build_path(request: SearchRequest, *, actor: User) -> Path:
    """Put everything confirmed in the request's searches in time order, numbered, with its hops."""
    require_right(actor, Right.BUILD_PATH)
    require_visible(request, actor, _("This request was sent to another control centre."))
    sightings = _confirmed_sightings(request)
    if not sightings:
        raise ValidationError(_("Confirm at least one candidate first: a path is made of confirmed sightings."))
    path, _created = Path.objects.update_or_create(request=request, defaults={"built_by": actor})
    return _draw(path, sightings, actor)


@transaction.atomic
def take_from_path(request: SearchRequest, *, actor: User | None) -> None:
    """Take off the path what is no longer confirmed: police see what it holds. Nothing is added by this."""
    path = Path.objects.filter(request=request).first()
    if path is None:
        return
    confirmed = _confirmed_sightings(request)
    standing = {pk: confirmed[pk] for pk in path.points.values_list("sighting_id", flat=True) if pk in confirmed}
    if path.points.count() != len(standing):
        _draw(path, standing, actor)


def _draw(path: Path, sightings: dict[int, Sighting], actor: User | None) -> Path:
    path.points.all().delete()
    points = points_of(sightings.values(), path)
    PathPoint.objects.bulk_create(points)
    details = {"sightings": [point.sighting_id for point in points]}
    record(Action.PATH_BUILT, actor=actor, target=path, details=details)
    events.push(path.request_id, {"type": "path.changed", "request": path.request_id})
    return path


def shown_points(path: Path, viewer: User) -> list[PathPoint]:
    """The path as this person may see it: without stops whose decision is hidden from them, measured anew."""
    points = list(path.points.select_related("sighting__camera").prefetch_related("sighting__plates"))
    shown = Candidate.objects.shown_on_path_to(viewer).filter(search__request=path.request_id)
    known = set(shown.values_list("sighting_id", flat=True))
    if all(point.sighting_id in known for point in points):
        note_plates_of(points)
        return points
    return points_of((point.sighting for point in points if point.sighting_id in known), path)


def _confirmed_sightings(request: SearchRequest) -> dict[int, Sighting]:
    confirmed = Candidate.objects.confirmed().filter(search__request=request)
    rows = Sighting.objects.filter(pk__in=confirmed.values("sighting_id")).select_related("camera")
    return {row.pk: row for row in rows.prefetch_related("plates")}


def order_sightings(sightings: Iterable[Sighting]) -> list[tuple[Sighting, Hop | None]]:
    """Return the sightings in time order, each with the hop that led to it."""
    rows = {row.pk: row for row in sightings}
    stops = [Stop(pk, row.camera.position, row.first_seen_at, row.last_seen_at) for pk, row in rows.items()]
    has_vehicle = any(row.kind == Sighting.Kind.VEHICLE for row in rows.values())
    limit_mps = limit_of(is_vehicle=has_vehicle)
    return [(rows[stop.key], hop) for stop, hop in order_stops(stops, limit_mps=limit_mps)]


def points_of(sightings: Iterable[Sighting], path: Path | None = None) -> list[PathPoint]:
    """Return the sightings as numbered points with their hops, not stored; without `path`, of one only looked at."""
    path = path or Path()
    points = [
        PathPoint(
            path=path,
            number=number,
            sighting=sighting,
            hop_m=hop.distance_m if hop else None,
            hop_s=hop.duration_s if hop else None,
            speed_mps=hop.speed_mps if hop else None,
            is_impossible=hop.is_impossible if hop else False,
        )
        for number, (sighting, hop) in enumerate(order_sightings(sightings), start=1)
    ]
    note_plates_of(points)
    return points
