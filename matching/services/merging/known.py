"""Who stands behind what results name, when one entry is made of two, or two again."""

from django.db import connection

OF = "WHERE demand_id = r.demand_id AND run_id = r.run_id"
REFRESH = f"""
    UPDATE matching_demandresult r SET
        suppliers = ARRAY(SELECT supplier_id FROM matching_match {OF}
                          UNION SELECT supplier_id FROM matching_nearmiss {OF} ORDER BY 1),
        team_suppliers = ARRAY(SELECT DISTINCT organisation_id FROM companies_capability
                               WHERE id = ANY(r.team) ORDER BY 1)
    WHERE r.suppliers @> %(firm)s::bigint[] OR r.team_suppliers @> %(firm)s::bigint[]
"""  # noqa: S608 (our own text)


def refresh_known(organisation_id: int) -> None:
    """Results that name this firm name the firms that their rows and capabilities belong to now."""
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, {"firm": [organisation_id]})
