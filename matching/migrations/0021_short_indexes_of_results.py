import django.contrib.postgres.indexes
from django.db import migrations, models

ONCE = ["demand_id", "run_id"]
SHORTER = {"match": "match_demand", "nearmiss": "near_miss_demand", "sitematch": "site_match_demand"}
NEEDLESS = [
    ("match", "match_supplier"),
    ("match", "match_capability"),
    ("nearmiss", "near_miss_supplier"),
    ("nearmiss", "near_miss_capability"),
    ("sitematch", "site_match_site"),
    ("pipeline", "pipeline_site"),
]


class Migration(migrations.Migration):
    """Results are found by demand and run, where equal entries share a place; other ids by the arrays beside the
    demand."""

    dependencies = [("matching", "0020_known_by_demands")]

    operations = [
        *(
            operation
            for model, name in SHORTER.items()
            for operation in (
                migrations.RemoveIndex(model, name),
                migrations.AddIndex(model, models.Index(fields=ONCE, name=name)),
            )
        ),
        *(migrations.RemoveIndex(model, name) for model, name in NEEDLESS),
        migrations.AddIndex(
            "demandresult",
            django.contrib.postgres.indexes.GinIndex(
                fields=["suppliers", "team_suppliers", "sites"],
                gin_pending_list_limit=16384,
                name="demand_result_known",
            ),
        ),
    ]
