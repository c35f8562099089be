"""The check of the whole trail as a job: daily, on demand, killed half-way, asked for twice."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from portal.accounts.models import User
from portal.audit import checks, stored
from portal.audit.chain import Kind, Walk
from portal.audit.checks import continue_check, latest_check, open_check
from portal.audit.models import Action, AuditCheck, AuditEntry
from portal.audit.services import current_root, record
from portal.audit.tasks import continue_audit_check, verify_audit_trail
from portal.trail.services import request_check
from portal.trail.state import OVERDUE, trail_card, trail_state
from tests.audit.conftest import run_sql


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries a step, and a sign of life after each."""
    monkeypatch.setattr(stored, "CHUNK", 2)
    monkeypatch.setattr(checks, "STEPS_BETWEEN_BEATS", 1)


def test_the_daily_check_keeps_what_it_walked_and_leaves_an_entry(trail: list[AuditEntry]) -> None:
    root = current_root()
    verify_audit_trail()
    check = latest_check()
    assert check is not None
    assert (check.entries, check.head_sequence, check.head_hash) == (5, *root)
    assert (check.is_intact, check.breaks) == (True, [])
    entry = AuditEntry.objects.get(action=Action.AUDIT_CHECKED)
    assert entry.details == {"entries": 5, "root": f"{root[0]}:{root[1]}", "breaks": 0}


def test_the_clock_knows_the_daily_check() -> None:
    daily: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE["verify-audit-trail"]
    assert daily["task"] == verify_audit_trail.name
    assert (daily["schedule"].hour, daily["schedule"].minute) == ({18}, {30})  # UTC: 03:30 in Seoul
    assert settings.CELERY_BEAT_SCHEDULE["continue-audit-check"]["task"] == continue_audit_check.name


def test_a_broken_trail_is_kept_logged_and_shown(
    trail: list[AuditEntry], no_triggers: None, caplog: pytest.LogCaptureFixture
) -> None:
    run_sql("UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 3")
    with caplog.at_level(logging.ERROR):
        verify_audit_trail()
    check = latest_check()
    assert check is not None
    assert check.is_intact is False
    assert check.breaks == [{"sequence": 3, "kind": Kind.CHANGED, "field": "", "last": 0}]
    assert "broken" in caplog.text
    assert trail_state().level == "bad"
    assert trail_state().breaks == ["Entry 3 was changed after it was written."]
    assert trail_card()["count"] == "broken"


def test_a_check_that_was_killed_goes_on_where_it_stood(
    trail: list[AuditEntry], small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = checks._keep

    def keep_once_and_die(check: AuditCheck, walk: Walk, **more: Any) -> bool:
        is_kept = keep(check, walk, **more)
        if walk.sequence:
            raise SystemExit
        return is_kept

    monkeypatch.setattr(checks, "_keep", keep_once_and_die)
    open_check()
    with pytest.raises(SystemExit):
        continue_check()
    monkeypatch.setattr(checks, "_keep", keep)
    [halfway] = AuditCheck.objects.open()
    assert 0 < halfway.head_sequence < 5
    assert continue_check() is None  # the worker may still live

    AuditCheck.objects.update(beat_at=timezone.now() - checks.SILENT - timedelta(seconds=1))
    first_read: list[int] = []
    read_entries = stored.read_entries

    def read_and_note(first: int) -> Any:
        first_read.append(first)
        return read_entries(first)

    monkeypatch.setattr(stored, "read_entries", read_and_note)
    check = continue_check()
    assert check is not None
    assert (check.pk, check.is_intact, check.entries) == (halfway.pk, True, 5)
    assert first_read[0] == halfway.head_sequence + 1


def test_breaks_before_and_after_the_kill_are_both_kept(
    trail: list[AuditEntry], no_triggers: None, small_steps: None
) -> None:
    run_sql("UPDATE audit_auditentry SET hash = upper(hash) WHERE sequence = 1")
    run_sql("UPDATE audit_auditentry SET reason = 'other' WHERE sequence = 4")
    check = open_check()
    walk = Walk()
    found = walk.take(stored.read_entries(1))
    AuditCheck.objects.filter(pk=check.pk).update(
        head_sequence=walk.sequence,
        head_hash=walk.hash,
        entries=walk.taken,
        break_count=len(found),
        breaks=[{"sequence": place.sequence, "kind": place.kind, "field": place.field, "last": 0} for place in found],
    )
    ended = continue_check()
    assert ended is not None
    assert [place["sequence"] for place in ended.breaks] == [1, 4]
    assert ended.break_count == 2


def test_a_worker_that_lost_its_check_leaves_the_row_alone(
    trail: list[AuditEntry], small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = open_check()

    def overtaken(walk: Any) -> Any:
        for found in stored.walk_to_head(walk):
            AuditCheck.objects.update(beat_at=timezone.now() + timedelta(seconds=1))
            yield found

    monkeypatch.setattr(checks, "walk_to_head", overtaken)
    assert continue_check() is None
    check.refresh_from_db()
    assert (check.ended_at, check.head_sequence) == (None, 0)
    assert not AuditEntry.objects.filter(action=Action.AUDIT_CHECKED).exists()


def test_a_check_asked_for_twice_runs_once(trail: list[AuditEntry], supervisor: User) -> None:
    first, second = request_check(actor=supervisor), request_check(actor=supervisor)
    assert first.pk == second.pk
    continue_audit_check()
    continue_audit_check()
    assert AuditCheck.objects.count() == 1
    assert AuditEntry.objects.filter(action=Action.AUDIT_CHECKED).count() == 1


def test_only_who_may_see_the_trail_has_it_checked(operator: User) -> None:
    with pytest.raises(PermissionDenied):
        request_check(actor=operator)
    assert not AuditCheck.objects.exists()


def test_breaks_without_end_do_not_fill_the_row(
    trail: list[AuditEntry], no_triggers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MOST_KEPT_BREAKS", 2)
    run_sql("UPDATE audit_auditentry SET reason = 'other'")
    verify_audit_trail()
    check = latest_check()
    assert check is not None
    assert (check.break_count, len(check.breaks)) == (5, 2)


def test_the_state_warns_until_a_check_has_run_and_when_none_runs_any_more(trail: list[AuditEntry]) -> None:
    assert (trail_state().level, trail_state().entries) == ("warning", 5)
    open_check()
    assert trail_state().progress == "A check is under way: 0 of 5 entries."
    verify_audit_trail()
    assert trail_state().level == "good"
    assert trail_state().progress == ""
    AuditCheck.objects.update(ended_at=timezone.now() - OVERDUE - timedelta(minutes=1))
    assert trail_state().level == "warning"
    assert trail_card()["count"] == "to be looked at"


def test_entries_written_after_a_check_started_are_walked_too(
    trail: list[AuditEntry], small_steps: None, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_entries = stored.read_entries
    written: list[AuditEntry] = []

    def read_and_write(first: int) -> Any:
        entries = read_entries(first)
        if len(written) < 3:
            written.append(record(Action.CASE_VIEWED, actor=officer))
        return entries

    monkeypatch.setattr(stored, "read_entries", read_and_write)
    verify_audit_trail()
    check = latest_check()
    assert check is not None
    assert (check.entries, check.is_intact) == (8, True)
