"""Which packets of a recording make a clip, and in which order their pictures are shown.

Knows packets and containers; writes nothing. Everything is planned before a byte is copied, so that a plan can be
followed by reading the recording again in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from inference.core.errors import ClipError, VideoError, say
from inference.core.video import BACK_OFF_S, open_recording

# Containers that say when a picture is shown. The others number packets as they come, which for streams with
# B-frames is another order; the decoder is asked for the right one.
TIMED_FORMATS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "mpeg", "flv", "mxf", "ogg", "ivf"})
# Pictures may be stored this much later than they are shown: at most 16 frames, and some time for odd clocks.
LOOK_AHEAD_FRAMES = 16
LOOK_AHEAD_S = 1.0


class Row(NamedTuple):
    """A packet: when it is shown and for how long, in ticks of the stream, and whether it stands alone."""

    pts: int
    duration: int
    is_key: bool


@dataclass(frozen=True)
class Plan:
    """Which packets become the clip: seek, leave `skip` packets out, take one for each row.

    Attributes:
        seek_to: Ticks; None to read from the beginning.
        skip: Packets between there and the key frame.
        rows: From the key frame on. Those shown before it need pictures from before the clip and are left out.
        tick_s: Seconds.
        origin: Ticks at the first frame of the recording.
        codec: FFmpeg's name.
    """

    seek_to: int | None
    skip: int
    rows: list[Row]
    tick_s: Fraction
    origin: int
    codec: str

    @property
    def shown(self) -> list[Row]:
        return [row for row in self.rows if row.pts >= self.rows[0].pts]

    def second(self, pts: int) -> float:
        return float((pts - self.origin) * self.tick_s)


def plan_clip(source: Path, start_s: float, end_s: float) -> Plan:
    """Choose the packets of a clip.

    Args:
        source: A local recording.
        start_s: Seconds from the first frame; the clip begins at the key frame at or before it, or at the first of
            all where the recording has none so early.
        end_s: Seconds from the first frame. Packets are taken until everything shown before it is whole.

    Raises:
        VideoError: The recording cannot be read, or has no frame in the asked-for time.
        ClipError: No key frame is there.
    """
    plan, is_timed = _survey(source, start_s, end_s)
    rows = plan.rows
    if not is_timed:
        rows = _reordered(rows, _display_order(source, plan))
        late_s = plan.second(rows[0].pts) - start_s
        if late_s > 0 and start_s > 0:
            # The key frame is shown later than its packet said: the one before it is needed.
            return plan_clip(source, start_s - late_s - float(plan.tick_s), end_s)
    rows = rows[: _whole(rows, plan.origin + round(end_s / plan.tick_s))]
    return replace(plan, rows=rows)


def plan_piece(source: Path, start_s: float, end_s: float, *, reach_s: float) -> Plan | None:
    """Choose the packets of a piece that ends, as it begins, with a key frame: pieces that overlap agree.

    Args:
        source: A local recording.
        start_s: Seconds from the first frame; the piece begins at the key frame at or before it.
        end_s: Seconds; the piece goes on to the first key frame from here on, or to the end of the recording.
        reach_s: How far behind `end_s` that key frame may be, or the end of the recording.

    Returns:
        The plan. None where the key frames lie too far apart, or the groups of pictures are not closed.

    Raises:
        VideoError, ClipError: As `plan_clip`.
    """
    plan = plan_clip(source, start_s, end_s + reach_s)
    if plan.second(plan.rows[0].pts) < start_s - reach_s:
        return None
    keys = [number for number, row in enumerate(plan.rows) if number and row.is_key]
    if any(_whole(plan.rows, plan.rows[number].pts) != number for number in keys):
        return None  # pictures behind that key frame are shown before it: nothing can end or begin there unharmed
    end, last = plan.origin + round(end_s / plan.tick_s), max(row.pts + row.duration for row in plan.rows)
    follows = next((number for number in keys if plan.rows[number].pts >= end), None)
    if follows is not None:
        return _ended(plan, follows, plan.rows[follows].pts)
    return plan if plan.second(last) < end_s + reach_s else None


def _ended(plan: Plan, count: int, end: int) -> Plan:
    """Keep `count` packets, of which the last shown stays on show until `end`."""
    rows = plan.rows[:count]
    at = max(range(count), key=lambda number: rows[number].pts)
    rows[at] = rows[at]._replace(duration=max(end - rows[at].pts, rows[at].duration))
    return replace(plan, rows=rows)


def _survey(source: Path, start_s: float, end_s: float) -> tuple[Plan, bool]:
    """List the packets from the key frame on to well past the end, and say whether their times can be trusted."""
    for back_s in (*BACK_OFF_S, None):
        with open_recording(source) as (container, stream):
            tick_s, origin = _tick_s(stream), stream.start_time or 0
            start, end = (origin + round(second / tick_s) for second in (start_s, end_s))
            seek_to = _seek(container, stream, start, back_s)
            rows, is_counted = _rows(container, stream, end)
            key = _key(rows, start, end, is_from_start=seek_to is None)
            if key is not None:
                codec = stream.codec_context.codec.canonical_name
                plan = Plan(seek_to, key, rows[key:], tick_s, origin, codec)
                _check_reached(source, plan, start)
                return plan, container.format.name in TIMED_FORMATS and not is_counted
            if seek_to is None:
                break
    if not rows:
        raise VideoError(say("{name} holds no readable frame.", name=source.name))
    nowhere = "{name} has no key frame before {end_s:.1f} s, so that no clip can begin there."
    raise ClipError(say(nowhere, name=source.name, end_s=end_s))


def _tick_s(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, 90_000)


def _seek(container: InputContainer, stream: VideoStream, start: int, back_s: float | None) -> int | None:
    """Go to a key frame before `start`; return the place sought, or None where reading begins at the beginning."""
    if back_s is None or stream.start_time is None:
        return None
    to = start - round(back_s / _tick_s(stream))
    if to <= stream.start_time:
        return None
    return to if _jumped(container, stream, to) else None


def _jumped(container: InputContainer, stream: VideoStream, to: int) -> bool:
    try:
        container.seek(to, stream=stream, backward=True)
    except av.FFmpegError:
        return False
    return True


def _rows(container: InputContainer, stream: VideoStream, end: int) -> tuple[list[Row], bool]:
    """List packets until none shown before `end` can follow; say whether some came without a time."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    step = round(1 / rate / _tick_s(stream))
    limit = end + round(LOOK_AHEAD_S / _tick_s(stream)) + LOOK_AHEAD_FRAMES * step
    rows: list[Row] = []
    is_counted = False
    for packet in packets_of(container, stream):
        stamp = packet.pts if packet.pts is not None else packet.dts
        is_counted |= packet.pts is None
        if stamp is None:
            stamp = rows[-1].pts + step if rows else stream.start_time or 0
        if (packet.dts if packet.dts is not None else stamp) >= limit:
            break
        rows.append(Row(stamp, packet.duration or step, packet.is_keyframe))
    return rows, is_counted


def packets_of(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Give the packets that hold something; where reading fails, the recording ends."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        if packet.size:
            yield packet


def _key(rows: list[Row], start: int, end: int, *, is_from_start: bool) -> int | None:
    """Find the last key frame at or before `start`, or the first of all where the recording has none so early."""
    keys = [number for number, row in enumerate(rows) if row.is_key and row.pts < end]
    early = [number for number in keys if rows[number].pts <= start]
    if early:
        return early[-1]
    return keys[0] if keys and is_from_start else None


def _check_reached(source: Path, plan: Plan, start: int) -> None:
    last = max(plan.rows, key=lambda row: row.pts)
    if last.pts + last.duration <= start:
        outside = "{name} has no frame in the asked-for time; it ends at {last_s:.1f} s."
        raise VideoError(say(outside, name=source.name, last_s=plan.second(last.pts)))


def _whole(rows: list[Row], end: int) -> int:
    """Count the packets, at least those shown before `end`, after which nothing is shown in between."""
    shown = np.asarray([row.pts for row in rows], np.int64)
    earliest_after = np.append(np.minimum.accumulate(shown[::-1])[::-1][1:], np.iinfo(np.int64).max)
    is_gapless = earliest_after > np.maximum.accumulate(shown)
    return int(np.argmax(is_gapless & (earliest_after >= end))) + 1


def _display_order(source: Path, plan: Plan) -> list[int]:
    """Let the decoder say in which order the packets are shown: their numbers, damaged ones missing."""
    order: list[int] = []
    with open_recording(source) as (container, stream):
        for number, packet in enumerate(planned(container, stream, plan)):
            packet.pts = packet.dts = number
            order += _shown(stream, packet)
        order += _shown(stream, None)
    return order


def _shown(stream: VideoStream, packet: Packet[VideoStream] | None) -> list[int]:
    try:
        return [frame.pts for frame in stream.codec_context.decode(packet) if frame.pts is not None]
    except av.FFmpegError:
        return []


def _reordered(rows: list[Row], order: list[int]) -> list[Row]:
    """Deal the times of the packets out again, in the order in which they are shown."""
    place = {number: float(at) for at, number in enumerate(order)}
    first = min((number for number in order if number), default=len(rows))
    for number in range(len(rows)):
        # What gave no picture stays behind the packet before it; just behind the key frame it would have needed
        # pictures from before that, and is shown before it.
        before = -1.0 if 0 < number < first else place.get(number - 1, -1.0)
        place.setdefault(number, before + 1e-6)
    times = iter(sorted(row.pts for row in rows))
    dealt = {number: next(times) for number in sorted(range(len(rows)), key=place.__getitem__)}
    return [row._replace(pts=dealt[number]) for number, row in enumerate(rows)]


def planned(container: InputContainer, stream: VideoStream, plan: Plan) -> Iterator[Packet[VideoStream]]:
    """Give the packets of the plan's rows, found in the same way as the survey found them."""
    if plan.seek_to is not None:
        _jumped(container, stream, plan.seek_to)
    return islice(packets_of(container, stream), plan.skip, plan.skip + len(plan.rows))
