"""Rows by public id where a result holds a database id."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from companies.models import Capability
from matching.models import DemandLine
from scenarios.models import Site


class KeyFilter(django_filters.UUIDFilter):
    """A row by public id where a result holds its database id."""

    def __init__(self, *args: Any, of: Any, **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return qs
        return qs.filter(**{f"{self.field_name}__in": self.of.objects.filter(public_id=value).values("pk")})


class ResultKeyFilter(KeyFilter):
    """Also by what results are found by: a line's demand, or who is named beside the demand."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return qs
        rows = self.of.objects.filter(public_id=value)
        found: Any = super().filter(qs, value)
        if self.of is DemandLine:
            return found.filter(demand_id__in=rows.values("demand_id"))
        if self.of is Capability:
            return found.naming("suppliers", rows.values("organisation_id"))
        return found.naming("sites" if self.of is Site else "suppliers", rows.values("pk"))
