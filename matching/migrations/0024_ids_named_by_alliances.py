import django.db.models.deletion
from django.db import migrations, models

KINDS = ("paired", "offered", "suppliers", "suppliers_open", "sites_open")

# As they are: a piece of the bits is never read alone, and pressed together they would be unpacked for each list.
STORED = "ALTER TABLE matching_namedids " + ", ".join(
    f"ALTER COLUMN {name} SET STORAGE EXTERNAL" for name in KINDS
)

# Decision 18. A statement that moves what an alliance's demands name leaves a mark in its own transaction: who sees the one
# sees the other. Demands are locked FOR SHARE: none is given to another alliance between the look and the commit.
FUNCTIONS = """
CREATE FUNCTION matching_mark_demands(demands bigint[]) RETURNS integer LANGUAGE sql AS $$
    WITH asked AS (
        SELECT d.alliance_id FROM matching_demand d WHERE d.id = ANY(demands) ORDER BY d.id FOR SHARE
    ), marked AS (
        INSERT INTO matching_namedmark (alliance_id) SELECT DISTINCT alliance_id FROM asked
    )
    SELECT count(*)::integer FROM asked
$$;

-- A pointer appears or leads elsewhere. One to a demand that is not there yet would be nobody's.
CREATE FUNCTION matching_mark_pointed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE demands bigint[] := ARRAY(SELECT demand_id FROM moved);
BEGIN
    IF matching_mark_demands(demands) <> cardinality(demands) THEN
        RAISE EXCEPTION 'a pointer to no demand' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

-- With its demand gone that one's own mark tells.
CREATE FUNCTION matching_mark_unpointed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM matching_mark_demands(ARRAY(SELECT demand_id FROM former));
    RETURN NULL;
END $$;

CREATE FUNCTION matching_keep_pointer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a pointer stays with its demand' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION matching_mark_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM matching_mark_demands(ARRAY(SELECT demand_id FROM former UNION SELECT demand_id FROM moved));
    RETURN NULL;
END $$;

-- Only of results that count: others are swept all the time, and no pointer comes back to them.
CREATE FUNCTION matching_mark_unnamed() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    PERFORM matching_mark_demands(ARRAY(
        SELECT f.demand_id FROM former f
        JOIN matching_currentresult c ON c.demand_id = f.demand_id AND c.run_id = f.run_id
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION matching_mark_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- No join: a session keeps the plan it made for one row, which for ten thousand would take minutes.
    INSERT INTO matching_namedmark (alliance_id)
    SELECT DISTINCT alliance_id FROM (
        (SELECT id, alliance_id, published, scope FROM former EXCEPT SELECT id, alliance_id, published, scope FROM moved)
        UNION ALL
        (SELECT id, alliance_id, published, scope FROM moved EXCEPT SELECT id, alliance_id, published, scope FROM former)
    ) changed;
    RETURN NULL;
END $$;

CREATE FUNCTION matching_mark_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matching_namedmark (alliance_id) SELECT DISTINCT alliance_id FROM former;
    RETURN NULL;
END $$;

CREATE FUNCTION matching_forget_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM matching_namedids;
    RETURN NULL;
END $$;
"""
BOTH = "OLD TABLE AS former NEW TABLE AS moved"
# name: (table, event, what the function reads, function)
TRIGGERS = {
    "named_pointed": ("currentresult", "INSERT", "NEW TABLE AS moved", "mark_pointed"),
    "named_pointed_elsewhere": ("currentresult", "UPDATE", "NEW TABLE AS moved", "mark_pointed"),
    "named_unpointed": ("currentresult", "DELETE", "OLD TABLE AS former", "mark_unpointed"),
    "named_renamed": ("demandresult", "UPDATE", BOTH, "mark_renamed"),
    "named_unnamed": ("demandresult", "DELETE", "OLD TABLE AS former", "mark_unnamed"),
    "named_changed": ("demand", "UPDATE", BOTH, "mark_changed"),
    "named_deleted": ("demand", "DELETE", "OLD TABLE AS former", "mark_deleted"),
    **{
        f"named_emptied_{table}": (table, "TRUNCATE", "", "forget_named")
        for table in ("currentresult", "demandresult", "demand", "namedmark")
    },
}


def _trigger(name: str, table: str, event: str, reads: str, function: str) -> str:
    return (
        f"CREATE TRIGGER {name} AFTER {event} ON matching_{table} {'REFERENCING ' * bool(reads)}{reads} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION matching_{function}();\n"
    )


KEEP = """
CREATE TRIGGER named_kept BEFORE UPDATE OF demand_id ON matching_currentresult FOR EACH ROW
    WHEN (OLD.demand_id <> NEW.demand_id) EXECUTE FUNCTION matching_keep_pointer();
"""
FORWARDS = FUNCTIONS + "".join(_trigger(name, *told) for name, told in TRIGGERS.items()) + KEEP
BACKWARDS = (
    "DROP TRIGGER named_kept ON matching_currentresult;\nDROP FUNCTION matching_keep_pointer();\n"
    + "".join(f"DROP TRIGGER {name} ON matching_{told[0]};\n" for name, told in TRIGGERS.items())
    + "".join(
        f"DROP FUNCTION matching_{name}();\n" for name in dict.fromkeys(t[3] for t in TRIGGERS.values())
    )
    + "DROP FUNCTION matching_mark_demands(bigint[]);"
)


class Migration(migrations.Migration):
    """What an alliance's demands name, as bits that are true in every snapshot that shows no mark."""

    dependencies = [("alliance", "0023_firms_of_a_city"), ("matching", "0023_look_ups_of_the_known")]

    operations = [
        migrations.CreateModel(
            name="NamedIds",
            fields=[
                (
                    "alliance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="alliance.alliance",
                    ),
                ),
                *((name, models.BinaryField(default=b"")) for name in KINDS),
                ("whole", models.BooleanField(default=False)),
                ("built_at", models.DateTimeField()),
                ("took", models.FloatField(help_text="milliseconds")),
            ],
        ),
        migrations.CreateModel(
            name="NamedMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("alliance_id", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.RunSQL(STORED, migrations.RunSQL.noop),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        *(
            operation
            for place, name, model in (
                ("lab_city", "demand_of_city", "alliance.city"),
                ("owner", "demand_of_owner", "alliance.organisation"),
            )
            for operation in (
                migrations.AddIndex(
                    "demand",
                    models.Index(fields=[place, "alliance", "published"], include=["id"], name=name),
                ),
                migrations.AlterField(
                    "demand",
                    place,
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="demands",
                        to=model,
                    ),
                ),
            )
        ),
    ]
