from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

STAGES = ("prototype", "wait", "trial", "volume", "delivery")
CRITICAL = ("prototype", "volume", "delivery")

# ruff: noqa: S608 -- names of columns, of this file
FORWARD = """
    UPDATE matching_pipeline SET
        members = coalesce((
            SELECT array_agg(ARRAY[(m ->> 'line')::bigint, coalesce((m ->> 'capability')::bigint, 0),
                                   (m ->> 'feasible')::bigint, (m ->> 'usable')::bigint] ORDER BY place)
            FROM jsonb_array_elements(team) WITH ORDINALITY AS t(m, place)), '{}'),
        member_scores = coalesce((
            SELECT array_agg((m ->> 'score')::float8 ORDER BY place)
            FROM jsonb_array_elements(team) WITH ORDINALITY AS t(m, place)), '{}'),
        outs = coalesce((
            SELECT array_agg(ARRAY[(o ->> 'line')::bigint, (o ->> 'condition')::bigint, (o ->> 'count')::bigint]
                             ORDER BY place)
            FROM jsonb_array_elements(ruled_out) WITH ORDINALITY AS t(o, place)), '{}'),
""" + ", ".join(
    [f"{stage}_line = (critical ->> '{stage}')::bigint" for stage in CRITICAL]
    + [f"{stage}_baseline = (baseline ->> '{stage}')::float8" for stage in STAGES]
)

BACKWARD = """
    UPDATE matching_pipeline SET
        team = coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'line', members[i][1], 'capability', nullif(members[i][2], 0), 'score', member_scores[i],
                'feasible', members[i][3], 'usable', members[i][4]) ORDER BY i)
            FROM generate_subscripts(members, 1) AS i), '[]'),
        ruled_out = coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'line', outs[i][1], 'condition', outs[i][2], 'count', outs[i][3]) ORDER BY i)
            FROM generate_subscripts(outs, 1) AS i), '[]'),
""" + "critical = jsonb_strip_nulls(jsonb_build_object({})), baseline = jsonb_strip_nulls(jsonb_build_object({}))".format(
    ", ".join(f"'{stage}', {stage}_line" for stage in CRITICAL),
    ", ".join(f"'{stage}', {stage}_baseline" for stage in STAGES),
)


def add(name, field):
    return migrations.AddField("pipeline", name, field)


class Migration(migrations.Migration):
    """A pipeline's lists as arrays and columns: JSON cost the database most of what a row costs."""

    dependencies = [("matching", "0018_lines_of_a_type")]

    operations = [
        add("members", ArrayField(ArrayField(models.BigIntegerField()), default=list)),
        add("member_scores", ArrayField(models.FloatField(), default=list)),
        add("outs", ArrayField(ArrayField(models.BigIntegerField()), default=list)),
        *(add(f"{stage}_line", models.BigIntegerField(null=True)) for stage in CRITICAL),
        *(add(f"{stage}_baseline", models.FloatField(null=True)) for stage in STAGES),
        # Backwards: what was taken away comes back empty, and is filled below.
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField("pipeline", "team", models.JSONField(default=list)),
        *(migrations.RemoveField("pipeline", name) for name in ("team", "ruled_out", "critical", "baseline")),
    ]
