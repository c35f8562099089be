"""Who notes a root can have it checked later: on the command line, in the admin, by another part of the portal."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

from portal.accounts.models import User
from portal.audit.chain import GENESIS_HASH
from portal.audit.models import Action, AuditEntry
from portal.audit.services import current_root, prove, read_root, record, write_root
from portal.trail.services import check_root
from tests.audit.conftest import run_sql, write_version_1


def test_the_root_is_that_of_the_last_entry(trail: list[AuditEntry]) -> None:
    assert current_root() == (5, trail[-1].hash)


def test_an_empty_trail_has_a_root_too(db: None) -> None:
    assert current_root() == (0, GENESIS_HASH)
    assert prove(*current_root())
    assert not prove(0, "f" * 64)


def test_a_root_is_proven_while_the_trail_grows(trail: list[AuditEntry], officer: User) -> None:
    root = current_root()
    for _number in range(3):
        record(Action.CASE_VIEWED, actor=officer)
    assert prove(*root)


def test_a_root_of_version_1_is_proven(db: None) -> None:
    write_version_1(1, details={"n": 1})
    assert prove(*current_root())


def test_a_root_of_a_trail_that_was_written_anew_is_not_proven(trail: list[AuditEntry], no_triggers: None) -> None:
    """Who holds the keys to the database can make a whole chain that holds; not one with the roots others noted."""
    noted = current_root()
    run_sql("DELETE FROM audit_auditentry")
    run_sql("UPDATE audit_audithead SET sequence = 0, hash = %s", GENESIS_HASH)
    for _number in range(6):
        record(Action.CASE_VIEWED, actor=None)
    call_command("audit_verify")
    assert not prove(*noted)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_auditentry WHERE sequence >= 3",
        "UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 3",
        "UPDATE audit_auditentry SET hash = upper(hash) WHERE sequence = 3",
        "UPDATE audit_auditentry SET version = 9 WHERE sequence = 3",
    ],
)
def test_a_root_of_a_changed_entry_is_not_proven(trail: list[AuditEntry], no_triggers: None, statement: str) -> None:
    run_sql(statement)
    assert not prove(3, trail[2].hash)
    assert prove(2, trail[1].hash)


def test_a_root_of_the_future_is_not_proven(trail: list[AuditEntry]) -> None:
    assert not prove(6, "f" * 64)
    assert not prove(10**18, "f" * 64)


def test_a_root_is_read_as_it_is_written() -> None:
    assert read_root(f"  {write_root(12, 'AB' * 32)}\n") == (12, "ab" * 32)


@pytest.mark.parametrize("text", ["", "12", "12:", "x:" + "0" * 64, "-1:" + "0" * 64, "1:" + "0" * 63, "²:" + "0" * 64])
def test_what_is_no_root_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="1234:5e88"):
        read_root(text)


def test_the_command_proves_a_root(trail: list[AuditEntry], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit_verify", root=write_root(3, trail[2].hash))
    assert "entry 3 is as it was" in capsys.readouterr().out
    with pytest.raises(CommandError, match="does not hold this root"):
        call_command("audit_verify", root=write_root(3, trail[1].hash))
    with pytest.raises(CommandError, match="1234:5e88"):
        call_command("audit_verify", root="nonsense")


def test_checking_a_root_is_itself_an_entry(trail: list[AuditEntry], supervisor: User, operator: User) -> None:
    assert check_root(write_root(5, trail[4].hash), actor=supervisor)
    assert not check_root(write_root(5, "0" * 64), actor=supervisor)
    looks = AuditEntry.objects.filter(action=Action.AUDIT_ROOT_CHECKED).order_by("sequence")
    assert [look.details["is_proven"] for look in looks] == [True, False]
    with pytest.raises(PermissionDenied):
        check_root(write_root(5, trail[4].hash), actor=operator)
