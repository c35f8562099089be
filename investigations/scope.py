"""What a request's legal basis allows to be searched: cameras, radius and hours. Pure; metres and aware times.

A search outside the scope is refused by the rule that it breaks, with what was asked and what is allowed, so that
the person knows what to leave out or which limit to have widened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cameras.gis import distance_m

Position = tuple[float, float]


@dataclass(frozen=True)
class Scope:
    """The limits; None is no limit. `place` and `moment` are where and when the target was last seen, if known."""

    most_cameras: int | None
    radius_m: int | None
    hours: int | None
    place: Position | None = None
    moment: datetime | None = None


@dataclass(frozen=True)
class Breach:
    """A rule that a search would break: `rule` names the limit, `asked` and `allowed` are in its unit."""

    rule: str
    asked: float
    allowed: float


def find_breaches(
    scope: Scope, positions: Sequence[Position], starts_at: datetime, ends_at: datetime, *, camera_count: int
) -> list[Breach]:
    """Return the rules that a search breaks.

    Args:
        scope: the limits of the request.
        positions: (latitude, longitude) of the cameras asked for.
        starts_at: start of the hours asked for.
        ends_at: their end.
        camera_count: how many different cameras the request has searched with this search.
    """
    return [
        Breach(rule, asked, allowed)
        for rule, asked, allowed in (
            ("cameras", float(camera_count), scope.most_cameras),
            ("radius", reach_m(positions, scope.place), scope.radius_m),
            ("hours", span_hours(starts_at, ends_at, scope.moment), scope.hours),
        )
        if allowed is not None and asked > allowed
    ]


def reach_m(positions: Sequence[Position], place: Position | None) -> float:
    """Return how far the furthest camera lies from `place` or, where none is known, from the cameras' middle."""
    if not positions:
        return 0.0
    centre = place or _middle(positions)
    return max(distance_m(centre, position) for position in positions)


def span_hours(starts_at: datetime, ends_at: datetime, moment: datetime | None) -> float:
    """Return how far the hours reach from `moment`, before or after it; without one, how many there are."""
    if moment is None:
        return (ends_at - starts_at) / timedelta(hours=1)
    return max((moment - starts_at) / timedelta(hours=1), (ends_at - moment) / timedelta(hours=1))


def _middle(positions: Sequence[Position]) -> Position:
    latitudes, longitudes = [p[0] for p in positions], [p[1] for p in positions]
    return (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
