"""What was found, as the report shows it: the path on its map, its hops, and the sightings with their reviewers."""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

from django.utils.translation import gettext as _
from PIL import Image as Picture
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Spacer

from inference.core.figures import percent
from investigations.evidence.content import Act, Content, GeoPoint, Item
from investigations.evidence.path_map import Legend, PathMap
from investigations.evidence.sheet import BAD, MUTED, NOTE, SMALL, TINY, WARN, Cell, rows_table, text
from investigations.evidence.words import belonging, duration, metres, moment, span, time_of_day

PICTURE_WIDTH, PICTURE_HEIGHT = 20 * mm, 30 * mm


def path_story(content: Content) -> list[Flowable]:
    """Return the map with its legend and, where there are any, the table of hops."""
    chart = PathMap(content.path, content.certificate, content.areas)
    if chart.is_empty:
        return []
    entries = [
        ("stop", _("sighting"), bool(content.path)),
        ("hop", _("way in between, as the crow flies"), len(content.path) > 1),
        ("impossible", _("impossible hop"), any(point.is_impossible for point in content.path)),
        ("searched", _("camera searched"), bool(content.certificate)),
        ("partly", _("camera not or partly searched"), any(row.share < 1 for row in content.certificate)),
    ]
    legend = Legend([(sign, words) for sign, words, is_there in entries if is_there])
    source = _("Boundaries: National Geographic Information Institute of Korea.") if content.areas else ""
    return [chart, legend, text(source, NOTE) if source else Spacer(1, 2), *_hops(content.path)]


def _hops(path: Sequence[GeoPoint]) -> list[Flowable]:
    if len(path) < 2:
        return []
    head = (_("Hop"), _("From camera"), _("To camera"), _("Distance"), _("Time"), _("Speed"), _("Remark"))
    return [rows_table(head, [_hop_row(a, b) for a, b in pairwise(path)], (20, 27, 27, 20, 24, 18, 44))]


def _hop_row(a: GeoPoint, b: GeoPoint) -> list[Cell]:
    impossible = text(_("Impossible: nobody could have made this hop."), SMALL.clone("bad", textColor=BAD))
    return [
        f"{a.number} → {b.number}",
        text(a.camera_code, SMALL),
        text(b.camera_code, SMALL),
        "–" if b.hop_m is None else metres(b.hop_m),
        "–" if b.hop_s is None else duration(b.hop_s),
        "–" if b.speed_mps is None else f"{b.speed_mps:.1f} m/s",
        [*([impossible] if b.is_impossible else []), *_plate_doubt(b)] or "",
    ]


def sightings_story(items: Sequence[Item]) -> list[Flowable]:
    """Return the table of sightings and what its numbers mean."""
    if not items:
        return [text(_("No sighting was confirmed."))]
    head = (_("No."), _("Picture"), _("Camera"), _("Seen"), _("Comparison"), _("Reviewers"))
    about = _(
        "Every sighting was compared by a machine and then confirmed by people. A similarity, from 0 to 1, orders what "
        "was compared; it is no probability. Times are Korean (UTC+9), from the clocks of the recordings."
    )
    return [text(about, NOTE), rows_table(head, [_item_row(item) for item in items], (9, 24, 34, 32, 32, 50))]


def _item_row(item: Item) -> list[Cell]:
    point = item.point
    return [
        str(point.number),
        _picture(item.picture),
        [
            text(point.camera_code, SMALL),
            text(point.camera_name, SMALL),
            text(f"{point.latitude:.6f}, {point.longitude:.6f}", TINY.clone("muted", textColor=MUTED)),
        ],
        [
            text(span(point.first_seen_at, point.last_seen_at), SMALL),
            text(_("picture: %(time)s") % {"time": time_of_day(item.seen_at)}, TINY.clone("muted", textColor=MUTED)),
        ],
        [*(text(line, SMALL) for line in _comparison(item)), *_plate_doubt(point)],
        _reviewers(item.reviews),
    ]


def _comparison(item: Item) -> list[str]:
    lines = []
    if item.similarity is not None:
        lines.append(_("similarity %(value)s") % {"value": f"{item.similarity:.3f}"})
    if item.odds is not None:
        lines.append(
            _("odds %(value)s to 1") % {"value": f"{item.odds:,.3g}" if item.odds < 1000 else f"{item.odds:,.0f}"}
        )
    if item.rank is not None and item.compared is not None:
        lines.append(
            _("number %(rank)s of %(compared)s") % {"rank": f"{item.rank:,}", "compared": f"{item.compared:,}"}
        )
    plate = item.point.plate
    if plate:
        lines.append(_("plate as read: %(plate)s") % {"plate": plate})
    if plate and item.point.plate_confidence is not None:
        lines.append(_("confidence %(percent)s") % {"percent": percent(item.point.plate_confidence)})
    return lines or ["–"]


def _plate_doubt(point: GeoPoint) -> list[Flowable]:
    if not point.other_plate:
        return []
    said = _("Another plate than before: %(plate)s. It may be another vehicle.") % {"plate": point.other_plate}
    return [text(said, SMALL.clone("doubt", textColor=WARN))]


def _reviewers(reviews: Sequence[Act]) -> list[Flowable]:
    lines: list[Flowable] = []
    for number, act in enumerate(reviews, start=1):
        lines.append(text(f"{number}. {act.who.name}", SMALL))
        lines.append(text(belonging(act.who), TINY))
        lines.append(text(f"{moment(act.at)} · {act.what}", TINY.clone("muted", textColor=MUTED)))
        if act.note:
            lines.append(text(act.note, TINY))
    if len(reviews) < 2:
        lines.append(text(_("No second person has looked yet."), SMALL.clone("bad", textColor=BAD)))
    return lines


def _picture(data: bytes | None) -> Cell:
    """The picture in its box, or a word where there is none."""
    if data is None:
        return text(_("destroyed"), SMALL.clone("muted", textColor=MUTED))
    try:
        with Picture.open(BytesIO(data)) as picture:
            picture.load()
            width, height = picture.size
    except (OSError, ValueError, Picture.DecompressionBombError):
        return text(_("cannot be shown"), SMALL.clone("muted", textColor=MUTED))
    scale = min(PICTURE_WIDTH / width, PICTURE_HEIGHT / height)
    return Image(BytesIO(data), width * scale, height * scale)
