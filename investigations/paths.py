"""The path, computed: stops in time order, hops between them, and which of these nobody could have made.

Pure functions over plain values; the database is not known here. Other paths that the undecided candidates would make
are found by `investigations.alternatives`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cameras.gis import distance_m

# Usain Bolt's fastest 20 m were run at 12.3 m/s; half of that is already fast for anybody who runs for minutes.
PERSON_LIMIT_MPS = 6.0
VEHICLE_LIMIT_MPS = 56.0  # about 200 km/h
# A camera sees some way: a person may leave one view and enter the next without walking from pole to pole.
VIEW_RANGE_M = 30.0


def limit_of(*, is_vehicle: bool) -> float:
    """Return the speed (m/s) above which a hop is impossible."""
    return VEHICLE_LIMIT_MPS if is_vehicle else PERSON_LIMIT_MPS


@dataclass(frozen=True)
class Stop:
    """Something seen at one place for a while."""

    key: int
    position: tuple[float, float]
    first_seen_at: datetime
    last_seen_at: datetime
    camera: int | None = None


@dataclass(frozen=True)
class Pace:
    """How fast somebody goes: `usual_mps` and its standard deviation, and the speed that nobody like them exceeds."""

    usual_mps: float
    spread_mps: float
    limit_mps: float = PERSON_LIMIT_MPS

    @property
    def brisk_mps(self) -> float:
        """What about one in forty of them exceeds."""
        return self.usual_mps + 2 * self.spread_mps


# Adults walk at 1.34 m/s with a standard deviation of 0.26 (Weidmann, Transporttechnik der Fussgänger, 1993, from 52
# studies); children and old people slower, somebody who flees faster. Vehicles: city streets with their stops.
ADULT = Pace(1.34, 0.26)
PACES = {
    "missing_child": Pace(1.1, 0.3),
    "dementia": Pace(0.85, 0.25),
    "missing_adult": ADULT,
    "suspect": Pace(1.5, 0.4),
    "vehicle": Pace(8.3, 4.0, VEHICLE_LIMIT_MPS),
}


@dataclass(frozen=True)
class Hop:
    """The way from one stop to the next: metres, seconds, metres per second (None where the views may meet)."""

    distance_m: float
    duration_s: float
    speed_mps: float | None
    is_impossible: bool


def build_path(stops: Iterable[Stop], *, limit_mps: float = PERSON_LIMIT_MPS) -> list[tuple[Stop, Hop | None]]:
    """Return the stops in time order, each with the hop that led to it (None for the first).

    Args:
        stops: confirmed sightings.
        limit_mps: the speed above which a hop is flagged as impossible.
    """
    ordered = sorted(stops, key=lambda stop: (stop.first_seen_at, stop.last_seen_at, stop.key))
    before: list[Stop | None] = [None, *ordered]
    return [
        (stop, None if previous is None else measure_hop(previous, stop, limit_mps=limit_mps))
        for previous, stop in zip(before, ordered, strict=False)
    ]


def measure_hop(a: Stop, b: Stop, *, limit_mps: float, view_range_m: float = VIEW_RANGE_M) -> Hop:
    """Measure the hop from the end of stop a to the start of stop b.

    Each camera is granted `view_range_m`, since neighbouring views may overlap: between cameras that near there is no
    speed to speak of, and two views further apart than that at the same moment are impossible.
    """
    metres = distance_m(a.position, b.position)
    seconds = max(0.0, (b.first_seen_at - a.last_seen_at).total_seconds())
    beyond_views_m = max(0.0, metres - 2 * view_range_m)
    has_speed = seconds > 0 and beyond_views_m > 0
    return Hop(
        distance_m=metres,
        duration_s=seconds,
        speed_mps=metres / seconds if has_speed else None,
        is_impossible=beyond_views_m > limit_mps * seconds,
    )
