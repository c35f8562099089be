"""The sheet that a report is printed on: page, header, footer, colours, styles and tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, LongTable, PageTemplate, Paragraph, TableStyle

from investigations.evidence.fonts import BOLD, REGULAR, marked_up, shown

# The portal's own colours (portal/static/dongseon/css/base.css).
INK, MUTED, LINE, FAINT = HexColor(0x1B1F26), HexColor(0x5B6472), HexColor(0xDCDFE5), HexColor(0xF3F4F6)
ACCENT, PATH, BAD = HexColor(0x1F5FD0), HexColor(0xC8420C), HexColor(0xC22F2F)
WARN, WARN_SOFT = HexColor(0x8A5A00), HexColor(0xFDF1D8)

WIDTH, HEIGHT = A4
SIDE, TOP, BOTTOM = 18 * mm, 26 * mm, 20 * mm
INNER, INNER_HEIGHT = WIDTH - 2 * SIDE, HEIGHT - TOP - BOTTOM

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=15, textColor=INK, spaceAfter=5)
SMALL = ParagraphStyle("small", BODY, fontSize=8, leading=11.5, spaceAfter=0)
TINY = ParagraphStyle("tiny", SMALL, fontSize=7, leading=9.5)
NOTE = ParagraphStyle("note", SMALL, textColor=MUTED, spaceBefore=4, spaceAfter=4)
HEAD = ParagraphStyle("head", SMALL, fontName=BOLD, fontSize=7.5, textColor=MUTED)
LABEL = ParagraphStyle("label", SMALL, textColor=MUTED)
LABEL_ABOVE = ParagraphStyle("label above", LABEL, spaceAfter=3, keepWithNext=1)
HASH = ParagraphStyle("hash", SMALL, fontSize=6.6)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=21, leading=28, spaceAfter=2)
SUBTITLE = ParagraphStyle("subtitle", BODY, fontSize=12, leading=17, textColor=MUTED, spaceAfter=10)
SECTION = ParagraphStyle(
    "section", BODY, fontName=BOLD, fontSize=12.5, leading=17, spaceBefore=16, spaceAfter=6, keepWithNext=1
)
WARNING = ParagraphStyle(
    "warning", BODY, textColor=WARN, backColor=WARN_SOFT, borderPadding=8, spaceBefore=12, spaceAfter=14,
    leftIndent=9, rightIndent=9,
)  # fmt: skip

Cell: TypeAlias = Flowable | list[Flowable] | str


@dataclass(frozen=True)
class Running:
    """What stands on every page: above left and right, below left, and how the page number is said."""

    left: str
    right: str
    below: str
    page: Callable[[int, int], str]


def text(value: object, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(marked_up(value), style)


def texts(value: str, style: ParagraphStyle = BODY) -> list[Flowable]:
    """Return a long text as paragraphs, one for each line, so that it may break between pages."""
    return [text(line, style) for line in value.splitlines() if line.strip()]


class RowsTable(LongTable):
    """A table that breaks between rows, and within one only where it is longer than a page."""

    def split(self, availWidth: float, availHeight: float) -> list[Flowable]:  # noqa: N803  (reportlab's names)
        self.splitInRow = int(availHeight > 0.9 * INNER_HEIGHT)
        parts: list[Flowable] = super().split(availWidth, availHeight)
        return parts


def rows_table(
    head: Sequence[object], rows: Sequence[Sequence[Cell]], widths: Sequence[float], extra: Sequence[Any] = ()
) -> RowsTable:
    """A table with a line below each row, whose head is repeated on each page. Widths are parts of the page's."""
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("FONT", (0, 1), (-1, -1), REGULAR, SMALL.fontSize, SMALL.leading),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
        *extra,
    ]
    return RowsTable(
        [[text(title, HEAD) for title in head], *[list(row) for row in rows]],
        colWidths=[INNER * width / sum(widths) for width in widths],
        repeatRows=1,
        style=TableStyle(style),
    )


def facts_table(rows: Sequence[tuple[object, object]]) -> RowsTable:
    """Names and values, in two columns."""
    return RowsTable(
        [[text(name, LABEL), text(value, SMALL)] for name, value in rows],
        colWidths=[INNER * 0.2, INNER * 0.8],
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEABOVE", (0, 0), (-1, 0), 0.8, MUTED),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 3.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        ),
    )


class ShareBar(Flowable):
    """A bar of parts of a whole, side by side: (share from 0 to 1, colour)."""

    def __init__(self, parts: Sequence[tuple[float, Color]], width: float, height: float) -> None:
        super().__init__()
        self._parts, self.width, self.height = parts, width, height

    def draw(self) -> None:
        canvas, x = self.canv, 0.0
        canvas.setFillColor(LINE)
        canvas.rect(0, 0, self.width, self.height, stroke=0, fill=1)
        for share, colour in self._parts:
            canvas.setFillColor(colour)
            canvas.rect(x, 0, self.width * share, self.height, stroke=0, fill=1)
            x += self.width * share


class Section(Paragraph):
    """A heading that stands in the reader's list of contents too."""

    def draw(self) -> None:
        title = self.getPlainText()
        self.canv.bookmarkHorizontal(title, 0, self.height + 10)
        self.canv.addOutlineEntry(title, title, 0, closed=False)
        super().draw()


def section(title: object) -> Section:
    return Section(marked_up(title), SECTION)


def print_sheet(story: list[Flowable], running: Running, *, title: str, author: str, language: str) -> bytes:
    """Set a story on as many pages as it takes, numbered "n of all"."""

    class NumberedCanvas(Canvas):
        """Holds back every page until it is known how many there are."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._held: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  (reportlab's name)
            self._held.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # untold by the stubs

        def save(self) -> None:
            for number, state in enumerate(self._held, start=1):
                self.__dict__.update(state)
                _draw_running(self, running, running.page(number, len(self._held)))
                super().showPage()
            super().save()

    file = BytesIO()
    document = BaseDocTemplate(
        file, pagesize=A4, title=shown(title), author=shown(author), creator="Dongseon", lang=language
    )
    frame = Frame(SIDE, BOTTOM, INNER, INNER_HEIGHT, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate(frames=[frame])])
    document.build(story, canvasmaker=NumberedCanvas)
    return file.getvalue()


def _draw_running(canvas: Canvas, running: Running, page: str) -> None:
    above, below = HEIGHT - 14 * mm, 11 * mm
    canvas.setFont(BOLD, 8)
    canvas.setFillColor(INK)
    canvas.drawString(SIDE, above, fitted(running.left, BOLD, 8, INNER * 0.62))
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(WIDTH - SIDE, above, fitted(running.right, REGULAR, 8, INNER * 0.36))
    canvas.drawString(SIDE, below, fitted(running.below, REGULAR, 8, INNER * 0.8))
    canvas.drawRightString(WIDTH - SIDE, below, page)
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(SIDE, above - 2.5 * mm, WIDTH - SIDE, above - 2.5 * mm)
    canvas.line(SIDE, below + 4 * mm, WIDTH - SIDE, below + 4 * mm)


def fitted(value: str, font: str, size: float, width: float) -> str:
    """Cut a text to a width."""
    line = shown(value).replace("\n", " ")
    if stringWidth(line, font, size) <= width:
        return line
    while line and stringWidth(line + "…", font, size) > width:
        line = line[:-1]
    return line + "…"
