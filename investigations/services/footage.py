"""Looks at footage: each is for a request, within what its legal basis allows, and is written down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cameras.models import Camera, Recording
from inference.core.errors import CoreError
from inference.core.playback import Playable
from inference.footage import how_to_play, picture_at
from inference.models import Sighting
from inference.sentences import in_words
from investigations.models import Case, SearchRequest
from investigations.scope import find_breaches
from investigations.services.requests import why_not_searchable
from investigations.services.scopes import OutOfScope, breaches_of, refuse_breaches
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record

# Asked for what lies before, one is led to the last second of it.
LAST_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Look:
    """Footage that somebody may look at: from which second, how it can be played, and what lies before and after.

    `is_whole`: the request's hours cover all of the recording, so that the file itself may be handed out.
    """

    recording: Recording
    at_s: float
    playable: Playable
    is_whole: bool
    previous: Recording | None
    next: Recording | None


class NothingRecorded(Exception):  # noqa: N818 -- an answer, not a fault
    """The camera recorded nothing then; `earlier` and `later` are the nearest moments of which there is footage."""

    def __init__(self, earlier: datetime | None, later: datetime | None) -> None:
        super().__init__(_("This camera recorded nothing at that time."))
        self.earlier, self.later = earlier, later


def open_moment(request: SearchRequest, camera: Camera, at: datetime, *, actor: User) -> Look:
    """Look at what a camera saw from a moment on. NothingRecorded tells where there is footage instead."""
    _require_request(request, actor)
    if not Camera.objects.visible_to(actor).filter(pk=camera.pk).exists():
        raise PermissionDenied(_("This camera belongs to another control centre."))
    _require_scope(request, camera, at, actor)
    of_camera = Recording.objects.visible_to(actor).filter(camera=camera)
    recording = of_camera.filter(started_at__lte=at, ends_at__gt=at).order_by("-started_at").first()
    if recording is None:
        before = of_camera.filter(ends_at__lte=at).order_by("-ends_at").first()
        after = of_camera.filter(started_at__gt=at).order_by("started_at").first()
        earlier = max(before.started_at, before.ends_at - LAST_SECOND) if before else None
        raise NothingRecorded(earlier, after.started_at if after else None)
    return open_recording(request, recording, (at - recording.started_at).total_seconds(), actor=actor)


def open_recording(request: SearchRequest, recording: Recording, at_s: float, *, actor: User) -> Look:
    """Look at a recording from a second on, for a request that may be searched, within its scope."""
    _require_request(request, actor)
    require_visible(recording, actor, _("This recording belongs to another control centre."))
    if not 0 <= at_s <= recording.duration_s:
        values = {"length": recording.duration_s}
        raise ValidationError(_("The recording is %(length).1f s long: it has nothing at that time.") % values)
    _require_scope(request, recording.camera, recording.time_at(at_s), actor)
    try:
        playable = how_to_play(recording)
    except CoreError as error:
        raise ValidationError(in_words(error, name=str(recording))) from error
    with transaction.atomic():
        record(Action.FOOTAGE_VIEWED, actor=actor, target=request, details=_described(recording, at_s))
    others = Recording.objects.visible_to(actor).filter(camera=recording.camera).exclude(pk=recording.pk)
    return Look(
        recording,
        at_s,
        playable,
        is_whole=is_within_hours(request, recording.started_at, recording.ends_at),
        previous=others.filter(started_at__lte=recording.started_at).order_by("-started_at", "-pk").first(),
        next=others.filter(started_at__gt=recording.started_at).order_by("started_at", "pk").first(),
    )


def require_look(request: SearchRequest, recording: Recording, starts_s: float, ends_s: float, *, actor: User) -> None:
    """Refuse to show these seconds of a recording that was opened, as soon as the right to it is gone.

    That the camera may be looked at was decided, and written down, when it was opened; here it is asked whether that
    still holds, without another entry.
    """
    _require_request(request, actor)
    require_visible(recording, actor, _("This recording belongs to another control centre."))
    starts_at, ends_at = recording.time_at(starts_s), recording.time_at(ends_s)
    breaches = find_breaches(request.scope, [recording.camera.position], starts_at, ends_at, camera_count=0)
    if breaches:
        raise OutOfScope(breaches, request)


def is_within_hours(request: SearchRequest, starts_at: datetime, ends_at: datetime) -> bool:
    return not find_breaches(request.scope, [], starts_at, ends_at, camera_count=0)


def take_snapshot(request: SearchRequest, recording: Recording, at_s: float, *, actor: User) -> bytes:
    """Return a frame to keep; that it was taken is written down."""
    require_look(request, recording, at_s, at_s, actor=actor)
    content = picture_at(recording, at_s)
    record(Action.SNAPSHOT_TAKEN, actor=actor, target=request, details=_described(recording, at_s))
    return content


def view_clip(sighting: Sighting, *, actor: User) -> None:
    """Account for a look at a sighting's clip that no list has accounted for."""
    record(Action.CLIP_VIEWED, actor=actor, target=sighting)


def _require_request(request: SearchRequest, actor: User) -> None:
    require_right(actor, Right.VIEW_FOOTAGE)
    require_visible(request, actor, _("This request was sent to another control centre."))
    if not request.is_searchable:
        raise ValidationError(why_not_searchable(request))
    if request.case.status == Case.Status.CLOSED:
        raise ValidationError(_("The case is closed: nothing more is searched for it."))


def _require_scope(request: SearchRequest, camera: Camera, at: datetime, actor: User) -> None:
    details = {"camera": camera.code, "at": at.isoformat()}
    refuse_breaches(request, breaches_of(request, [camera], at, at), details=details, actor=actor)


def _described(recording: Recording, at_s: float) -> dict[str, object]:
    camera, at = recording.camera, recording.time_at(at_s)
    return {"camera": camera.code, "camera_id": camera.pk, "recording": recording.pk, "at": at.isoformat()}
