"""Verbs on cameras."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cameras.gis import distance_m
from cameras.models import Camera
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

Place = tuple[float, float]
# A place changes by `move_camera` and a status by `change_status`: both ask for a reason.
CHANGEABLE = (
    "code",
    "name",
    "address",
    "bearing_deg",
    "field_of_view_deg",
    "pole",
    "purpose",
    "direction",
    "megapixels",
    "installed_on",
    "phone",
    "retention_days",
    "centre",
)
TOLD_WHEN_ADDED = ("code", "name", "address", "latitude", "longitude", "bearing_deg", "pole", "purpose", "centre")
DIGITS = 7  # a centimetre: more only makes the trail harder to read


@transaction.atomic
def add_camera(camera: Camera, *, actor: User) -> Camera:
    """Register a new camera of a control centre that the actor answers for."""
    require_right(actor, Right.MANAGE_CAMERAS)
    _require_own_centre(camera.centre, actor)
    _write(camera)
    details = {name: _plain(value) for name in TOLD_WHEN_ADDED if (value := getattr(camera, name)) not in (None, "")}
    record(Action.CAMERA_ADDED, actor=actor, target=camera, details=details)
    return camera


@transaction.atomic
def move_camera(
    camera: Camera,
    place: Place,
    *,
    reason: str,
    actor: User,
    bearing_deg: float | None = None,
    seen: Place | None = None,
) -> Camera:
    """Note that a camera now stands somewhere else; every search by place depends on it, so a reason is asked for.

    Args:
        camera: the one that was moved.
        place: latitude and longitude where it stands now.
        reason: why, in the actor's words.
        actor: who says so.
        bearing_deg: where it looks now; None leaves that as it is.
        seen: the place that the actor saw. If somebody has moved the camera since, ValidationError says so.
    """
    row = _locked(camera, actor)
    reason = _required(reason, _("Say why the camera is moved."))
    old, old_bearing = row.position, row.bearing_deg
    if seen is not None and seen != old:
        raise ValidationError(_("Somebody else has moved this camera meanwhile. Look where it is now, then move it."))
    if place == old and bearing_deg in (None, old_bearing):
        raise ValidationError(_("The camera stands there already."))
    row.latitude, row.longitude = place
    row.bearing_deg = old_bearing if bearing_deg is None else bearing_deg
    _write(row, ["latitude", "longitude", "bearing_deg"])
    details: dict[str, Any] = {
        "old": _rounded(old),
        "new": _rounded(place),
        "distance_m": round(distance_m(old, place), 1),
    }
    if row.bearing_deg != old_bearing:
        details["bearing_deg"] = {"old": old_bearing, "new": row.bearing_deg}
    record(Action.CAMERA_MOVED, actor=actor, target=row, reason=reason, details=details)
    return row


@transaction.atomic
def change_camera(camera: Camera, values: dict[str, Any], *, actor: User) -> Camera:
    """Write what differs of `values`, of the fields in CHANGEABLE; the trail gets each with what it was before."""
    row = _locked(camera, actor)
    changed: dict[str, dict[str, Any]] = {}
    for name in CHANGEABLE:
        old = getattr(row, name)
        if name in values and values[name] != old:
            changed[name] = {"old": _plain(old), "new": _plain(values[name])}
            setattr(row, name, values[name])
    if not changed:
        return row
    if "centre" in changed:
        _require_own_centre(row.centre, actor)
    _write(row, changed)
    record(Action.CAMERA_CHANGED, actor=actor, target=row, details=changed)
    return row


@transaction.atomic
def change_status(camera: Camera, status: str, *, reason: str, actor: User) -> Camera:
    """Take a camera into service, out of it for maintenance, or out of it for good."""
    row = _locked(camera, actor)
    reason = _required(reason, _("Say why the status changes: searches leave retired cameras out."))
    if not Camera.objects.filter(pk=row.pk).exclude(status=status).update(status=Camera.Status(status)):
        raise ValidationError(_("The camera has this status already."))
    details = {"status": {"old": row.status, "new": status}}
    row.status = status
    record(Action.CAMERA_CHANGED, actor=actor, target=row, reason=reason, details=details)
    return row


def _locked(camera: Camera, actor: User) -> Camera:
    """Return the row as it stands now, which nobody else changes until the end of the transaction."""
    require_right(actor, Right.MANAGE_CAMERAS)
    require_visible(camera, actor, _("This camera belongs to another control centre."))
    return Camera.objects.select_for_update().get(pk=camera.pk)


def _require_own_centre(centre: Agency, actor: User) -> None:
    if not Agency.objects.visible_to(actor).filter(pk=centre.pk, kind=Agency.Kind.CENTRE).exists():
        raise PermissionDenied(_("You look after the cameras of your own control centre alone."))


def _write(camera: Camera, fields: Iterable[str] | None = None) -> None:
    camera.full_clean()
    try:
        with transaction.atomic():
            camera.save(update_fields=fields)
    except IntegrityError as error:  # the number was free a moment ago
        raise ValidationError(_("Another camera has this management number.")) from error


def _required(reason: str, refusal: str) -> str:
    if not reason.strip():
        raise ValidationError(refusal)
    return reason.strip()


def _rounded(place: Place) -> list[float]:
    return [round(degrees, DIGITS) for degrees in place]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else str(value)
