"""What a list can be narrowed and sorted by, how that stands in an address, and what may be kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters.filterset import FilterSet

from alliance.errors import DomainError, NotFoundError
from alliance.selectors.paging import turned

Sort = tuple[str | Promise, Sequence[str]]


#: The words of an address that a list understands beside its filters.
PAGE_WORDS = frozenset({"cursor", "sort", "format", "view"})


class ListFilter(FilterSet):
    """A filter set that also knows the orders its list can take: name -> (words, fields); the first is the default.

    Every order ends in a unique field, so that a cursor can continue after any row.
    """

    sorts: ClassVar[dict[str, Sort]] = {"newest": (_("newest first"), ("-id",))}
    #: Whether people see it as a form, which has a box also for what was not asked.
    as_form: ClassVar[bool] = True

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


#: The filter set behind each list, by the list's name; the modules of filters say so when they are loaded.
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
