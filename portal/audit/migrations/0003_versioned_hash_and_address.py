"""Entries say by which rules they were hashed, and from where; details are kept as the text that was hashed.

Plain ALTER TABLE: Django would copy SQLite's table, and lose the triggers that refuse changes with the old one.
"""

from django.db import migrations, models

import portal.audit.fields

TABLE = "audit_auditentry"


def keep_text(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN details TYPE text USING details::text")


def keep_jsonb(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} ALTER COLUMN details TYPE jsonb USING details::jsonb")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ADD COLUMN version smallint DEFAULT 1 NOT NULL",
            f"ALTER TABLE {TABLE} DROP COLUMN version",
            state_operations=[
                migrations.AddField(
                    model_name="auditentry",
                    name="version",
                    field=models.SmallIntegerField(db_default=1, verbose_name="version of the hash"),
                ),
            ],
        ),
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ADD COLUMN address varchar(64) DEFAULT '' NOT NULL",
            f"ALTER TABLE {TABLE} DROP COLUMN address",
            state_operations=[
                migrations.AddField(
                    model_name="auditentry",
                    name="address",
                    field=models.CharField(blank=True, db_default="", max_length=64, verbose_name="network address"),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(keep_text, keep_jsonb)],
            state_operations=[
                migrations.AlterField(
                    model_name="auditentry",
                    name="details",
                    field=portal.audit.fields.WrittenJSONField(blank=True, default=dict, verbose_name="details"),
                ),
            ],
        ),
    ]
