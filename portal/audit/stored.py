"""Reads the trail as it lies in the database, before any decoding: the chain covers the stored texts themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

from portal.audit.chain import Break, Entry, Head, Kind, Walk

CHUNK = 5000
LEAST = -(2**63)
TABLE, HEAD_TABLE = "audit_auditentry", "audit_audithead"
# SQLite: a bare column named `at` would come decoded to a datetime; any expression comes as it is stored.
# PostgreSQL: a text of our own, since the usual one depends on the session, and infinite times cannot be decoded.
_AT = {
    "sqlite": "+at",
    "postgresql": """to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"AD')""",
}
# SQLite keeps any type in any column. A number that is none has no place in the order, and is asked for apart.
_IS_NUMBERED = {"sqlite": "typeof(sequence) = 'integer'", "postgresql": "TRUE"}


def walk_to_head(walk: Walk) -> Iterator[list[Break]]:
    """Go on with a walk to the end of the stored trail, chunk by chunk; yields what each step found.

    Each chunk is a statement of its own, so that a long walk keeps nobody from writing. What is appended meanwhile is
    walked too: the head is compared once nothing lies behind the last entry.
    """
    first = walk.sequence + 1
    if walk.sequence == 0:
        first = LEAST  # nothing should stand before entry 1
        yield [Break(number, Kind.MISNUMBERED, "sequence") for number in _read_strays()]
    while True:
        entries = read_entries(first)
        yield walk.take(entries)
        first = entries[-1].sequence + 1 if entries else first
        if len(entries) < CHUNK:
            head, newest = _read_head()
            if newest is None or newest < first:
                yield walk.end(head)
                return


def read_entries(first: int, limit: int | None = None) -> list[Entry]:
    """The entries from that number on, by rising number."""
    columns = ", ".join(_AT[connection.vendor] if name == "at" else name for name in Entry._fields)
    statement = (
        f"SELECT {columns} FROM {TABLE} "  # noqa: S608 -- fixed names
        f"WHERE sequence >= %s AND {_IS_NUMBERED[connection.vendor]} ORDER BY sequence LIMIT %s"
    )
    return [Entry(row[0], row[1], _iso_time(row[2]), *row[3:]) for row in _rows(statement, first, limit or CHUNK)]


def _read_head() -> tuple[Head | None, int | None]:
    """The head, if there is exactly one, and the newest entry's number (None without any), both as of one moment."""
    statement = (
        f"SELECT h.id, h.sequence, h.hash FROM {HEAD_TABLE} h "  # noqa: S608 -- fixed names
        f"UNION ALL SELECT NULL, (SELECT sequence FROM {TABLE} WHERE {_IS_NUMBERED[connection.vendor]} "
        "ORDER BY sequence DESC LIMIT 1), NULL"
    )
    rows = _rows(statement)
    heads = [row for row in rows if row[0] is not None]
    newest = next(row[1] for row in rows if row[0] is None)
    is_one = len(heads) == 1 and heads[0][0] == 1
    return Head(*heads[0][1:]) if is_one else None, newest


def refresh_statistics() -> None:
    """Tell SQLite how the entries are spread, so that lists use the right index; PostgreSQL finds out by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {TABLE}")


def _read_strays() -> list[int]:
    """Of entries whose number is no whole number: what it begins with, 0 if with none."""
    if connection.vendor != "sqlite":
        return []
    statement = f"SELECT CAST(sequence AS INTEGER) FROM {TABLE} WHERE typeof(sequence) <> 'integer'"  # noqa: S608
    return [row[0] or 0 for row in _rows(statement)]


def _iso_time(stored: Any) -> str:
    """The ISO text of a time stored as this portal stores it; every other one to what no entry ever hashed."""
    if connection.vendor == "postgresql":
        return stored[:-2] if stored and stored.endswith("AD") else f"stored as {stored!r}"
    if type(stored) is str and stored[10:11] == " ":
        if len(stored) == 26 and not stored.endswith(".000000"):
            return f"{stored[:10]}T{stored[11:]}+00:00"
        if len(stored) == 19:
            return f"{stored[:10]}T{stored[11:]}.000000+00:00"
    return f"stored as {stored!r}"


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    try:
        return _fetch(statement, values)
    except OperationalError as error:
        if "decode" not in str(error):
            raise
    with _text_with_any_bytes():
        return _fetch(statement, values)


def _fetch(statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@contextmanager
def _text_with_any_bytes() -> Iterator[None]:
    """SQLite keeps text that is no UTF-8; its bytes come as surrogates, where Python would give up the whole chunk."""
    stored = connection.connection
    before = stored.text_factory
    stored.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        stored.text_factory = before
