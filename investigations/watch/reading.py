"""From a file's bytes to rows of a watch list, and what is wrong with each. Knows no database and no Django: what a
basis or request is called is read as text, and looked up elsewhere."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from cameras.standard_list.cells import tidy
from cameras.standard_list.header import find_header, places_of
from cameras.standard_list.problems import Level, shown
from cameras.standard_list.records import LOST, Record, decode, split_records
from investigations.watch.columns import Column, colour_of, column_of, type_of

MOST_ROWS = 2000
LONGEST: Mapping[Column, int] = {Column.DOCUMENT: 60, Column.REASON: 2000}
SEOUL = ZoneInfo("Asia/Seoul")
_DATE = re.compile(
    r"^(\d{4})\s*(?:년|[-./])?\s*(\d{1,2})\s*(?:월|[-./])?\s*(\d{1,2})\s*(?:일|\.)?"
    r"(?:[t\s]+(\d{1,2})\s*(?:시|:)\s*(\d{1,2})?\s*분?(?::\d{2})?)?$"
)
# How a spreadsheet's formula begins; a hyphen may begin a text, too, and is let pass.
FORMULAS = ("=", "+", "@", "＝", "＋", "＠")


@dataclass(frozen=True)
class Problem:
    """What is wrong: with the file (row 0) or a row, numbered as a spreadsheet does. `kind` names the sentence.

    `is_refused`: the row (or the file) is not taken over; else it is, perhaps without this value. `plate` is the row's,
    as far as it was read.
    """

    kind: str
    row: int = 0
    column: str = ""
    value: str = ""
    details: Mapping[str, str | int] = field(default_factory=dict)
    is_refused: bool = True
    plate: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "details": dict(self.details)}


@dataclass(frozen=True)
class Row:
    """One row as it stands there. `until` is aware, in Korean time; empty texts and None: the row says nothing."""

    row: int
    plate: str
    basis: str = ""
    document: str = ""
    reason: str = ""
    colour: str = ""
    type: str = ""
    until: datetime | None = None
    request: str = ""


@dataclass
class Reading:
    """What a file says."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    encoding: str = ""
    columns: list[Column] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        return not any(problem.row == 0 and problem.is_refused for problem in self.problems)


def read_watch_list(content: bytes) -> Reading:
    """Read a list. Never raises: what cannot be read stands in the problems, each refused row with its reason."""
    text = decode(content)
    reading = Reading(encoding=text.encoding)
    reading.problems += [
        Problem(one.kind, details=dict(one.details), is_refused=one.level is Level.REFUSED)  # type: ignore[arg-type]
        for one in text.problems
    ]
    if not text.is_readable:
        return reading
    found = find_header(text.lines, column_of, lambda columns: Column.PLATE in columns)
    if found is None:
        reading.problems.append(Problem("no_plate_column"))
        return reading
    separator, header = found
    _read_rows(split_records(text.lines, separator), _Titles(header, reading), reading)
    if not reading.count:
        reading.problems.append(Problem("no_rows"))
    return reading


def read_until(text: str) -> datetime | None:
    """2026-12-31, 2026.12.31, 20261231, 2026년 12월 31일, with or without an hour; a day alone is meant to its end."""
    found = _DATE.match(unicodedata.normalize("NFKC", text).strip().lower())
    if found is None:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
    try:
        clock = time(23, 59, 59) if hour is None else time(hour, minute or 0)
        return datetime(year or 0, month or 0, day or 0, clock.hour, clock.minute, clock.second, tzinfo=SEOUL)
    except ValueError:
        return None


class _Titles:
    """The header: where each column stands."""

    def __init__(self, header: Record, reading: Reading) -> None:
        self.row, self.width = header.row, len(header.cells)
        places = places_of(header, column_of)
        self.at = places.at
        for column, title in places.repeated:
            reading.problems.append(Problem("column_twice", column=column, value=title, is_refused=False))
        reading.columns = [column for column in Column if column in self.at]
        if places.unknown:
            reading.problems.append(Problem("unknown_columns", value=places.unknown, is_refused=False))


class _RefusedError(Exception):
    def __init__(self, kind: str, column: str = "", value: str = "", **details: str | int) -> None:
        super().__init__(kind)
        self.problem = Problem(kind, 0, column, shown(value), details)


def _read_rows(records: Iterator[Record], titles: _Titles, reading: Reading) -> None:
    for record in records:
        if record.row <= titles.row or (record.problem is None and not any(cell.strip() for cell in record.cells)):
            continue
        reading.count += 1
        if reading.count > MOST_ROWS:
            reading.problems.append(Problem("too_many", details={"most": MOST_ROWS}))
            return
        notes: list[Problem] = []
        try:
            reading.rows.append(_read_row(record, titles, notes))
        except _RefusedError as error:
            notes.append(error.problem)
        plate = _plate_of(record, titles) if notes else ""
        reading.problems += [replace(problem, row=record.row, plate=plate) for problem in notes]


def _plate_of(record: Record, titles: _Titles) -> str:
    """The plate of a row with something wrong, so that people find it; empty where the cells cannot be told apart."""
    at = titles.at[Column.PLATE]
    is_shifted = any(cell.strip() for cell in record.cells[titles.width :])
    if record.problem is not None or is_shifted or at >= len(record.cells):
        return ""
    return shown(tidy(record.cells[at]))


def _read_row(record: Record, titles: _Titles, notes: list[Problem]) -> Row:
    if record.problem is not None:
        raise _RefusedError(str(record.problem.kind), **record.problem.details)  # type: ignore[arg-type]
    if any(cell.strip() for cell in record.cells[titles.width :]):
        raise _RefusedError("shifted", cells=len(record.cells), titles=titles.width)
    given = {column: _cell(record, at, column) for column, at in titles.at.items()}
    if not given[Column.PLATE]:
        raise _RefusedError("no_plate", Column.PLATE)
    return Row(
        row=record.row,
        plate=given[Column.PLATE],
        basis=given.get(Column.BASIS, ""),
        document=_short(Column.DOCUMENT, given),
        reason=_short(Column.REASON, given),
        colour=_word(Column.COLOUR, given, colour_of, notes),
        type=_word(Column.TYPE, given, type_of, notes),
        until=_until(given),
        request=given.get(Column.REQUEST, ""),
    )


def _cell(record: Record, at: int, column: Column) -> str:
    text = record.cells[at] if at < len(record.cells) else ""
    if LOST in text:
        raise _RefusedError("unreadable_text", column, text)
    if text.strip().startswith(FORMULAS):
        raise _RefusedError("formula", column, text)
    return tidy(text)


def _short(column: Column, given: Mapping[Column, str]) -> str:
    text, most = given.get(column, ""), LONGEST[column]
    if len(text) > most:
        raise _RefusedError("long_text", column, text, length=len(text), most=most)
    return text


def _word(
    column: Column, given: Mapping[Column, str], meaning: Callable[[str], str | None], notes: list[Problem]
) -> str:
    """A word of a fixed set; what it cannot be is left out, and said to be."""
    text = given.get(column, "")
    value = meaning(text) if text else ""
    if value is None:
        notes.append(Problem("unknown_word", column=column, value=shown(text), is_refused=False))
    return value or ""


def _until(given: Mapping[Column, str]) -> datetime | None:
    """Never left out where it cannot be read: the plate would be watched for longer than the list says."""
    text = given.get(Column.UNTIL, "")
    until = read_until(text) if text else None
    if text and until is None:
        raise _RefusedError("bad_date", Column.UNTIL, text)
    return until
