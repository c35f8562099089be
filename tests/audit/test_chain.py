"""The chain without a database: each way to tamper is found, and its place named."""

import json
from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import pytest

from portal.audit.chain import GENESIS_HASH, Break, Entry, Head, Kind, Walk, entry_hash, find_breaks

Entries = list[Entry]
DETAILS: dict[str, Any] = {"old": "대기", "new": "confirmed", "score": 0.5, "n": 1, "sightings": [1, 2]}
DETAILS_TEXT = {
    1: json.dumps(DETAILS),
    2: '{"n":1,"new":"confirmed","old":"대기","score":0.5,"sightings":[1,2]}',
}


def chain(length: int, version: int = 2) -> Entries:
    entries: Entries = []
    for sequence in range(1, length + 1):
        entry = Entry(
            version=version,
            sequence=sequence,
            at=f"2026-01-01T00:00:{sequence:02}.000000+00:00",
            action="case.opened",
            actor_id=1,
            actor_name="김하늘 (haneul)",
            agency_id=None,
            agency_name="",
            target_type="investigations.case",
            target_id="7",
            target_name="2026-7",
            reason="",
            details=DETAILS_TEXT[version],
            address="10.0.0.7" if version == 2 else "",
            previous_hash=entries[-1].hash if entries else GENESIS_HASH,
        )
        entries.append(entry._replace(hash=entry_hash(entry)))
    return entries


def head(entries: Entries) -> Head:
    return Head(entries[-1].sequence, entries[-1].hash) if entries else Head(0, GENESIS_HASH)


def changed(entries: Entries, number: int, **values: Any) -> Entries:
    return [entry._replace(**values) if entry.sequence == number else entry for entry in entries]


@pytest.mark.parametrize("version", [1, 2])
def test_an_untouched_chain_holds(version: int) -> None:
    entries = chain(5, version)
    assert find_breaks(entries, head=head(entries)) == []
    assert find_breaks([], head=Head(0, GENESIS_HASH)) == []


def test_the_hash_of_each_version_stays_what_it_was() -> None:
    """Entries that lie in databases since were hashed so; no later change of code may break them."""
    assert chain(1, 1)[0].hash == "8c8c16c565bd0c4dc645edf1429fab1e10d4f21cfdf73e95f2d78652fd6128ed"
    assert chain(1, 2)[0].hash == "26749547ce0b32b483b2893cd15d8411c6b8368f81fd0ba89ad9b11aafe8d006"


def test_a_chain_goes_on_from_one_version_to_the_next() -> None:
    entries = chain(2, 1)
    follower = chain(3, 2)[2]._replace(previous_hash=entries[-1].hash)
    entries.append(follower._replace(hash=entry_hash(follower)))
    assert find_breaks(entries, head=head(entries)) == []


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("version", 3, "version"),
        ("version", "2", "version"),
        ("at", "2020-01-01T00:00:00.000000+00:00", ""),
        ("at", "2026-01-01T00:00:03+00:00", "at"),
        ("at", "2026-01-01T09:00:03.000000+09:00", "at"),
        ("action", "case.closed", ""),
        ("action", "case", "action"),
        ("actor_id", 2, ""),
        ("actor_id", "1", "actor_id"),
        ("actor_id", 1.0, "actor_id"),
        ("agency_id", 0, "agency_id"),
        ("agency_id", "", "agency_id"),
        ("agency_name", None, "agency_name"),
        ("agency_name", " ", "agency_name"),
        ("actor_name", normalize("NFD", "김하늘 (haneul)"), "actor_name"),
        ("actor_name", "김하늘 (haneul)\0", "actor_name"),
        ("actor_name", "김하늘 (haneul) ", "actor_name"),
        ("actor_name", b"x", "actor_name"),
        ("target_id", 7, "target_id"),
        ("target_type", "x", "target_type"),
        ("reason", "\udcff", "reason"),
        ("details", '{"n": 2}', ""),
        ("details", None, "details"),
        ("details", "{", "details"),
        ("address", "10.0.0.07", "address"),
        ("address", "anywhere", "address"),
        ("previous_hash", "0" * 64, "previous_hash"),
        ("hash", "0" * 64, "hash"),
        ("hash", "", "hash"),
    ],
)
def test_a_changed_field_is_found_at_its_entry(version: int, field: str, value: object, told: str) -> None:
    entries = chain(5, version)
    broken = find_breaks(changed(entries, 3, **{field: value}), head=head(entries))
    assert [(found.sequence, found.kind) for found in broken] == [(3, Kind.CHANGED)]
    assert broken[0].field == told


SPELLINGS: dict[str, Callable[[str], str]] = {
    "spaces": lambda text: text.replace(":", ": ", 1) if ": " not in text else text.replace(": ", ":", 1),
    "order of keys": lambda text: json.dumps(dict(reversed(json.loads(text).items())), ensure_ascii=False),
    "1 as 1.0": lambda text: text.replace("1", "1.0", 1),
    "0.5 as 0.50": lambda text: text.replace("0.5", "0.50"),
    "0.5 as 5e-1": lambda text: text.replace("0.5", "5e-1"),
    "a key twice": lambda text: text[:-1] + ',"n":1}',
    "an escaped letter": lambda text: text.replace("confirmed", "\\u0063onfirmed"),
    "an end of line": lambda text: text + "\n",
}


# Version 1 sorted the keys before it hashed them, and cannot tell their order.
@pytest.mark.parametrize(
    ("version", "spelling"),
    [(version, name) for version in (1, 2) for name in SPELLINGS if (version, name) != (1, "order of keys")],
)
def test_another_spelling_of_equal_details_is_found_and_named(version: int, spelling: str) -> None:
    entries = chain(3, version)
    text = SPELLINGS[spelling](entries[1].details)
    assert text != entries[1].details
    broken = find_breaks(changed(entries, 2, details=text), head=head(entries))
    assert broken == [Break(2, Kind.CHANGED, "details")]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("value", ["f" * 64, "F" * 64, "0"])
def test_a_changed_hash_is_told_from_changed_contents(version: int, number: int, value: str) -> None:
    entries = chain(5, version)
    broken = find_breaks(changed(entries, number, hash=value), head=head(entries))
    assert broken == [Break(number, Kind.CHANGED, "hash")]


def test_neighbours_that_were_both_changed_are_both_named() -> None:
    entries = chain(5)
    broken = changed(changed(entries, 3, reason="x"), 4, reason="y")
    assert [found.sequence for found in find_breaks(broken, head=head(entries))] == [3, 4]


def test_a_changed_entry_with_its_hash_made_anew_breaks_the_next_one() -> None:
    entries = chain(5)
    forged = entries[2]._replace(reason="changed")
    broken = changed(entries, 3, reason="changed", hash=entry_hash(forged))
    assert find_breaks(broken, head=head(entries)) == [Break(4, Kind.UNLINKED)]


def test_removed_entries_are_found() -> None:
    entries = chain(5)
    assert find_breaks(entries[:2] + entries[3:], head=head(entries)) == [Break(3, Kind.MISSING, last=3)]
    assert find_breaks(entries[2:], head=head(entries)) == [Break(1, Kind.MISSING, last=2)]


def test_entries_cut_off_the_end_are_found_by_the_head() -> None:
    entries = chain(5)
    assert find_breaks(entries[:3], head=head(entries)) == [Break(4, Kind.MISSING, last=5)]


def test_a_removed_entry_whose_gap_was_closed_is_found() -> None:
    entries = chain(5)
    closed = entries[:2] + [entry._replace(sequence=entry.sequence - 1) for entry in entries[3:]]
    assert Break(3, Kind.CHANGED, "sequence") in find_breaks(closed, head=head(entries))


def test_an_entry_inserted_in_the_middle_is_found() -> None:
    entries = chain(5)
    forged = entries[2]._replace(reason="forged")
    forged = forged._replace(hash=entry_hash(forged))
    moved = [entry._replace(sequence=entry.sequence + 1) for entry in entries[2:]]
    assert Break(4, Kind.CHANGED, "sequence") in find_breaks([*entries[:2], forged, *moved], head=head(entries))


def test_entries_added_behind_the_head_are_found() -> None:
    entries = chain(5)
    assert find_breaks(entries, head=head(entries[:3])) == [Break(4, Kind.ADDED, last=5)]


def test_swapped_entries_are_found() -> None:
    entries = chain(5)
    swapped = [*entries[:1], entries[2]._replace(sequence=2), entries[1]._replace(sequence=3), *entries[3:]]
    broken = find_breaks(swapped, head=head(entries))
    assert broken[:2] == [Break(2, Kind.CHANGED, "sequence"), Break(3, Kind.CHANGED, "sequence")]


def test_a_number_below_the_first_is_found() -> None:
    entries = chain(3)
    stray = entries[0]._replace(sequence=0)
    assert find_breaks([stray, *entries], head=head(entries)) == [Break(0, Kind.MISNUMBERED, "sequence")]


def test_a_changed_head_is_found() -> None:
    entries = chain(5)
    kept = head(entries)
    assert find_breaks(entries, head=kept._replace(sequence=6)) == [Break(5, Kind.HEAD, "sequence")]
    assert find_breaks(entries, head=kept._replace(hash="0" * 64)) == [Break(5, Kind.HEAD, "hash")]
    assert find_breaks(entries, head=None) == [Break(5, Kind.HEAD)]


@pytest.mark.parametrize("number", range(1, 6))
def test_a_walk_in_two_parts_finds_the_same(number: int) -> None:
    entries = chain(5)
    broken = changed(entries, number, hash="f" * 64)
    first = Walk()
    found = first.take(broken[:3])
    if first.is_settled:
        second = Walk(first.sequence, first.hash)
        found += second.take(broken[3:]) + second.end(head(entries))
        assert found == [Break(number, Kind.CHANGED, "hash")]
    else:
        assert number == 3
