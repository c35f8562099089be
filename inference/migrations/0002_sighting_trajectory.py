from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='sighting',
            name='trajectory',
            field=models.BinaryField(default=b'', verbose_name='track of boxes'),
        ),
    ]
