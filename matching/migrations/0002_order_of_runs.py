"""Runs are ordered by when their input was frozen; every (run, demand) with rows is listed."""

from django.db import migrations, models

GENERATION = "CREATE SEQUENCE matching_run_generation"
GENERATION_UNDO = "DROP SEQUENCE matching_run_generation"
# Compressing tens of megabytes of numbers costs a second and saves little.
PLAIN = "ALTER TABLE matching_runinput ALTER COLUMN problem SET STORAGE EXTERNAL"
PLAIN_UNDO = "ALTER TABLE matching_runinput ALTER COLUMN problem SET STORAGE EXTENDED"


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(GENERATION, GENERATION_UNDO),
        migrations.RunSQL(PLAIN, PLAIN_UNDO),
        migrations.AddField(
            model_name="matchrun",
            name="generation",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="runchunk",
            name="counts",
            field=models.JSONField(blank=True, default=dict, help_text="rows written, by kind"),
        ),
        migrations.AlterField(
            model_name="runinput",
            name="problem",
            field=models.BinaryField(
                help_text="kept uncompressed: it is written once and read by every worker"
            ),
        ),
        migrations.CreateModel(
            name="DemandResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run_id", models.BigIntegerField()),
                ("demand_id", models.BigIntegerField()),
                ("feasible_sites", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run_id", "demand_id"), name="demand_result_once")
                ],
            },
        ),
    ]
