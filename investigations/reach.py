"""Where next: which cameras the target may have passed since it was last seen, the likeliest first. Pure.

A camera's likelihood is a product, each factor from 0 to 1:
- time and speed: the share of people of this pace who could have walked there, by streets, in this time;
- nearness: somebody who leaves a place can be anywhere around it, so that a far camera sees fewer of the ways;
- direction: people tend to go on as they went, but turn: the density of a von Mises distribution on a floor;
- view: a camera that looks towards where the target comes from sees a face, one that looks after it a back, others
  a part of the way.
It ranks cameras; nobody has measured it as a probability. Angles are degrees from north, clockwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, erfc, exp, hypot, radians, sqrt, tan

from cameras.gis import bearing_deg, distance_m
from investigations.paths import VIEW_RANGE_M, Pace

Position = tuple[float, float]
Edges = tuple[float, float, float, float]

# Streets are longer than the straight line: 1.2 to 1.4 times in most cities.
DETOUR = 1.3
NEARNESS_M = 300.0  # at this distance a camera sees half as many of the ways
TURNING = 1.2  # the concentration of the von Mises distribution
LEAST_DIRECTION = 0.25  # of those who turn round
FACE, BACK, SIDE, UNKNOWN_VIEW = 1.0, 0.8, 0.55, 0.8
# Less of a way, in heights of the target's own box, says nothing about where it was going.
LEAST_MOVE = 1.0
LEAST_HOP_M = 40.0


@dataclass(frozen=True)
class Watcher:
    """A camera as far as it matters here; `bearing_deg` is None where nobody knows where it looks."""

    key: int
    position: Position
    bearing_deg: float | None = None
    field_of_view_deg: float = 70.0


@dataclass(frozen=True)
class Reach:
    """A camera within reach: how far, how likely, and when somebody of the usual pace gets there."""

    key: int
    distance_m: float
    arrives_s: float
    likelihood: float
    is_likely: bool
    is_ahead: bool | None


@dataclass(frozen=True)
class Rings:
    """How far one gets: at the usual pace along streets, and at a brisk one as the crow flies."""

    likely_m: float
    possible_m: float


def rings(pace: Pace, seconds: float) -> Rings:
    return Rings(
        VIEW_RANGE_M + pace.usual_mps * seconds / DETOUR,
        VIEW_RANGE_M + pace.brisk_mps * seconds,
    )


def rank_cameras(
    cameras: Iterable[Watcher], origin: Position, *, seconds: float, pace: Pace, heading_deg: float | None = None
) -> list[Reach]:
    """Return the cameras that lie within the outer ring, the likeliest first.

    Args:
        cameras: those that may be meant.
        origin: where the target was last seen.
        seconds: how long ago.
        pace: how fast it goes.
        heading_deg: where it was going; None where nobody knows.
    """
    both = rings(pace, seconds)
    found = []
    for camera in cameras:
        metres = distance_m(origin, camera.position)
        if metres <= both.possible_m:
            found.append(_reach(camera, origin, metres, seconds, pace, heading_deg, both))
    return sorted(found, key=lambda row: (-row.likelihood, row.distance_m, row.key))


def _reach(
    camera: Watcher,
    origin: Position,
    metres: float,
    seconds: float,
    pace: Pace,
    heading_deg: float | None,
    both: Rings,
) -> Reach:
    way_m = max(0.0, metres - VIEW_RANGE_M) * DETOUR
    towards_deg = bearing_deg(origin, camera.position)
    turn_deg = None if heading_deg is None or metres < VIEW_RANGE_M else between(towards_deg, heading_deg)
    likelihood = (
        share_in_time(way_m, seconds, pace)
        * NEARNESS_M
        / (NEARNESS_M + metres)
        * (1.0 if turn_deg is None else direction_factor(turn_deg))
        * view_factor(camera, origin)
    )
    is_ahead = None if turn_deg is None else turn_deg <= 60
    return Reach(camera.key, metres, way_m / pace.usual_mps, likelihood, metres <= both.likely_m, is_ahead)


def share_in_time(way_m: float, seconds: float, pace: Pace) -> float:
    """Return the share of people of this pace who go `way_m` within `seconds`: speeds are normally distributed."""
    if way_m <= 0:
        return 1.0
    if seconds <= 0:
        return 0.0
    deviations = (way_m / seconds - pace.usual_mps) / pace.spread_mps
    return erfc(deviations / sqrt(2)) / 2


def direction_factor(turn_deg: float) -> float:
    """Return 1 straight ahead, falling to `LEAST_DIRECTION` straight back."""
    lowest = exp(-2 * TURNING)
    ahead = (exp(TURNING * (cos(radians(turn_deg)) - 1)) - lowest) / (1 - lowest)
    return LEAST_DIRECTION + (1 - LEAST_DIRECTION) * ahead


def view_factor(camera: Watcher, origin: Position) -> float:
    """Return how well a camera sees somebody who comes from `origin`."""
    if camera.bearing_deg is None:
        return UNKNOWN_VIEW
    half_deg = camera.field_of_view_deg / 2
    turn_deg = between(camera.bearing_deg, bearing_deg(camera.position, origin))
    if turn_deg <= half_deg:
        return FACE
    return BACK if turn_deg >= 180 - half_deg else SIDE


def between(a_deg: float, b_deg: float) -> float:
    """Return the angle between two directions, 0 to 180."""
    return abs((a_deg - b_deg + 180) % 360 - 180)


def hop_heading(before: Position, after: Position) -> float | None:
    """Return the direction of a hop; None if it is too short to have one."""
    return bearing_deg(before, after) if distance_m(before, after) >= LEAST_HOP_M else None


def track_heading(boxes: Sequence[Edges], camera: Watcher, width_px: int) -> float | None:
    """Return the direction in which a track went, over the ground; None if it hardly moved or nobody can tell.

    A pinhole camera: somebody whose box is h pixels high stands f / h of their own heights away, f being the focal
    length in pixels, and to the side by (x - middle) / h of them. The tenths of the track at both ends are averaged.

    Args:
        boxes: x1, y1, x2, y2 in source pixels, in the order of time.
        camera: with the bearing and the field of view of its picture.
        width_px: the width of the picture.
    """
    solid = [box for box in boxes if box[3] - box[1] >= 1]
    if camera.bearing_deg is None or len(solid) < 2 or width_px <= 0:
        return None
    focal_px = width_px / 2 / tan(radians(min(170.0, camera.field_of_view_deg) / 2))
    end = max(1, len(solid) // 10)
    (x0, z0), (x1, z1) = (
        _middle([_ground(box, focal_px, width_px) for box in part]) for part in (solid[:end], solid[-end:])
    )
    if hypot(x1 - x0, z1 - z0) < LEAST_MOVE:
        return None
    return (camera.bearing_deg + degrees(atan2(x1 - x0, z1 - z0))) % 360


def _ground(box: Edges, focal_px: float, width_px: int) -> tuple[float, float]:
    """To the right of where the camera looks, and away from it, in heights of the target."""
    x1, y1, x2, y2 = box
    return ((x1 + x2) / 2 - width_px / 2) / (y2 - y1), focal_px / (y2 - y1)


def _middle(places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(x for x, _z in places) / len(places), sum(z for _x, z in places) / len(places)
