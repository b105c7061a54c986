from django.db import migrations

TEXTS = {"capability": "title", "facility": "name"}


class Migration(migrations.Migration):
    """How many names hold a word, for the database's plans (alliance 0022)."""

    dependencies = [("companies", "0012_capabilities_of_a_type")]

    operations = [
        operation
        for table, text in TEXTS.items()
        for operation in (
            migrations.RunSQL(
                f"CREATE STATISTICS {table}_{text} ON (upper({text}::text)) FROM companies_{table}",
                f"DROP STATISTICS {table}_{text}",
            ),
            migrations.RunSQL(f"ANALYZE companies_{table}", migrations.RunSQL.noop),
        )
    ]
