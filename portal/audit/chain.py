"""The hash chain itself: what is hashed, and how a broken chain is found. Knows no database."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS_HASH = "0" * 64
HASHED_FIELDS = (
    "sequence",
    "at",
    "action",
    "actor_id",
    "actor_name",
    "agency_id",
    "agency_name",
    "target_type",
    "target_id",
    "target_name",
    "reason",
    "details",
    "previous_hash",
)


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold."""

    sequence: int
    problem: str


def entry_hash(values: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of an entry's fields, as canonical JSON: sorted keys, UTC times, UTF-8."""
    named = {name: _plain(values[name]) for name in HASHED_FIELDS}
    text = json.dumps(named, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_breaks(entries: Iterable[dict[str, Any]], *, head: tuple[int, str]) -> Iterator[Break]:
    """Yield every place where the chain is broken.

    Args:
        entries: the fields of each entry, `hash` included, by rising sequence.
        head: number and hash of the last entry, as kept apart from the entries.
    """
    expected, previous_hash = 1, GENESIS_HASH
    for values in entries:
        sequence = values["sequence"]
        if sequence != expected:
            yield Break(expected, f"entries {expected} to {sequence - 1} are missing")
        elif values["previous_hash"] != previous_hash:
            yield Break(sequence, "does not follow from the entry before it")
        if values["hash"] != entry_hash(values):
            yield Break(sequence, "was changed after it was written")
        expected, previous_hash = sequence + 1, values["hash"]
    if (expected - 1, previous_hash) != head:
        yield Break(expected - 1, f"is the last entry, but the head names entry {head[0]}")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
