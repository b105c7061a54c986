"""Single filters that several lists have: types, cities, words, yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import django_filters
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alliance.models import City
from alliance.models.base import Keys, TypeNode
from alliance.models.searching import Searched
from alliance.selectors.spelling import plain
from alliance.selectors.trees import branch, tree_choices


class TreeFilter(django_filters.ChoiceFilter):
    """A node of a type tree, by code: rows of that type and of all types below it."""

    def __init__(self, *args: Any, tree: type[TypeNode], **kwargs: Any) -> None:
        self.tree = tree
        self.found: dict[str, list[int]] = {}  # of one request, which may ask in several ways
        kwargs.setdefault("empty_label", _("any"))
        super().__init__(*args, choices=lambda: tree_choices(tree), **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.filter(**{f"{self.field_name}__in": self.below(value)}) if value else qs

    def below(self, value: str) -> list[int]:
        """Ids of the type and of all types below it."""
        if value not in self.found:
            self.found[value] = branch(self.tree, value)
        return self.found[value]


class CityFilter(django_filters.CharFilter):
    """A city by code or name, with the districts that lie in it.

    `place`: the model that is in the city, where `field_name` leads to one. Its rows are looked up first, as an array,
    along an index of the city, and what hangs on them by it: joined, the database would read all of either side.
    """

    few = True

    def __init__(self, *args: Any, place: type[Model] | None = None, **kwargs: Any) -> None:
        self.found: dict[str, set[int]] = {}
        self.place = place
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        if value not in self.found:
            self.found[value] = self._cities(value)
        cities = self.found[value]
        if self.place is None:
            return qs.filter(**{f"{self.field_name}__in": cities})
        path, _mark, name = self.field_name.rpartition("__")
        there = self.place._base_manager.filter(**{f"{name}__in": cities}).order_by().values("pk")
        return qs.filter(**{f"{path}__id__one_of": ArraySubquery(there)})

    def _cities(self, value: str) -> set[int]:
        named = Q(code=value) | Q(name_zh__startswith=value) | Q(name_en__istartswith=value)
        cities = set(City.objects.filter(named).values_list("id", flat=True))
        found = cities
        while found:
            found = set(City.objects.filter(parent__in=found).values_list("id", flat=True)) - cities
            cities |= found
        return cities


#: Keys that are taken from an index at once.
MOST_KEYS = 10_000
#: Rows that are looked at to learn how many hold a word; how many are too many for the index; the share from which on
#: the first ones are found soon in any order.
SAMPLE, MANY, COMMON = 500, 8_000, 0.05


class WordFilter(django_filters.CharFilter):
    """The words anywhere in one of several text fields.

    Keys that the index finds narrow the rows before anybody's rights are asked; a word that very many rows hold is
    read row by row, where the first ones are soon found. `indexed`: for fields that search has an index for, the path
    to their row ("" for the row itself), its model and the index; the other fields are read row by row. `beside`: of
    rows beside, path → (model, fields), read for those rows that somebody sees; for lists found reason by reason.
    """

    def __init__(
        self,
        *args: Any,
        fields: Sequence[str],
        indexed: Sequence[tuple[str, type[Model], Searched]] = (),
        beside: Mapping[str, tuple[type[Model], Sequence[str]]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.fields = fields
        self.beside = beside or {}
        self.indexed = indexed
        self.said: dict[str, Q] = {}
        self.few = False  # whether a word is in few rows
        super().__init__(*args, max_length=100, **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        for word in (value or "").split():
            if word not in self.said:  # a filter belongs to one request, which may ask in several ways
                self.said[word] = self._said(word)
            qs = qs.filter(self.said[word])
        return qs

    def _said(self, word: str) -> Q:
        left, common = list(self.fields), False
        condition = Q()
        for path, model, searched in self.indexed:
            begins = f"{path}__" if path else ""
            names = [name for name in left if name.startswith(begins) and "__" not in name[len(begins) :]]
            found = holders(model, searched, word, [name[len(begins) :] for name in names])
            common = common or found.common
            if found.keys is not None:
                left = [name for name in left if name not in names]
                condition |= Q(**{f"{begins}id__one_of": found.keys})
        self.few = self.few or (bool(self.indexed) and not common)
        return condition | any_of_fields(word, left) | self._beside(word)

    def _beside(self, word: str) -> Q:
        """Of the rows beside, each is looked up when it is asked about: joined, the database may read all of them."""
        condition = Q()
        for path, (model, names) in self.beside.items():
            named = model._base_manager.filter(any_of_fields(word, names)).order_by().values("pk")
            condition |= Q(**{f"{path}__id__among": named})
        return condition


class Holders(NamedTuple):
    """Rows that hold a word: their keys, None where the index does not name them; `common`: many of all rows do."""

    keys: Keys | None
    common: bool


def holders(model: type[Model], searched: Searched, word: str, fields: Sequence[str]) -> Holders:
    """Which rows hold the word in one of these fields, whoever sees them."""
    said = any_of_fields(word, fields)
    share, number = _held(model, said)
    if number > MANY or not searched.knows(plain(word)):  # very many would be slow to name
        return Holders(None, share > COMMON)
    # In no order: with one and a limit the database reads all rows in the order of their keys, hoping to be done soon.
    found = searched.holding(model, word).filter(said).order_by()
    keys = list(found.values_list("pk", flat=True)[: MOST_KEYS + 1])
    return Holders(Keys(keys) if len(keys) <= MOST_KEYS else None, share > COMMON)


def _held(model: type[Model], said: Q) -> tuple[float, float]:
    """The share of rows that hold the word, and about how many that is at most: by the newest ones and their key."""
    newest = model._base_manager.order_by("-pk").values("pk")[:SAMPLE]
    found = model._base_manager.filter(pk__in=newest).aggregate(held=Count("pk", filter=said), last=Max("pk"))
    share = found["held"] / SAMPLE
    return share, share * (found["last"] or 0)


def any_of_fields(word: str, fields: Sequence[str]) -> Q:
    condition = Q()
    for name in fields:
        condition |= Q(**{f"{name}__icontains": word})
    return condition


def yes_no(label: str | Promise, **more: Any) -> django_filters.TypedChoiceFilter:
    """A yes/no choice that refuses anything else (a boolean filter takes junk for "any")."""
    return django_filters.TypedChoiceFilter(
        label=label,
        choices=[("", _("any")), ("true", _("yes")), ("false", _("no"))],
        coerce=lambda value: value == "true",
        **more,
    )
