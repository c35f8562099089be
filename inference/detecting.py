"""What the detector finds in one picture, for somebody who points at a target. Runs on a worker."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from cameras.models import Recording
from inference.core.detections import Detection, Kind
from inference.core.errors import CoreError, Sentence, VideoError, say
from inference.core.images import decode_jpeg, encode_jpeg
from inference.core.proposals import propose_boxes
from inference.core.video import frame_on_show
from inference.engine import get_detector

MOST_BOXES = 50
MIN_SCORE = 0.25
# Pictures are made smaller for their way to the worker: detectors look at 640 pixels and less.
SENT_EDGE_PX = 1280


def boxes_on_frame(recording_id: int, at_s: float) -> list[dict[str, Any]]:
    """Everybody and every vehicle on one frame of a recording, the surest first."""
    recording = Recording.objects.filter(pk=recording_id).first()
    if recording is None:
        raise VideoError(say("{name}: there is no such file.", name=str(recording_id)))
    image = frame_on_show(recording.file.path, at_s).image
    found = get_detector(settings.DETECTOR_MODEL).detect([image])[0]
    found = found.select(found.scores >= MIN_SCORE)
    rows = sorted((found[row] for row in range(len(found))), key=lambda one: -one.score)
    return [_described(one) for one in rows[:MOST_BOXES]]


def boxes_in_picture(picture: str, kind: str) -> list[dict[str, Any]]:
    """The boxes to propose in a picture that somebody uploaded (a JPEG in base 64), the best first."""
    found = propose_boxes(decode_jpeg(b64decode(picture)), get_detector(settings.DETECTOR_MODEL), kind=Kind(kind))
    return [_described(one) for one in found]


def answer(find: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
    """Return what `find` finds, or its refusal in a form that can be sent and translated there."""
    try:
        return {"boxes": find()}
    except CoreError as error:
        said = error.args[0] if error.args and isinstance(error.args[0], Sentence) else say("{text}", text=str(error))
        return {"refusal": said.template, "values": {name: str(value) for name, value in said.values.items()}}


def to_send(image: NDArray[np.uint8]) -> tuple[str, float]:
    """Return a picture as a worker takes it, and by how much its boxes are to be enlarged then."""
    share = min(1.0, SENT_EDGE_PX / max(image.shape[:2]))
    if share < 1:
        size = (max(1, round(image.shape[1] * share)), max(1, round(image.shape[0] * share)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return b64encode(encode_jpeg(image)).decode(), 1 / share


def _described(found: Detection) -> dict[str, Any]:
    return {"kind": str(found.kind), "box": [round(edge, 1) for edge in found.box], "score": round(found.score, 3)}
