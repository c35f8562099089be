"""The chain without a database: each way to tamper is found, and its place named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.audit.chain import GENESIS_HASH, entry_hash, find_breaks


def chain(length: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for sequence in range(1, length + 1):
        values = {
            "sequence": sequence,
            "at": datetime(2026, 1, 1, 0, 0, sequence, tzinfo=UTC),
            "action": "case.opened",
            "actor_id": 1,
            "actor_name": "김하늘",
            "agency_id": None,
            "agency_name": "",
            "target_type": "",
            "target_id": "",
            "target_name": "",
            "reason": "",
            "details": {"n": sequence},
            "previous_hash": entries[-1]["hash"] if entries else GENESIS_HASH,
        }
        entries.append(values | {"hash": entry_hash(values)})
    return entries


def head(entries: list[dict[str, Any]]) -> tuple[int, str]:
    return (entries[-1]["sequence"], entries[-1]["hash"]) if entries else (0, GENESIS_HASH)


def places(entries: list[dict[str, Any]], kept: tuple[int, str]) -> list[int]:
    return [found.sequence for found in find_breaks(entries, head=kept)]


def test_an_untouched_chain_holds() -> None:
    entries = chain(5)
    assert places(entries, head(entries)) == []
    assert places([], (0, GENESIS_HASH)) == []


@pytest.mark.parametrize("field", ["at", "action", "actor_id", "actor_name", "reason", "details", "target_id"])
def test_a_changed_field_is_found_at_its_entry(field: str) -> None:
    entries = chain(5)
    entries[2][field] = datetime(2020, 1, 1, tzinfo=UTC) if field == "at" else "changed"
    assert places(entries, head(entries)) == [3]


def test_a_changed_entry_with_its_hash_made_anew_breaks_the_next_one() -> None:
    entries = chain(5)
    entries[2]["reason"] = "changed"
    entries[2]["hash"] = entry_hash(entries[2])
    assert places(entries, head(entries)) == [4]


def test_a_removed_entry_is_found() -> None:
    entries = chain(5)
    kept = head(entries)
    del entries[2]
    assert places(entries, kept) == [3]


def test_entries_cut_off_the_end_are_found_by_the_head() -> None:
    entries = chain(5)
    assert places(entries[:3], head(entries)) == [3]


def test_swapped_entries_are_found() -> None:
    entries = chain(5)
    entries[1]["sequence"], entries[2]["sequence"] = 3, 2
    entries[1], entries[2] = entries[2], entries[1]
    assert set(places(entries, head(entries))) >= {2, 3}
