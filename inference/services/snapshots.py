"""What a camera saw last: a look at whether it is in order, not at anybody."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from django.core.exceptions import ValidationError
from numpy.typing import NDArray

from cameras.models import Camera, Recording
from inference.core.errors import VideoError
from inference.core.images import encode_jpeg
from inference.core.video import Frame, frame_at
from inference.sentences import in_words
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right
from portal.audit.models import Action
from portal.audit.services import record
from portal.sentences import gettext as _

WIDEST_PX = 960
BEFORE_END_S = 1.0


@dataclass(frozen=True)
class Snapshot:
    """A picture of a camera, and when it was taken."""

    taken_at: datetime
    jpeg: bytes


def view_snapshot(camera: Camera, *, actor: User) -> Snapshot:
    """Return the last picture of the camera's latest recording; ValidationError says why there is none."""
    require_right(actor, Right.VIEW_FOOTAGE)
    recording = Recording.objects.visible_to(actor).filter(camera=camera).order_by("-ends_at").first()
    if recording is None:
        raise ValidationError(_("This camera has no recording yet."))
    frame = _last_frame(recording)
    details = {"camera": camera.code, "at_s": round(frame.time_s, 2)}
    record(Action.PICTURE_VIEWED, actor=actor, target=recording, reason=_("camera check"), details=details)
    return Snapshot(recording.time_at(frame.time_s), encode_jpeg(_fitted(frame.image)))


def _last_frame(recording: Recording) -> Frame:
    if not recording.file:
        raise ValidationError(_("The file of this recording is no longer stored."))
    path = Path(recording.file.path)
    try:
        return frame_at(path, max(recording.duration_s - BEFORE_END_S, 0.0))
    except VideoError:  # a recording may break off long before its stated end
        pass
    try:
        return frame_at(path, 0.0)
    except VideoError as error:
        raise ValidationError(in_words(error, name=recording.original_name or path.name)) from error


def _fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width <= WIDEST_PX:
        return image
    size = (WIDEST_PX, max(1, round(height * WIDEST_PX / width)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
