"""Endpoints of component types, facilities and capabilities."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema

from alliance.rest.views import ReadViewSet
from companies.filters import CapabilityFilter, ComponentTypeFilter, FacilityFilter
from companies.selectors import (
    capability_detail,
    capability_list,
    component_book,
    component_type_list,
    facility_detail,
    facility_list,
)
from companies.serializers import (
    CapabilityDetailShown,
    CapabilityShown,
    ComponentTypeDetailShown,
    ComponentTypeShown,
    FacilityDetailShown,
    FacilityShown,
)


@extend_schema(tags=["reference"])
class ComponentTypeViewSet(ReadViewSet):
    """The tree of parts and services; the detail has the parameters, inherited ones too."""

    selector = component_type_list
    filters = ComponentTypeFilter
    serializer_class = ComponentTypeShown
    detail_serializer_class = ComponentTypeDetailShown
    lookup_field = lookup_url_kwarg = "code"
    lookup_value_converter = "str"

    def prepare(self, rows: list[Any]) -> None:
        if self.detail:
            rows[0].all_parameters = list(component_book().of(rows[0].pk).values())


@extend_schema(tags=["companies"])
class FacilityViewSet(ReadViewSet):
    """Plants and workshops."""

    selector = facility_list
    detail_selector = facility_detail
    filters = FacilityFilter
    serializer_class = FacilityShown
    detail_serializer_class = FacilityDetailShown


@extend_schema(tags=["companies"])
class CapabilityViewSet(ReadViewSet):
    """What facilities can make; price and capacity where the asker may know them."""

    selector = capability_list
    detail_selector = capability_detail
    filters = CapabilityFilter
    serializer_class = CapabilityShown
    detail_serializer_class = CapabilityDetailShown
