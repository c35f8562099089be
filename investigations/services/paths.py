"""Verbs on paths."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from inference.models import Sighting
from investigations import events
from investigations.models import Candidate, Path, PathPoint, SearchRequest
from investigations.paths import PERSON_LIMIT_MPS, VEHICLE_LIMIT_MPS, Stop
from investigations.paths import build_path as order_stops
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
def take_from_path(request: SearchRequest, *, actor: User) -> None:
    """Take off the path what is no longer confirmed: police see what it holds. Nothing is added by this."""
    path = Path.objects.filter(request=request).first()
    if path is None:
        return
    confirmed = _confirmed_sightings(request)
    standing = {pk: confirmed[pk] for pk in path.points.values_list("sighting_id", flat=True) if pk in confirmed}
    if path.points.count() != len(standing):
        _draw(path, standing, actor)


def _draw(path: Path, sightings: dict[int, Sighting], actor: User) -> Path:
    path.points.all().delete()
    points = _points(path, sightings)
    PathPoint.objects.bulk_create(points)
    details = {"sightings": [point.sighting_id for point in points]}
    record(Action.PATH_BUILT, actor=actor, target=path, details=details)
    events.push(path.request_id, {"type": "path.changed", "request": path.request_id})
    return path


def _confirmed_sightings(request: SearchRequest) -> dict[int, Sighting]:
    confirmed = Candidate.objects.confirmed().filter(search__request=request)
    rows = Sighting.objects.filter(pk__in=confirmed.values("sighting_id")).select_related("camera")
    return {row.pk: row for row in rows}


def _points(path: Path, sightings: dict[int, Sighting]) -> list[PathPoint]:
    stops = [Stop(pk, row.camera.position, row.first_seen_at, row.last_seen_at) for pk, row in sightings.items()]
    has_vehicle = any(row.kind == Sighting.Kind.VEHICLE for row in sightings.values())
    limit_mps = VEHICLE_LIMIT_MPS if has_vehicle else PERSON_LIMIT_MPS
    return [
        PathPoint(
            path=path,
            number=number,
            sighting=sightings[stop.key],
            hop_m=hop.distance_m if hop else None,
            hop_s=hop.duration_s if hop else None,
            speed_mps=hop.speed_mps if hop else None,
            is_impossible=hop.is_impossible if hop else False,
        )
        for number, (stop, hop) in enumerate(order_stops(stops, limit_mps=limit_mps), start=1)
    ]
