"""From entries back to a list, as a file that spreadsheet programs open and that can be read in again."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cameras.standard_list.writer import defuse


@dataclass(frozen=True)
class Sheet:
    """Titles, and rows with as many cells."""

    titles: Sequence[str]
    rows: Iterable[Sequence[str]]


def write_sheet(sheet: Sheet) -> bytes:
    """Return CSV in UTF-8 with a byte order mark, by which spreadsheet programs know it. No cell runs as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for cells in (sheet.titles, *sheet.rows):
        writer.writerow([defuse(" ".join(cell.split())) for cell in cells])
    return text.getvalue().encode("utf-8-sig")
