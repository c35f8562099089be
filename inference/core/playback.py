"""Recordings as browsers play them: the file itself where that works, and pieces of four seconds where it does not.

Knows containers and codecs; nothing of rights, addresses or caches.

Piece number n is a whole fragmented MP4 file (its own `moov`, then one `moof`) with video alone, made for
`MediaSource`. What holds of every piece:

- Its time stamps are absolute: a picture that the recording shows at t seconds after its first frame has the
  presentation time t. Append it in mode "segments" with `timestampOffset` 0; nothing has to be computed.
- It holds what is on show all the way from 4·n to 4·(n+1) seconds, or to the end of the recording, and begins with a
  picture that stands alone. To seek to t, piece floor(t / 4) is enough.
- A piece that was copied (H.264) begins at the key frame at or before 4·n and ends with the group of pictures in
  which 4·(n+1) lies: two neighbours may share one group, whose pictures are the same in both. Append them as they
  come; the later one replaces what it repeats. A piece that was encoded covers exactly 4·n to 4·(n+1), with one key
  frame at its start: a browser drops what is left of it when a copied neighbour is appended over its beginning. Look
  at `buffered` after appending out of order, and append such a piece again.
- Each brings its own initialization segment, so pieces that were copied and pieces that were encoded, of other sizes
  too, may follow each other in one `SourceBuffer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from itertools import chain, pairwise
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from inference.core.ahead import ahead
from inference.core.clips import decoding_times
from inference.core.errors import ClipError, VideoError, say
from inference.core.packets import Plan, plan_piece, planned
from inference.core.video import ReadReport, frames_on_show, open_recording, probe

SEGMENT_S = 4.0
# Copied pieces go on to the next key frame. Where key frames lie further apart, or groups of pictures lean on each
# other, pieces are encoded instead.
REACHES_S = (2.0, 12.0)
WIDEST_PX = 1280
MOST_FPS = 30.0
MOST_FPS_WIDE = 15.0  # of pictures that have to be made smaller as well: a piece has to be there within a second
ENCODER_THREADS = 1
FRAMES_AHEAD = 8
TICK = Fraction(1, 90_000)
# What Chromium decodes: 8 bits, colour halved in both directions, nothing of the professional profiles.
PROFILES = frozenset({"Baseline", "Constrained Baseline", "Main", "Extended", "High", "Progressive High"})
PIXELS = frozenset({"yuv420p", "yuvj420p"})
ENCODED_MIME = 'video/mp4; codecs="avc1.42E020"'
# One fragment, presentation times as they are: no edit list, and pictures may be shown before they are decoded.
FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont+negative_cts_offsets",
    "use_editlist": "0",
    "video_track_timescale": "90000",
    "avoid_negative_ts": "disabled",
    "fflags": "+bitexact",
}
FAST = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "crf": "25"}


@dataclass(frozen=True)
class Playable:
    """How a recording can be played.

    Attributes:
        is_native: A browser plays the file itself, asked for by ranges of bytes.
        is_copied: Its pieces are copies (of H.264); else they are encoded.
        mime: Of the pieces, as `MediaSource.isTypeSupported` takes it, and of the file if it is native.
    """

    is_native: bool
    is_copied: bool
    mime: str


@dataclass(frozen=True)
class Piece:
    """A part of a recording as a file of its own.

    Attributes:
        content: The file.
        first_s: Seconds of the recording at which its first picture is shown.
        until_s: At which its last picture ends.
        is_copied: Nothing was encoded anew.
    """

    content: bytes
    first_s: float
    until_s: float
    is_copied: bool


def examine(path: Path | str) -> Playable:
    """Say how a recording can be played, from what its container says and its first picture.

    Raises:
        VideoError: The file cannot be opened as a recording.
    """
    with open_recording(Path(path)) as (container, stream):
        is_copied = _is_copyable(stream)
        is_native = is_copied and _has_index(container, Path(path)) and not _is_turned(container, stream)
        return Playable(is_native, is_copied, _mime(stream) if is_copied else ENCODED_MIME)


def cut_piece(
    path: Path | str,
    number: int,
    *,
    is_encoded: bool = False,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Piece:
    """Make the piece that shows a recording from `number` times four seconds on, four seconds long or a little more.

    Args:
        path: A local file.
        number: From 0.
        is_encoded: Encode it even where it could be copied, for a browser that cannot decode the copy.
        turn: Entered while pictures are encoded, which takes all of a core; copying does not wait for it.

    Raises:
        VideoError: The recording cannot be read, or shows nothing then.
        ClipError: The piece cannot be made.
    """
    path, start_s = Path(path), number * SEGMENT_S
    end_s = start_s + SEGMENT_S
    plan = None if is_encoded else _plan(path, start_s, end_s)
    try:
        if plan is not None:
            return _copy(path, plan)
        with turn():
            return _encode(path, start_s, end_s)
    except (av.FFmpegError, ValueError) as error:
        raise ClipError(say("The clip cannot be written: {why}.", why=str(error))) from error


def _is_copyable(stream: VideoStream) -> bool:
    context = stream.codec_context
    is_h264 = context.codec.canonical_name == "h264" and context.profile in PROFILES and context.pix_fmt in PIXELS
    return is_h264 and _profile_bytes(stream) is not None


def _mime(stream: VideoStream) -> str:
    said = _profile_bytes(stream)
    return f'video/mp4; codecs="avc1.{said.hex().upper()}"' if said else ENCODED_MIME


def _profile_bytes(stream: VideoStream) -> bytes | None:
    """Profile, constraints and level, from either form in which containers keep them."""
    extra = bytes(stream.codec_context.extradata or b"")
    if extra[:1] == b"\x01":
        return extra[1:4] if len(extra) > 6 else None
    at = next((at for at in range(len(extra) - 7) if extra[at : at + 3] == b"\0\0\1" and extra[at + 3] & 31 == 7), None)
    return None if at is None else extra[at + 4 : at + 7]


def _has_index(container: InputContainer, path: Path) -> bool:
    """True of an MP4 file with one index for all of it, wherever that stands."""
    if "mp4" not in container.format.name:
        return False
    kinds = [kind for kind, _at, _size in top_boxes(path)]
    return "moov" in kinds and "mdat" in kinds and "moof" not in kinds


def _is_turned(container: InputContainer, stream: VideoStream) -> bool:
    """True where a note says that the picture is to be turned. Analysis does not follow it, so that boxes would lie
    beside what they mean: pieces come without the note."""
    try:
        return bool(next(container.decode(stream)).rotation)
    except (StopIteration, av.FFmpegError):
        return False


def top_boxes(path: Path) -> Iterator[tuple[str, int, int]]:
    """Give kind, place and size of the boxes that an MP4 file consists of; stop where it is damaged."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        at = 0
        while at + 8 <= end:
            file.seek(at)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            size = size or end - at
            if size < 8 or at + size > end:
                return
            yield head[4:8].decode("latin-1"), at, size
            at += size


# ── Copied ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan(path: Path, start_s: float, end_s: float) -> Plan | None:
    """Choose the packets to copy; None where the pictures have to be encoded."""
    with open_recording(path) as (_container, stream):
        if not _is_copyable(stream):
            return None
    for reach_s in REACHES_S:
        try:
            plan = plan_piece(path, start_s, end_s, reach_s=reach_s)
        except ClipError:  # no key frame there
            return None
        if plan is not None:
            return plan
    return None


def _copy(path: Path, plan: Plan) -> Piece:
    buffer, first = BytesIO(), plan.rows[0].pts
    ticks = [_ticks(plan, row.pts) for row in plan.shown]
    stamps = iter(decoding_times(ticks))
    with open_recording(path) as (container, stream), _writing(buffer, FRAGMENTED) as output:
        copy = output.add_stream_from_template(stream, opaque=True)
        copy.set_display_rotation(0)  # see `_is_turned`
        for row, packet in zip(plan.rows, planned(container, stream, plan), strict=False):
            if row.pts >= first:
                packet.stream = copy
                packet.pts, packet.dts, packet.time_base = _ticks(plan, row.pts), next(stamps), TICK
                packet.duration = _ticks(plan, row.pts + row.duration) - packet.pts
                output.mux_one(packet)
    until_s = max(plan.second(row.pts + row.duration) for row in plan.shown)
    return Piece(buffer.getvalue(), plan.second(first), until_s, is_copied=True)


def _ticks(plan: Plan, pts: int) -> int:
    return round((pts - plan.origin) * plan.tick_s / TICK)


def _writing(buffer: BytesIO, options: dict[str, str]) -> OutputContainer:
    return av.open(buffer, "w", format="mp4", options=options)


# ── Encoded ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _encode(path: Path, start_s: float, end_s: float) -> Piece:
    info, report, buffer = probe(path), ReadReport(), BytesIO()
    encoder: VideoStream | None = None
    until_s = start_s
    with _writing(buffer, FRAGMENTED) as container:
        decoded = ahead(frames_on_show(path, start_s, end_s, report=report), FRAMES_AHEAD)
        shown = thinned(decoded, MOST_FPS if info.width <= WIDEST_PX else MOST_FPS_WIDE)
        for begins_s, ends_s, frame in spans(shown, start_s, end_s):
            encoder = encoder or add_encoder(container, *fitted(frame.width, frame.height, WIDEST_PX), FAST)
            until_s = ends_s
            if ends_s == end_s and report.last_s < end_s:  # nothing follows: the recording may end before the piece
                until_s = min(end_s, max(info.duration_s, begins_s + 1 / info.fps))
            encode_frame(container, encoder, frame, begins_s, until_s)
        if encoder is not None:
            container.mux(encoder.encode(None))
    if encoder is None:
        raise VideoError(say("{name} holds no readable frame.", name=path.name))
    return Piece(buffer.getvalue(), start_s, until_s, is_copied=False)


def thinned(
    frames: Iterator[tuple[float, VideoFrame]], most_fps: float = MOST_FPS
) -> Iterator[tuple[float, VideoFrame]]:
    """Leave frames out of what has more than `most_fps` a second."""
    last_s = float("-inf")
    for time_s, frame in frames:
        if time_s - last_s >= 0.9 / most_fps:
            last_s = time_s
            yield time_s, frame


def spans(
    frames: Iterator[tuple[float, VideoFrame]], start_s: float, end_s: float
) -> Iterator[tuple[float, float, VideoFrame]]:
    """Give each frame with the seconds at which it appears and disappears; the first is there from the start."""
    begins_s = start_s
    for (_begins_s, frame), (ends_s, _next) in pairwise(chain(frames, [(end_s, None)])):
        if frame is not None:
            yield begins_s, ends_s, frame
        begins_s = ends_s


def fitted(width: int, height: int, widest_px: int) -> tuple[int, int]:
    """Return the size at most `widest_px` wide, in even numbers as the encoder needs them."""
    share = min(1.0, widest_px / width)
    return max(2, round(width * share) // 2 * 2), max(2, round(height * share) // 2 * 2)


def add_encoder(container: OutputContainer, width: int, height: int, options: dict[str, str]) -> VideoStream:
    stream = container.add_stream("libx264", rate=25, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.time_base = TICK
    stream.codec_context.gop_size = 10_000  # the first picture alone is a key frame
    stream.codec_context.thread_count = ENCODER_THREADS
    return stream


def encode_frame(
    container: OutputContainer, encoder: VideoStream, frame: VideoFrame, begins_s: float, ends_s: float
) -> None:
    """Encode a frame that is on show between two times; the encoder must hand out its packet at once."""
    # A new picture: nothing of the source's side data can come along.
    picture = frame.reformat(width=encoder.width, height=encoder.height, format="yuv420p", interpolation="BILINEAR")
    picture.pts, picture.time_base, picture.pict_type = round(begins_s / TICK), TICK, PictureType.NONE
    for packet in encoder.encode(picture):
        packet.duration = max(1, round(ends_s / TICK) - round(begins_s / TICK))
        container.mux_one(packet)
