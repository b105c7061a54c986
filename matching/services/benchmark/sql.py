"""The work of §3 and §4 of docs/matching.md as one PostgreSQL statement: hard rules, score, best 20 of each line.

What people would write without a matcher. Spec values stay in their JSONB column; travel minutes are computed
beside it for the cities concerned. Weights, date and alliance are parameters.
"""

BEST_20 = """
WITH RECURSIVE
below AS (
    SELECT id AS ancestor, id AS type FROM companies_componenttype
    UNION ALL
    SELECT b.ancestor, t.id FROM below b JOIN companies_componenttype t ON t.parent_id = b.type
),
asked AS MATERIALIZED (
    SELECT l.id AS line, d.id AS demand, l.component_type_id AS type, l.quantity, l.monthly_rate AS rate,
           coalesce(l.need_by, d.need_by) AS need_by, p.target_unit_price AS target, p.ceiling_unit_price AS ceiling,
           d.lab_city_id AS lab, d.scope, d.owner_id AS owner
    FROM matching_demandline l
    JOIN matching_demand d ON d.id = l.demand_id
    LEFT JOIN matching_lineprice p ON p.line_id = l.id
    WHERE d.published AND d.alliance_id = %(alliance)s AND d.id = ANY(%(demands)s)
),
wanted AS MATERIALIZED (
    SELECT r.line_id AS line, k.key, k.kind, k.ordered, k.choices, r.op, r.value, r.hard, r.weight, r.tolerance,
           CASE jsonb_typeof(r.value) WHEN 'number' THEN (r.value #>> '{}')::float8
                WHEN 'array' THEN CASE WHEN k.kind IN ('number', 'range') THEN (r.value ->> 0)::float8 END END AS a,
           CASE jsonb_typeof(r.value) WHEN 'number' THEN (r.value #>> '{}')::float8
                WHEN 'array' THEN CASE WHEN k.kind IN ('number', 'range') THEN (r.value ->> 1)::float8 END END AS b,
           (SELECT c.place FROM jsonb_array_elements_text(k.choices) WITH ORDINALITY c(word, place)
             WHERE k.ordered AND c.word = r.value #>> '{}') AS place,
           greatest(jsonb_array_length(k.choices) - 1, 0)::float8 AS steps
    FROM matching_linerequirement r
    JOIN companies_componentkey k ON k.id = r.key_id
    JOIN asked ON asked.line = r.line_id
),
travel AS MATERIALIZED (
    SELECT o.id AS origin, t.id AS destination,
           CASE WHEN o.id = t.id THEN 30.0 ELSE coalesce(
               (SELECT minutes FROM alliance_traveltime WHERE origin_id = o.id AND destination_id = t.id),
               (SELECT minutes FROM alliance_traveltime WHERE origin_id = t.id AND destination_id = o.id),
               greatest(30.0, 1.3 * 2 * 6371.0088 * asin(least(1.0, sqrt(
                   sin(radians(t.latitude - o.latitude) / 2) ^ 2 + cos(radians(o.latitude))
                   * cos(radians(t.latitude)) * sin(radians(t.longitude - o.longitude) / 2) ^ 2))))
           ) END AS minutes
    FROM alliance_city o, alliance_city t
    WHERE o.id IN (SELECT lab FROM asked) AND t.id IN (SELECT city_id FROM companies_facility)
),
candidate AS (
    SELECT asked.*, c.id AS capability, c.specs, c.component_type_id AS offered_type, c.volume_lead_days,
           f.id AS facility, f.city_id AS city, o.id AS firm, o.verified,
           m.capacity_per_month - m.committed_per_month AS free, m.unit_price AS price
    FROM asked
    JOIN below ON below.ancestor = asked.type
    JOIN companies_capability c ON c.component_type_id = below.type
    JOIN companies_capabilityterms m ON m.capability_id = c.id
    JOIN companies_facility f ON f.id = c.facility_id
    JOIN alliance_organisation o ON o.id = c.organisation_id
    WHERE c.published AND NOT o.suspended AND (c.valid_until IS NULL OR c.valid_until >= %(as_of)s)
      AND (asked.scope = 'open' OR EXISTS (
            SELECT 1 FROM alliance_alliancereach r WHERE r.alliance_id = %(alliance)s AND r.city_id = f.city_id))
      AND o.id <> asked.owner
      AND NOT EXISTS (SELECT 1 FROM alliance_exclusion e WHERE e.organisation_id = asked.owner AND e.excluded_id = o.id)
      AND c.min_order_quantity <= asked.quantity
      AND m.capacity_per_month - m.committed_per_month >= asked.rate
      AND %(as_of)s::date + c.volume_lead_days <= asked.need_by
      AND (c.available_from IS NULL OR c.available_from <= asked.need_by)
      AND (m.unit_price IS NULL OR asked.ceiling IS NULL OR m.unit_price <= asked.ceiling)
      AND NOT EXISTS (
            SELECT 1 FROM matching_linecertificate w WHERE w.line_id = asked.line
            AND NOT EXISTS (SELECT 1 FROM companies_capabilitycertificate h WHERE h.capability_id = c.id
                            AND h.code = w.code AND (h.expires_on IS NULL OR h.expires_on >= %(as_of)s))
            AND NOT EXISTS (SELECT 1 FROM companies_facilitycertificate h WHERE h.facility_id = f.id
                            AND h.code = w.code AND (h.expires_on IS NULL OR h.expires_on >= %(as_of)s))
            AND NOT EXISTS (SELECT 1 FROM alliance_organisationcertificate h WHERE h.organisation_id = o.id
                            AND h.code = w.code AND (h.expires_on IS NULL OR h.expires_on >= %(as_of)s)))
),
scored AS (
    SELECT n.line, n.capability, round((
        ( %(fit)s * coalesce(s.fit, 1)
        + %(price)s * CASE WHEN n.target IS NULL OR n.price IS NULL THEN 0.5
                           ELSE least(1, greatest(0, 2 - n.price / n.target)) END
        + %(lead_time)s * least(1, greatest(0, 1 - n.volume_lead_days
              / greatest(n.need_by - %(as_of)s::date, 1)::float8))
        + %(capacity)s * least(1, greatest(0, n.free / (2 * n.rate)))
        + %(proximity)s * 2 ^ (-t.minutes / 180)
        + %(role)s * CASE WHEN EXISTS (
              SELECT 1 FROM alliance_alliancereach r JOIN companies_componenttype k ON k.id = n.offered_type
              WHERE r.alliance_id = %(alliance)s AND r.city_id = n.city
              AND k.supplied_by = ANY(r.roles)) THEN 1 ELSE 0 END
        + %(trust)s * CASE WHEN n.verified THEN 0.6 + 0.4 * (coalesce(v.on_time, 0) + 1)
                                                / (coalesce(v.completed, 0) + 2)::float8 ELSE 0 END
        ) / %(total)s)::numeric, 9) AS score
    FROM candidate n
    JOIN travel t ON t.origin = n.lab AND t.destination = n.city
    LEFT JOIN alliance_deliveryrecord v ON v.organisation_id = n.firm
    CROSS JOIN LATERAL (
        SELECT coalesce(bool_and(x.short <= 0) FILTER (WHERE w.hard), true) AS holds,
               sum(w.weight * CASE WHEN x.short <= 0 THEN 1 ELSE greatest(0, 1 - x.short / w.tolerance) END)
                   FILTER (WHERE NOT w.hard) / nullif(sum(w.weight) FILTER (WHERE NOT w.hard), 0) AS fit
        FROM wanted w
        CROSS JOIN LATERAL (SELECT n.specs -> w.key AS v) offered
        CROSS JOIN LATERAL (
            SELECT CASE jsonb_typeof(offered.v) WHEN 'number' THEN (offered.v #>> '{}')::float8
                        WHEN 'array' THEN CASE WHEN w.kind IN ('number', 'range')
                                              THEN (offered.v ->> 0)::float8 END END AS lo,
                   CASE jsonb_typeof(offered.v) WHEN 'number' THEN (offered.v #>> '{}')::float8
                        WHEN 'array' THEN CASE WHEN w.kind IN ('number', 'range')
                                              THEN (offered.v ->> 1)::float8 END END AS hi
        ) o
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN offered.v IS NULL OR offered.v IN ('null'::jsonb, '[]'::jsonb) THEN 1
                WHEN w.op = 'is' THEN CASE WHEN offered.v = w.value THEN 0 ELSE 1 END
                WHEN w.op = 'one_of' THEN CASE WHEN offered.v ?| ARRAY(SELECT jsonb_array_elements_text(w.value))
                                          THEN 0 ELSE 1 END
                WHEN w.ordered THEN (
                    SELECT CASE w.op WHEN '>=' THEN w.place - max(c.place) ELSE min(c.place) - w.place END
                           / nullif(w.steps, 0)
                    FROM jsonb_array_elements_text(w.choices) WITH ORDINALITY c(word, place) WHERE offered.v ? c.word)
                WHEN w.op = '>=' THEN CASE WHEN o.hi >= w.a THEN 0
                                      ELSE coalesce((w.a - o.hi) / nullif(abs(w.a), 0), 1) END
                WHEN w.op = '<=' THEN CASE WHEN o.lo <= w.a THEN 0
                                      ELSE coalesce((o.lo - w.a) / nullif(abs(w.a), 0), 1) END
                WHEN w.op IN ('between', '=') THEN CASE WHEN o.lo <= w.b AND o.hi >= w.a THEN 0
                    ELSE coalesce(greatest(o.lo - w.b, w.a - o.hi) / nullif(greatest(abs(w.a), abs(w.b)), 0), 1) END
                ELSE CASE WHEN o.lo <= w.a AND o.hi >= w.b THEN 0
                    ELSE coalesce(greatest(o.lo - w.a, w.b - o.hi) / nullif(greatest(abs(w.a), abs(w.b)), 0), 1) END
            END AS short
        ) x
        WHERE w.line = n.line
    ) s
    WHERE s.holds
)
SELECT line, rank, capability, score::float8 FROM (
    SELECT line, capability, score, row_number() OVER (PARTITION BY line ORDER BY score DESC, capability) AS rank
    FROM scored
) ranked WHERE rank <= 20 ORDER BY line, rank
"""
