from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def say_what_served_vehicles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now one model made the features of both kinds."""
    rows = apps.get_model("inference", "Analysis").objects.using(schema_editor.connection.alias)
    rows.update(vehicle_embedder=F("embedder"))


class Migration(migrations.Migration):
    dependencies = [("inference", "0003_analysis_how_far")]

    operations = [
        migrations.AlterField(
            model_name="analysis",
            name="embedder",
            field=models.CharField(max_length=60, verbose_name="embedder of persons"),
        ),
        migrations.AddField(
            model_name="analysis",
            name="vehicle_embedder",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="embedder of vehicles"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="analysis",
            name="person_describer",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="describer of persons"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="analysis",
            name="vehicle_describer",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="describer of vehicles"),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Description",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("describer", models.CharField(max_length=60, verbose_name="describer")),
                ("probabilities", models.BinaryField()),
                (
                    "sighting",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="descriptions",
                        to="inference.sighting",
                        verbose_name="sighting",
                    ),
                ),
            ],
            options={
                "verbose_name": "description",
                "verbose_name_plural": "descriptions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("sighting", "describer"), name="one_description_per_sighting_and_model"
                    )
                ],
            },
        ),
        migrations.RunPython(say_what_served_vehicles, migrations.RunPython.noop),
    ]
