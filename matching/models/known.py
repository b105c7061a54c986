"""What the visibility rules ask about pairs: who is known by a match, a near miss, a team or a site of which demands.

Asked of the bits of an alliance (`NamedIds`) where they are proved, otherwise of the arrays beside the demand
(`DemandResult`), never of the results' own rows.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, Exists, F, Field, Func, Lookup, OuterRef, Q, Value, When

from alliance.access import PAIRS, Viewer, reasons_of
from matching.models.demands import Demand
from matching.models.named import Bits, unproved
from matching.models.results import FIRMS, DemandResult, named_firms

EVERYWHERE = Q(scope="open")


def _demands_paired_with(organisations: Any) -> Q:
    """Demands on which these suppliers have a current match or near miss."""
    rows = DemandResult.objects.current().overlapping("suppliers", list(organisations))
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


class _HeldFirm(_Held):
    """The same of a firm: (firms of one kind, `named_firms`), found by the index of the latter."""

    lookup_name = "firm_held_by"
    template = "held.firms @> ARRAY[{key}]::bigint[] AND held.keys @> ARRAY[{key}]::bigint[]"
    columns = "keys, firms"


class _Offered(_Held):
    """The same of a capability: (capabilities, `named_firms`), found by the index of the firms."""

    lookup_name = "offered_by"
    template = (
        "held.firms @> ARRAY[(SELECT whose.organisation_id FROM companies_capability AS whose"
        " WHERE whose.id = {key})]::bigint[] AND held.keys @> ARRAY[{key}]::bigint[]"
    )
    columns = "keys, firms"


Field.register_lookup(_Held)
Field.register_lookup(_HeldFirm)
Field.register_lookup(_Offered)


def _results_of(demands: Q, few: bool) -> Any:
    """The current results of these demands. Where few rows are asked about, a demand is looked up when its results name
    one of them; otherwise they are found for one reason after the other, along an index each."""
    if few:
        asked = Demand.objects.filter(demands).order_by().values("pk")
        return DemandResult.objects.current().filter(demand_id__among=asked)
    rest, reasons = reasons_of(demands)
    part, *more = (Demand.objects.filter(rest, reason).order_by().values("pk") for reason in reasons)
    return DemandResult.objects.current().filter(demand_id__in=part.union(*more, all=True) if more else part)


@dataclass(frozen=True)
class Asked:
    """Arrays in which a kind of bits (`NamedIds`) is named: by any demand, and only by those that asked everywhere."""

    any: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()


# A team may hold a capability that is not among the matches kept; inside the alliance it is seen anyway.
ASKED = {
    "paired": Asked(("capabilities",)),
    "offered": Asked(("capabilities",), ("team",)),
    "suppliers": Asked(("suppliers",), ("team_suppliers",)),
    "suppliers_open": Asked((), ("suppliers", "team_suppliers")),
    "sites_open": Asked((), ("sites",)),
}
#: Arrays that have no index of their own, and how they are looked up by that of the firms.
BY_FIRM = {"capabilities": "offered_by", "team": "offered_by", **dict.fromkeys(FIRMS, "firm_held_by")}


def _looked_up(asked: Asked, demands: Q) -> Q:
    """Named by a current result of these demands. Said about what the arrays hold; asked row by row."""
    found = Q(pk__in=[])
    for columns, which in ((asked.any, demands), (asked.everywhere, demands & EVERYWHERE)):
        for column in columns:
            rows = _results_of(which, few=True)
            if look := BY_FIRM.get(column):
                found |= Q(**{f"pk__{look}": rows.values_list(column, named_firms())})
            else:
                found |= Q(pk__held_by=rows.values(column))
    return found


def _read(asked: Asked, demands: Q, look: str) -> Q:
    """The same, of which the ids are read once. `look`: `within` where they are very many, as those of alliances; `in`
    where they are few, as those of one's own demands: the database may make a join of it."""
    rows = _results_of(demands if asked.any else demands & EVERYWHERE, few=False)
    if not asked.any:
        return Q(**{f"pk__{look}": rows.values_list(_Each(*asked.everywhere), flat=True)})
    wide = Exists(Demand.objects.filter(EVERYWHERE, pk=OuterRef("demand_id")))
    also = (
        Case(When(wide, then=F(column)), default=Value([], rows.model._meta.get_field(column)))
        for column in asked.everywhere
    )
    return Q(**{f"pk__{look}": rows.values_list(_Each(*asked.any, *also), flat=True)})


def _known(kind: str, own: Q, viewer: Viewer) -> Q:
    """Named by a demand that is the viewer's own, or by a published one of the bureau's alliances.

    Of the alliances their bits tell, and of those whose bits are not proved at this moment the arrays: what is proved
    and what the bits say are read in one statement, so in one snapshot.
    """
    asked, alliances = ASKED[kind], viewer.bureau_alliances
    if not alliances:
        return _looked_up(asked, own) if viewer.few else _read(asked, own, "in")
    published = Q(published=True)
    left = unproved(alliances)
    behind = published & Q(alliance__id__one_of=ArraySubquery(left.values("pk")))
    # Of sites the same few thousand again and again: the database had better look them up.
    look = "in" if kind == "sites_open" else "within"
    arrays = _looked_up(asked, behind) if viewer.few else _read(asked, behind, look)
    # Beside what bits tell, one's own demands are hardly any: read once even where few rows are asked about.
    rest = own & ~(published & Q(alliance__in=alliances))
    return Q(pk__named_by=Bits(kind, alliances)) | _read(asked, rest, "in") | (Q(Exists(left)) & arrays)


def _capabilities_known(own: Q, teams: bool, viewer: Viewer) -> Q:
    return _known("offered" if teams else "paired", own, viewer)


def _suppliers_known(own: Q, everywhere: bool, viewer: Viewer) -> Q:
    return _known("suppliers_open" if everywhere else "suppliers", own, viewer)


def _sites_known(own: Q, viewer: Viewer) -> Q:
    return _known("sites_open", own, viewer)


PAIRS.demands = _demands_paired_with
PAIRS.capabilities = _capabilities_known
PAIRS.suppliers = _suppliers_known
PAIRS.sites = _sites_known
