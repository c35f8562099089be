import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_indexes_in_list_order")]
    operations = [
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                ("beat_at", models.DateTimeField(editable=False, null=True, verbose_name="last sign of life")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("entries", models.BigIntegerField(default=0, verbose_name="entries")),
                ("head_sequence", models.BigIntegerField(default=0, verbose_name="number of the last entry")),
                ("head_hash", models.CharField(default="0" * 64, max_length=64, verbose_name="hash of the last entry")),
                ("break_count", models.BigIntegerField(default=0, verbose_name="broken places")),
                ("breaks", models.JSONField(default=list, verbose_name="first broken places")),
                ("is_intact", models.BooleanField(null=True, verbose_name="holds")),
            ],
            options={
                "verbose_name": "check of the audit trail",
                "verbose_name_plural": "checks of the audit trail",
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["ended_at"], name="audit_check_ended")],
            },
        ),
    ]
