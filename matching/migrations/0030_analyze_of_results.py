from django.db import migrations

TABLES = ("demandresult", "lineresult", "linematches", "linemisses", "demandsites", "pipeline")
SET = "ALTER TABLE matching_{} SET (autovacuum_analyze_scale_factor = 1)"
RESET = "ALTER TABLE matching_{} RESET (autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    """Rows of results are counted anew when they have doubled, not at a tenth more: every full run writes them all anew,
    and one generation looks like the other. A country's were counted three times each while a run wrote them."""

    dependencies = [("matching", "0029_relaxations_as_arrays")]

    operations = [migrations.RunSQL(SET.format(table), RESET.format(table)) for table in TABLES]
