"""Recordings as frames with exact times.

Knows PyAV and nothing of what is done with the frames. Only local files in the formats listed here are
opened, so a play list or an address disguised as a recording reaches neither the network nor other files.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from inference.core.errors import VideoError, say

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,flv,asf,mxf,ogg,h264,hevc,m4v,mpegvideo,dhav,ivf"
# A recording may end this long before its stated end without being called broken off: the last frame's own
# duration, audio that outlasts the video, and containers that round.
TAIL_TOLERANCE_S = 1.0
# Some containers land behind the key frame that was sought; then they are asked for one this much earlier.
BACK_OFF_S = (0.0, 2.0, 10.0, 60.0)
# How far before an asked-for time `frame_at` looks for the frame that was on show.
NEAREST_WITHIN_S = 1.0
MOMENT_S = 0.002


@dataclass(frozen=True)
class VideoInfo:
    """What a container states about its video stream.

    Attributes:
        width: Pixels, as stored: a rotation noted in the file is not followed, here or in the frames.
        height: Pixels, likewise.
        fps: Average frames per second.
        duration_s: Seconds; 0.0 where the container does not say.
        frame_count: As stated, else duration × rate.
        codec: FFmpeg's name, e.g. `h264`.
    """

    width: int
    height: int
    fps: float
    duration_s: float
    frame_count: int
    codec: str


@dataclass(frozen=True)
class Frame:
    """One decoded picture.

    Attributes:
        index: Number of the frame in the video, from 1. Counted when read from the start; after a jump to
            `start_s` computed from the time and the average rate.
        time_s: Seconds since the first frame of the stream, from its time stamp.
        image: H×W×3 uint8, BGR.
    """

    index: int
    time_s: float
    image: NDArray[np.uint8]


@dataclass
class ReadReport:
    """What went wrong while reading; filled by `read_frames` as it goes."""

    damaged: int = 0
    decoded: int = 0
    last_s: float = 0.0
    breaks_off: bool = False
    warnings: list[str] = field(default_factory=list)


def probe(path: Path | str) -> VideoInfo:
    """Read what the container says about its video, decoding nothing.

    Raises:
        VideoError: The file cannot be opened as a recording or holds no video.
    """
    with open_recording(Path(path)) as (container, stream):
        return _info(container, stream)


def read_frames(
    path: Path | str,
    *,
    fps: float | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    crop: tuple[int, int, int, int] | None = None,
    report: ReadReport | None = None,
) -> Iterator[Frame]:
    """Decode a recording, at most `fps` frames a second.

    Time is divided into slots of 1/fps seconds and the first frame of each slot is given, so the same file
    always gives the same frames whatever its own rate. Damaged packets are skipped and counted. A file that
    breaks off gives what could be read and says so in `report.warnings`; one that gives no frame at all
    raises.

    Args:
        path: A local file.
        fps: Frames wanted per second; None for all.
        start_s: Seconds from the first frame at which to start.
        end_s: Seconds at which to stop, exclusive; None for the end.
        crop: x1, y1, x2, y2 in pixels of the frame; None for all of it.
        report: Filled with damage and warnings while reading.

    Raises:
        VideoError: Nothing can be read between `start_s` and `end_s`.
    """
    report = report if report is not None else ReadReport()
    with open_recording(Path(path)) as (container, stream):
        info = _info(container, stream)
        _check_crop(crop, info)
        given = 0
        for index, time_s, frame in _sample(container, stream, info, report, fps, start_s, end_s):
            given += 1
            yield Frame(index, time_s, _image(frame, crop))
        _conclude(Path(path), info, report, given, end_s)


def frame_at(path: Path | str, time_s: float) -> Frame:
    """Decode the one frame nearest to a time.

    Args:
        path: A local file.
        time_s: Seconds from the first frame.

    Raises:
        VideoError: The recording cannot be read, or ends more than a second before `time_s`.
    """
    frames = read_frames(path, start_s=max(time_s - NEAREST_WITHIN_S, 0.0))
    nearest = next(frames)
    for frame in frames:
        if nearest.time_s >= time_s:
            break
        nearest = min(nearest, frame, key=lambda one: abs(one.time_s - time_s))
    return nearest


def frames_on_show(
    path: Path | str, start_s: float, end_s: float, *, report: ReadReport | None = None
) -> Generator[tuple[float, VideoFrame], None, None]:
    """Decode what is on show between two times: time and picture of each frame, not yet converted.

    Args:
        path: A local file.
        start_s: Seconds from the first frame. The frame on show then comes first, although it began earlier.
        end_s: Seconds, exclusive.
        report: Filled with damage while reading.

    Raises:
        VideoError: The recording cannot be read, or ends more than a second before `start_s`.
    """
    report = report if report is not None else ReadReport()
    with open_recording(Path(path)) as (container, stream):
        info = _info(container, stream)
        on_show: tuple[float, VideoFrame] | None = None
        for _index, time_s, frame in _timed(container, stream, info, report, max(start_s, 0.0)):
            if time_s >= end_s - 1e-6 and time_s > start_s:
                break
            if on_show is not None and time_s > start_s + 1e-6:
                yield on_show
            on_show = time_s, frame
        else:
            _check_reached(Path(path), report, start_s)
        if on_show is not None:
            yield on_show
        elif report.decoded == 0:
            raise VideoError(say("{name} holds no readable frame.", name=Path(path).name))


def frame_on_show(path: Path | str, time_s: float) -> Frame:
    """Decode the frame that a player shows at a time: the last one that has begun by then.

    Raises:
        VideoError: As `frames_on_show`.
    """
    # Players give times as they have rounded them: a frame that begins within the next moment is meant.
    asked_s = time_s + MOMENT_S
    with closing(frames_on_show(path, asked_s, asked_s + MOMENT_S)) as frames:
        begun_s, frame = next(frames)
    return Frame(0, begun_s, _image(frame, None))


@contextmanager
def open_recording(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file with its first video stream, ready for reading packets; see `probe` for what is refused."""
    if not path.is_file():
        raise VideoError(say("{name}: there is no such file.", name=path.name))
    if path.stat().st_size == 0:
        raise VideoError(say("{name} is empty (0 bytes).", name=path.name))
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
        container = av.open(str(path), options=options, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        reason = say("{name} is not a readable recording: it is damaged, cut off, or no video.", name=path.name)
        raise VideoError(reason) from error
    with container:
        if not container.streams.video:
            raise VideoError(say("{name} holds no video stream.", name=path.name))
        stream = container.streams.video[0]
        if not stream.codec_context or not stream.width or not stream.height:
            raise VideoError(say("{name} holds a video stream that cannot be decoded.", name=path.name))
        stream.thread_type = "AUTO"
        yield container, stream


def _info(container: InputContainer, stream: VideoStream) -> VideoInfo:
    rate = stream.average_rate or stream.guessed_rate or stream.base_rate
    fps = float(rate) if rate else 25.0
    if stream.duration and stream.time_base:
        duration_s = float(stream.duration * stream.time_base)
    else:
        duration_s = (container.duration or 0) / av.time_base
    count = stream.frames or round(duration_s * fps)
    return VideoInfo(stream.width, stream.height, fps, max(duration_s, 0.0), count, stream.codec_context.name)


def _check_crop(crop: tuple[int, int, int, int] | None, info: VideoInfo) -> None:
    if crop is None:
        return
    x1, y1, x2, y2 = crop
    if not (0 <= x1 < x2 <= info.width and 0 <= y1 < y2 <= info.height):
        raise VideoError(f"The crop {crop} does not lie inside the {info.width}×{info.height} frame.")


def _sample(
    container: InputContainer,
    stream: VideoStream,
    info: VideoInfo,
    report: ReadReport,
    fps: float | None,
    start_s: float,
    end_s: float | None,
) -> Iterator[tuple[int, float, VideoFrame]]:
    """Give number, time and frame for the first frame of each slot between start and end."""
    last_slot = -1
    for index, time_s, frame in _timed(container, stream, info, report, start_s):
        if time_s < start_s - 1e-6:
            continue
        if end_s is not None and time_s >= end_s - 1e-6:
            return
        # A thousandth of a slot forgives the rounding of time stamps to the container's time base.
        slot = math.floor(time_s * fps + 1e-3) if fps else last_slot + 1
        if slot > last_slot:
            last_slot = slot
            yield index, time_s, frame


def _timed(
    container: InputContainer, stream: VideoStream, info: VideoInfo, report: ReadReport, start_s: float
) -> Iterator[tuple[int, float, VideoFrame]]:
    """Give every decoded frame with number and time; a missing or backward stamp continues the last."""
    origin_s = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
    has_jumped, frames = _frames_from(container, stream, report, start_s + origin_s)
    time_s = -1.0 / info.fps
    for count, frame in enumerate(frames, start=1):
        stamped = None if frame.time is None else frame.time - origin_s
        time_s = stamped if stamped is not None and stamped > time_s else time_s + 1.0 / info.fps
        report.decoded, report.last_s = count, time_s
        yield (round(time_s * info.fps) + 1 if has_jumped else count), time_s, frame


def _frames_from(
    container: InputContainer, stream: VideoStream, report: ReadReport, stamp_s: float
) -> tuple[bool, Iterator[VideoFrame]]:
    """Decode from a key frame at or before a time stamp, and say whether that is not the beginning."""
    if stream.start_time is None or not stream.time_base:
        return False, _decoded(container, stream, report)
    tick_s = stream.time_base
    first_s = float(stream.start_time * tick_s)
    for back_s in BACK_OFF_S:
        if stamp_s - back_s <= first_s or not _jump(container, stream, int((stamp_s - back_s) / tick_s)):
            break
        frames = _decoded(container, stream, report)
        first = next(frames, None)
        if first is not None and first.time is not None and first.time <= stamp_s + 1e-6:
            return True, chain([first], frames)
    if stamp_s > first_s:
        # Some containers go by the time of decoding, which is earlier; others refuse a time before the first.
        earlier = int((first_s - BACK_OFF_S[-1]) / tick_s)
        if not _jump(container, stream, earlier):
            _jump(container, stream, stream.start_time)
    return False, _decoded(container, stream, report)


def _jump(container: InputContainer, stream: VideoStream, to: int) -> bool:
    try:
        container.seek(to, stream=stream, backward=True)
    except av.FFmpegError:
        return False
    return True


def _decoded(container: InputContainer, stream: VideoStream, report: ReadReport) -> Iterator[VideoFrame]:
    """Decode packet by packet, so that one bad packet costs only its own frames."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            report.damaged += 1
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            report.damaged += 1


def _image(frame: VideoFrame, crop: tuple[int, int, int, int] | None) -> NDArray[np.uint8]:
    image = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    if crop is None:
        return image
    x1, y1, x2, y2 = crop
    return np.ascontiguousarray(image[y1:y2, x1:x2])


def _check_reached(path: Path, report: ReadReport, start_s: float) -> None:
    if report.decoded and report.last_s < start_s - TAIL_TOLERANCE_S:
        outside = "{name} has no frame in the asked-for time; it ends at {last_s:.1f} s."
        raise VideoError(say(outside, name=path.name, last_s=report.last_s))


def _conclude(path: Path, info: VideoInfo, report: ReadReport, given: int, end_s: float | None) -> None:
    """Refuse a reading that gave nothing; note damage and an early end."""
    if report.decoded == 0:
        raise VideoError(say("{name} holds no readable frame.", name=path.name))
    if given == 0:
        outside = "{name} has no frame in the asked-for time; it ends at {last_s:.1f} s."
        raise VideoError(say(outside, name=path.name, last_s=report.last_s))
    wanted_s = min(info.duration_s, end_s) if end_s is not None else info.duration_s
    if report.last_s + 1.0 / info.fps < wanted_s - TAIL_TOLERANCE_S:
        report.breaks_off = True
        broken = "{name} breaks off at {last_s:.1f} s of {duration_s:.1f} s."
        report.warnings.append(say(broken, name=path.name, last_s=report.last_s, duration_s=info.duration_s))
    if report.damaged:
        skipped = "{name}: {damaged} damaged packets were skipped."
        report.warnings.append(say(skipped, name=path.name, damaged=report.damaged))
