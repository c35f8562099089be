"""The tracks of a recording as a player draws them: boxes over time, from the trajectories that analysis stored."""

from bisect import bisect_left, bisect_right
from typing import Any

from cameras.models import Recording
from inference.core.trajectory import Trajectory
from inference.footage import track_of
from inference.models import Sighting


def tracks_between(recording: Recording, from_s: float, until_s: float) -> list[dict[str, Any]]:
    """Return the boxes of each track between two seconds, and the ones just outside, so that lines can be drawn."""
    rows = Sighting.objects.current().filter(recording=recording).order_by("first_seen_at", "pk")
    seen = rows.seen_between(recording.time_at(from_s), recording.time_at(until_s))
    tracks = ((sighting, _part(track_of(sighting), from_s, until_s)) for sighting in seen)
    return [{"sighting": sighting.pk, "kind": sighting.kind, "boxes": boxes} for sighting, boxes in tracks if boxes]


def _part(track: Trajectory, from_s: float, until_s: float) -> list[list[float]]:
    first = max(bisect_right(track.times_s, from_s) - 1, 0)
    last = bisect_left(track.times_s, until_s) + 1
    part = zip(track.times_s[first:last], track.boxes[first:last], strict=True)
    return [[round(time_s, 3), *(round(edge, 1) for edge in box)] for time_s, box in part]
