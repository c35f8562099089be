"""The hash chain itself: what is hashed, and how a broken chain is found. Knows no database.

An entry is hashed as it is stored, not as it reads once decoded: times and details are texts here, so that another
spelling of an equal value is found like any other change.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from portal.audit import shapes

GENESIS_HASH = "0" * 64
VERSION = 2
# Version 1 hashed an object of these, details as the value that they decode to.
VERSION_1_FIELDS = (
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


class Entry(NamedTuple):
    """One entry as it is stored: `at` as ISO text in UTC with microseconds, `details` as its JSON text.

    From version 2 on the hash is over everything before `hash`, in this order.
    """

    version: int
    sequence: int
    at: str
    action: str
    actor_id: int | None
    actor_name: str
    agency_id: int | None
    agency_name: str
    target_type: str
    target_id: str
    target_name: str
    reason: str
    details: str
    address: str
    previous_hash: str
    hash: str = ""


class Head(NamedTuple):
    """Where the chain ends, as kept apart from the entries."""

    sequence: int
    hash: str


class Kind(StrEnum):
    CHANGED = "changed"
    UNLINKED = "unlinked"
    MISSING = "missing"
    MISNUMBERED = "misnumbered"
    ADDED = "added"
    HEAD = "head"


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold: the entry's number, and the field where it can be told.

    `last`: of a run of missing or added entries, the last one's number.
    """

    sequence: int
    kind: Kind
    field: str = ""
    last: int = 0


class NotAsWrittenError(Exception):
    """A stored text is none that this portal ever writes. Its argument names the field."""


def entry_hash(entry: Entry) -> str:
    """Return the SHA-256 (hex) of an entry by the rules of its version; NotAsWrittenError if nothing was hashed so."""
    hashed = _HASHED.get(entry.version) if type(entry.version) is int else None
    if hashed is None:
        raise NotAsWrittenError("version")
    # Bytes that are no UTF-8 arrive as surrogates, and are hashed as the bytes they are.
    return hashlib.sha256(hashed(entry).encode("utf-8", "surrogateescape")).hexdigest()


def find_breaks(entries: Iterable[Entry], *, head: Head | None) -> list[Break]:
    """Return every place where the chain is broken; `entries` come by rising number."""
    walk = Walk()
    return walk.take(entries) + walk.end(head)


class Walk:
    """Goes along the chain, entry by entry, and tells where it does not hold.

    `sequence` and `hash` are those of the last entry taken, `taken` counts them; a later walk may go on from there.
    """

    def __init__(self, sequence: int = 0, hash: str = GENESIS_HASH) -> None:
        self.sequence = sequence
        self.hash = hash
        self.taken = 0
        # An entry that does not match its hash: the entry after it tells whether the hash itself was changed.
        self._held: Break | None = None
        self._computed: str | None = hash

    @property
    def is_settled(self) -> bool:
        """False while the next entry may say more about the last one."""
        return self._held is None

    def take(self, entries: Iterable[Entry]) -> list[Break]:
        found: list[Break] = []
        for entry in entries:
            self.taken += 1
            computed = _hash_or_none(entry)
            if (
                computed == entry.hash
                and entry.previous_hash == self.hash
                and entry.sequence == self.sequence + 1
                and self._held is None
            ):
                self.sequence, self.hash = entry.sequence, entry.hash
            else:
                found += self._judge(entry, computed)
        return found

    def end(self, head: Head | None) -> list[Break]:
        """Compare where the walk arrived with where the chain should end."""
        found = self._release(head.hash if head else None)
        if head is None:
            found.append(Break(self.sequence, Kind.HEAD))
        elif head != (self.sequence, self.hash):
            found.append(self._judge_head(head))
        return found

    def _judge(self, entry: Entry, computed: str | None) -> Iterator[Break]:
        yield from self._release(entry.previous_hash)
        if entry.sequence <= self.sequence:
            yield Break(entry.sequence, Kind.MISNUMBERED, "sequence")
            return
        is_next = entry.sequence == self.sequence + 1
        hash = entry.hash
        if not is_next:
            yield Break(self.sequence + 1, Kind.MISSING, last=entry.sequence - 1)
        if computed != entry.hash:
            field = _changed_field(entry, self.hash)
            changed = Break(entry.sequence, Kind.CHANGED, field)
            if field == "hash" and computed:
                hash = computed
            if field:
                yield changed
            else:
                self._held = changed
        elif is_next and entry.previous_hash != self.hash:
            yield Break(entry.sequence, Kind.UNLINKED)
        self.sequence, self.hash, self._computed = entry.sequence, hash, computed

    def _release(self, named_hash: str | None) -> list[Break]:
        """What was held back, now that the next in the chain has named the hash that it knew."""
        held, self._held = self._held, None
        if held is None:
            return []
        if self._computed and named_hash == self._computed:
            self.hash = self._computed
            held = replace(held, field="hash")
        return [held]

    def _judge_head(self, head: Head) -> Break:
        if head.hash == self.hash or type(head.sequence) is not int:
            return Break(self.sequence, Kind.HEAD, "sequence")
        if head.sequence > self.sequence:
            return Break(self.sequence + 1, Kind.MISSING, last=head.sequence)
        if head.sequence < self.sequence:
            return Break(head.sequence + 1, Kind.ADDED, last=self.sequence)
        return Break(self.sequence, Kind.HEAD, "hash")


def _hash_or_none(entry: Entry) -> str | None:
    try:
        return entry_hash(entry)
    except NotAsWrittenError:
        return None


def _changed_field(entry: Entry, previous_hash: str) -> str:
    """Which field of an entry was changed, where that can be told: by its shape, or because another value fits."""
    for field in Entry._fields:
        if not shapes.is_as_written(field, getattr(entry, field)):
            return field
    for field, value in shapes.likely_originals(entry._asdict(), previous_hash=previous_hash):
        if _hash_or_none(entry._replace(**{field: value})) == entry.hash:
            return field
    try:
        entry_hash(entry)
    except NotAsWrittenError as error:
        return str(error)
    return ""


def _as_object(entry: Entry) -> str:
    """What version 1 hashed. It knew no address, and kept details in the database's own spelling."""
    if entry.address != "":
        raise NotAsWrittenError("address")
    fields = {name: getattr(entry, name) for name in VERSION_1_FIELDS}
    fields["details"] = _decoded(entry.details)
    return _SORTED.encode(fields)


def _as_array(entry: Entry) -> str:
    return _PLAIN.encode(entry[:-1])


def _decoded(text: str) -> Any:
    """The value of a JSON text as SQLite or PostgreSQL kept it for version 1; NotAsWrittenError for other spellings."""
    try:
        value = json.loads(text)
        if text == json.dumps(value) or text == _jsonb_text(value):
            return value
    except (TypeError, ValueError, RecursionError):
        pass
    raise NotAsWrittenError("details")


def _jsonb_text(value: Any) -> str:
    """As PostgreSQL writes a jsonb value: keys by length, then bytes; numbers without exponents."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{_jsonb_text(key)}: {_jsonb_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_jsonb_text, value)) + "]"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)


def _foreign(value: object) -> dict[str, str]:
    """A stored value of a type that is never written there, such as SQLite's blob: no text or number hashes alike."""
    return {type(value).__name__: repr(value)}


_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_foreign)
_SORTED = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_foreign)
_HASHED: dict[int, Callable[[Entry], str]] = {1: _as_object, 2: _as_array}
