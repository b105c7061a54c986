from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0009_facility_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="sheetimport",
            name="language",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="in which problems are told", max_length=10
            ),
        ),
    ]
