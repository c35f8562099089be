"""The header of a list: which line it is, and where each column stands. The columns are whoever reads it's own."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from cameras.standard_list.problems import shown
from cameras.standard_list.records import SEPARATORS, Record, split_records

HEADER_WITHIN = 20  # lines; titles and remarks may stand above
C = TypeVar("C", bound=Hashable)
Naming = Callable[[str], C | None]


@dataclass
class Places(Generic[C]):
    """Where each column stands; titles of columns that were there before, and those that name none, as shown."""

    at: dict[C, int] = field(default_factory=dict)
    repeated: list[tuple[C, str]] = field(default_factory=list)
    unknown: str = ""


def find_header(
    lines: list[str], column_of: Naming[C], is_header: Callable[[set[C]], bool]
) -> tuple[str, Record] | None:
    """The line, by the separator, that names most columns; None where none of the first lines is a header."""
    best, most = None, 0
    for separator in SEPARATORS:
        for record in islice(split_records(lines[: 2 * HEADER_WITHIN], separator), HEADER_WITHIN):
            columns = {column for cell in record.cells if (column := column_of(cell)) is not None}
            if is_header(columns) and len(columns) > most:
                best, most = (separator, record), len(columns)
    return best


def places_of(header: Record, column_of: Naming[C]) -> Places[C]:
    """Read the titles; of a column that is named twice the first counts."""
    places: Places[C] = Places()
    unknown = []
    for number, title in enumerate(header.cells):
        column = column_of(title)
        if column is None:
            unknown.append(shown(title))
        elif column in places.at:
            places.repeated.append((column, shown(title)))
        else:
            places.at[column] = number
    places.unknown = shown(", ".join(name for name in unknown if name))
    return places
