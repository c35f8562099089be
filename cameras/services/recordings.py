"""Verbs on recordings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cameras.models import Camera, Recording
from cameras.services.files import sha256_of
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record

# A camera's clock may be a little fast.
MOST_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Measured:
    """What a look into a video file tells."""

    duration_s: float
    width: int
    height: int
    fps: float


def add_recording(
    camera: Camera,
    *,
    file: File,  # type: ignore[type-arg]  # bytes in every case that Django hands us
    started_at: datetime,
    measure: Callable[[Path, str], Measured],
    actor: User,
) -> Recording:
    """Store `file` as what `camera` saw from `started_at` on.

    `measure` looks into the stored file, and raises ValidationError for one that is no video, calling it by its
    original name: which decoder does so is not this app's business. A refused file leaves nothing behind.
    """
    require_right(actor, Right.REQUEST_ANALYSIS)
    if not Camera.objects.visible_to(actor).filter(pk=camera.pk).exists():
        raise ValidationError(_("This camera belongs to another control centre."))
    _check_start(started_at)
    recording = Recording(camera=camera, started_at=started_at, original_name=Path(file.name or "").name[:255])
    recording.sha256 = sha256_of(file)
    recording.file.save(file.name or "recording", file, save=False)
    try:
        measured = measure(Path(recording.file.path), recording.original_name)
        recording.duration_s, recording.fps = measured.duration_s, measured.fps
        recording.width, recording.height = measured.width, measured.height
        recording.ends_at = started_at + timedelta(seconds=measured.duration_s)
        with transaction.atomic():
            recording.validate_constraints()
            recording.save()
            details = {"file": recording.original_name, "sha256": recording.sha256}
            record(Action.RECORDING_ADDED, actor=actor, target=recording, details=details)
    except BaseException:
        recording.file.delete(save=False)
        raise
    return recording


def _check_start(started_at: datetime) -> None:
    """Refuse a start in the future: what a camera saw then would be looked for at hours that nobody searches."""
    now = timezone.now()
    if started_at <= now + MOST_AHEAD:
        return
    said = _(
        "The start %(start)s lies in the future, as it is %(now)s now. Put in when the first picture was taken, in "
        "Korean time; if the camera's clock is fast, take off by how much."
    )
    clocks = {"start": f"{localtime(started_at):%Y-%m-%d %H:%M}", "now": f"{localtime(now):%Y-%m-%d %H:%M}"}
    raise ValidationError({"started_at": said % clocks})
