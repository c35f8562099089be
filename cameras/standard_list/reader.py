"""From a file's bytes to poles: which column is which, what each row says, and what is wrong with it."""

import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from cameras.standard_list import cells
from cameras.standard_list.columns import Column, column_of
from cameras.standard_list.directions import View, read_views
from cameras.standard_list.header import find_header, places_of
from cameras.standard_list.problems import Kind, Level, Problem, shown
from cameras.standard_list.records import LOST, Record, decode, split_records

LEAST_TITLES = 3  # that a line needs to be the header
MOST_CAMERAS = 200_000
LONGEST_NUMBER = 60
LONGEST = {
    Column.PURPOSE: 60,
    Column.DIRECTION: 200,
    Column.PHONE: 40,
    Column.ROAD_ADDRESS: 200,
    Column.LOT_ADDRESS: 200,
}
FAR_AWAY_DEG = 0.6  # about 60 km
MOST_FAR_AWAY = 0.05  # share of rows; a list of the whole country has no middle
TELL_EVERY = 250  # rows
MOVED_BY_A_COMMA = {Kind.BAD_POSITION, Kind.NO_POSITION, Kind.OUTSIDE, Kind.METRES, Kind.BAD_COUNT}
T = TypeVar("T")
_MANGLED = re.compile(r"^\d(\.\d+)?E\+\d{1,3}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pole:
    """One row: a pole (or wall) with `count` cameras. Empty texts and None mean that the row says nothing."""

    row: int
    number: str
    has_number: bool
    agency: str
    address: str
    other_address: str
    purpose: str
    count: int
    megapixels: float | None
    direction: str
    views: tuple[View, ...]
    retention_days: int | None
    installed_on: str
    phone: str
    latitude: float
    longitude: float


@dataclass
class Reading:
    """What a file says."""

    poles: list[Pole] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    encoding: str = ""
    separator: str = ""
    columns: list[Column] = field(default_factory=list)
    agencies: Counter[str] = field(default_factory=Counter)

    @property
    def is_readable(self) -> bool:
        return not any(problem.row == 0 and problem.level is Level.REFUSED for problem in self.problems)

    @property
    def refused(self) -> int:
        return len({problem.row for problem in self.problems if problem.row and problem.level is Level.REFUSED})


def read_list(content: bytes, *, tell: Callable[[float], None] = lambda share: None) -> Reading:
    """Read a list. Never raises: what cannot be read stands in the problems, each refused row with its reason.

    Args:
        content: The file.
        tell: Called with the share done, from 0 to 1.
    """
    text = decode(content)
    reading = Reading(problems=text.problems, encoding=text.encoding)
    if not text.is_readable:
        return reading
    found = find_header(text.lines, column_of, lambda columns: len(columns) >= LEAST_TITLES)
    if found is None:
        reading.problems.append(Problem(Level.REFUSED, Kind.NO_HEADER))
        return reading
    reading.separator, header = found
    titles = _Titles(header, reading)
    if reading.is_readable:
        _read_rows(text.lines, titles, reading, tell)
    return reading


class _Titles:
    """The header: where each column stands."""

    def __init__(self, header: Record, reading: Reading) -> None:
        self.row, self.width = header.row, len(header.cells)
        places = places_of(header, column_of)
        self.at = places.at
        for column, title in places.repeated:
            reading.problems.append(Problem(Level.NOTICE, Kind.REPEATED_COLUMN, column=column, value=title))
        reading.columns = [column for column in Column if column in self.at]
        if places.unknown:
            reading.problems.append(Problem(Level.NOTICE, Kind.UNKNOWN_COLUMNS, value=places.unknown))
        if not {Column.LATITUDE, Column.LONGITUDE} <= self.at.keys():
            reading.problems.append(Problem(Level.REFUSED, Kind.NO_COORDINATES))

    def cells_of(self, record: Record) -> dict[Column, str]:
        width = len(record.cells)
        return {column: cells.tidy(record.cells[at]) if at < width else "" for column, at in self.at.items()}


def _read_rows(lines: list[str], titles: _Titles, reading: Reading, tell: Callable[[float], None]) -> None:
    reader, cameras = _RowReader(reading), 0
    for record in split_records(lines, reading.separator):
        if record.row % TELL_EVERY == 0:
            tell(min(1.0, record.row / len(lines)))
        if record.row <= titles.row or not (record.problem or any(cell.strip() for cell in record.cells)):
            continue
        reading.rows += 1
        pole = reader.read(record, titles)
        cameras += pole.count if pole else 0
        if cameras > MOST_CAMERAS:
            reading.problems.append(Problem(Level.REFUSED, Kind.TOO_MANY, details={"most": MOST_CAMERAS}))
            return
    if reading.rows == 0:
        reading.problems.append(Problem(Level.REFUSED, Kind.NO_ROWS))
    _notice_far_away(reading)
    if len(reading.agencies) > 1:
        names = ", ".join(f"{name} ({count:,})" for name, count in reading.agencies.most_common(5))
        details = {"count": len(reading.agencies)}
        reading.problems.append(Problem(Level.NOTICE, Kind.SEVERAL_AGENCIES, 0, Column.AGENCY, shown(names), details))


class _RefusedError(Exception):
    """This row cannot be imported."""

    def __init__(self, kind: Kind, column: str = "", value: str = "", **details: str | int | float) -> None:
        super().__init__(kind)
        self.problem = Problem(Level.REFUSED, kind, 0, column, shown(value), details)


def _blame(refusal: _RefusedError, record: Record, titles: _Titles) -> Problem:
    """A comma too many shows where the cells after it are read: it is the reason, not what it did to the position."""
    is_shifted = len(record.cells) > titles.width and refusal.problem.kind in MOVED_BY_A_COMMA
    if is_shifted:
        refusal = _RefusedError(Kind.SHIFTED, cells=len(record.cells), titles=titles.width)
    return replace(refusal.problem, row=record.row)


class _RowReader:
    """Reads row after row, and remembers those before, for duplicates."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.numbers: dict[str, int] = {}
        self.places: dict[tuple[str, float, float, str], int] = {}
        self.this_year = date.today().year

    def read(self, record: Record, titles: _Titles) -> Pole | None:
        """Return the row's pole, or None if it is refused."""
        if record.problem:
            self.reading.problems.append(record.problem)
            return None
        notes: list[Problem] = []
        try:
            pole = self._pole(record, titles, notes)
        except _RefusedError as refusal:
            self.reading.problems.append(_blame(refusal, record, titles))
            return None
        self.reading.problems += [replace(note, row=record.row) for note in notes]
        self.reading.poles.append(pole)
        self.reading.agencies.update([pole.agency] if pole.agency else [])
        return pole

    def _pole(self, record: Record, titles: _Titles, notes: list[Problem]) -> Pole:
        given = titles.cells_of(record)
        _refuse_whole_row(record.cells, given, titles)
        place = _place(given, notes)
        texts = {column: _text(column, given, notes) for column in LONGEST}
        count = _count(given, notes)
        number, has_number = self._number(given, place, record.row)
        self._note_place(given, place, record.row, notes, has_number=has_number)
        self.numbers[number] = record.row
        addresses = [texts[Column.ROAD_ADDRESS], texts[Column.LOT_ADDRESS]]
        address = next(filter(None, addresses), "")
        if not address:
            notes.append(Problem(Level.NOTICE, Kind.NO_ADDRESS, column=Column.ROAD_ADDRESS))
        return Pole(
            row=record.row,
            number=number,
            has_number=has_number,
            agency=given.get(Column.AGENCY, "")[:100],
            address=address,
            other_address=addresses[1] if address == addresses[0] else "",
            purpose=texts[Column.PURPOSE],
            count=count,
            megapixels=_optional(given, Column.PIXELS, cells.read_megapixels, Kind.BAD_PIXELS, notes),
            direction=texts[Column.DIRECTION],
            views=read_views(texts[Column.DIRECTION], count),
            retention_days=_optional(given, Column.RETENTION, cells.read_retention, Kind.BAD_RETENTION, notes),
            installed_on=_optional(given, Column.INSTALLED, self._month, Kind.BAD_DATE, notes) or "",
            phone=texts[Column.PHONE],
            latitude=place.latitude,
            longitude=place.longitude,
        )

    def _month(self, text: str) -> str | None:
        return cells.read_month(text, this_year=self.this_year)

    def _number(self, given: dict[Column, str], place: cells.Place, row: int) -> tuple[str, bool]:
        """The pole's number: the list's own, or one made of what identifies the pole."""
        number = cells.plain(given.get(Column.NUMBER, ""))
        if len(number) > LONGEST_NUMBER:
            raise _RefusedError(Kind.LONG_NUMBER, Column.NUMBER, number, length=len(number), most=LONGEST_NUMBER)
        if _MANGLED.match(number):
            raise _RefusedError(Kind.MANGLED_NUMBER, Column.NUMBER, number)
        has_number = bool(number)
        number = number or _made_number(given, place)
        if earlier := self.numbers.get(number):
            if has_number:
                raise _RefusedError(Kind.SAME_NUMBER, Column.NUMBER, number, earlier=earlier)
            raise _RefusedError(Kind.SAME_PLACE, Column.LATITUDE, _address(given), earlier=earlier)
        return number, has_number

    def _note_place(
        self, given: dict[Column, str], place: cells.Place, row: int, notes: list[Problem], *, has_number: bool
    ) -> None:
        """The same place and purpose twice: another pole if it has a number of its own, else the same one."""
        purpose, address = cells.plain(given.get(Column.PURPOSE, "")), cells.plain(_address(given))
        at = (address, round(place.latitude, 5), round(place.longitude, 5), purpose)
        earlier = self.places.setdefault(at, row)
        if earlier == row:
            return
        if not has_number:
            raise _RefusedError(Kind.SAME_PLACE, Column.LATITUDE, _address(given), earlier=earlier)
        details = {"earlier": earlier}
        notes.append(Problem(Level.NOTICE, Kind.SAME_PLACE, 0, Column.LATITUDE, shown(_address(given)), details))


def _refuse_whole_row(row_cells: Sequence[str], given: dict[Column, str], titles: _Titles) -> None:
    if any(cell.strip() for cell in row_cells[titles.width :]):
        raise _RefusedError(Kind.SHIFTED, cells=len(row_cells), titles=titles.width)
    for column, text in given.items():
        if LOST in text:
            raise _RefusedError(Kind.UNREADABLE_TEXT, column, text)
    if given.get(Column.CHANGE_KIND, "").upper() in {"D", "삭제", "DELETE"}:
        raise _RefusedError(Kind.DELETED, Column.CHANGE_KIND, given[Column.CHANGE_KIND])


def _place(given: dict[Column, str], notes: list[Problem]) -> cells.Place:
    latitude, longitude = given[Column.LATITUDE], given[Column.LONGITUDE]
    place = cells.read_place(latitude, longitude)
    value = f"{latitude} / {longitude}"
    if place.refusal:
        raise _RefusedError(place.refusal, Column.LATITUDE, value)
    if place.is_swapped:
        notes.append(Problem(Level.REPAIRED, Kind.SWAPPED, column=Column.LATITUDE, value=shown(value)))
    return place


def _count(given: dict[Column, str], notes: list[Problem]) -> int:
    text = given.get(Column.COUNT, "")
    if not text:
        notes.append(Problem(Level.REPAIRED, Kind.NO_COUNT, column=Column.COUNT))
        return 1
    count = cells.read_count(text)
    if count is None:
        raise _RefusedError(Kind.BAD_COUNT, Column.COUNT, text, most=cells.MOST_CAMERAS)
    return count


def _text(column: Column, given: dict[Column, str], notes: list[Problem]) -> str:
    text, longest = given.get(column, ""), LONGEST[column]
    if len(text) <= longest:
        return text
    details = {"length": len(text), "most": longest}
    notes.append(Problem(Level.REPAIRED, Kind.LONG_TEXT, 0, column, shown(text), details))
    return text[:longest].rstrip()


def _optional(
    given: dict[Column, str], column: Column, read: Callable[[str], T | None], kind: Kind, notes: list[Problem]
) -> T | None:
    """A value that is left out, and said to be, where it cannot be read."""
    text = given.get(column, "")
    value = read(text) if text else None
    if text and value is None:
        notes.append(Problem(Level.NOTICE, kind, column=column, value=shown(text)))
    return value


def _address(given: dict[Column, str]) -> str:
    return given.get(Column.ROAD_ADDRESS, "") or given.get(Column.LOT_ADDRESS, "")


def _made_number(given: dict[Column, str], place: cells.Place) -> str:
    """The same for the same agency, address, place and purpose, in every edition of a list without numbers."""
    texts = [given.get(Column.AGENCY, ""), _address(given), given.get(Column.PURPOSE, "")]
    # Four decimals are about ten metres: one decimal more or less does not make another pole.
    at = f"{place.latitude:.4f},{place.longitude:.4f}"
    digest = hashlib.sha256("|".join([*map(cells.plain, texts), at]).encode()).hexdigest()
    return f"P-{digest[:12].upper()}"


def _notice_far_away(reading: Reading) -> None:
    """A digit typed wrong puts a pole into another province; one that is alone there is likely such a one."""
    if len(reading.poles) < 20:
        return
    north = statistics.median(pole.latitude for pole in reading.poles)
    east = statistics.median(pole.longitude for pole in reading.poles)
    far = [pole for pole in reading.poles if _is_far(pole, north, east)]
    if len(far) > MOST_FAR_AWAY * len(reading.poles):
        return
    for pole in far:
        value = f"{pole.latitude} / {pole.longitude}"
        reading.problems.append(Problem(Level.NOTICE, Kind.FAR_AWAY, pole.row, Column.LATITUDE, value))


def _is_far(pole: Pole, north: float, east: float) -> bool:
    return abs(pole.latitude - north) > FAR_AWAY_DEG or abs(pole.longitude - east) > FAR_AWAY_DEG
