"""The sentence that an answer to the station begins with. Who answers changes it or goes on from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from investigations.models import PathPoint


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
