"""Runs of the demands that a change touched, and how rows were before changes that are still to be followed."""

import django.contrib.postgres.fields
import django.db.models.expressions
from django.db import migrations, models

# The import of a region has everything matched again and keeps no former rows: SET LOCAL matching.former_rows = 'off'.
FUNCTION = """
CREATE FUNCTION matching_keep_former() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('matching.former_rows', true) = 'off' THEN
        RETURN NULL;
    END IF;
    INSERT INTO matching_formerrow (source, row_id, data)
    SELECT TG_TABLE_NAME, (to_jsonb(f) ->> TG_ARGV[0])::bigint,
           CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(f) END
    FROM former f;
    RETURN NULL;
END $$;
"""
# table: the column that says whose row it is
TABLES = {
    "companies_capability": "id",
    "companies_capabilityterms": "capability_id",
    "companies_capabilitycertificate": "capability_id",
    "companies_facility": "id",
    "companies_facilitycertificate": "facility_id",
    "alliance_organisation": "id",
    "alliance_organisationcertificate": "organisation_id",
    "scenarios_site": "id",
    "scenarios_sitewindow": "site_id",
}
NEW = ("companies_capability",)  # a new certificate or window only adds; a new capability adds a candidate


def _trigger(table: str, column: str, event: str) -> str:
    transition = "NEW" if event == "INSERT" else "OLD"
    return (
        f"CREATE TRIGGER keep_former_{event.lower()} AFTER {event} ON {table} REFERENCING {transition} TABLE AS former "
        f"FOR EACH STATEMENT EXECUTE FUNCTION matching_keep_former('{column}');\n"
    )


def _events(table: str) -> tuple[str, ...]:
    return ("INSERT", "UPDATE", "DELETE") if table in NEW else ("UPDATE", "DELETE")


FORWARDS = FUNCTION + "".join(
    _trigger(table, column, event) for table, column in TABLES.items() for event in _events(table)
)
BACKWARDS = (
    "".join(
        f"DROP TRIGGER keep_former_{event.lower()} ON {table};\n"
        for table in TABLES
        for event in _events(table)
    )
    + "DROP FUNCTION matching_keep_former();"
)


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0011_figures"),
        ("companies", "0006_list_orders"),
        ("scenarios", "0002_archive"),
        ("alliance", "0016_chosen_alliance"),
    ]

    operations = [
        migrations.AddField(
            model_name="matchrun",
            name="demands",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                default=list,
                editable=False,
                help_text="keys of the demands that a change touched; empty: all of the alliance, or the one named",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="FormerRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "transaction",
                    models.BigIntegerField(
                        db_default=django.db.models.expressions.RawSQL(
                            "pg_current_xact_id()::text::bigint", []
                        )
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("row_id", models.BigIntegerField()),
                ("data", models.JSONField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["source", "row_id"], name="former_row_of"),
                    models.Index(fields=["transaction"], name="former_row_transaction"),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
