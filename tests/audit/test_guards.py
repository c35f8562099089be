"""Somebody who takes the triggers away before a change is seen, also while no change is found yet."""

import pytest
from django.core.management import call_command
from django.db import connection

from portal.audit.guards import missing_guards
from portal.audit.models import AuditEntry
from portal.audit.tasks import verify_audit_trail
from portal.trail.state import trail_state
from tests.audit.conftest import run_sql


def test_every_guard_stands_after_the_migrations(db: None) -> None:
    assert missing_guards() == set()


def test_a_missing_guard_is_named(
    trail: list[AuditEntry], no_triggers: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "audit_keep_head" in missing_guards()
    call_command("audit_verify")
    assert "audit_keep_head" in capsys.readouterr().err
    verify_audit_trail()
    state = trail_state()
    assert state.level == "warning"
    assert "no longer refuses" in state.text


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own statement")
def test_a_guard_that_is_switched_off_is_named(db: None) -> None:
    run_sql("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_change")
    assert missing_guards() == {"audit_no_change"}
