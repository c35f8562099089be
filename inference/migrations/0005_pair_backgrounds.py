import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0004_last_recording"),
        ("inference", "0004_descriptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="PairBackground",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("embedder", models.CharField(max_length=60, verbose_name="embedder")),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "person"), ("vehicle", "vehicle")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("mean", models.FloatField(verbose_name="mean")),
                ("deviation", models.FloatField(verbose_name="deviation")),
                ("count", models.PositiveIntegerField(verbose_name="pairs")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                (
                    "camera_a",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="cameras.camera",
                        verbose_name="camera",
                    ),
                ),
                (
                    "camera_b",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="cameras.camera",
                        verbose_name="other camera",
                    ),
                ),
            ],
            options={
                "verbose_name": "background of two cameras",
                "verbose_name_plural": "backgrounds of two cameras",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("embedder", "kind", "camera_a", "camera_b"), name="one_background_per_pair"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("camera_a__lt", models.F("camera_b"))), name="background_pair_ordered"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gte", 30), ("deviation__gt", 0)), name="background_has_evidence"
                    ),
                ],
            },
        ),
    ]
