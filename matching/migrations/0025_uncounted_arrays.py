from django.db import migrations

# What the planner guesses by itself is near enough; to count what they hold took 1.5 to 2 s of a processor each
# time, once or twice while a full run writes.
ARRAYS = {
    "matching_demandresult": ("capabilities", "suppliers", "team"),
    "matching_pipeline": ("members", "member_scores", "outs"),
}


def counted(table: str, target: int) -> str:
    columns = ", ".join(f"ALTER COLUMN {name} SET STATISTICS {target}" for name in ARRAYS[table])
    return f"ALTER TABLE {table} {columns}"


class Migration(migrations.Migration):
    """ANALYZE does not count what the arrays of results hold."""

    dependencies = [("matching", "0024_ids_named_by_alliances")]

    operations = [migrations.RunSQL(counted(table, 0), counted(table, -1)) for table in ARRAYS]
