import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which firms are in a city, without a look at the firms."""

    dependencies = [("alliance", "0022_how_common_words_are")]

    operations = [
        migrations.AddIndex(
            "organisation", models.Index(fields=["city"], include=["id"], name="organisation_of_city")
        ),
        migrations.AlterField(
            "organisation",
            "city",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="organisations",
                to="alliance.city",
            ),
        ),
    ]
