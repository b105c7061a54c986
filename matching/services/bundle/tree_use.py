"""What stored rows say about parameters, so that a tree cannot change its meaning under them."""

from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg import sql

from companies.models import Capability
from matching.models import LineRequirement, SiteRequirement
from matching.services.bundle.layout import COMPONENT_TYPES, SCENARIO_TYPES
from matching.services.bundle.parameters import ParameterSets
from matching.services.bundle.queries import fetch
from matching.services.bundle.tree_rows import KeyRow, Tree
from scenarios.models import PartCondition, Site

Meaning = tuple[str, str, tuple[str, ...]]


def keys_in_use(
    tree: Tree, changed: Iterable[str], before: Mapping[str, Meaning], after: Mapping[str, KeyRow]
) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) for every changed key that stored values would read differently."""
    for key in changed:
        unit, kind, choices = before[key]
        now = after[key]
        gone = [choice for choice in choices if choice not in now.choices]
        if (unit, kind) != (now.unit, now.kind):
            if _uses(tree, key, None):
                yield key, _("“%(key)s” has stored values: its unit and kind cannot change.") % {"key": key}
        elif gone and _uses(tree, key, gone):
            yield (
                key,
                _("“%(key)s” has stored values with the choices %(choices)s: they cannot be removed.")
                % {"key": key, "choices": ", ".join(gone)},
            )


def _uses(tree: Tree, key: str, choices: list[str] | None) -> bool:
    offered = Capability.objects.all() if tree.supplies else Site.objects.all()
    field = "specs" if tree.supplies else "params"
    stated = Q(**{f"{field}__has_key": key})
    if choices is not None:
        stated &= Q(**{f"{field}__{key}__has_any_keys": choices})
    asked = (LineRequirement, PartCondition) if tree.supplies else (SiteRequirement,)
    wanted = Q(key__key=key)
    if choices is not None:
        # One choice is stored as a text, several as a list.
        wanted &= Q(value__has_any_keys=choices)
    return offered.filter(stated).exists() or any(m.objects.filter(wanted).exists() for m in asked)


# Rows of (external id, type, key) that stored values and requirements use.
_USED = {
    COMPONENT_TYPES: (
        """SELECT c.external_id, c.component_type_id, k.key
        FROM companies_capability c CROSS JOIN LATERAL jsonb_object_keys(c.specs) AS k(key)""",
        """SELECT l.external_id, l.component_type_id, k.key
        FROM matching_linerequirement r JOIN matching_demandline l ON l.id = r.line_id
        JOIN companies_componentkey k ON k.id = r.key_id""",
    ),
    SCENARIO_TYPES: (
        """SELECT s.external_id, s.scenario_type_id, k.key
        FROM scenarios_site s CROSS JOIN LATERAL jsonb_object_keys(s.params) AS k(key)""",
        """SELECT d.external_id, n.scenario_type_id, k.key
        FROM matching_siterequirement r JOIN matching_siteneed n ON n.demand_id = r.site_need_id
        JOIN matching_demand d ON d.id = n.demand_id JOIN scenarios_scenariokey k ON k.id = r.key_id""",
    ),
}
_ORPHANS = """WITH known(type, key) AS (SELECT * FROM unnest(%s::bigint[], %s::text[])),
    used(external_id, type, key) AS ({})
    SELECT external_id, key FROM used
    WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.type = used.type AND known.key = used.key) LIMIT 20"""


def orphans(file: str, sets: ParameterSets) -> Iterator[tuple[str, str]]:
    """(external id, key) of stored values and requirements whose type has lost the key."""
    pairs = list(sets.pairs())
    known = [[pk for pk, _key in pairs], [key for _pk, key in pairs]]
    for used in _USED[file]:
        yield from fetch(sql.SQL(_ORPHANS).format(sql.SQL(used)), known)
