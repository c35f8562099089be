from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inference", "0002_sighting_trajectory")]

    operations = [
        migrations.AddIndex(
            model_name="analysis",
            index=models.Index(fields=["recording", "status"], name="analysis_how_far"),
        ),
    ]
