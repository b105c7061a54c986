"""Who stands behind what results name, when one entry is made of two, or two again."""

from collections.abc import Sequence

from django.db import connection

OF = "WHERE demand_id = r.demand_id AND run_id = r.run_id"
REFRESH = f"""
    UPDATE matching_demandresult r SET
        suppliers = ARRAY(SELECT unnest(suppliers) FROM matching_linematches {OF}
                          UNION SELECT unnest(suppliers) FROM matching_linemisses {OF} ORDER BY 1),
        team_suppliers = ARRAY(SELECT DISTINCT organisation_id FROM companies_capability
                               WHERE id = ANY(r.team) ORDER BY 1)
    WHERE (r.suppliers || r.team_suppliers) @> %(firm)s::bigint[]
"""  # noqa: S608 (our own text)

# Of the results that name the old one: they are found by the arrays beside the demand.
RENAME = """
    UPDATE {table} l SET suppliers = ARRAY(
        SELECT CASE WHEN supplier = %(old)s AND (%(offers)s::bigint[] IS NULL OR capability = ANY(%(offers)s))
               THEN %(new)s ELSE supplier END
        FROM unnest(l.capabilities, l.suppliers) WITH ORDINALITY AS each(capability, supplier, rank) ORDER BY rank)
    WHERE l.suppliers @> %(firm)s::bigint[] AND EXISTS (
        SELECT FROM matching_demandresult r
        WHERE r.demand_id = l.demand_id AND r.run_id = l.run_id
          AND (r.suppliers || r.team_suppliers) @> %(firm)s::bigint[])
"""


def rename_supplier(old: int, new: int, offers: Sequence[int] | None = None) -> None:
    """Matches and near misses of one firm become another's: all, or those of these capabilities."""
    given = None if offers is None else list(offers)
    with connection.cursor() as cursor:
        for table in ("matching_linematches", "matching_linemisses"):
            cursor.execute(
                RENAME.format(table=table), {"old": old, "new": new, "offers": given, "firm": [old]}
            )


def refresh_known(organisation_id: int) -> None:
    """Results that name this firm name the firms that their rows and capabilities belong to now."""
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, {"firm": [organisation_id]})
