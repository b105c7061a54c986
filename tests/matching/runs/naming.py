"""What demands name by the words of the rule itself, and the rule asked for it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

from django.db import connection
from django.db.models import Q

from alliance.access import NOBODY, PAIRS, Viewer
from alliance.models import Organisation
from companies.models import Capability
from matching.models import CurrentResult, Demand, DemandResult
from scenarios.models import Site
from tests.cast import World

MODELS = {
    "paired": Capability,
    "offered": Capability,
    "suppliers": Organisation,
    "suppliers_open": Organisation,
    "sites_open": Site,
}


def results_of(demands: Q) -> list[tuple[bool, DemandResult]]:
    """Whether it asked everywhere, and the result that counts, of each demand."""
    results = {(row.run_id, row.demand_id): row for row in DemandResult.objects.all()}
    pointers = CurrentResult.objects.filter(demand__in=Demand.objects.filter(demands)).select_related(
        "demand"
    )
    found = [(each.demand.scope == "open", results.get((each.run_id, each.demand_id))) for each in pointers]
    return [(wide, row) for wide, row in found if row is not None]


def oracle(kind: str, demands: Q) -> set[int]:
    """By the rule's own words, row by row."""
    return named_in(kind, results_of(demands))


def named_in(kind: str, results: list[tuple[bool, DemandResult]]) -> set[int]:
    found: set[int] = set()
    for wide, row in results:
        told = {
            "paired": row.capabilities,
            "offered": row.capabilities + (row.team if wide else []),
            "suppliers": row.suppliers + (row.team_suppliers if wide else []),
            "suppliers_open": row.suppliers + row.team_suppliers if wide else [],
            "sites_open": row.sites if wide else [],
        }
        found.update(told[kind])
    return found


def rule(kind: str, own: Q, viewer: Viewer) -> Q:
    asked: dict[str, Callable[[], Q]] = {
        "paired": lambda: PAIRS.capabilities(own, False, viewer),  # type: ignore[misc]
        "offered": lambda: PAIRS.capabilities(own, True, viewer),  # type: ignore[misc]
        "suppliers": lambda: PAIRS.suppliers(own, False, viewer),  # type: ignore[misc]
        "suppliers_open": lambda: PAIRS.suppliers(own, True, viewer),  # type: ignore[misc]
        "sites_open": lambda: PAIRS.sites(own, viewer),  # type: ignore[misc]
    }
    return asked[kind]()


def seen(kind: str, own: Q, viewer: Viewer) -> set[int]:
    rows: Any = MODELS[kind].objects
    return set(rows.filter(rule(kind, own, viewer)).values_list("pk", flat=True))


class Comparison:
    """For bureaus of no alliance, of one, of both, and beside them a lab's own demands. Written once: what a rule says
    depends on the viewer alone."""

    def __init__(self, world: World) -> None:
        north, south = (world.alliances[name].pk for name in ("north", "south"))
        lab, nobody = Q(owner__in=[world.organisations["lab"].pk]), Q(pk__in=[])
        self.questions = []
        for alliances, own in (([], lab), ([north], nobody), ([south], lab), ([north, south], nobody)):
            asked = []
            for kind, few in product(MODELS, (False, True)):
                viewer = replace(NOBODY, bureau_alliances=frozenset(alliances), few=few)
                rows: Any = MODELS[kind].objects.filter(rule(kind, own, viewer)).order_by()
                asked.append((kind, few, *rows.values("pk").query.sql_with_params()))
            self.questions.append((own | Q(alliance__in=alliances, published=True), asked))

    def __call__(self) -> int:
        """How many ids were named."""
        named = 0
        for demands, asked in self.questions:
            results = results_of(demands)
            for kind, few, sql, params in asked:
                with connection.cursor() as cursor:
                    cursor.execute(sql, params)
                    found = {row[0] for row in cursor.fetchall()}
                assert found == named_in(kind, results), (kind, few, demands)
                named += len(found)
        return named


def compare(world: World) -> int:
    return Comparison(world)()


def everybody(world: World) -> dict[str, list[int]]:
    """All capabilities and their firms, as a result that matches them would name them."""
    rows = world.capabilities.values()
    return {"capabilities": [row.pk for row in rows], "suppliers": [row.organisation_id for row in rows]}
