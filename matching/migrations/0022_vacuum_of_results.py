from django.db import migrations

RESULTS = ("demandresult", "lineresult", "match", "nearmiss", "pipeline", "relaxation", "sitematch")
SET = "ALTER TABLE matching_{} SET (autovacuum_vacuum_insert_scale_factor = 1)"
RESET = "ALTER TABLE matching_{} RESET (autovacuum_vacuum_insert_scale_factor)"


class Migration(migrations.Migration):
    """A full run doubles these tables: they are gone through once it is there, not several times while it is written.
    What is swept after it has them gone through anyway."""

    dependencies = [("matching", "0021_short_indexes_of_results")]

    operations = [migrations.RunSQL(SET.format(table), RESET.format(table)) for table in RESULTS]
