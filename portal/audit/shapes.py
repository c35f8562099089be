"""What each stored field of an entry looks like when the portal wrote it, and what a changed one may have been."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")
HASH = re.compile(r"[0-9a-f]{64}")
ACTION = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
MODEL = re.compile(r"([a-z_]+\.[a-z0-9_]+)?")
NUMBERS, NUMBERS_OR_NONE = {"version", "sequence"}, {"actor_id", "agency_id"}
NEAR = 3


def written_time(at: datetime) -> str:
    """ISO in UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def written_details(details: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces. NaN has none, and raises ValueError."""
    return json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def clean(text: str) -> str:
    """What every database can keep: no NUL, which PostgreSQL refuses, and no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def is_as_written(field: str, value: Any) -> bool:
    """False for what no entry ever holds in that field."""
    if field in NUMBERS:
        return type(value) is int
    if field in NUMBERS_OR_NONE:
        return value is None or type(value) is int
    if type(value) is not str or "\0" in value or not _is_unicode(value):
        return False
    return _LOOKS.get(field, _anything)(value)


def likely_originals(fields: dict[str, Any], *, previous_hash: str) -> Iterator[tuple[str, Any]]:
    """Values that a field may have had before it was changed to one that looks right: neighbours, equal spellings."""
    yield from (("version", number) for number in (1, 2) if number != fields["version"])
    yield "previous_hash", previous_hash
    sequence = fields["sequence"]
    yield from (("sequence", number) for number in range(sequence - NEAR, sequence + NEAR + 1) if number != sequence)
    for field, value in fields.items():
        if field in NUMBERS_OR_NONE:
            yield field, None
        elif isinstance(value, str):
            yield from ((field, other) for other in _equal_looking(value) if other != value)
    with suppress(ValueError):
        for value in (json.loads(fields["details"]), json.loads(fields["details"], parse_float=_whole)):
            yield "details", written_details(value)
            yield "details", json.dumps(value)  # as version 1 kept it


def _equal_looking(text: str) -> tuple[str, ...]:
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", text)
    return ("", composed, decomposed, text.strip(), text.casefold())


def _whole(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_time(text: str) -> bool:
    if not TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        return text == "" or str(ip_address(text)) == text
    except ValueError:
        return False


def _anything(text: str) -> bool:
    return True


_LOOKS: dict[str, Callable[[str], bool]] = {
    "at": _is_time,
    "action": lambda text: bool(ACTION.fullmatch(text)),
    "target_type": lambda text: bool(MODEL.fullmatch(text)),
    "details": _is_json,
    "address": _is_address,
    "previous_hash": lambda text: bool(HASH.fullmatch(text)),
    "hash": lambda text: bool(HASH.fullmatch(text)),
}
