"""A trail to tamper with, and the means of somebody who holds the keys to the database."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from portal.accounts.models import User
from portal.audit.chain import Entry, entry_hash
from portal.audit.models import Action, AuditEntry, AuditHead
from portal.audit.services import record
from portal.audit.shapes import written_time
from tests.conftest import NOON, drop_triggers


@pytest.fixture
def trail(officer: User) -> list[AuditEntry]:
    return [record(Action.CASE_VIEWED, actor=officer, reason=f"look {number}") for number in range(5)]


@pytest.fixture
def no_triggers(db: None) -> None:
    drop_triggers()


def run_sql(statement: str, *values: Any) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def write_version_1(number: int, **values: Any) -> None:
    """Append an entry as it was written before addresses were kept: details in the database's own spelling."""
    head = AuditHead.objects.get()
    at = NOON + timedelta(seconds=number, milliseconds=5 * (number % 2))
    spelled = json.dumps(values.pop("details", {}))
    if connection.vendor == "postgresql":
        [(spelled,)] = run_sql("SELECT %s::jsonb::text", spelled)
    entry = Entry(
        version=1,
        sequence=head.sequence + 1,
        at=written_time(at),
        action="case.viewed",
        actor_id=7,
        actor_name="김하늘 (officer)",
        agency_id=None,
        agency_name="",
        target_type="",
        target_id="",
        target_name="",
        reason="",
        details=spelled,
        address="",
        previous_hash=head.hash,
    )._replace(**values)
    entry = entry._replace(hash=entry_hash(entry))
    row = entry._asdict() | {"at": str(at.replace(tzinfo=None)) if connection.vendor == "sqlite" else at}
    names = ", ".join(row)
    run_sql(f"INSERT INTO audit_auditentry ({names}) VALUES ({', '.join(['%s'] * len(row))})", *row.values())
    AuditHead.objects.update(sequence=entry.sequence, hash=entry.hash)
