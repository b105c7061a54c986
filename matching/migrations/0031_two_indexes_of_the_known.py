from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

FIRMS = models.Func(
    models.F("suppliers"),
    models.F("team_suppliers"),
    arg_joiner=" || ",
    output_field=ArrayField(models.BigIntegerField()),
    template="(%(expressions)s)",
)


class Migration(migrations.Migration):
    """Who is known by a demand: an index of the firms and one of the sites take less than one of all three."""

    dependencies = [("matching", "0030_analyze_of_results")]

    operations = [
        migrations.RemoveIndex("demandresult", "demand_result_known"),
        migrations.AddIndex(
            "demandresult", GinIndex(FIRMS, gin_pending_list_limit=4096, name="demand_result_firms")
        ),
        migrations.AddIndex(
            "demandresult",
            GinIndex(fields=["sites"], gin_pending_list_limit=1024, name="demand_result_sites"),
        ),
    ]
