import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("investigations", "0003_legal_bases")]
    operations = [
        migrations.AlterField(
            model_name="searchrequest",
            name="basis",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="requests",
                to="investigations.legalbasis",
                verbose_name="legal basis",
            ),
        ),
    ]
