"""What a rule of visibility is written with: where a model stands, and the conditions that many rules share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
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
    `published` to what must all be true before others see it. `place`: the model that `reach` leads through, where it
    is not the owner.
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
    place: str = ""


# --- what matching tells about pairs -------------------------------------------------------------
# Results live above this app. They register two questions here, so that a rule can say "a firm with a
# match on it" without importing the matcher.
@dataclass
class Pairs:
    """`demands(organisations)`: demands on which these suppliers have a current match or near miss;
    `capabilities(own, teams, viewer)`: capabilities matched, or nearly, or (`teams`) for one that asked everywhere in a
    team, on one of these demands or a published one of the viewer's bureaus' alliances;
    `suppliers(own, everywhere, viewer)`: the firms behind them, teams included; `everywhere`: only of demands of
    open scope;
    `sites(own, viewer)`: sites that suit such a demand of open scope; the viewer says of how many rows is asked;
    `meetings(bureaus)`: ids of the meetings these bureaus sit at."""

    demands: Callable[[Iterable[int]], Q] | None = None
    capabilities: Callable[[Q, bool, Viewer], Q] | None = None
    suppliers: Callable[[Q, bool, Viewer], Q] | None = None
    sites: Callable[[Q, Viewer], Q] | None = None
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
    """One of the paths leads to an organisation in these cities. They are looked up once, as an array, and the rows by
    it along their index: a join would read the organisation of every row, or every row for the organisations."""
    if not cities:
        return NOTHING
    there = ArraySubquery(table("Organisation").filter(city__in=cities).order_by().values("pk"))
    found = NOTHING
    for path in paths:
        found |= Q(**{f"{path}__id__one_of": there})
    return found


def prefixed(path: str, condition: Q) -> Q:
    """`condition`, written about a row, said about what `path` leads to."""
    if not path:
        return condition
    moved = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        if isinstance(child, Q):
            moved.children.append(prefixed(path, child))
        elif not isinstance(child, tuple):
            moved.children.append(child)  # what is asked of no row
        else:
            name, value = cast("tuple[str, Any]", child)
            moved.children.append((f"{path}__{name}", value))
    return moved


def mine(row: Row, viewer: Viewer) -> Q:
    return any_of([row.owner], viewer.firms | viewer.bureaus) if row.owner else NOTHING


def cared(row: Row, viewer: Viewer) -> Q:
    if not viewer.care:
        return NOTHING
    found = NOTHING
    for path in row.cities:
        found |= of_owner(row, viewer, {f"{path}__in": viewer.care})
    return found


def published(row: Row, viewer: Viewer) -> Q:
    return of_owner(row, viewer, dict.fromkeys(row.published, True)) if row.published else EVERYTHING


def reached(row: Row, viewer: Viewer, alliances: frozenset[int]) -> Q:
    """The row's city belongs to one of these alliances (districts included). The cities are read once, as an array: the
    database then looks at a row's city before it joins anything to the row."""
    if not alliances:
        return NOTHING
    cities = table("AllianceReach").filter(alliance__in=alliances).order_by().values("city_id")
    return of_owner(row, viewer, {f"{row.reach}__id__one_of": ArraySubquery(cities)})


def of_owner(row: Row, viewer: Viewer, asked: dict[str, Any]) -> Q:
    """All of `asked`. Of a few rows, what is asked of the owner (or the place) is looked up row by row: the database
    takes a join with a rule in it for a reason to read all organisations."""
    if not viewer.few:
        return Q(**asked)
    found, left = EVERYTHING, dict(asked)
    for path, model in ((row.owner, "alliance.Organisation"), (row.reach.rpartition("__")[0], row.place)):
        about = {
            name: left.pop(name) for name in asked if model and name.startswith(f"{path}__") and name in left
        }
        if about:
            rows = apps.get_model(model)._base_manager.filter(
                **{name.removeprefix(f"{path}__"): value for name, value in about.items()}
            )
            found &= Q(**{f"{path}__id__among": rows.values("pk")})
    return found & Q(**left)


def opened(path: str, kind: str, viewer: Viewer, stage: int) -> Q:
    """What an introduction has opened to the viewer's organisations, from this stage on; `path` leads to the row."""
    own = viewer.firms | viewer.bureaus
    if not own:
        return NOTHING
    rows = table("Disclosure").filter(kind=kind, organisation__in=own, stage__gte=stage)
    return Q(**{f"{path}__public_id__in" if path else "public_id__in": rows.values("object_id")})
