"""Where a target was, box by box: a track's boxes over time, small enough to be stored with every sighting.

Knows boxes and seconds. Stored are 12 bytes a box: milliseconds as int32 and the four edges in half pixels as
int16, little-endian, after a header with version, count and checksum.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from inference.core.detections import Box
from inference.core.errors import CoreError, say

_HEADER = struct.Struct("<2sHII")  # mark, version, boxes, CRC-32 of what follows
_MARK = b"TJ"
_VERSION = 1
_RECORD = np.dtype([("time_ms", "<i4"), ("edges", "<i2", 4)])
_STEPS_PER_PX = 2
_STEPS = np.iinfo(np.int16)


@dataclass(frozen=True)
class Trajectory:
    """Attributes:
    times_s: Seconds of the recording, rising.
    boxes: One for each time, source pixels.
    """

    times_s: tuple[float, ...] = ()
    boxes: tuple[Box, ...] = ()

    @classmethod
    def of(cls, observations: Iterable[tuple[float, Box]]) -> Trajectory:
        """Put observations in order of time; of several at the same time the last counts."""
        ordered = sorted(dict(observations).items())
        return cls(tuple(time_s for time_s, _ in ordered), tuple(box for _, box in ordered))

    def __len__(self) -> int:
        return len(self.times_s)

    def box_at(self, time_s: float, *, hold_s: float = 0.5, max_gap_s: float = 2.0) -> Box | None:
        """Say where the target was, on a straight line between the observations before and after.

        Args:
            time_s: Seconds of the recording.
            hold_s: The first and the last box are held this long before and after; likewise both sides of a gap
                that is too long.
            max_gap_s: Longest time between two observations that is bridged.

        Returns:
            The box in source pixels; None where the target was not seen.
        """
        after = bisect_right(self.times_s, time_s)
        before = after - 1
        if before < 0 or after == len(self) or self.times_s[after] - self.times_s[before] > max_gap_s:
            return self._held(time_s, before, after, hold_s)
        share = (time_s - self.times_s[before]) / (self.times_s[after] - self.times_s[before])
        edges = zip(self.boxes[before], self.boxes[after], strict=True)
        return Box(*(a + (b - a) * share for a, b in edges))

    def _held(self, time_s: float, before: int, after: int, hold_s: float) -> Box | None:
        near = [row for row in (before, after) if 0 <= row < len(self)]
        nearest = min(near, key=lambda row: abs(self.times_s[row] - time_s), default=None)
        if nearest is None or abs(self.times_s[nearest] - time_s) > hold_s:
            return None
        return self.boxes[nearest]


def encode(trajectory: Trajectory) -> bytes:
    """Pack a trajectory: times to a millisecond, edges to half a pixel. One without boxes gives no bytes."""
    if not trajectory:
        return b""
    rows = np.zeros(len(trajectory), _RECORD)
    rows["time_ms"] = np.rint(np.asarray(trajectory.times_s) * 1000)
    rows["edges"] = np.clip(np.rint(np.asarray(trajectory.boxes) * _STEPS_PER_PX), _STEPS.min, _STEPS.max)
    # Two times of the same millisecond would not be in order when read again.
    is_last = np.append(np.diff(rows["time_ms"]) > 0, True)
    body: bytes = rows[is_last].tobytes()
    header = _HEADER.pack(_MARK, _VERSION, len(body) // _RECORD.itemsize, zlib.crc32(body))
    return header + body


def decode(data: bytes) -> Trajectory:
    """Unpack what `encode` gave; no bytes give a trajectory without boxes.

    Raises:
        CoreError: The bytes are damaged, or of a later version.
    """
    if not data:
        return Trajectory()
    rows = _rows(data)
    edges = rows["edges"].astype(np.float64) / _STEPS_PER_PX
    times_s = rows["time_ms"].astype(np.float64) / 1000
    return Trajectory(tuple(times_s.tolist()), tuple(Box(*box) for box in edges.tolist()))


def ends(data: bytes) -> tuple[Box, Box] | None:
    """Return the first and the last box of what `encode` gave, without unpacking the rest; None if there are none.

    Raises:
        CoreError: The bytes are damaged, or of a later version.
    """
    if not data:
        return None
    edges = _rows(data)["edges"][[0, -1]].astype(np.float64) / _STEPS_PER_PX
    return Box(*edges[0].tolist()), Box(*edges[1].tolist())


def _rows(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    damaged = say("The stored track of boxes is damaged; analyse the recording again.")
    if len(data) < _HEADER.size:
        raise CoreError(damaged)
    mark, version, count, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if mark != _MARK or (version == _VERSION and len(body) != count * _RECORD.itemsize):
        raise CoreError(damaged)
    if version != _VERSION:
        later = "The stored track of boxes has the unknown version {version}; analyse the recording again."
        raise CoreError(say(later, version=version))
    if zlib.crc32(body) != checksum:
        raise CoreError(damaged)
    return np.frombuffer(body, _RECORD)
