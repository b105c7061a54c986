"""Search over everything: what the viewer may see anyway, grouped by kind, each kind by few queries of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from alliance.models import Membership, Organisation
from alliance.models.organisations import FIRM_NAMES
from alliance.selectors import city_list, viewer_of
from alliance.selectors.long_lists import Rows
from alliance.selectors.spelling import closeness, words_of
from companies.selectors import named_capabilities, search_types
from matching.models import DemandIdentity, DemandLine, Introduction
from matching.models.demands import DEMAND_NAMES
from matching.selectors.demands import demand_heads, heading, is_fictitious, lab_name
from scenarios.models.sites import SITE_NAMES
from scenarios.selectors import site_list

#: A kind says how many it found up to here; beyond it only that there are more.
MOST = 20
SHORTEST = 2
#: Keys of one kind about which the viewer's rights are asked at once.
AHEAD = 150


@dataclass(frozen=True)
class Found:
    """One thing: what it is called, what to tell it apart by, where it is."""

    words: str
    about: str
    address: str
    fictitious: bool = False


@dataclass(frozen=True)
class Group:
    """What was found of one kind; `all_at`: the list with the same search, where there is one."""

    key: str
    words: str
    symbol: str
    rows: list[Found]
    all_at: str = ""
    shown: list[Found] = field(default_factory=list)

    @property
    def count(self) -> str:
        return f"{MOST}+" if len(self.rows) > MOST else str(len(self.rows))


@dataclass(frozen=True)
class Results:
    text: str
    too_short: bool
    groups: list[Group]

    @property
    def total(self) -> int:
        return sum(min(len(group.rows), MOST) for group in self.groups)


def search(user: Any, text: str, *, each: int = MOST) -> Results:
    """At most `each` rows of every kind; nothing for fewer than two characters."""
    words = words_of(text)
    if not viewer_of(user).known or max(map(len, words), default=0) < SHORTEST:
        return Results(text.strip(), bool(text.strip()), [])
    types = [found.type for found in search_types("".join(words), user)]
    asked = _Asked(user, words, types, FIRM_NAMES.finder(Organisation, words))
    made = [kind(asked) for kind in KINDS]
    groups = [
        Group(group.key, group.words, group.symbol, group.rows, group.all_at, group.rows[: min(each, MOST)])
        for group in made
        if group.rows
    ]
    return Results(text.strip(), False, groups)


@dataclass(frozen=True)
class _Asked:
    """What is searched for; `named`: narrows organisations to those of that name; `firms`: all of them, whether or not
    the viewer may see them: only for narrowing what the viewer sees."""

    user: Any
    words: list[str]
    types: list[Any]
    named: Callable[[Any], Any]

    @property
    def firms(self) -> Any:
        return self.named(Organisation.objects.order_by())

    @property
    def text(self) -> str:
        return " ".join(self.words)


def _some(rows: Any) -> list[Any]:
    return list(rows[: MOST + 1])


def _list(name: str, **query: str) -> str:
    return f"{reverse(name)}?{urlencode(query)}"


def _demands(asked: _Asked) -> Group:
    """By title, where the viewer may read it."""
    told = DEMAND_NAMES.find(DemandIdentity.objects.visible_to(asked.user), asked.words)
    rows = _some(demand_heads(asked.user).filter(pk__in=told.values("demand_id")).order_by("-pk"))
    found = [
        Found(
            heading(row),
            f"{lab_name(row)} · {row.lab_city}",
            reverse("demand", args=[row.public_id]),
            is_fictitious(row),
        )
        for row in rows
    ]
    return Group("demands", _("Demands"), "clipboard-check", found, _list("demands", q=asked.text))


def _lines(asked: _Asked) -> Group:
    """Open lines by their component type, under any of its names."""
    if not asked.types:
        return Group("lines", "", "", [])
    rows = DemandLine.objects.visible_to(asked.user).filter(
        component_type__in=asked.types, demand__archived_at=None
    )
    lines = _some(rows.select_related("component_type").order_by("-pk"))
    demands = {d.pk: d for d in demand_heads(asked.user).filter(pk__in={line.demand_id for line in lines})}
    found = [
        Found(
            str(line.component_type),
            heading(demands[line.demand_id]),
            f"{reverse('demand', args=[demands[line.demand_id].public_id])}?line={line.public_id}",
        )
        for line in lines
        if line.demand_id in demands
    ]
    all_at = _list("demands", component_type=asked.types[0].code)
    return Group("lines", _("Lines of demands"), "list-check", found, all_at)


def _firms(asked: _Asked) -> Group:
    every, some = Organisation.objects.select_related("city"), Organisation.objects.visible_some(asked.user)
    rows = Rows(some, every, some, every).narrowed(lambda each: asked.named(each).order_by("name_sort", "pk"))
    found = [
        Found(
            str(row),
            " · ".join(filter(None, [str(row.city), row.uscc or ""])),
            reverse("firm", args=[row.public_id])
            if row.kind == "firm"
            else reverse("city", args=[row.city.code]),
            row.fictitious,
        )
        for row in rows.first(MOST + 1, ahead=AHEAD)
    ]
    return Group("firms", _("Firms and bureaus"), "building", found, _list("firms", q=asked.text))


def _capabilities(asked: _Asked) -> Group:
    found = [
        Found(
            row.title,
            f"{row.organisation} · {row.facility.city}",
            reverse("capability", args=[row.public_id]),
            row.organisation.fictitious,
        )
        for row in named_capabilities(asked.user, asked.words, MOST + 1, ahead=AHEAD)
    ]
    return Group("capabilities", _("Capabilities"), "box-seam", found, _list("capabilities", q=asked.text))


def _types(asked: _Asked) -> Group:
    """Each leads to who can make it."""
    found = [
        Found(
            str(row),
            f"{row.code} · {row.name_zh if str(row) == row.name_en else row.name_en}",
            _list("capabilities", component_type=row.code),
        )
        for row in asked.types
    ]
    return Group("types", _("Component types"), "diagram-2", found)


def _sites(asked: _Asked) -> Group:
    rows = SITE_NAMES.find(site_list(asked.user).filter(archived_at=None), asked.words).prefetch_related(None)
    found = [
        Found(
            row.name,
            f"{row.organisation} · {row.city}",
            reverse("site", args=[row.public_id]),
            row.organisation.fictitious,
        )
        for row in _some(rows.order_by("name", "pk"))
    ]
    return Group("sites", _("Sites"), "geo-alt", found, _list("sites", q=asked.text))


def _introductions(asked: _Asked) -> Group:
    """By the supplier's name or by the part."""
    # Whoever sees an introduction reads its supplier's name there.
    fits = Q(supplier__in=asked.firms.values("pk")) | Q(line__component_type__in=asked.types)
    seen = Introduction.objects.visible_to(asked.user).filter(fits).select_related("line", "supplier")
    rows = _some(seen.prefetch_related("line__component_type", "site").order_by("-pk"))
    demands = {d.pk: d for d in demand_heads(asked.user).filter(pk__in={row.demand_id for row in rows})}
    found = [_introduction(row, demands.get(row.demand_id)) for row in rows]
    return Group("introductions", _("Introductions"), "people", found)


def _introduction(row: Any, demand: Any) -> Found:
    title = heading(demand) if demand else ""
    return Found(
        f"{row.line.component_type if row.line else row.site} · {row.supplier}",
        f"{title} · {row.get_state_display()}",
        reverse("introduction", args=[row.public_id]),
        row.supplier.fictitious or bool(demand and is_fictitious(demand)),
    )


def _cities(asked: _Asked) -> Group:
    near = [
        (place, row.code, row)
        for row in city_list(asked.user)
        if (place := closeness((row.name_zh, row.name_en, row.code), asked.words)) is not None
    ]
    found = [
        Found(
            str(row),
            " · ".join(filter(None, [str(row.parent or ""), row.code])),
            reverse("city", args=[row.code]),
        )
        for _place, _code, row in islice(sorted(near, key=lambda each: each[:2]), MOST + 1)
    ]
    return Group("cities", _("Cities"), "pin-map", found, _list("cities", q=asked.text))


def _people(asked: _Asked) -> Group:
    """People of the viewer's own organisations."""
    viewer = viewer_of(asked.user)
    rows = Membership.objects.visible_to(asked.user).filter(
        organisation__in=viewer.firms | viewer.bureaus, user__is_active=True
    )
    found = [
        Found(
            str(row.user),
            f"{row.organisation} · {row.get_role_display()}",
            reverse("people", args=[row.organisation.public_id]),
        )
        for row in rows.select_related("user", "organisation").order_by("pk")[:500]
        if closeness((row.user.display_name, row.user.username), asked.words) is not None
    ]
    return Group("people", _("Colleagues"), "person-circle", found)


KINDS: Iterable[Callable[[_Asked], Group]] = (
    _types,
    _demands,
    _lines,
    _firms,
    _capabilities,
    _sites,
    _introductions,
    _cities,
    _people,
)
