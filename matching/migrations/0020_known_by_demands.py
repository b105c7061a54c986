from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ARRAYS = ("capabilities", "suppliers", "team", "team_suppliers", "sites")

# Outside of the row and as they are: a run does not press them together, who reads rows without them reads little.
STORED = "ALTER TABLE matching_demandresult " + ", ".join(
    f"ALTER COLUMN {name} SET STORAGE EXTERNAL" for name in ARRAYS
)

# ruff: noqa: S608 -- names of tables and columns, of this file
OF = "WHERE demand_id = r.demand_id AND run_id = r.run_id"
PAIRED = "SELECT {0} FROM matching_match " + OF + " UNION SELECT {0} FROM matching_nearmiss " + OF
TEAM = "SELECT DISTINCT unnest(members[:][2:2]) AS id FROM matching_pipeline " + OF
# Of results that count, or will: the others are swept.
FILL = f"""
    UPDATE matching_demandresult r SET
        capabilities = ARRAY({PAIRED.format("capability_id")} ORDER BY 1),
        suppliers = ARRAY({PAIRED.format("supplier_id")} ORDER BY 1),
        team = ARRAY(SELECT id FROM ({TEAM}) t WHERE id <> 0 ORDER BY 1),
        team_suppliers = ARRAY(SELECT DISTINCT c.organisation_id FROM ({TEAM}) t
                               JOIN companies_capability c ON c.id = t.id ORDER BY 1),
        sites = ARRAY(SELECT site_id FROM matching_sitematch {OF}
                      UNION SELECT site_id FROM matching_pipeline {OF} AND site_id IS NOT NULL ORDER BY 1)
    WHERE EXISTS (SELECT FROM matching_currentresult c WHERE c.demand_id = r.demand_id AND c.run_id = r.run_id)
       OR EXISTS (SELECT FROM matching_matchrun m WHERE m.id = r.run_id AND m.state IN ('queued', 'running'))
"""


class Migration(migrations.Migration):
    """What a demand's results name, each id once, beside the demand: rules asked millions of rows for it."""

    dependencies = [("matching", "0019_pipelines_as_arrays")]

    operations = [
        *(
            migrations.AddField(
                "demandresult", name, ArrayField(models.BigIntegerField(), default=list, db_default=[])
            )
            for name in ARRAYS
        ),
        migrations.RunSQL(STORED, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
