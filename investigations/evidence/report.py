"""The printed report of an answer, in Korean or English: a PDF whose text can be searched and copied.

It says what the answer says and nothing more, from plain values (`content`); it reads no database.
"""

from collections.abc import Sequence
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer, TableStyle
from reportlab.platypus.tables import Table

from investigations.evidence.content import Act, Content, FileHash
from investigations.evidence.coverage import certificate_story
from investigations.evidence.findings import path_story, sightings_story
from investigations.evidence.fonts import BOLD, load_fonts
from investigations.evidence.sheet import (
    FAINT,
    HASH,
    INK,
    INNER,
    LABEL,
    LABEL_ABOVE,
    LINE,
    NOTE,
    SMALL,
    SUBTITLE,
    TITLE,
    WARNING,
    Running,
    facts_table,
    print_sheet,
    rows_table,
    section,
    text,
    texts,
)
from investigations.evidence.words import moment, person, size

LANGUAGES = ("ko", "en")
# A heading with less room below it than this goes to the next page: a few lines, or a sighting with its picture.
LEAST_BELOW_HEADING, LEAST_FOR_SIGHTINGS = 25 * mm, 70 * mm


def make_report(content: Content, *, language: str, fonts: Path) -> bytes:
    """Return the report as a PDF.

    Args:
        content: What it says.
        language: `ko` or `en`.
        fonts: The folder that `fonts.font_folder` returned.
    """
    load_fonts(fonts)
    with translation.override(language):
        values = {"case": content.case_number, "request": content.request_number, "answer": content.answer_number}
        running = Running(
            left=_("Case %(case)s · request %(request)s · answer %(answer)d") % values,
            right=content.centre,
            below=_("Evidence package %(package)s · contains personal data") % {"package": content.package_id},
            page=lambda number, count: f"{number} / {count}",
        )
        title = f"{_('Report of a CCTV search')} {content.case_number}"
        return print_sheet(_story(content), running, title=title, author=content.centre, language=language)


def _story(content: Content) -> list[Flowable]:
    """The parts in order; those that say nothing are left out, the others numbered."""
    parts: list[tuple[str, list[Flowable], float]] = [
        (_("Request"), _request(content), LEAST_BELOW_HEADING),
        (_("Answer"), texts(content.answer_text), LEAST_BELOW_HEADING),
        (_("Who did what"), _acts(content.acts), LEAST_BELOW_HEADING),
        (_("Path") if content.items else _("Cameras searched"), path_story(content), LEAST_BELOW_HEADING),
        (_("Sightings"), sightings_story(content.items), LEAST_FOR_SIGHTINGS),
        (_("What was searched"), _searched(content), LEAST_FOR_SIGHTINGS),
        (_("Files of the package"), _files(content.files), LEAST_BELOW_HEADING),
        (_("How to check this package"), _authenticity(content), LEAST_BELOW_HEADING),
    ]
    story = _title(content)
    for number, (title, part, least) in enumerate((part for part in parts if part[1]), start=1):
        story += [CondPageBreak(least), section(f"{number}. {title}"), *part]
    return story


def _searched(content: Content) -> list[Flowable]:
    return certificate_story(content.certificate, content.pictures_destroyed)


def _title(content: Content) -> list[Flowable]:
    head: list[Flowable] = [
        text(content.centre, LABEL),
        text(_("Report of a CCTV search"), TITLE),
        text(content.case_title, SUBTITLE),
    ]
    if content.is_provisional:
        head.append(
            text(
                _(
                    "Provisional: sent in an emergency before a second person had looked. What it says may still be "
                    "corrected; a later answer to the same request takes its place."
                ),
                WARNING,
            )
        )
    return [
        *head,
        facts_table(
            [
                (_("Case"), f"{content.case_number} · {content.case_kind}"),
                (_("Request"), content.request_number),
                (_("Answer"), str(content.answer_number)),
                (_("Asked by"), content.station),
                (_("Answered by"), content.centre),
                (_("Made"), f"{moment(content.made_at)} · {person(content.made_by)}"),
                (_("Evidence package"), content.package_id),
            ]
        ),
    ]


def _request(content: Content) -> list[Flowable]:
    basis = f"{content.legal_basis}\n{content.statute}".strip()
    rows: list[tuple[object, object]] = [
        (_("Legal basis"), basis),
        (_("Document"), content.document_number),
        (_("Purpose of the search"), content.purpose),
        (_("Looked for"), content.wanted),
    ]
    return [facts_table([(name, value) for name, value in rows if value])]


def _acts(acts: Sequence[Act]) -> list[Flowable]:
    if not acts:
        return []
    rows = [
        [text(act.what, SMALL), text(person(act.who), SMALL), text(moment(act.at), SMALL), text(act.note, SMALL)]
        for act in acts
    ]
    return [
        rows_table((_("What"), _("Who"), _("When"), _("Reason")), rows, (22, 66, 34, 52)),
        text(_("Times are Korean (UTC+9)."), NOTE),
    ]


def _files(files: Sequence[FileHash]) -> list[Flowable]:
    if not files:
        return []
    rows = [[text(file.name, SMALL), text(size(file.size), SMALL), text(file.sha256, HASH)] for file in files]
    about = _("The reports themselves are in the package too; their hashes stand in its manifest.")
    return [rows_table((_("File"), _("Size"), "SHA-256"), rows, (55, 26, 93)), text(about, NOTE)]


def _authenticity(content: Content) -> list[Flowable]:
    steps = [
        _(
            "Take verify.html or verify.py from the control centre or the court, not out of the package: whoever "
            "changes a package can change what is in it."
        ),
        _("Open verify.html in a browser and drop the package there, or run: python verify.py PACKAGE.zip"),
        _(
            "Compare the fingerprint that it shows with the one below and with the one in the answer letter. If they "
            "are alike and nothing is reported, no byte has changed since the package was signed."
        ),
    ]
    story: list[Flowable] = [text(f"{number}. {step}") for number, step in enumerate(steps, start=1)]
    if content.fingerprint:
        story += [Spacer(1, 4), text(_("Fingerprint of the signing key"), LABEL_ABOVE), _groups(content.fingerprint)]
    return [
        *story,
        Spacer(1, 8),
        facts_table([(_("Audit root"), f"{content.audit.sequence}:{content.audit.hash}")]),
        text(
            _(
                "The audit root is the number and the hash of the trail's last entry. As each entry carries the hash "
                "of the one before, it fixes everything that was written down until then: who looked, when and why."
            ),
            NOTE,
        ),
    ]


def _groups(fingerprint: str) -> Table:
    """The fingerprint, large, for comparing and for reading aloud."""
    groups = fingerprint.split(" ")
    return Table(
        [groups[:8], groups[8:]],
        colWidths=[INNER / 8] * 8,
        rowHeights=[20, 20],
        style=TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), BOLD, 12),
                ("TEXTCOLOR", (0, 0), (-1, -1), INK),
                ("BACKGROUND", (0, 0), (-1, -1), FAINT),
                ("BOX", (0, 0), (-1, -1), 0.6, LINE),
                ("ALIGN", (0, 0), (-1, -1), "CENTER"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        ),
    )
