"""The thin viewset: a selector, a filter set and a serializer make a list and a detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import EmptyResultSet, FullResultSet, ValidationError
from django.db import DataError, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.filters import ListFilter
from alliance.rest.throttling import Counted
from alliance.selectors.long_lists import Rows
from alliance.selectors.paging import Page, cut_merged

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
PAGE_WORDS = ("limit", "cursor")
#: What a value of a filter raises that cannot be written as SQL.
UNWRITTEN = (ValueError, OverflowError, TypeError, ValidationError)


def _wrong(names: Sequence[str], message: str, code: str = "unknown") -> serializers.ValidationError:
    return serializers.ValidationError(
        {name[:80]: serializers.ErrorDetail(message, code) for name in names[:20]}
    )


def _unusable() -> serializers.ValidationError:
    return serializers.ValidationError({"filter": _("A value of a filter cannot be used.")})


def _form_errors(form: Any) -> serializers.ValidationError:
    return serializers.ValidationError(
        {
            name or "filter": [serializers.ErrorDetail(e["message"], e["code"] or "invalid") for e in errors]
            for name, errors in form.errors.get_json_data().items()
        }
    )


def refuse_unknown(request: Request, known: Sequence[str]) -> None:
    """A parameter that the operation does not know, or one that is given twice, is named and refused."""
    given = request.query_params
    if unknown := [name for name in given if name not in known]:
        raise _wrong(unknown, _("There is no such parameter."))
    if twice := [name for name in given if len(given.getlist(name)) > 1]:
        raise _wrong(twice, _("This parameter is given twice."))


#: parameters that say nothing when they are empty
MAY_BE_EMPTY = ("q", "cursor")


def refuse_empty(request: Request) -> None:
    """`?organisation=` of a program whose variable was empty is no wish for the rows of everybody."""
    given = request.query_params.items()
    empty = [name for name, value in given if not str(value).strip() and name not in MAY_BE_EMPTY]
    if empty:
        raise _wrong(empty, _("Give a value, or leave the parameter out."), "empty")


def asked_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_LIMIT and len(text) < 9):
        message = _("A whole number from 1 to %(most)d.") % {"most": MAX_LIMIT}
        raise serializers.ValidationError({"limit": message})
    return int(text)


def with_since(filters: type[ListFilter], *, names: bool = False) -> type[ListFilter]:
    """A list's filters and, for programs, `modified_since`; `names`: also by the owner's own id."""
    since = django_filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", label=_lazy("changed at this time or later")
    )
    more: dict[str, Any] = {
        "modified_since": since,
        "as_form": False,
        "Meta": getattr(filters, "Meta"),  # noqa: B009 (each set has its own)
        "__doc__": filters.__doc__,
    }
    if names:
        more["external_id"] = django_filters.CharFilter(label=_lazy("The firm's own id"), max_length=120)
    made: type[ListFilter] = type(f"{filters.__name__}ForPrograms", (filters,), more)
    return made


class ReadViewSet(Counted, viewsets.GenericViewSet[Any]):
    """List and detail of what the caller sees. Nothing is found by anything but its public id or code."""

    selector: ClassVar[Callable[[Any], QuerySet[Any]]]
    detail_selector: ClassVar[Callable[[Any], QuerySet[Any]] | None] = None
    #: For lists of which a region may hold very many rows: the same, as the rows of a long list.
    long_selector: ClassVar[Callable[[Any], Rows] | None] = None
    filters: ClassVar[type[ListFilter]]
    detail_serializer_class: ClassVar[type[serializers.BaseSerializer[Any]] | None] = None
    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        detailed = type(self).detail_selector if self.detail else None
        return (detailed or type(self).selector)(self.request.user)

    def get_serializer_class(self) -> Any:
        return (self.detail and self.detail_serializer_class) or self.serializer_class

    def prepare(self, rows: list[Any]) -> None:
        """Attach what the serializer shows beside the rows themselves, in a fixed number of queries."""

    def list(self, request: Request) -> Response:
        page = self.page(request)
        self.prepare(page.rows)
        rows = self.get_serializer(page.rows, many=True).data
        return Response(
            {"next": self._link(page.next), "previous": self._link(page.previous), "results": rows}
        )

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        self.refuse_unknown(request, ())
        row = self.one()
        self.prepare([row])
        headers = {"ETag": f'"{row.version}"'} if hasattr(row, "version") else None
        return Response(self.get_serializer(row).data, headers=headers)

    def one(self) -> Any:
        """The row of this address; missing and foreign are the same 404."""
        value = self.kwargs[self.lookup_url_kwarg]
        row = self.get_queryset().filter(**{self.lookup_field: value}).first()
        if row is None:
            raise Http404
        return row

    def lists(self) -> Sequence[QuerySet[Any] | Rows]:
        """What the list is made of: one queryset, or several of the same shape."""
        long = type(self).long_selector
        return [long(self.request.user) if long else self.get_queryset()]

    def page(self, request: Request) -> Page:
        limit = asked_limit(request)
        lists = [rows if isinstance(rows, Rows) else Rows(rows) for rows in self.lists()]
        chosen = [self.filters(request.query_params, queryset=rows.base, request=request) for rows in lists]
        self.refuse_unknown(request, [*chosen[0].filters, *PAGE_WORDS])
        refuse_empty(request)
        if not chosen[0].form.is_valid():
            raise _form_errors(chosen[0].form)
        order = chosen[0].order
        found = self._filtered(lists, chosen)
        try:
            with transaction.atomic():
                return cut_merged(
                    found, order, request.query_params.get("cursor", ""), limit, few=chosen[0].few
                )
        except DataError as error:
            raise _unusable() from error
        except UNWRITTEN:
            self._refuse_unwritten(found)  # looked at only now: each list would wait for it
            raise

    def _filtered(self, lists: Sequence[Rows], chosen: Sequence[ListFilter]) -> Sequence[Rows]:
        """The lists narrowed, once: then the filters know how many rows they leave."""
        try:
            return [
                rows.narrowed(each.filter_queryset).applied()
                for rows, each in zip(lists, chosen, strict=True)
                if each.form.is_valid()
            ]
        except UNWRITTEN as error:
            raise _unusable() from error

    @staticmethod
    def _refuse_unwritten(lists: Sequence[Rows]) -> None:
        """Junk that a form let pass fails when its SQL is made: that is a 400."""
        try:
            for rows in lists:
                with suppress(EmptyResultSet, FullResultSet):
                    rows.base.query.get_compiler(rows.base.db).as_sql()
        except UNWRITTEN as error:
            raise _unusable() from error

    def refuse_unknown(self, request: Request, known: Sequence[str]) -> None:
        refuse_unknown(request, known)

    def _link(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        return str(self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}"))
