from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0005_pair_backgrounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="TunedModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("base", models.CharField(max_length=60, verbose_name="embedder")),
                (
                    "kind",
                    models.CharField(
                        choices=[("person", "person"), ("vehicle", "vehicle")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("weights", models.BinaryField()),
                ("mean", models.FloatField(verbose_name="mean")),
                ("deviation", models.FloatField(verbose_name="deviation")),
                ("figures", models.JSONField(default=dict, verbose_name="figures")),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
            ],
            options={
                "verbose_name": "tuned model",
                "verbose_name_plural": "tuned models",
                "ordering": ["-made_at"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("deviation__gt", 0)), name="tuned_model_has_deviation")
                ],
            },
        ),
    ]
