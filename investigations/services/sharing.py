"""Verbs by which a path leaves the centre: as words to the station, and as a file.

Both carry what a final answer may: stops that two people agree about. What one person has confirmed is told the
station by a provisional answer alone, which says so. Pictures are handed out by answers and evidence packages.
"""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations.evidence.content import GeoPoint
from investigations.evidence.geo import to_geojson, to_gpx, to_kml
from investigations.models import Candidate, Comment, Path, PathPoint, SearchRequest
from investigations.reads import read_of
from investigations.sentences import describe_path
from investigations.services.moves import lock_request
from investigations.services.paths import points_of
from investigations.services.talk import add_comment
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

# Kind of file: its media type.
FORMATS = {
    "geojson": "application/geo+json",
    "gpx": "application/gpx+xml",
    "kml": "application/vnd.google-earth.kml+xml",
}


@transaction.atomic
def share_path(request: SearchRequest, *, reason: str = "", actor: User) -> Comment:
    """Tell the station the path, in words, places and times, as a message in the request's talk."""
    require_right(actor, Right.ANSWER_REQUEST)
    row = lock_request(request, actor=actor)
    if row.status == SearchRequest.Status.CLOSED:
        raise ValidationError(_("The request is closed: nothing more is added to it."))
    if row.waits_for_approval:
        raise ValidationError(_("A supervisor has to approve this emergency before its path is shared."))
    path, points = _shareable(row)
    comment = add_comment(row, describe_path(points, note=reason.strip()), has_path=True, actor=actor)
    details = {"sightings": [point.sighting_id for point in points], "comment": comment.pk}
    record(Action.PATH_SHARED, actor=actor, target=path, reason=reason, details=details)
    return comment


@transaction.atomic
def export_path(request: SearchRequest, kind: str, *, actor: User) -> bytes:
    """Return the path as a file of one of `FORMATS`, for maps and for analysts."""
    require_right(actor, Right.EXPORT_EVIDENCE)
    require_visible(request, actor, _("This request was sent to another control centre."))
    path, points = _shareable(request)
    details = {"sightings": [point.sighting_id for point in points], "file": kind}
    record(Action.PATH_SHARED, actor=actor, target=path, details=details)
    stops = [_geo_point(point) for point in points]
    if kind == "gpx":
        return to_gpx(stops, name=str(request), made_at=timezone.now())
    return to_kml(stops, name=str(request)) if kind == "kml" else to_geojson(stops, name=str(request))


def agreed_sightings(request: SearchRequest) -> set[int]:
    """The sightings of a request that two people agree about, independently of each other."""
    return set(Candidate.objects.filter(search__request=request).agreed().values_list("sighting_id", flat=True))


def _shareable(request: SearchRequest) -> tuple[Path, Sequence[PathPoint]]:
    """The path's agreed stops, numbered and measured anew."""
    path = Path.objects.filter(request=request).first()
    if path is None:
        raise ValidationError(_("Build the path first."))
    agreed = agreed_sightings(request)
    rows = path.points.select_related("sighting__camera").prefetch_related("sighting__plates")
    points = points_of(row.sighting for row in rows if row.sighting_id in agreed)
    if not points:
        said = _("No stop of this path has been confirmed by two people who looked independently.")
        raise ValidationError(f"{said} {_('Have second opinions given first.')}")
    return path, points


def _geo_point(point: PathPoint) -> GeoPoint:
    sighting, plate = point.sighting, read_of(point.sighting)
    return GeoPoint(
        number=point.number,
        camera_code=sighting.camera.code,
        camera_name=sighting.camera.name,
        latitude=sighting.camera.latitude,
        longitude=sighting.camera.longitude,
        first_seen_at=sighting.first_seen_at,
        last_seen_at=sighting.last_seen_at,
        hop_m=point.hop_m,
        hop_s=point.hop_s,
        speed_mps=point.speed_mps,
        is_impossible=point.is_impossible,
        plate=plate.text if plate else "",
        plate_confidence=plate.confidence if plate else None,
        other_plate=point.other_plate,
    )
