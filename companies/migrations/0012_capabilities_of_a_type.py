import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("companies", "0011_sheets_taken_back")]

    operations = [
        migrations.AddIndex(
            model_name="capability",
            index=models.Index(fields=["component_type", "id"], name="capability_by_type"),
        ),
        migrations.AddIndex(
            model_name="capability",
            index=models.Index(fields=["facility", "component_type"], name="capability_of_plant"),
        ),
        migrations.AlterField(
            model_name="capability",
            name="component_type",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="capabilities",
                to="companies.componenttype",
            ),
        ),
        migrations.AlterField(
            model_name="capability",
            name="facility",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="capabilities",
                to="companies.facility",
            ),
        ),
    ]
