"""Endpoints of component types, facilities, capabilities and their imports."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema

from alliance.models import Organisation
from alliance.rest.views import ReadViewSet, with_since
from alliance.rest.writing import WriteViewSet
from alliance.selectors.long_lists import Rows
from companies.api.imports import ImportViewSet
from companies.filters import CapabilityFilter, ComponentTypeFilter, FacilityFilter
from companies.models import Capability, Facility
from companies.selectors import (
    capability_detail,
    capability_list,
    capability_rows,
    component_book,
    component_type_list,
    facility_detail,
    facility_list,
    facility_rows,
)
from companies.selectors.bodies import DAYS, PLAIN, TERMS, capability_body, facility_body
from companies.serializers import (
    CapabilityAsked,
    CapabilityDetailShown,
    CapabilityShown,
    ComponentTypeDetailShown,
    ComponentTypeShown,
    FacilityAsked,
    FacilityDetailShown,
    FacilityShown,
)
from companies.services import (
    CapabilityChecker,
    CapabilityInput,
    CertificateInput,
    FacilityInput,
    archive_capability,
    archive_facility,
    create_facility,
    may_edit,
    may_write_for,
    restore_facility,
    store_changed,
    store_new,
    update_facility,
)

__all__ = [
    "CapabilityViewSet",
    "ComponentTypeViewSet",
    "FacilityViewSet",
    "ImportViewSet",
    "capability_input",
]


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


def _held(given: Any) -> list[CertificateInput] | None:
    return None if given is None else [CertificateInput(row["code"], row["expires_on"]) for row in given]


@extend_schema(tags=["companies"])
class FacilityViewSet(WriteViewSet):
    """Plants and workshops."""

    kind = "facility"
    selector = facility_list
    long_selector = facility_rows
    detail_selector = facility_detail
    filters = with_since(FacilityFilter, names=True)
    serializer_class = FacilityShown
    detail_serializer_class = FacilityDetailShown
    asked = FacilityAsked
    stored = facility_body

    def make(self, owner: Organisation, told: dict[str, Any]) -> Facility:
        return create_facility(owner, self._input(told), user=self.request.user)

    def change(self, row: Facility, told: dict[str, Any], version: int) -> object:
        if row.archived_at is not None:
            version = restore_facility(row, user=self.request.user, version=version).version
        return update_facility(row, self._input(told), user=self.request.user, version=version)

    def remove(self, row: Facility, version: int) -> object:
        return archive_facility(row, user=self.request.user, version=version)

    def _input(self, told: dict[str, Any]) -> FacilityInput:
        plain = {name: told[name] for name in ("name", "city", "external_id", "latitude", "longitude")}
        return FacilityInput(**plain, certificates=_held(told["certificates"]))


@extend_schema(tags=["companies"])
class CapabilityViewSet(WriteViewSet):
    """What facilities can make; price and capacity where the asker may know them."""

    kind = "capability"
    selector = capability_list
    long_selector = capability_rows
    detail_selector = capability_detail
    filters = with_since(CapabilityFilter, names=True)
    serializer_class = CapabilityShown
    detail_serializer_class = CapabilityDetailShown
    asked = CapabilityAsked
    stored = capability_body
    renamed = {name: f"terms.{name}" for name in TERMS}

    def lists(self) -> list[Rows]:
        return [capability_rows(self.request.user, archived=self.asks_for_put_away)]

    def told(self, data: Any, row: Any = None, *, partial: bool = False) -> dict[str, Any]:
        """What a draft has not been told yet reads 0: sent back as it was read, it stays untold."""
        if row is not None and row.missing and isinstance(data, dict):
            data = _still_untold(data, row.missing)
        return super().told(data, row, partial=partial)

    def make(self, owner: Organisation, told: dict[str, Any]) -> Capability:
        may_write_for(owner, self.request.user)
        checked = self._checker(owner).check(capability_input(told))
        return store_new(owner, checked, publish=told.get("published", False))

    def change(self, row: Capability, told: dict[str, Any], version: int) -> object:
        may_edit(row, self.request.user)
        checked = self._checker(row.organisation).check(capability_input(told), now_at=row.facility)
        return store_changed(row, checked, version=version, publish=told.get("published"))

    def remove(self, row: Capability, version: int) -> object:
        return archive_capability(row, user=self.request.user, version=version)

    def _checker(self, owner: Organisation) -> CapabilityChecker:
        """One for all rows of a request: the trees, plants and certificate names are asked for once."""
        kept: CapabilityChecker | None = getattr(self, "_kept", None)
        if kept is None or kept.organisation.pk != owner.pk:
            kept = self._kept = CapabilityChecker(owner)
        return kept


def _still_untold(data: dict[str, Any], missing: list[str]) -> dict[str, Any]:
    found = {name: None if name in missing and value == 0 else value for name, value in data.items()}
    terms = found.get("terms")
    if isinstance(terms, dict):
        found["terms"] = {n: None if n in missing and value == 0 else value for n, value in terms.items()}
    return found


def capability_input(told: dict[str, Any]) -> CapabilityInput:
    terms = told["terms"] or {}
    plain: dict[str, Any] = {name: told[name] for name in (*PLAIN, *DAYS, "external_id", "specs")}
    plain |= {name: terms.get(name) for name in TERMS}
    return CapabilityInput(
        component_type=told["component_type"],
        facility=told["facility"],
        certificates=_held(told["certificates"]),
        **plain,
    )
