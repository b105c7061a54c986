from django.db import migrations

NAMES = ("name_zh", "name_en")


class Migration(migrations.Migration):
    """How many names hold a word, for the database's plans: without, it takes every word for a rare one and reads and
    sorts all firms for the first fifty."""

    dependencies = [("alliance", "0021_earlier_secrets")]

    operations = [
        *(
            migrations.RunSQL(
                f"CREATE STATISTICS organisation_{name} ON (upper({name}::text)) FROM alliance_organisation",
                f"DROP STATISTICS organisation_{name}",
            )
            for name in NAMES
        ),
        migrations.RunSQL("ANALYZE alliance_organisation", migrations.RunSQL.noop),
    ]
