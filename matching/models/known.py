"""What the visibility rules ask about pairs: who is known by a match, a near miss, a team or a site of which demands.

Asked of the arrays beside the demand (`DemandResult`), never of the results' own rows.
"""

from typing import Any

from django.db import models
from django.db.models import Field, Func, Lookup, Q

from alliance.access import PAIRS, Viewer, reasons_of
from matching.models.demands import Demand
from matching.models.results import DemandResult

EVERYWHERE = Q(scope="open")


def _demands_paired_with(organisations: Any) -> Q:
    """Demands on which these suppliers have a current match or near miss."""
    rows = DemandResult.objects.current().filter(suppliers__overlap=list(organisations))
    return Q(pk__in=rows.values("demand_id"))


class _Each(Func):
    """The numbers of one or several arrays, one row each."""

    template = "unnest(%(expressions)s)"
    arg_joiner = " || "
    output_field = models.BigIntegerField()
    set_returning = True


class _Held(Lookup):
    """`key__held_by=subquery`: an array that the subquery selects holds the key; asked row by row, by the array's
    index."""

    lookup_name = "held_by"
    prepare_rhs = False
    template = "held.keys @> ARRAY[{key}]::bigint[]"
    columns = "keys"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        key, key_params = self.process_lhs(compiler, connection)
        rows, row_params = self.process_rhs(compiler, connection)
        held = self.template.format(key=key)
        sql = f"(SELECT 1 FROM {rows} AS held({self.columns}) WHERE {held} LIMIT 1) = 1"  # noqa: S608
        return sql, (*row_params, *key_params * self.template.count("{key}"))


class _Offered(_Held):
    """The same of a capability: (capabilities, their firms), found by the index of the firms."""

    lookup_name = "offered_by"
    template = (
        "held.firms @> ARRAY[(SELECT whose.organisation_id FROM companies_capability AS whose"
        " WHERE whose.id = {key})]::bigint[] AND held.keys @> ARRAY[{key}]::bigint[]"
    )
    columns = "keys, firms"


Field.register_lookup(_Held)
Field.register_lookup(_Offered)


def _results_of(demands: Q, viewer: Viewer) -> Any:
    """The current results of these demands. Where few rows are asked about, a demand is looked up when its results name
    one of them; otherwise they are found for one reason after the other, along an index each."""
    if viewer.few:
        asked = Demand.objects.filter(demands).order_by().values("pk")
        return DemandResult.objects.current().filter(demand_id__among=asked)
    rest, reasons = reasons_of(demands)
    part, *more = (Demand.objects.filter(rest, reason).order_by().values("pk") for reason in reasons)
    return DemandResult.objects.current().filter(demand_id__in=part.union(*more, all=True) if more else part)


def _named(viewer: Viewer, demands: Q, *columns: str, many: bool = True) -> Q:
    """Named in one of these arrays by a current result of these demands. Said about what the arrays hold.

    Of many rows the ids are read once: a firm's own demands name few, those of a bureau's alliances very many (`many`:
    unless they are the same few thousand again and again, which the database had better look up).
    """
    rows = _results_of(demands, viewer)
    if viewer.few:
        return Q(*(("pk__held_by", rows.values(column)) for column in columns), _connector=Q.OR)
    look = "within" if many and viewer.bureau_alliances else "in"
    return Q(**{f"pk__{look}": rows.values_list(_Each(*columns), flat=True)})


def _offered(viewer: Viewer, demands: Q, column: str, firms: str) -> Q:
    """The same of capabilities, whose array has no index of its own."""
    if viewer.few:
        return Q(pk__offered_by=_results_of(demands, viewer).values(column, firms))
    return _named(viewer, demands, column)


def _capabilities_paired_on(demands: Q, teams: bool, viewer: Viewer) -> Q:
    """Capabilities with a current match or near miss on these demands, or in a team for one that asked everywhere.

    A team may hold a capability that is not among the matches kept; inside the alliance it is seen anyway.
    """
    paired = _offered(viewer, demands, "capabilities", "suppliers")
    return paired | _offered(viewer, demands & EVERYWHERE, "team", "team_suppliers") if teams else paired


def _suppliers_paired_on(demands: Q, everywhere: bool, viewer: Viewer) -> Q:
    """Said about a firm. Of teams only for demands that asked everywhere, as of capabilities."""
    if everywhere:
        return _named(viewer, demands & EVERYWHERE, "suppliers", "team_suppliers")
    teams = _named(viewer, demands & EVERYWHERE, "team_suppliers")
    return _named(viewer, demands, "suppliers") | teams


def _sites_suiting(demands: Q, viewer: Viewer) -> Q:
    return _named(viewer, demands, "sites", many=False)


PAIRS.demands = _demands_paired_with
PAIRS.capabilities = _capabilities_paired_on
PAIRS.suppliers = _suppliers_paired_on
PAIRS.sites = _sites_suiting
