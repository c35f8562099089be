"""Entries from before the hash had versions still hold after the migration, under triggers that still refuse."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from portal.audit.chain import GENESIS_HASH, VERSION_1_FIELDS, Entry, entry_hash
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record, verify_chain
from portal.audit.shapes import written_time
from tests.audit.conftest import run_sql
from tests.conftest import NOON, drop_triggers

BEFORE = ("audit", "0002_append_only")
DETAILS: dict[str, Any] = {"새": {"bb": [1, 2.5, None], "a": "x"}, "n": 0.1}


def migrate(*targets: tuple[str, str]) -> None:
    MigrationExecutor(connection).migrate(list(targets))


@pytest.fixture
def old_trail(committing_db: None) -> Iterator[None]:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()  # other apps' migrations write entries, too
    migrate(BEFORE)
    yield
    drop_triggers()
    run_sql("DELETE FROM audit_auditentry")
    migrate(*newest)


def write_old(count: int) -> None:
    """As the code of that time did, by its own models."""
    models = MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    entries, heads = models.get_model("audit", "AuditEntry"), models.get_model("audit", "AuditHead")
    previous = GENESIS_HASH
    for sequence in range(1, count + 1):
        at = NOON + timedelta(milliseconds=500 * sequence)
        values: dict[str, Any] = dict.fromkeys(VERSION_1_FIELDS, "") | {
            "sequence": sequence,
            "at": at,
            "action": "case.viewed",
            "actor_id": sequence,
            "agency_id": None,
            "details": DETAILS,
            "previous_hash": previous,
        }
        hashed = values | {"version": 1, "at": written_time(at), "details": json.dumps(DETAILS), "address": ""}
        previous = entry_hash(Entry(**hashed))
        entries.objects.create(**values, hash=previous)
    heads.objects.update(sequence=count, hash=previous)


def test_old_entries_hold_and_new_ones_follow(old_trail: None) -> None:
    write_old(3)
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "audit"]
    migrate(*newest)
    assert verify_chain() == []
    record(Action.CASE_VIEWED, actor=None, details=DETAILS)
    assert verify_chain() == []
    entries = AuditEntry.objects.order_by("sequence")
    assert [(entry.version, entry.address, entry.details) for entry in entries] == [
        *[(1, "", DETAILS)] * 3,
        (2, "", DETAILS),
    ]
    for statement in ["UPDATE audit_auditentry SET address = 'x'", "DELETE FROM audit_auditentry"]:
        with pytest.raises(DatabaseError, match="append-only"):
            run_sql(statement)
