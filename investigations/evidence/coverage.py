"""The report's certificate: which cameras and hours were searched, which were not and why, and what that means."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from reportlab.lib.colors import Color, HexColor
from reportlab.platypus import Flowable, Paragraph, Spacer

from investigations.evidence.content import CertificateRow
from investigations.evidence.fonts import marked_up
from investigations.evidence.sheet import (
    ACCENT,
    INNER,
    NOTE,
    SMALL,
    TINY,
    Cell,
    ShareBar,
    rows_table,
    text,
)
from investigations.evidence.words import clock, hours, percent, short_span

NO_BREAK = "\u00a0"
OFFLINE, UNINDEXED, MISSING, DESTROYED = (HexColor(c) for c in (0x8A92A0, 0xD9A441, 0xC9CDD5, 0x6B4A8E))


def certificate_story(rows: Sequence[CertificateRow], pictures_destroyed: int = 0) -> list[Flowable]:
    """Return the sentences, the bar over everything, and the table by camera."""
    if not rows:
        return [text(_("No camera was searched for this answer."))]
    return [
        *[text(sentence) for sentence in [*_sentences(rows), *_destroyed(pictures_destroyed)]],
        Spacer(1, 4),
        ShareBar([(part / _asked_s(rows), colour) for _name, part, colour in _parts(rows)], INNER, 9),
        Paragraph(_legend(rows), NOTE),
        _table(rows),
    ]


def _asked_s(rows: Sequence[CertificateRow]) -> float:
    return sum(row.asked_s for row in rows) or 1.0


def _parts(rows: Sequence[CertificateRow]) -> list[tuple[str, float, Color]]:
    return [
        (_("searched"), sum(row.searched_s for row in rows), ACCENT),
        (_("camera off"), sum(row.offline_s for row in rows), OFFLINE),
        (_("recorded, not analysed"), sum(row.unindexed_s for row in rows), UNINDEXED),
        (_("no recording"), sum(row.missing_s for row in rows), MISSING),
        (_("recording destroyed"), sum(row.destroyed_s for row in rows), DESTROYED),
    ]


def _legend(rows: Sequence[CertificateRow]) -> str:
    """Return the parts with their colours, as markup; an entry does not break between lines."""
    asked_s = _asked_s(rows)
    entries = []
    for name, part_s, colour in _parts(rows):
        values = {"part": name, "share": percent(part_s / asked_s), "hours": hours(part_s)}
        words = marked_up(_("%(part)s %(share)s (%(hours)s hours)") % values)
        entries.append(f'<font color="#{colour.hexval()[2:]}">■</font>{NO_BREAK}{words.replace(" ", NO_BREAK)}')
    return f"{NO_BREAK * 2} ".join(entries)


def _sentences(rows: Sequence[CertificateRow]) -> list[str]:
    asked_s, searched_s = _asked_s(rows), sum(row.searched_s for row in rows)
    values = {
        "cameras": len({row.camera_code for row in rows}),
        "hours": hours(asked_s),
        "span": short_span(min(row.starts_at for row in rows), max(row.ends_at for row in rows)),
        "searched": hours(searched_s),
        "share": percent(searched_s / asked_s),
    }
    return [
        _(
            "Cameras: %(cameras)d. Hours: %(span)s. Together these are %(hours)s camera hours, of which %(searched)s "
            "(%(share)s) were recorded, analysed and searched."
        )
        % values,
        _(
            "What “not seen” means: whoever is not among the sightings of this report was not recognised in the hours "
            "that were searched. It does not mean that they were not there. They may have passed outside the cameras' "
            "views, or too far away, hidden or turned away, to be recognised; and nothing at all can be said about "
            "the hours that were not searched."
        ),
    ]


def _destroyed(pictures: int) -> list[str]:
    if not pictures:
        return []
    said = ngettext(
        "%(count)d picture that was searched by has been destroyed since.",
        "%(count)d pictures that were searched by have been destroyed since.",
        pictures,
    )
    return [said % {"count": pictures}]


def _table(rows: Sequence[CertificateRow]) -> Flowable:
    head = (
        _("Camera"),
        _("Hours asked for"),
        _("Searched"),
        _("Camera off"),
        _("Not analysed"),
        _("No recording"),
        _("Destroyed"),
        _("Share searched"),
    )
    return rows_table(head, [_row(row) for row in rows], (34, 43, 16, 17, 16, 17, 16, 20))


def _row(row: CertificateRow) -> list[Cell]:
    gaps = (row.searched_s, row.offline_s, row.unindexed_s, row.missing_s, row.destroyed_s)
    share: list[Flowable] = [text(percent(row.share), SMALL), ShareBar([(row.share, ACCENT)], 50, 4)]
    camera: list[Flowable] = [text(row.camera_code, SMALL), text(row.camera_name, TINY)]
    return [camera, text(short_span(row.starts_at, row.ends_at), SMALL), *[clock(gap) for gap in gaps], share]
