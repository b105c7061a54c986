import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0012_capabilities_of_a_type"),
        ("matching", "0017_sheets_taken_back"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="demandline",
            index=models.Index(fields=["component_type", "demand"], name="line_by_type"),
        ),
        migrations.AlterField(
            model_name="demandline",
            name="component_type",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="demand_lines",
                to="companies.componenttype",
            ),
        ),
    ]
