"""The sentence that an answer to the station begins with. Who answers changes it or goes on from it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from inference.core.figures import percent
from investigations.models import PathPoint
from investigations.reads import read_of, say_other_plate
from portal.sentences import gettext as _
from portal.sentences import joined, ngettext

LONGEST_MESSAGE = 4000
ROOM_FOR_THE_REST = 160
SAME_PLACE_M = 1.0


def first_sentence(points: Sequence[PathPoint], certificate: Mapping[str, Any]) -> str:
    """Say where and when the target was seen or, with no points, how much was searched in vain."""
    if not points:
        return _not_seen(len(certificate["cameras"]), percent(certificate["share"]))
    first, last = points[0].sighting, points[-1].sighting
    seen = _("Seen at %(camera)s on %(time)s.")
    if len(points) == 1:
        return seen % {"camera": first.camera.name, "time": _clock(first.first_seen_at)}
    said = _("Seen %(count)d times: first at %(camera)s on %(time)s, last at %(last_camera)s on %(last_time)s.")
    return said % {
        "count": len(points),
        "camera": first.camera.name,
        "time": _clock(first.first_seen_at),
        "last_camera": last.camera.name,
        "last_time": _clock(last.last_seen_at),
    }


def _not_seen(cameras: int, searched: str) -> str:
    said = ngettext(
        "Not seen. %(cameras)d camera was searched, %(percent)s of the time asked for.",
        "Not seen. %(cameras)d cameras were searched, %(percent)s of the time asked for.",
        cameras,
    )
    rest = _("The search certificate says where was looked, and what could not be searched.")
    return f"{said % {'cameras': cameras, 'percent': searched}} {rest}"


def _clock(moment: datetime) -> str:
    return date_format(localtime(moment), "Y-m-d H:i:s")


def describe_path(points: Sequence[PathPoint], *, note: str = "") -> str:
    """Say a path in words for the other side: numbers, cameras, times, places, and the hops between them."""
    said = ngettext(
        "Path with %(count)d stop, confirmed by two people independently:",
        "Path with %(count)d stops, each confirmed by two people independently:",
        len(points),
    )
    lines = [*filter(None, [note]), said % {"count": len(points)}]
    room = LONGEST_MESSAGE - ROOM_FOR_THE_REST - sum(len(line) + 1 for line in lines)
    for at, point in enumerate(points):
        stop = _stop_sentence(point)
        room -= len(stop) + 1
        if room < 0:
            left = ngettext("… and %(count)d more stop.", "… and %(count)d more stops.", len(points) - at)
            lines.append(left % {"count": len(points) - at})
            break
        lines.append(stop)
    return joined(lines, by="\n")


def path_destroyed() -> str:
    """What is left of a path that was told, when it may no longer be kept; who told it and when stays beside it."""
    return _("A path was shared here. Its places, times and number plates were destroyed with the request's data.")


def _stop_sentence(point: PathPoint) -> str:
    seen, camera = point.sighting, point.sighting.camera
    clocks = f"{_clock(seen.first_seen_at)} – {date_format(localtime(seen.last_seen_at), 'H:i:s')}"
    place = f"{camera.latitude:.5f}, {camera.longitude:.5f}"
    stop = _listed([f"{point.number}. {camera.name} ({camera.code})", clocks, place, *_plate_words(point)])
    return stop if point.hop_m is None else joined(["   ↓ ", _hop_sentence(point), "\n", stop], by="")


def _plate_words(point: PathPoint) -> Iterator[str]:
    plate = read_of(point.sighting)
    if plate:
        values = {"plate": plate.text, "percent": percent(plate.confidence)}
        yield _("plate as read: %(plate)s, confidence %(percent)s") % values
        if point.other_plate:
            yield joined(["⚠", say_other_plate(point.other_plate)])


def _hop_sentence(point: PathPoint) -> str:
    metres, (minutes, seconds) = point.hop_m or 0.0, divmod(round(point.hop_s or 0.0), 60)
    values = {"minutes": minutes, "seconds": seconds}
    time = (_("%(minutes)d min %(seconds)d s") if minutes else _("%(seconds)d s")) % values
    if metres < SAME_PLACE_M:
        return _("%(time)s later at the same place") % {"time": time}
    length = f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"
    speed = f"{point.speed_mps * 3.6:.1f} km/h" if point.speed_mps is not None else ""
    doubt = _("nobody could have gone this far in this time: one of the two may be somebody else")
    return _listed([length, time, speed, joined(["⚠", doubt]) if point.is_impossible else ""])


def _listed(parts: Iterable[str]) -> str:
    return joined(parts, by=" · ")
