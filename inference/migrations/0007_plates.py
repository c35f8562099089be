from django.db import migrations, models
from django.db.models import Q

import inference.models


class Migration(migrations.Migration):
    dependencies = [("inference", "0006_tuned_models")]

    operations = [
        migrations.AddField(
            model_name="analysis",
            name="plate_finder",
            field=models.CharField(
                blank=True, default="", max_length=60, verbose_name="finder of number plates"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="analysis",
            name="plate_reader",
            field=models.CharField(
                blank=True, default="", max_length=60, verbose_name="reader of number plates"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sighting",
            name="plate_reader",
            field=models.CharField(
                blank=True, default="", editable=False, max_length=60, verbose_name="reader of number plates"
            ),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Plate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reader", models.CharField(max_length=60, verbose_name="reader")),
                ("text", models.CharField(max_length=12, verbose_name="number plate")),
                (
                    "confidence",
                    models.FloatField(help_text="Of its least certain character, 0 to 1.", verbose_name="confidence"),
                ),
                ("characters", models.JSONField(default=list)),
                ("reads", models.PositiveSmallIntegerField(verbose_name="times read")),
                ("seen_at", models.DateTimeField(verbose_name="time of the picture")),
                (
                    "image",
                    models.FileField(
                        max_length=200, upload_to=inference.models.plate_image_name, verbose_name="picture"
                    ),
                ),
                (
                    "sighting",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="plates",
                        to="inference.sighting",
                        verbose_name="sighting",
                    ),
                ),
            ],
            options={
                "verbose_name": "number plate",
                "verbose_name_plural": "number plates",
                "ordering": ["seen_at", "id"],
                "indexes": [models.Index(fields=["reader", "id"], name="plate_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("sighting", "reader"), name="one_plate_per_sighting_and_reader"
                    ),
                    models.CheckConstraint(condition=~Q(text=""), name="plate_has_text"),
                    models.CheckConstraint(
                        condition=Q(confidence__gte=0, confidence__lte=1), name="plate_confidence_sane"
                    ),
                ],
            },
        ),
    ]
