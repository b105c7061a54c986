"""What lists of the alliance app can be narrowed by; pages and endpoints use the same sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters.filterset import FilterSet

from alliance.choices import CityRole, DecisionState, DeliveryState, NoticeGroup, OrganisationRole
from alliance.errors import DomainError, NotFoundError
from alliance.models import (
    Alliance,
    ApiToken,
    City,
    Mail,
    Notice,
    Organisation,
    Verification,
    Webhook,
    WebhookMessage,
)
from alliance.models.base import TypeNode
from alliance.models.organisations import FIRM_NAMES
from alliance.models.searching import Searched
from alliance.selectors.paging import turned
from alliance.selectors.spelling import plain
from alliance.selectors.trees import branch, tree_choices

Sort = tuple[str | Promise, Sequence[str]]


#: The words of an address that a list understands beside its filters.
PAGE_WORDS = frozenset({"cursor", "sort", "format", "view"})


class ListFilter(FilterSet):
    """A filter set that also knows the orders its list can take: name -> (words, fields); the first is the default.

    Every order ends in a unique field, so that a cursor can continue after any row.
    """

    sorts: ClassVar[dict[str, Sort]] = {"newest": (_("newest first"), ("-id",))}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.sorts) > 1:
            order: Any = django_filters.ChoiceFilter(
                label=_("Order"), choices=self._orders(), method=_keep, empty_label=None, required=False
            )
            order.parent, order.model, order.field_name = self, self.queryset.model, "sort"
            self.filters["sort"] = order

    def _orders(self) -> list[tuple[str, Any]]:
        """Every order, then every one reversed."""
        plain = [(name, words) for name, (words, _fields) in self.sorts.items()]
        turned = [(f"-{name}", format_lazy(_("{order}, reversed"), order=words)) for name, words in plain]
        return [*plain, *turned]

    @property
    def sort(self) -> str:
        """The name of the order asked for, "-" before it: reversed; the default for an empty or unknown one (the
        form says which)."""
        chosen = self.data.get("sort", "") if self.is_bound else ""
        return chosen if chosen.removeprefix("-") in self.sorts else next(iter(self.sorts))

    @property
    def few(self) -> bool:
        """Whether a filter is set that leaves a small share of a large table."""
        return self.is_bound and any(
            getattr(rule, "few", False) and self.data.get(name) for name, rule in self.filters.items()
        )

    def passes(self, name: str) -> bool:
        """Whether the list understands this word of an address."""
        return name in self.filters or name in PAGE_WORDS

    @property
    def order(self) -> Sequence[str]:
        """The fields of the order asked for."""
        order = self.sorts[self.sort.removeprefix("-")][1]
        return [turned(name) for name in order] if self.sort.startswith("-") else order


#: The filter set behind each list, by the list's name; views that show a list say so when they are loaded.
LISTS: dict[str, type[ListFilter]] = {}


def read(chosen: ListFilter) -> bool:
    """Whether everything asked can be read; what cannot is said on the form."""
    unknown = [key for key in chosen.data if not chosen.passes(key)]
    valid = not chosen.is_bound or chosen.form.is_valid()
    if unknown:
        words = _("There is no filter named %(names)s.") % {"names": ", ".join(unknown)[:200]}
        chosen.form.add_error(None, words)
    return valid and not unknown


def saved_query(name: str, text: str) -> str:
    """What is kept of an address of the list: its filters and order. DomainError where they cannot be read."""
    filters = LISTS.get(name)
    if filters is None:
        raise NotFoundError(gettext("There is no such list."))
    try:
        given = QueryDict(text)
    except (ValueError, RequestDataTooBig, TooManyFieldsSent):
        raise DomainError(gettext("The filter cannot be read.")) from None
    kept = QueryDict(mutable=True)
    for key, values in sorted(given.lists()):
        if key not in PAGE_WORDS - {"sort"} and values[-1].strip():
            kept[key] = values[-1]
    rows: QuerySet[Any] = filters._meta.model._default_manager.none()  # type: ignore[attr-defined]
    if not read(filters(kept, queryset=rows)):
        raise DomainError(gettext("The filter cannot be read, so it is not kept."))
    return kept.urlencode()


def still_fits(name: str, query: str) -> bool:
    """Whether a kept filter can still be read: a type or a choice may have gone since."""
    try:
        saved_query(name, query)
    except DomainError:
        return False
    return True


def _keep(queryset: QuerySet, name: str, value: object) -> QuerySet:
    return queryset


class TreeFilter(django_filters.ChoiceFilter):
    """A node of a type tree, by code: rows of that type and of all types below it."""

    def __init__(self, *args: Any, tree: type[TypeNode], **kwargs: Any) -> None:
        self.tree = tree
        kwargs.setdefault("empty_label", _("any"))
        super().__init__(*args, choices=lambda: tree_choices(tree), **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.filter(**{f"{self.field_name}__in": branch(self.tree, value)}) if value else qs


class CityFilter(django_filters.CharFilter):
    """A city by code or name, with the districts that lie in it."""

    few = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.found: dict[str, set[int]] = {}
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        if value not in self.found:
            self.found[value] = self._cities(value)
        return qs.filter(**{f"{self.field_name}__in": self.found[value]})

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
SAMPLE, COMMON = 1_000, 0.02


class WordFilter(django_filters.CharFilter):
    """The words anywhere in one of several text fields.

    Keys that the index finds narrow the rows before anybody's rights are asked; a word that very many rows hold is
    read row by row, where the first ones are soon found. `indexed`: for fields that search has an index for, the path
    to their row ("" for the row itself), its model and the index; the other fields are read row by row.
    """

    def __init__(
        self,
        *args: Any,
        fields: Sequence[str],
        indexed: Sequence[tuple[str, type[Model], Searched]] = (),
        **kwargs: Any,
    ) -> None:
        self.fields = fields
        self.indexed = indexed
        self.said: dict[str, Q] = {}
        self.few = False  # whether a word was found by keys alone
        super().__init__(*args, max_length=100, **kwargs)

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        for word in (value or "").split():
            if word not in self.said:  # a filter belongs to one request, which may ask in several ways
                self.said[word] = self._said(word)
            qs = qs.filter(self.said[word])
        return qs

    def _said(self, word: str) -> Q:
        left = list(self.fields)
        condition = Q()
        for path, model, searched in self.indexed if len(plain(word)) > 1 else ():
            begins = f"{path}__" if path else ""
            names = [name for name in left if name.startswith(begins) and "__" not in name[len(begins) :]]
            said = _any_of(word, [name[len(begins) :] for name in names])
            if _is_common(model, said):
                continue
            found = model._base_manager.filter(said, pk__in=searched.holding(model, word))
            keys = list(found.values_list("pk", flat=True)[: MOST_KEYS + 1])
            if len(keys) <= MOST_KEYS:
                left = [name for name in left if name not in names]
                condition |= Q(**{f"{begins}id__one_of": keys})
        self.few = self.few or not left
        return condition | _any_of(word, left)


def _is_common(model: type[Model], said: Q) -> bool:
    """Whether many of the newest rows hold the word: then keys would be very many, and the index slow to name them."""
    newest = model._base_manager.order_by("-pk").values("pk")[:SAMPLE]
    return model._base_manager.filter(said, pk__in=newest).count() > SAMPLE * COMMON


def _any_of(word: str, fields: Sequence[str]) -> Q:
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


class OrganisationFilter(ListFilter):
    """Firms and bureaus."""

    sorts: ClassVar[dict[str, Sort]] = {
        "name": (_("by name"), ("name_sort", "id")),
        "newest": (_("newest first"), ("-id",)),
        "city": (_("by city"), ("city__code", "name_sort", "id")),
    }
    q = WordFilter(
        label=_("Name or credit code"),
        fields=["name_zh", "name_en", "uscc"],
        indexed=[("", Organisation, FIRM_NAMES)],
    )
    city = CityFilter(label=_("City"))
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=OrganisationRole.choices, method="with_role", empty_label=_("any")
    )
    verified = yes_no(_("Verified"))

    class Meta:
        model = Organisation
        fields: ClassVar[list[str]] = []

    def with_role(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(roles__contains=[value])


class PlaceFilter(ListFilter):
    """Cities."""

    sorts: ClassVar[dict[str, Sort]] = {
        "code": (_("by code"), ("code", "id")),
        "name": (_("by English name"), ("name_en", "id")),
    }
    q = WordFilter(label=_("Name or code"), fields=["name_zh", "name_en", "code"])
    alliance = django_filters.CharFilter(label=_("Alliance"), field_name="reached_by__alliance__slug")
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=CityRole.choices, method="of_role", empty_label=_("any")
    )

    class Meta:
        model = City
        fields: ClassVar[list[str]] = []

    def of_role(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(reached_by__roles__contains=[value]).distinct()


class AllianceFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {"oldest": (_("oldest first"), ("id",))}
    slug = django_filters.CharFilter(label=_("Short name"))

    class Meta:
        model = Alliance
        fields: ClassVar[list[str]] = []


class TypeFilter(ListFilter):
    """Nodes of a type tree, in the order of the tree's file."""

    sorts: ClassVar[dict[str, Sort]] = {"tree": (_("in the order of the tree"), ("id",))}
    q = WordFilter(label=_("Name or code"), fields=["name_zh", "name_en", "code"])
    parent = django_filters.CharFilter(label=_("Lies under"), field_name="parent__code", max_length=64)


class TokenFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {"newest": (_("newest first"), ("-created", "public_id"))}

    class Meta:
        model = ApiToken
        fields: ClassVar[list[str]] = []


class WebhookFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {"name": (_("by name"), ("name", "id"))}
    enabled = yes_no(_("Switched on"), field_name="enabled")

    class Meta:
        model = Webhook
        fields: ClassVar[list[str]] = []


class WebhookMessageFilter(ListFilter):
    webhook = django_filters.UUIDFilter(label=_("Webhook"), field_name="webhook__public_id")
    state = django_filters.ChoiceFilter(label=_("State"), choices=DeliveryState.choices, empty_label=_("any"))

    class Meta:
        model = WebhookMessage
        fields: ClassVar[list[str]] = []


class NoticeFilter(ListFilter):
    """A person's notices."""

    unread = yes_no(_("Unread"), method="of_unread")
    group = django_filters.ChoiceFilter(label=_("Group"), choices=NoticeGroup.choices, empty_label=_("any"))

    class Meta:
        model = Notice
        fields: ClassVar[list[str]] = []

    def of_unread(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(read_at__isnull=value)


class VerificationFilter(ListFilter):
    """Requests of firms to be verified; what waits comes first (`waits` is given by the selector)."""

    sorts: ClassVar[dict[str, Sort]] = {
        "waiting": (_("what waits first"), ("waits", "-id")),
        "newest": (_("newest first"), ("-id",)),
        "firm": (_("by firm"), ("organisation__name_sort", "id")),
        "city": (_("by city"), ("organisation__city__code", "-id")),
    }
    q = WordFilter(
        label=_("Name or credit code"),
        fields=["organisation__name_zh", "organisation__name_en", "organisation__uscc"],
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=DecisionState.choices, empty_label=_("any"))
    city = CityFilter(label=_("City"), field_name="organisation__city")

    class Meta:
        model = Verification
        fields: ClassVar[list[str]] = []


class MailFilter(ListFilter):
    """The outbox."""

    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-made_at", "-id")),
        "to": (_("by address"), ("to", "-id")),
    }
    q = WordFilter(label=_("Address"), fields=["to"])
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("waiting", _("waiting")), ("sent", _("sent")), ("failed", _("failed"))],
        method="of_state",
        empty_label=_("any"),
    )

    class Meta:
        model = Mail
        fields: ClassVar[list[str]] = []

    def of_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "sent":
            return queryset.exclude(sent_at=None)
        waiting = queryset.filter(sent_at=None)
        return waiting.filter(error="") if value == "waiting" else waiting.exclude(error="")


LISTS |= {"cities": PlaceFilter, "verifications": VerificationFilter, "outbox": MailFilter}
