"""What a rule of visibility is written with: where a model stands, and the conditions that many rules share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Q, QuerySet

from alliance.viewer import Viewer, table

# Stages of alliance.choices.DisclosureStage.
INVITED, ACCEPTED, CONFIDENTIAL = 0, 1, 2
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING


@dataclass(frozen=True)
class Row:
    """Where a model stands in the visibility table.

    Paths are ORM look-ups from the model to ids: `owner` to the owning organisation, `cities` to the cities
    whose bureau looks after the row, `reach` to the city that decides which alliances it belongs to,
    `demand`, `capability`, `site`, `introduction` and `meeting` to the row it hangs on ("" when it is the row
    itself),
    `published` to what must all be true before others see it.
    """

    kind: str
    owner: str = ""
    cities: tuple[str, ...] = ()
    reach: str = ""
    demand: str = ""
    capability: str = ""
    site: str = ""
    introduction: str = ""
    alliance: str = ""
    meeting: str = ""
    published: tuple[str, ...] = ()


# --- what matching tells about pairs -------------------------------------------------------------
# Results live above this app. They register two questions here, so that a rule can say "a firm with a
# match on it" without importing the matcher.
@dataclass
class Pairs:
    """`demands(organisations)`: demands on which these suppliers have a current match or near miss;
    `capabilities(demands, teams, viewer)`: capabilities matched, or nearly, or (`teams`) in a team on these demands;
    `suppliers(demands, viewer)`: the firms behind them; the viewer says of how many rows is asked;
    `sites(demands)`: sites that suit these demands;
    `meetings(bureaus)`: ids of the meetings these bureaus sit at."""

    demands: Callable[[Iterable[int]], Q] | None = None
    capabilities: Callable[[Q, bool, Viewer], Q] | None = None
    suppliers: Callable[[Q, Viewer], Q] | None = None
    sites: Callable[[Q], Q] | None = None
    meetings: Callable[[Iterable[int]], QuerySet[Any, Any]] | None = None


PAIRS = Pairs()


def any_of(paths: Iterable[str], ids: frozenset[int]) -> Q:
    """One of the paths leads into `ids`."""
    if not ids:
        return NOTHING
    found = NOTHING
    for path in paths:
        found |= Q(**{f"{path}__in": ids})
    return found


def of_cities(paths: Iterable[str], cities: frozenset[int]) -> Q:
    """One of the paths leads to an organisation in these cities. They are looked up once: a join would read the
    organisation of every row."""
    if not cities:
        return NOTHING
    there = table("Organisation").filter(city__in=cities).values("pk")
    found = NOTHING
    for path in paths:
        found |= Q(**{f"{path}__in": there})
    return found


def prefixed(path: str, condition: Q) -> Q:
    """`condition`, written about a row, said about what `path` leads to."""
    if not path:
        return condition
    moved = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            moved.children.append(prefixed(path, child))
        else:
            name, value = cast("tuple[str, Any]", child)
            moved.children.append((f"{path}__{name}", value))
    return moved


def mine(row: Row, viewer: Viewer) -> Q:
    return any_of([row.owner], viewer.firms | viewer.bureaus) if row.owner else NOTHING


def cared(row: Row, viewer: Viewer) -> Q:
    return any_of(row.cities, viewer.care)


def published(row: Row) -> Q:
    return Q(**dict.fromkeys(row.published, True)) if row.published else EVERYTHING


def reached(row: Row, alliances: frozenset[int]) -> Q:
    """The row's city belongs to one of these alliances (districts included)."""
    if not alliances:
        return NOTHING
    cities = table("AllianceReach").filter(alliance__in=alliances).values("city_id")
    return Q(**{f"{row.reach}__in": cities})


def opened(path: str, kind: str, viewer: Viewer, stage: int) -> Q:
    """What an introduction has opened to the viewer's organisations, from this stage on; `path` leads to the row."""
    own = viewer.firms | viewer.bureaus
    if not own:
        return NOTHING
    rows = table("Disclosure").filter(kind=kind, organisation__in=own, stage__gte=stage)
    return Q(**{f"{path}__public_id__in" if path else "public_id__in": rows.values("object_id")})
