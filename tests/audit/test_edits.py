"""Any one byte of any stored column, changed by somebody with the keys to the database, is found at its entry."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from portal.accounts.models import User
from portal.audit.chain import Break, Entry, Kind
from portal.audit.models import Action, AuditEntry
from portal.audit.origin import coming_from
from portal.audit.services import record, verify_chain
from tests.audit.conftest import run_sql, write_version_1

EDITS_PER_COLUMN = 40
LAST = 6
is_sqlite = connection.vendor == "sqlite"
only_sqlite = pytest.mark.skipif(not is_sqlite, reason="SQLite alone keeps any bytes in any column")
TABLE, HEAD = "audit_auditentry", "audit_audithead"


@pytest.fixture
def mixed_trail(officer: User, no_triggers: None) -> None:
    """Entries of both versions, with and without people, texts, times of day with and without fractions."""
    write_version_1(1, details={"점수": 0.5, "n": 1, "old": None}, reason="수색 요청\n확인")
    write_version_1(2, actor_id=None, actor_name="")
    write_version_1(3, agency_id=3, agency_name="남부경찰서", details={"sightings": [1, 22, 333]})
    with coming_from("10.20.30.40"):
        record(Action.CASE_VIEWED, actor=officer, target=officer, reason="é ñ", details={"새 값": [1, 2.5], "b": None})
    record(Action.LOGIN_FAILED, actor=None, details={"username": "nobody"})
    with coming_from("2001:db8::1"):
        record(Action.CASE_CLOSED, actor=officer, details={"score": 0.25})
    assert AuditEntry.objects.count() == LAST
    assert verify_chain() == []


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def covers(found: list[Break], number: int) -> bool:
    return any(place.sequence <= number <= max(place.sequence, place.last) for place in found)


def edited(stored: bytes, rng: random.Random) -> bytes:
    """One byte replaced, added or left out."""
    at = rng.randrange(len(stored) + 1)
    byte = bytes([rng.randrange(256)])
    choices = [stored[:at] + byte + stored[at:]]
    if at < len(stored):
        choices += [stored[:at] + byte + stored[at + 1 :], stored[:at] + stored[at + 1 :]]
        choices += [stored[:at] + bytes([stored[at] ^ (1 << rng.randrange(8))]) + stored[at + 1 :]]
    return rng.choice(choices)


@only_sqlite
@pytest.mark.parametrize("column", Entry._fields)
def test_any_changed_byte_of_any_column_is_found_at_its_entry(mixed_trail: None, column: str) -> None:
    rng = random.Random(column)
    tried = 0
    run_sql("PRAGMA ignore_check_constraints = ON")
    while tried < EDITS_PER_COLUMN:
        number = rng.randint(1, LAST)
        [(before, kind)] = run_sql(
            f"SELECT CAST({column} AS BLOB), typeof({column}) FROM {TABLE} WHERE sequence = %s", number
        )
        after = edited(before or b"", rng)
        # Where a number stood, SQLite makes one again of a text that looks like one.
        value = f"CAST(%s AS {'BLOB' if kind == 'blob' else 'TEXT'})"
        with undone():
            try:
                run_sql(f"UPDATE {TABLE} SET {column} = {value} WHERE sequence = %s", after, number)
            except DatabaseError:
                continue  # the number of another entry, or no number where one must be
            [(stored, stored_kind)] = run_sql(
                f"SELECT CAST({column} AS BLOB), typeof({column}) FROM {TABLE} WHERE rowid = %s", number
            )
            if (stored, stored_kind) == (before, kind):
                continue  # "07" is stored as 7
            tried += 1
            found = verify_chain()
            assert covers(found, number), (number, before, after, found)
            named = {place.field for place in found if place.sequence == number and place.kind == Kind.CHANGED}
            assert named <= {"", column}, (number, before, after, found)
    run_sql("PRAGMA ignore_check_constraints = OFF")
    assert verify_chain() == []


def shifted(value: Any, rng: random.Random) -> str:
    """One character replaced, added or left out."""
    text = str(value)
    at = rng.randrange(len(text) + 1)
    letter = rng.choice('0123456789abcdefxyzABC .,:{}"\\[]가각é\t\n')
    return rng.choice([text[:at] + letter + text[at:], text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :]])


@pytest.mark.parametrize("column", sorted(set(Entry._fields) - {"at", "sequence"}))
def test_any_changed_character_is_found_at_its_entry(mixed_trail: None, column: str) -> None:
    rng = random.Random(column)
    tried = 0
    while tried < EDITS_PER_COLUMN // 2:
        number = rng.randint(1, LAST)
        [(before,)] = run_sql(f"SELECT {column} FROM {TABLE} WHERE sequence = %s", number)
        with undone():
            try:
                run_sql(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = %s", shifted(before or "", rng), number)
            except DatabaseError:
                continue  # too long, no number, no JSON: the database itself refuses
            if run_sql(f"SELECT {column} FROM {TABLE} WHERE sequence = %s", number) == [(before,)]:
                continue
            tried += 1
            found = verify_chain()
            assert [place.sequence for place in found] == [number], (before, found)
            assert found[0].field in {"", column}


@only_sqlite
@pytest.mark.parametrize(
    ("number", "column", "value"),
    [
        (1, "at", "2026-11-20 03:00:01.005"),
        (1, "at", "2026-11-20T03:00:01.005000"),
        (1, "at", "2026-11-20 03:00:01.005000+00:00"),
        (1, "at", "2026-11-20 12:00:01.005000+09:00"),
        (1, "at", "2026-11-20T03:00:01.005000+00:00"),  # as it is hashed
        (2, "at", "2026-11-20 03:00:02.000000"),
        (2, "at", "2026-11-20 03:00:02.0"),
        (2, "at", 1795143602),
        (2, "at", b"2026-11-20 03:00:02"),
        (2, "actor_id", ""),
        (2, "actor_id", 0),
        (2, "actor_name", b""),
        (2, "details", "{ }"),
        (2, "details", "{}\0"),
        (2, "details", b"{}"),
        (1, "actor_id", "7\0"),
        (1, "actor_id", 7.5),
        (1, "actor_id", b"7"),
        (5, "agency_id", ""),
        (5, "target_id", 0),
        (6, "address", "2001:0db8::1"),
        (6, "address", "2001:DB8::1"),
        (6, "details", '{"score": 0.25}'),
        (6, "details", '{"score":0.250}'),
        (6, "details", '{"score":0.25,"score":0.25}'),
    ],
)
def test_another_spelling_of_an_equal_value_is_found_and_named(
    mixed_trail: None, number: int, column: str, value: object
) -> None:
    run_sql(f"UPDATE {TABLE} SET {column} = %s WHERE sequence = %s", value, number)
    assert verify_chain() == [Break(number, Kind.CHANGED, column)]


@pytest.mark.skipif(is_sqlite, reason="SQLite keeps times as texts, which the tests above edit")
@pytest.mark.parametrize("value", ["at + interval '1 microsecond'", "'infinity'", "'2026-11-20 03:00:01 BC'"])
def test_a_changed_time_is_found(mixed_trail: None, value: str) -> None:
    run_sql(f"UPDATE {TABLE} SET at = {value} WHERE sequence = 3")
    assert [place.sequence for place in verify_chain()] == [3]


@pytest.mark.parametrize(
    "details",
    [
        {"bb": 1, "a": 2, "가": 3, "B": {"z": [], "y": {}}},
        {"text": '줄\n\t"\\ \x7f\x01 é 𝄞'},
        {"numbers": [0.1, 1e-07, 2.5, -3.0, 12345678901234567890, 1e15 + 0.5], "empty": ["", None, True, False]},
    ],
)
def test_details_that_the_database_spelled_in_version_1_hold(no_triggers: None, details: dict[str, Any]) -> None:
    write_version_1(1, details=details)
    assert verify_chain() == []
    assert AuditEntry.objects.get().details == details


@only_sqlite
@pytest.mark.parametrize("value", ["3.5", "'3x'", "x'33'", "'three'"])
def test_an_entry_whose_number_is_none_is_found(mixed_trail: None, value: str) -> None:
    run_sql(f"UPDATE {TABLE} SET sequence = {value} WHERE sequence = 3")
    found = verify_chain()
    assert Break(3, Kind.MISSING, last=3) in found
    assert Kind.MISNUMBERED in {place.kind for place in found}


def test_a_forged_entry_before_the_first_or_after_the_last_is_found(mixed_trail: None) -> None:
    for number in (-5, 0, LAST + 1):
        with undone():
            names = ", ".join(name for name in Entry._fields if name != "sequence")
            run_sql(f"INSERT INTO {TABLE} (sequence, {names}) SELECT {number}, {names} FROM {TABLE} WHERE sequence = 6")
            assert covers(verify_chain(), number)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ("sequence = 5", "sequence"),
        ("sequence = 7", "sequence"),
        ("sequence = 0", "sequence"),
        ("sequence = -6", "sequence"),
        ("hash = upper(hash)", "hash"),
        ("hash = ''", "hash"),
        ("hash = substr(hash, 1, 63)", "hash"),
        pytest.param("hash = CAST(hash AS BLOB)", "hash", marks=only_sqlite),
        pytest.param("hash = hash || char(0)", "hash", marks=only_sqlite),
        pytest.param("hash = CAST(x'ff' || substr(hash, 2) AS TEXT)", "hash", marks=only_sqlite),
        pytest.param("sequence = '6x'", "sequence", marks=only_sqlite),
    ],
)
def test_a_changed_head_is_found_and_its_field_named(mixed_trail: None, edit: str, field: str) -> None:
    run_sql(f"UPDATE {HEAD} SET {edit}")
    assert verify_chain() == [Break(LAST, Kind.HEAD, field)]


def test_a_head_that_is_gone_is_found(mixed_trail: None) -> None:
    run_sql(f"DELETE FROM {HEAD}")
    assert verify_chain() == [Break(LAST, Kind.HEAD)]


@only_sqlite
def test_a_head_of_another_id_or_a_second_one_is_found(mixed_trail: None) -> None:
    run_sql("PRAGMA ignore_check_constraints = ON")
    for statement in [f"UPDATE {HEAD} SET id = 2", f"INSERT INTO {HEAD} SELECT 2, sequence, hash FROM {HEAD}"]:
        with undone():
            run_sql(statement)
            assert verify_chain() == [Break(LAST, Kind.HEAD)]
    run_sql("PRAGMA ignore_check_constraints = OFF")


def test_a_trail_of_which_nothing_is_left_is_found(mixed_trail: None) -> None:
    run_sql(f"DELETE FROM {TABLE}")
    assert verify_chain() == [Break(1, Kind.MISSING, last=LAST)]
    run_sql(f"DELETE FROM {HEAD}")
    assert [found.kind for found in verify_chain()] == [Kind.HEAD]
