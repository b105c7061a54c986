import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which plants are in a city, without a look at the plants."""

    dependencies = [("alliance", "0024_names_without_pinyin"), ("companies", "0013_how_common_words_are")]

    operations = [
        migrations.AddIndex(
            "facility", models.Index(fields=["city"], include=["id"], name="facility_of_city")
        ),
        migrations.AlterField(
            "facility",
            "city",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="facilities",
                to="alliance.city",
            ),
        ),
    ]
