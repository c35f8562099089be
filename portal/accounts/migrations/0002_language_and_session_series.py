from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                choices=[("ko", "한국어"), ("en", "English")], default="ko", max_length=10, verbose_name="language"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="session_series",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
