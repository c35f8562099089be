"""Verbs on holds: keep footage past its camera's retention for as long as a request needs it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cameras.models import Camera
from inference.models import Sighting
from investigations import workflow
from investigations.models import Hold, SearchRequest
from investigations.services.moves import lock_request
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.sentences import gettext as _


@transaction.atomic
def place_hold(
    request: SearchRequest, camera: Camera, *, starts_at: datetime, ends_at: datetime, reason: str, actor: User
) -> Hold:
    """Keep what `camera` recorded in these hours until the request's data is destroyed or the hold is released."""
    require_right(actor, Right.HOLD_FOOTAGE)
    row = lock_request(request, actor=actor)
    require_visible(camera, actor, _("This camera belongs to another control centre."))
    if row.status not in workflow.OPEN:
        raise ValidationError(_("Footage is held for open requests only."))
    if not reason.strip():
        raise ValidationError(_("Say why the footage has to be kept."))
    hold = Hold(
        request=row, camera=camera, starts_at=starts_at, ends_at=ends_at, reason=reason.strip(), placed_by=actor
    )
    hold.full_clean()
    hold.save()
    details = {"camera": camera.code, "from": starts_at.isoformat(), "until": ends_at.isoformat()}
    record(Action.HOLD_PLACED, actor=actor, target=row, reason=reason, details=details)
    return hold


@transaction.atomic
def hold_sighting(request: SearchRequest, sighting: Sighting, *, actor: User) -> None:
    """Keep the recording of a confirmed sighting, unless the request holds it already."""
    recording = sighting.recording
    span = {"starts_at__lte": recording.started_at, "ends_at__gte": recording.ends_at}
    if not request.holds.standing().filter(camera_id=recording.camera_id, **span).exists():
        reason = _("Confirmed sighting: %(sighting)s") % {"sighting": sighting}
        place_hold(
            request,
            recording.camera,
            starts_at=recording.started_at,
            ends_at=recording.ends_at,
            reason=reason,
            actor=actor,
        )


@transaction.atomic
def release_hold(hold: Hold, *, reason: str, actor: User) -> Hold:
    """Let the footage go the way of all other footage of its camera."""
    require_right(actor, Right.HOLD_FOOTAGE)
    require_visible(hold, actor, _("This hold belongs to another control centre."))
    if not reason.strip():
        raise ValidationError(_("Say why the footage is no longer needed."))
    if not Hold.objects.standing().filter(pk=hold.pk).update(released_at=timezone.now()):
        raise ValidationError(_("This hold has been released already."))
    record(Action.HOLD_RELEASED, actor=actor, target=hold.request, reason=reason, details={"camera": hold.camera.code})
    hold.refresh_from_db()
    return hold
