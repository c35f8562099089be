"""Where cameras look, as the lists tell it: 북, 남동, 동·서, 360도전방면 … become degrees where they say so."""

import re
import unicodedata
from dataclasses import dataclass

WINDS = ["북", "북동", "동", "남동", "남", "남서", "서", "북서"]
_STEP_DEG = 360 / len(WINDS)
_BEARINGS = {name: number * _STEP_DEG for number, name in enumerate(WINDS)}
_BEARINGS |= {"동북": 45.0, "동남": 135.0, "서남": 225.0, "서북": 315.0}
_BEARINGS |= {"북북동": 22.5, "동북동": 67.5, "동남동": 112.5, "남남동": 157.5}
_BEARINGS |= {"남남서": 202.5, "서남서": 247.5, "서북서": 292.5, "북북서": 337.5}
_BEARINGS |= {"n": 0.0, "ne": 45.0, "e": 90.0, "se": 135.0, "s": 180.0, "sw": 225.0, "w": 270.0, "nw": 315.0}
_ALL_ROUND = re.compile(
    r"^(360(도|°)?(전방면|전방향|전방위|전방|회전|방면|방향)?|전방면|전방향|전방위|사방|회전|회전형|ptz|스피드돔)$"
)
_DEGREES = re.compile(r"^(\d{1,3}(?:\.\d+)?)(도|°)$")
_SUFFIX = re.compile(r"(방향|방면|쪽|측|향|방)$")
_BETWEEN = re.compile(r"[\s,./·ㆍ∙・+&~|;:→\-]+|및|와|과")


@dataclass(frozen=True, slots=True)
class View:
    """Attributes:
    bearing_deg: Degrees clockwise from north; None where the camera looks everywhere.
    field_of_view_deg: None where nothing is said about it.
    """

    bearing_deg: float | None
    field_of_view_deg: float | None = None


ALL_ROUND = View(None, 360.0)


def read_views(text: str, count: int) -> tuple[View, ...]:
    """Return one view for each of `count` cameras, or none if the text does not name as many as there are."""
    views = _named(unicodedata.normalize("NFKC", text).lower(), count)
    return tuple(views) if len(views) == count else ()


def _named(text: str, count: int) -> list[View]:
    tokens = [token for token in _BETWEEN.split(text) if token]
    if len(tokens) == 1 and tokens[0] not in _BEARINGS and set(tokens[0]) <= set("동서남북"):
        tokens = list(tokens[0])  # 동서, 동서남북: four winds, while 남동 is one
    read = [(_view(token), bool(_SUFFIX.search(token))) for token in tokens]
    views = [view for view, _has_suffix in read if view is not None]
    if len(views) == len(read):
        return views
    # Other words stand between: 남서 in 남서울 is no direction, 남서방향 is one wherever it stands.
    return [view for view, has_suffix in read if view is not None and has_suffix]


def _view(token: str) -> View | None:
    if _ALL_ROUND.match(token):
        return ALL_ROUND
    if (degrees := _DEGREES.match(token)) and float(degrees[1]) <= 360:
        return View(float(degrees[1]) % 360)
    bearing = _BEARINGS.get(_SUFFIX.sub("", token) or token)
    return None if bearing is None else View(bearing)


def wind_of(bearing_deg: float | None, field_of_view_deg: float) -> str:
    """The direction as the list tells it; empty where it is unknown."""
    if bearing_deg is None:
        return "360도전방면" if field_of_view_deg >= 360 else ""
    return WINDS[round(bearing_deg / _STEP_DEG) % len(WINDS)]
