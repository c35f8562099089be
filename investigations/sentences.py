"""The sentence that an answer to the station begins with. Who answers changes it or goes on from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inference.core.figures import percent
from investigations.models import PathPoint
from investigations.reads import read_of, say_other_plate

LONGEST_MESSAGE = 4000
ROOM_FOR_THE_REST = 160
SAME_PLACE_M = 1.0


def first_sentence(points: Sequence[PathPoint], certificate: Mapping[str, Any]) -> str:
    """Say where and when the target was seen or, with no points, how much was searched in vain."""
    if not points:
        return _not_seen(len(certificate["cameras"]), int(100 * certificate["share"]))
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


def _not_seen(cameras: int, percent: int) -> str:
    said = ngettext(
        "Not seen. %(cameras)d camera was searched, %(percent)d%% of the time asked for.",
        "Not seen. %(cameras)d cameras were searched, %(percent)d%% of the time asked for.",
        cameras,
    )
    rest = _("The search certificate says where was looked, and what could not be searched.")
    return f"{said % {'cameras': cameras, 'percent': percent}} {rest}"


def _clock(moment: datetime) -> str:
    return date_format(localtime(moment), "Y-m-d H:i:s")


def describe_path(points: Sequence[PathPoint], *, note: str = "") -> str:
    """Say a path in words for the other side: numbers, cameras, times, places, and the hops between them."""
    said = ngettext(
        "Path with %(count)d stop, confirmed by two people independently:",
        "Path with %(count)d stops, each confirmed by two people independently:",
        len(points),
    )
    text = "\n".join(filter(None, [note, said % {"count": len(points)}]))
    for at, point in enumerate(points):
        block = f"\n{_stop_sentence(point)}"
        if len(text) + len(block) > LONGEST_MESSAGE - ROOM_FOR_THE_REST:
            left = ngettext("… and %(count)d more stop.", "… and %(count)d more stops.", len(points) - at)
            return f"{text}\n{left % {'count': len(points) - at}}"
        text += block
    return text


def _stop_sentence(point: PathPoint) -> str:
    seen, camera = point.sighting, point.sighting.camera
    clocks = f"{_clock(seen.first_seen_at)} – {date_format(localtime(seen.last_seen_at), 'H:i:s')}"
    place = f"{camera.latitude:.5f}, {camera.longitude:.5f}"
    stop = f"{point.number}. {camera.name} ({camera.code}) · {clocks} · {place}{_plate_words(point)}"
    return stop if point.hop_m is None else f"   ↓ {_hop_sentence(point)}\n{stop}"


def _plate_words(point: PathPoint) -> str:
    plate = read_of(point.sighting)
    if not plate:
        return ""
    values = {"plate": plate.text, "percent": percent(plate.confidence)}
    said = f" · {_('plate as read: %(plate)s, confidence %(percent)s') % values}"
    return f"{said} · ⚠ {say_other_plate(point.other_plate)}" if point.other_plate else said


def _hop_sentence(point: PathPoint) -> str:
    metres, (minutes, seconds) = point.hop_m or 0.0, divmod(round(point.hop_s or 0.0), 60)
    values = {"minutes": minutes, "seconds": seconds}
    time = (_("%(minutes)d min %(seconds)d s") if minutes else _("%(seconds)d s")) % values
    if metres < SAME_PLACE_M:
        return _("%(time)s later at the same place") % {"time": time}
    length = f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"
    speed = f" · {point.speed_mps * 3.6:.1f} km/h" if point.speed_mps is not None else ""
    doubt = _("nobody could have gone this far in this time: one of the two may be somebody else")
    return f"{length} · {time}{speed}" + (f" · ⚠ {doubt}" if point.is_impossible else "")
