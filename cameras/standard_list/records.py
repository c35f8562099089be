"""From bytes to records of cells: encodings, separators, quoted cells. Damage stays in the line in which it is."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from cameras.standard_list.problems import Kind, Level, Problem

BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# What people choose by mistake: the beginning of the file, and what such a file is.
OTHER_FILES = {
    b"PK\x03\x04": "ZIP, XLSX",
    b"PK\x05\x06": "ZIP",
    b"\xd0\xcf\x11\xe0": "XLS, HWP",
    b"%PDF": "PDF",
    b"\x1f\x8b": "GZIP",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"SQLite f": "SQLite",
}
MOST_BYTES = 64 * 1024 * 1024
MOST_LINES_OF_A_ROW = 20  # an address with line breaks has two or three; more means a quotation mark never closed
LONGEST_LINE = 20_000
MOST_OTHER_SIGNS = 0.1  # share of control characters above which a file is no text
SEPARATORS = ",\t;|"
LOST = "\ufffd"


@dataclass
class Text:
    """A file's text, line by line."""

    lines: list[str] = field(default_factory=list)
    encoding: str = ""
    problems: list[Problem] = field(default_factory=list)
    is_readable: bool = False


def decode(content: bytes) -> Text:
    """Find the encoding: a byte order mark, else UTF-8, else CP949, else each line by itself."""
    text = Text()
    if (refusal := _refuse(content)) is not None:
        text.problems.append(refusal)
        return text
    if content.count(0) and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text.problems.append(Problem(Level.REPAIRED, Kind.NUL_BYTES, details={"count": content.count(0)}))
        content = content.replace(b"\0", b"")
    whole, text.encoding = _decode_whole(content)
    if whole is None:
        whole, text.encoding = _decode_lines(content, text.problems)
    if _is_no_text(whole):
        text.problems.append(Problem(Level.REFUSED, Kind.NOT_TEXT, details={"format": "?"}))
        return text
    whole = whole.replace("\0", "")  # which databases refuse; UTF-16 can spell it
    text.lines = whole.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text.is_readable = True
    return text


def _refuse(content: bytes) -> Problem | None:
    if not content.strip(b"\0\r\n\t \xef\xbb\xbf"):
        return Problem(Level.REFUSED, Kind.EMPTY_FILE, details={"size": len(content)})
    if len(content) > MOST_BYTES:
        return Problem(Level.REFUSED, Kind.TOO_LARGE, details={"megabytes": MOST_BYTES // 1024**2})
    for beginning, name in OTHER_FILES.items():
        if content.startswith(beginning):
            return Problem(Level.REFUSED, Kind.NOT_TEXT, details={"format": name})
    return None


def _decode_whole(content: bytes) -> tuple[str | None, str]:
    marked = [encoding for mark, encoding in BYTE_ORDER_MARKS.items() if content.startswith(mark)]
    for encoding in [*marked, "utf-8", "cp949"]:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return None, ""


def _decode_lines(content: bytes, problems: list[Problem]) -> tuple[str, str]:
    """Lines of several files put together have several encodings. No byte of CP949's two is a line break."""
    used: dict[str, int] = {}
    lines = []
    for line in content.split(b"\n"):
        decoded, encoding = _decode_whole(line)
        used[encoding] = used.get(encoding, 0) + (not line.isascii())
        lines.append(decoded if decoded is not None else _decode_best(line))
    if lost := sum(line.count(LOST) for line in lines):
        problems.append(Problem(Level.NOTICE, Kind.UNREADABLE_BYTES, details={"count": lost}))
    if len([encoding for encoding, count in used.items() if encoding and count]) > 1:
        problems.append(Problem(Level.REPAIRED, Kind.MIXED_ENCODINGS))
    return "\n".join(lines), max(used, key=lambda encoding: used[encoding]) or "cp949"


def _decode_best(line: bytes) -> str:
    """Whichever encoding loses less."""
    return min((line.decode(name, errors="replace") for name in ("utf-8", "cp949")), key=lambda text: text.count(LOST))


def _is_no_text(text: str) -> bool:
    sample = text[:20_000]
    other = sum(not sign.isprintable() and sign not in "\r\n\t\ufeff" for sign in sample)
    return other > MOST_OTHER_SIGNS * len(sample)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its number as a spreadsheet shows it, its cells, or what is wrong with all of it."""

    row: int
    cells: list[str]
    problem: Problem | None = None


def split_records(lines: list[str], separator: str) -> Iterator[Record]:
    """Cut lines into records. A quotation mark that is never closed costs one row, not all that follow."""
    at, row = 0, 0
    while at < len(lines):
        row += 1
        record, used = _next_record(lines, at, row, separator)
        yield record
        at += used


def _next_record(lines: list[str], at: int, row: int, separator: str) -> tuple[Record, int]:
    line = lines[at]
    if len(line) > LONGEST_LINE:
        return Record(row, [], Problem(Level.REFUSED, Kind.HUGE_ROW, row, details={"length": len(line)})), 1
    if '"' not in line:
        return Record(row, line.split(separator)), 1
    feed = _Feed(lines, at)
    try:
        cells = next(csv.reader(feed, delimiter=separator))
    except (StopIteration, _NeverClosedError, csv.Error):
        return Record(row, [], Problem(Level.REFUSED, Kind.UNCLOSED_QUOTE, row)), 1
    return Record(row, cells), feed.at - at


class _NeverClosedError(Exception):
    pass


class _Feed:
    """Hands lines to the CSV reader, which asks for more while a quoted cell is open."""

    def __init__(self, lines: list[str], at: int) -> None:
        self.lines, self.at, self.end = lines, at, min(len(lines), at + MOST_LINES_OF_A_ROW)

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self.at >= self.end or len(self.lines[self.at]) > LONGEST_LINE:
            raise _NeverClosedError
        self.at += 1
        return self.lines[self.at - 1] + "\n"
