"""Single cells: numbers, dates and degrees as people write them."""

import re
import unicodedata
from dataclasses import dataclass

from cameras.standard_list.problems import Kind

# Korea with its outermost islands: Marado, Baengnyeongdo, Dokdo, and the truce line's northern end.
LATITUDES, LONGITUDES = (33.0, 38.7), (124.5, 132.0)
MOST_CAMERAS = 100  # in one row: car parks are listed as one
RETENTION_DAYS = (1, 3650)
MEGAPIXELS = (0.01, 1000.0)
OLDEST_YEAR = 1970
_NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$")
_ANGLE = re.compile(r"^(\d{1,3})[°도:]\s*(\d{1,2})['′분:]\s*(\d{1,2}(?:\.\d+)?)[\"″초']*\s*[nsew]?$")
_MONTH = re.compile(r"^(\d{4})(?:년|[-./]?)(\d{1,2})?(?:월|[-./]?)?(\d{1,2})?일?\.?(?:[t ].*)?$")
_MEASURE = re.compile(r"^(\d+(?:\.\d+)?)(만화소|만픽셀|만|메가픽셀|메가화소|메가|mp|m|화소|픽셀|px)?$")
_GUARD = re.compile(r"^'(?=['=+\-@\t\r\n＝＋－＠])")
TEN_THOUSANDS, MILLIONS, ONES = (
    {"만화소", "만픽셀", "만"},
    {"메가픽셀", "메가화소", "메가", "mp", "m"},
    {"화소", "픽셀", "px"},
)


def tidy(text: str) -> str:
    """A cell's text in one line, without the apostrophe that keeps a spreadsheet from running it."""
    return _GUARD.sub("", " ".join(unicodedata.normalize("NFC", text).split()))


def plain(text: str) -> str:
    """For comparing: full-width signs are the narrow ones, and spaces do not matter at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def read_number(text: str) -> float | None:
    """1,234.5 and 37,5665 and full-width digits; None if it is no number."""
    compact = re.sub(r"[\s_]", "", unicodedata.normalize("NFKC", text).lower())
    if compact.count(",") == 1 and "." not in compact and not re.search(r",\d{3}$", compact):
        compact = compact.replace(",", ".")
    compact = compact.replace(",", "")
    if not _NUMBER.match(compact) or len(compact) > 40:
        return None
    value = float(compact)
    return value if abs(value) < 1e15 else None


def read_whole(text: str, unit: str) -> int | None:
    value = read_number(unicodedata.normalize("NFKC", text).strip().removesuffix(unit))
    return int(value) if value is not None and value == int(value) else None


def read_degrees(text: str) -> float | None:
    """Decimal degrees, or degrees, minutes and seconds."""
    compact = unicodedata.normalize("NFKC", text).strip().lower()
    if match := _ANGLE.match(compact):
        degrees, minutes, seconds = (float(part) for part in match.groups())
        return degrees + minutes / 60 + seconds / 3600 if minutes < 60 and seconds < 60 else None
    return read_number(compact.rstrip("°도 ") if compact[-1:] in "°도" else compact)


@dataclass(frozen=True, slots=True)
class Place:
    latitude: float = 0.0
    longitude: float = 0.0
    refusal: Kind | None = None
    is_swapped: bool = False


def read_place(latitude: str, longitude: str) -> Place:
    """Where the pole stands, or why that cannot be known. Latitude and longitude that were swapped are put right."""
    if not latitude.strip() or not longitude.strip():
        return Place(refusal=Kind.NO_POSITION)
    north, east = read_degrees(latitude), read_degrees(longitude)
    if north is None or east is None:
        return Place(refusal=Kind.BAD_POSITION)
    if north == 0 or east == 0:
        return Place(refusal=Kind.NO_POSITION)
    if _is_within(north, LATITUDES) and _is_within(east, LONGITUDES):
        return Place(north, east)
    if _is_within(east, LATITUDES) and _is_within(north, LONGITUDES):
        return Place(east, north, is_swapped=True)
    return Place(refusal=Kind.METRES if abs(north) > 1000 and abs(east) > 1000 else Kind.OUTSIDE)


def _is_within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def read_count(text: str) -> int | None:
    """How many cameras; None if no pole has so many."""
    value = read_whole(text, "대")
    return value if value is not None and 1 <= value <= MOST_CAMERAS else None


def read_retention(text: str) -> int | None:
    value = read_whole(text, "일")
    return value if value is not None and RETENTION_DAYS[0] <= value <= RETENTION_DAYS[1] else None


def read_megapixels(text: str) -> float | None:
    """The column counts in 10,000 pixels (200 is 2 megapixels); megapixels and single pixels are met as well."""
    match = _MEASURE.match(re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text).lower()))
    if match is None or len(match[1]) > 15:
        return None
    value, unit = float(match[1]), match[2] or ""
    if unit in TEN_THOUSANDS or (not unit and 10 <= value < 10_000):
        value = value / 100
    elif unit in ONES or (not unit and value >= 10_000):
        value = value / 1_000_000
    return value if MEGAPIXELS[0] <= value <= MEGAPIXELS[1] else None


def write_pixels(megapixels: float) -> str:
    """As the column counts; with its unit where the bare number would be read as something else."""
    value = round(megapixels * 100, 6)
    return f"{value:.10g}" if 10 <= value < 10_000 else f"{value:.10g}만화소"


def read_month(text: str, *, this_year: int) -> str | None:
    """2015-03, 201503, 2015.3, 2015년 3월, 2015-03-01 → "2015-03"; a year alone stays one."""
    match = _MONTH.match(re.sub(r"(?<=[년월.])\s+", "", unicodedata.normalize("NFKC", text).strip().lower()))
    if match is None:
        return None
    year, month = int(match[1]), int(match[2] or 0)
    if not OLDEST_YEAR <= year <= this_year + 1 or month > 12 or (match[2] and month == 0):
        return None
    return f"{year}-{month:02d}" if match[2] else f"{year}"
