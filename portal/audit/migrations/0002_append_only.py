"""The database itself refuses to change or remove an audit entry, whoever asks it, and keeps the one head."""

from django.db import migrations

TABLE = "audit_auditentry"
HEAD = "audit_audithead"

SQLITE = [
    f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only.'); END",
    f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only.'); END",
    # INSERT OR REPLACE would remove the old row without asking the trigger above.
    f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON {TABLE} "
    f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE sequence = NEW.sequence) "
    "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only.'); END",
    f"CREATE TRIGGER audit_keep_head BEFORE DELETE ON {HEAD} "
    "BEGIN SELECT RAISE(ABORT, 'The audit trail keeps its head.'); END",
]
SQLITE_UNDO = [f"DROP TRIGGER {name}" for name in ("audit_no_update", "audit_no_delete", "audit_no_replace", "audit_keep_head")]

POSTGRESQL = [
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'The audit trail is append-only.'; END $$",
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE} "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_keep_head BEFORE DELETE ON {HEAD} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_keep_head_whole BEFORE TRUNCATE ON {HEAD} "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
]
POSTGRESQL_UNDO = [
    f"DROP TRIGGER audit_no_change ON {TABLE}",
    f"DROP TRIGGER audit_no_truncate ON {TABLE}",
    f"DROP TRIGGER audit_keep_head ON {HEAD}",
    f"DROP TRIGGER audit_keep_head_whole ON {HEAD}",
    "DROP FUNCTION audit_refuse()",
]


def _run(schema_editor, by_vendor):
    for statement in by_vendor.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement, params=None)


def install(apps, schema_editor):
    apps.get_model("audit", "AuditHead").objects.get_or_create(pk=1)
    _run(schema_editor, {"sqlite": SQLITE, "postgresql": POSTGRESQL})


def remove(apps, schema_editor):
    _run(schema_editor, {"sqlite": SQLITE_UNDO, "postgresql": POSTGRESQL_UNDO})


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
