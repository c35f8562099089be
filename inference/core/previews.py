"""A short moving picture of one target: what somebody sees who hovers over its still.

Knows recordings and a track's boxes; nothing of who may look.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from inference.core.detections import Box
from inference.core.errors import ClipError, VideoError, say
from inference.core.playback import add_encoder, encode_frame, fitted, spans, thinned
from inference.core.trajectory import Trajectory
from inference.core.video import ReadReport, frames_on_show

BEFORE_S, AFTER_S = 2.0, 3.0
PREVIEW_FPS = 12.5
WIDEST_PX = 480
# Surroundings on each side, as a share of the largest box, and at least so many pixels.
AROUND, LEAST_AROUND_PX = 0.75, 32
PREVIEW = {"preset": "superfast", "tune": "zerolatency", "crf": "24"}
# Room for the index is kept free in front, so that one pass is enough: five seconds need about 2 kB of it.
WHOLE = {"moov_size": "8192", "video_track_timescale": "90000", "fflags": "+bitexact"}


def make_preview(path: Path | str, moment_s: float, box: Box, track: Trajectory | None = None) -> bytes:
    """Cut the surroundings of a target out of a few seconds of a recording: MP4 with H.264, its index in front.

    Args:
        path: A local file.
        moment_s: Seconds from the first frame at which the target is seen best.
        box: Where it is then, in pixels of the frame.
        track: Where it is before and after, if that is known: what is shown is around all of it.

    Raises:
        VideoError: The recording cannot be read, or shows nothing then.
        ClipError: It cannot be written.
    """
    start_s, end_s = max(moment_s - BEFORE_S, 0.0), moment_s + AFTER_S
    boxes = [box, *_between(track or Trajectory(), start_s, end_s)]
    buffer = BytesIO()
    try:
        with av.open(buffer, "w", format="mp4", options=WHOLE) as container:
            encoder: VideoStream | None = None
            shown = thinned(frames_on_show(path, start_s, end_s, report=ReadReport()), PREVIEW_FPS)
            for begins_s, ends_s, frame in spans(shown, start_s, end_s):
                picture = cropped(frame, region(boxes, frame.width, frame.height))
                encoder = encoder or add_encoder(container, *fitted(picture.width, picture.height, WIDEST_PX), PREVIEW)
                encode_frame(container, encoder, picture, begins_s - start_s, ends_s - start_s)
            if encoder is None:
                raise VideoError(say("{name} holds no readable frame.", name=Path(path).name))
            container.mux(encoder.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise ClipError(say("The clip cannot be written: {why}.", why=str(error))) from error
    return buffer.getvalue()


def region(boxes: list[Box], width: int, height: int) -> tuple[int, int, int, int]:
    """Return what of a frame is shown: all boxes and some surroundings, in even numbers, within the frame."""
    around_px = max(LEAST_AROUND_PX, AROUND * max(max(box.width, box.height) for box in boxes))
    x1, y1 = min(box.x1 for box in boxes) - around_px, min(box.y1 for box in boxes) - around_px
    x2, y2 = max(box.x2 for box in boxes) + around_px, max(box.y2 for box in boxes) + around_px
    left, right = _inside(x1, x2, width)
    top, bottom = _inside(y1, y2, height)
    return left, top, right, bottom


def _inside(start: float, end: float, size: int) -> tuple[int, int]:
    even = size // 2 * 2
    low = min(max(round(start), 0), max(even - 2, 0)) // 2 * 2
    high = min(max((round(end) + 1) // 2 * 2, low + 2), even)
    return low, max(high, low + 2)


def cropped(frame: VideoFrame, box: tuple[int, int, int, int]) -> VideoFrame:
    """Cut a part out of a frame; the edges are even numbers, because colours are stored for two pixels each way."""
    x1, y1, x2, y2 = box
    planes = frame.reformat(format="yuv420p", width=_even(frame.width), height=_even(frame.height))
    flat = planes.to_ndarray()
    height, width = _even(frame.height), _even(frame.width)
    luma, chroma = flat[:height], flat[height:].reshape(2, height // 2, width // 2)
    colours = chroma[:, y1 // 2 : y2 // 2, x1 // 2 : x2 // 2].reshape(-1, x2 - x1)
    return VideoFrame.from_ndarray(np.concatenate([luma[y1:y2, x1:x2], colours]), format="yuv420p")


def _even(size: int) -> int:
    return max(2, size // 2 * 2)


def _between(track: Trajectory, start_s: float, end_s: float) -> list[Box]:
    return [box for time_s, box in zip(track.times_s, track.boxes, strict=True) if start_s <= time_s <= end_s]
