"""Indexes that end in the order of the lists. Only CREATE and DROP INDEX: see the migration before."""

from django.db import migrations, models

TABLE = "audit_auditentry"
ONE_COLUMN = ("at", "action", "actor_id", "agency_id")


def drop_one_column_indexes(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, TABLE)
    for name, constraint in constraints.items():
        if constraint["index"] and not constraint["unique"] and tuple(constraint["columns"]) in {(c,) for c in ONE_COLUMN}:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def add_one_column_indexes(apps, schema_editor):
    for column in ONE_COLUMN:
        schema_editor.execute(f"CREATE INDEX {TABLE}_{column}_single ON {TABLE} ({column})")


def unindexed(name, field):
    return migrations.AlterField(model_name="auditentry", name=name, field=field)


def added(name, *fields):
    return migrations.AddIndex(model_name="auditentry", index=models.Index(fields=[*fields, "at", "sequence"], name=name))


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_versioned_hash_and_address")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_one_column_indexes, add_one_column_indexes)],
            state_operations=[
                unindexed("at", models.DateTimeField(verbose_name="when")),
                unindexed("action", models.CharField(max_length=40, verbose_name="what")),
                unindexed("actor_id", models.BigIntegerField(null=True, verbose_name="person id")),
                unindexed("agency_id", models.BigIntegerField(null=True, verbose_name="agency id")),
            ],
        ),
        migrations.RemoveIndex(model_name="auditentry", name="audit_target"),
        migrations.AddIndex(
            model_name="auditentry", index=models.Index(fields=["at", "sequence"], name="audit_by_time")
        ),
        added("audit_by_action", "action"),
        added("audit_by_actor", "actor_id"),
        added("audit_by_agency", "agency_id"),
        added("audit_by_agency_action", "agency_id", "action"),
        added("audit_by_target", "target_type", "target_id"),
    ]
