"""The trail in the database: it refuses to be changed, and what gets past the refusal is found."""

from threading import Barrier, Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.audit.chain import Entry
from portal.audit.models import Action, AuditEntry, AuditHead
from portal.audit.services import record, verify_chain
from tests.audit.conftest import run_sql


def test_an_entry_says_who_what_why_and_when(officer: User, trail: list[AuditEntry]) -> None:
    entry = AuditEntry.objects.get(reason="look 3")
    assert (entry.actor_id, entry.agency_name, entry.action) == (officer.pk, "South Station", "case.viewed")
    assert entry.previous_hash == AuditEntry.objects.get(sequence=entry.sequence - 1).hash
    assert verify_chain() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 3",
        "DELETE FROM audit_auditentry WHERE sequence = 3",
        "UPDATE audit_auditentry SET sequence = sequence + 100",
        "DELETE FROM audit_audithead",
    ],
)
def test_raw_sql_is_refused_by_the_database(trail: list[AuditEntry], statement: str) -> None:
    with pytest.raises(DatabaseError, match="audit trail"):
        run_sql(statement)
    assert verify_chain() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own statement")
def test_an_entry_cannot_be_replaced(trail: list[AuditEntry]) -> None:
    with pytest.raises(DatabaseError, match="audit trail"):
        run_sql(
            f"INSERT OR REPLACE INTO audit_auditentry ({', '.join(Entry._fields)}) "
            f"SELECT {', '.join(Entry._fields)} FROM audit_auditentry WHERE sequence = 3"
        )
    assert verify_chain() == []


def test_models_and_querysets_refuse(trail: list[AuditEntry]) -> None:
    with pytest.raises(TypeError):
        AuditEntry.objects.update(reason="other")
    with pytest.raises(TypeError):
        AuditEntry.objects.filter(sequence=3).delete()
    with pytest.raises(TypeError):
        trail[2].delete()
    with pytest.raises(TypeError):
        trail[2].save()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry._base_manager.filter(sequence=3).update(reason="other")
    assert verify_chain() == []


@pytest.mark.parametrize("page", ["change", "delete"])
def test_the_admin_offers_no_way_to_change_an_entry(supervisor: User, trail: list[AuditEntry], page: str) -> None:
    client = Client()
    client.force_login(supervisor)
    entry = trail[2]
    address = reverse(f"admin:audit_auditentry_{page}", args=[entry.pk])
    assert client.post(address, {"reason": "other", "post": "yes"}).status_code == 403
    assert client.get(reverse("admin:audit_auditentry_add")).status_code == 403
    entry.refresh_from_db()
    assert entry.reason == "look 2"


def test_officers_and_operators_do_not_see_the_trail_in_the_admin(operator: User, trail: list[AuditEntry]) -> None:
    operator.is_staff = True
    operator.save()
    client = Client()
    client.force_login(operator)
    assert client.get(reverse("admin:audit_auditentry_changelist")).status_code == 403


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 3", 3),
        ("UPDATE audit_auditentry SET details = '{\"x\": 1}' WHERE sequence = 3", 3),
        ("UPDATE audit_auditentry SET at = '2020-01-01 00:00:00' WHERE sequence = 3", 3),
        ("DELETE FROM audit_auditentry WHERE sequence = 3", 3),
        ("DELETE FROM audit_auditentry WHERE sequence >= 4", 4),
    ],
)
def test_what_gets_past_the_triggers_is_found(
    trail: list[AuditEntry], no_triggers: None, statement: str, place: int
) -> None:
    run_sql(statement)
    assert place in [found.sequence for found in verify_chain()]
    with pytest.raises(CommandError, match="broken"):
        call_command("audit_verify")


def test_reordered_entries_are_found(trail: list[AuditEntry], no_triggers: None) -> None:
    run_sql("UPDATE audit_auditentry SET sequence = -1 WHERE sequence = 2")
    run_sql("UPDATE audit_auditentry SET sequence = 2 WHERE sequence = 3")
    run_sql("UPDATE audit_auditentry SET sequence = 3 WHERE sequence = -1")
    assert {2, 3} <= {found.sequence for found in verify_chain()}


def test_audit_verify_says_that_the_trail_holds(trail: list[AuditEntry], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit_verify")
    assert "5 entries" in capsys.readouterr().out


def test_an_entry_is_undone_with_the_act_it_records(officer: User) -> None:
    with transaction.atomic():
        record(Action.CASE_VIEWED, actor=officer)
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == 0
    assert AuditHead.objects.get().sequence == 0


def test_fifty_entries_written_at_once_form_one_chain(committing_db: None) -> None:
    errors: list[BaseException] = []
    start = Barrier(50)

    def write(number: int) -> None:
        start.wait()
        try:
            record(Action.CASE_VIEWED, actor=None, reason=f"look {number}")
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=write, args=[number]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(AuditEntry.objects.values_list("reason", flat=True)) == {f"look {number}" for number in range(50)}
    assert list(AuditEntry.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 51))
    assert verify_chain() == []


def test_a_check_while_others_write_finds_nothing(committing_db: None) -> None:
    done = Event()

    def write() -> None:
        for _number in range(200):
            record(Action.CASE_VIEWED, actor=None)
        connection.close()
        done.set()

    writer = Thread(target=write)
    writer.start()
    rounds = 0
    while not done.is_set() or rounds == 0:
        assert verify_chain() == []
        rounds += 1
    writer.join()
    assert AuditHead.objects.get().sequence == 200


def test_log_ins_and_failures_are_entries(officer: User) -> None:
    client = Client()
    client.post(reverse("login"), {"username": "officer", "password": "wrong"})
    client.post(reverse("login"), {"username": "officer", "password": "correct-horse-battery"})
    actions = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    assert actions == ["user.login_failed", "user.logged_in"]
    assert "wrong" not in str(AuditEntry.objects.values_list("details", flat=True))
