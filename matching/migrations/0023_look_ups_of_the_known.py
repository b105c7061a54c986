from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

NAME, FIELDS = "demand_result_known", ["suppliers", "team_suppliers", "sites"]


class Migration(migrations.Migration):
    """Rows that wait to be put into the index are looked through by every look-up: fewer of them."""

    dependencies = [("matching", "0022_vacuum_of_results")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 2048)",
                    f"ALTER INDEX {NAME} SET (gin_pending_list_limit = 16384)",
                )
            ],
            state_operations=[
                migrations.RemoveIndex("demandresult", NAME),
                migrations.AddIndex(
                    "demandresult", GinIndex(fields=FIELDS, name=NAME, gin_pending_list_limit=2048)
                ),
            ],
        )
    ]
