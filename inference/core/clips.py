"""Clips of evidence: a part of a recording, its packets copied as they are and never encoded anew.

Knows packets and containers; what is in the picture it does not know. A clip begins at the key frame at or before
the asked-for start, because nothing else can be decoded, and ends with the first pictures past the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import av

from inference.core.errors import ClipError, say
from inference.core.packets import Plan, packets_of, plan_clip, planned
from inference.core.video import TAIL_TOLERANCE_S, open_recording, probe

# What browsers play from an MP4 file; everything else goes into Matroska, which takes any codec.
MP4_CODECS = frozenset({"h264", "hevc", "av1", "mpeg4"})


@dataclass(frozen=True)
class Clip:
    """A finished clip.

    Attributes:
        path: The file.
        first_s, last_s: Seconds of the recording at which its first and last frames are shown.
        frames: How many there are.
        codec: FFmpeg's name, e.g. `h264`.
        sha256: Of the file, hexadecimal.
        size_bytes: Of the file.
        warnings: Sentences for the user: damage, an early end.
    """

    path: Path
    first_s: float
    last_s: float
    frames: int
    codec: str
    sha256: str
    size_bytes: int
    warnings: tuple[str, ...] = ()


def cut_clip(source: Path | str, target: Path | str, *, start_s: float, end_s: float) -> Clip:
    """Copy a part of a recording without touching a picture. Sound is dropped, and so is what the file says of
    itself, save the time of its creation.

    Args:
        source: A local recording.
        target: Where the clip goes; its suffix becomes .mp4 or .mkv, as the codec needs. Nothing stands there
            until the clip is whole.
        start_s: Seconds from the first frame; the clip begins at the key frame at or before it.
        end_s: Seconds from the first frame.

    Returns:
        The clip, with the times that it really covers.

    Raises:
        VideoError: The recording cannot be read, or has no frame in the asked-for time.
        ClipError: The times are in the wrong order, no key frame is there, or the clip cannot be written.
    """
    source = Path(source)
    check_times(start_s, end_s)
    plan = plan_clip(source, max(start_s, 0.0), end_s)
    target = Path(target).with_suffix(".mp4" if plan.codec in MP4_CODECS else ".mkv")
    with unfinished(target) as part:
        _copy(source, part, plan)
        times_s = [plan.second(row.pts) for row in plan.shown]
        clip = finished(part, times_s, warnings=_warnings(source, max(times_s), end_s))
    return replace(clip, path=target)


def check_times(start_s: float, end_s: float) -> None:
    """Refuse a clip that would end before it begins."""
    if not start_s < end_s:
        raise ClipError(say("A clip must end after it begins."))


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """Give a place beside `target` to write to; what is there in the end replaces `target`, if all went well.

    Raises:
        ClipError: In place of an error of the disk or the writer.
    """
    part = target.with_name(f"{target.stem}.{uuid4().hex[:8]}.part{target.suffix}")
    try:
        yield part
        part.replace(target)
    except (OSError, av.FFmpegError) as error:
        why = error.strerror or str(error)
        raise ClipError(say("The clip cannot be written: {why}.", why=why)) from error
    finally:
        part.unlink(missing_ok=True)


def finished(path: Path, times_s: Sequence[float], *, warnings: Sequence[str] = ()) -> Clip:
    """Read a written clip again and describe it.

    Args:
        path: The clip.
        times_s: Seconds of the recording at which each of its frames is shown.
        warnings: Sentences for the user.

    Raises:
        ClipError: The file does not hold as many frames.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.codec.canonical_name
        frames = sum(1 for _ in packets_of(container, stream))
    if frames != len(times_s):
        written = "The clip is not whole: {frames} of {wanted} frames are in the file. Make it again."
        raise ClipError(say(written, frames=frames, wanted=len(times_s)))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = path.stat().st_size
    return Clip(path, min(times_s), max(times_s), frames, codec, sha256, size_bytes, tuple(warnings))


def _warnings(source: Path, last_s: float, end_s: float) -> list[str]:
    duration_s = probe(source).duration_s
    if last_s >= min(duration_s, end_s) - TAIL_TOLERANCE_S:
        return []
    broken = "{name} breaks off at {last_s:.1f} s of {duration_s:.1f} s."
    return [say(broken, name=source.name, last_s=last_s, duration_s=duration_s)]


def _copy(source: Path, part: Path, plan: Plan) -> None:
    options = {"fflags": "+bitexact"}  # no name and version of the writer
    if part.suffix == ".mp4":
        options["movflags"] = "+faststart"
    first = plan.rows[0].pts
    stamps = iter(decoding_times([row.pts for row in plan.shown]))
    with open_recording(source) as (container, stream), av.open(str(part), "w", options=options) as output:
        copy = output.add_stream_from_template(stream, opaque=True)
        if plan.codec == "hevc" and part.suffix == ".mp4":
            copy.codec_context.codec_tag = "hvc1"  # the only spelling that Apple's players take
        if created := container.metadata.get("creation_time"):
            output.metadata["creation_time"] = created
        for row, packet in zip(plan.rows, planned(container, stream, plan), strict=False):
            if row.pts >= first:
                packet.stream = copy
                packet.pts, packet.dts, packet.time_base = row.pts - first, next(stamps) - first, plan.tick_s
                packet.duration = row.duration
                output.mux_one(packet)


def decoding_times(shown: list[int]) -> list[int]:
    """Give rising times for packets in their order, none later than its picture is shown."""
    times: list[int] = []
    for pts in sorted(shown):
        times.append(max(pts, times[-1] + 1) if times else pts)
    early = max(time - pts for time, pts in zip(times, shown, strict=True))
    return [time - early for time in times]
