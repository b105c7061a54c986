"""What lists of the companies app can be narrowed by; pages and endpoints use the same sets."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.choices import ImportState
from alliance.filters import (
    LISTS,
    CityFilter,
    ListFilter,
    OrganisationFilter,
    Sort,
    TreeFilter,
    TypeFilter,
    WordFilter,
    yes_no,
)
from alliance.models import Organisation
from alliance.models.base import Keys
from alliance.models.organisations import FIRM_WRITTEN
from alliance.selectors import viewer_of
from alliance.selectors.trees import branch, tree_choices
from companies.filters.values import PREFIX, ValueFilter, parameter_of
from companies.models import Capability, ComponentType, Facility, SheetImport
from companies.models.capabilities import CAPABILITY_NAMES, FACILITY_NAMES
from companies.selectors import component_book

#: Capabilities of a type that are read to learn who makes it.
MOST_OFFERS = 20_000


class FirmFilter(OrganisationFilter):
    """Firms, also by what they make."""

    component_type = django_filters.ChoiceFilter(
        label=_("Makes"), choices=lambda: tree_choices(ComponentType), method="makes", empty_label=_("any")
    )
    claimed = yes_no(_("Claimed"))

    class Meta(OrganisationFilter.Meta):
        pass

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.makers: dict[str, Q] = {}  # of one request, which may ask in several ways
        super().__init__(*args, **kwargs)

    def makes(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value not in self.makers:
            self.makers[value] = self._makers(value)
        return queryset.filter(self.makers[value])

    def _makers(self, value: str) -> Q:
        """Only capabilities that the asker may see count, or the filter would tell of drafts. Those of a type that
        few make are read once; of one that very many make, firm by firm: a page is soon full."""
        kinds = branch(ComponentType, value)
        every = Capability.objects
        if every.filter(component_type__in=kinds).order_by()[: MOST_OFFERS + 1].count() > MOST_OFFERS:
            offers = every.visible_few(self.request.user).filter(component_type__in=kinds).order_by()
            return Q(pk__among=offers.values("organisation_id"))
        found = every.visible_some(self.request.user).filter(component_type__in=kinds).order_by()
        return Q(pk__one_of=Keys(set(found.values_list("organisation_id", flat=True))))


class CapabilityFilter(ListFilter):
    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-id",)),
        "title": (_("by name"), ("title", "id")),
        "type": (_("by component type"), ("component_type__code", "id")),
        "firm": (_("by firm"), ("organisation__name_sort", "id")),
        "city": (_("by city"), ("facility__city__code", "id")),
        "prototype": (_("by prototype lead time"), ("prototype_lead_days", "id")),
        "volume": (_("by volume lead time"), ("volume_lead_days", "id")),
        "order": (_("by minimum order"), ("min_order_quantity", "id")),
    }
    q = WordFilter(
        label=_("Name or firm"),
        fields=["title", "organisation__name_zh", "organisation__name_en"],
        indexed=[("", Capability, CAPABILITY_NAMES), ("organisation", Organisation, FIRM_WRITTEN)],
    )
    component_type = TreeFilter(label=_("Component type"), tree=ComponentType, empty_label=_("any"))
    city = CityFilter(label=_("City"), field_name="facility__city", place=Facility)
    verified = yes_no(_("Firm verified"), field_name="organisation__verified")
    volume_lead_days = django_filters.NumberFilter(
        label=_("Volume lead time up to (days)"), lookup_expr="lte", min_value=0, max_value=100_000
    )
    organisation = django_filters.UUIDFilter(label=_("Firm's id"), field_name="organisation__public_id")
    mine = yes_no(_("Of my firm"), method="of_mine")
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("published", _("published")), ("draft", _("draft")), ("archived", _("archived"))],
        method="in_state",
        empty_label=_("any"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = str(self.data.get("component_type", "")) if self.is_bound else ""
        if code and (self.as_form or any(name.startswith(PREFIX) for name in self.data)):
            self._add_parameters(code)

    def _add_parameters(self, code: str) -> None:
        """A filter for each parameter of the chosen type, `p_<key>`; those of types above it too."""
        type_ = ComponentType.objects.filter(code=code).first()
        if type_ is None:
            return
        for key, row in component_book([type_.pk]).of(type_.pk).items():
            asked: Any = ValueFilter(row, parameter_of(row.key))
            asked.parent, asked.model, asked.field_name = self, Capability, "specs"
            self.filters[f"{PREFIX}{key}"] = asked

    def passes(self, name: str) -> bool:
        """An empty box of the type that was chosen before asks for nothing."""
        return super().passes(name) or (name.startswith(PREFIX) and not self.data.get(name))

    def of_mine(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        firms = viewer_of(self.request.user).firms
        mine = queryset.filter(organisation__in=firms)
        return mine if value else queryset.exclude(organisation__in=firms)

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Archived rows come only when they are asked for (the selector has left them out)."""
        if value == "archived":
            return queryset.filter(archived_at__isnull=False)
        return queryset.filter(published=value == "published")

    class Meta:
        model = Capability
        fields: ClassVar[list[str]] = []


class FacilityFilter(ListFilter):
    q = WordFilter(
        label=_("Name or firm"),
        fields=["name", "organisation__name_zh", "organisation__name_en"],
        indexed=[("", Facility, FACILITY_NAMES), ("organisation", Organisation, FIRM_WRITTEN)],
    )
    city = CityFilter(label=_("City"), field_name="city")
    organisation = django_filters.UUIDFilter(label=_("Firm's id"), field_name="organisation__public_id")

    class Meta:
        model = Facility
        fields: ClassVar[list[str]] = []


class ComponentTypeFilter(TypeFilter):
    class Meta:
        model = ComponentType
        fields: ClassVar[list[str]] = []


class ImportFilter(ListFilter):
    state = django_filters.ChoiceFilter(label=_("State"), choices=ImportState.choices, empty_label=_("any"))

    class Meta:
        model = SheetImport
        fields: ClassVar[list[str]] = []


class SheetFilter(ImportFilter):
    """Uploaded sheets, as their page narrows and sorts them."""

    sorts: ClassVar[dict[str, Sort]] = {
        "newest": (_("newest first"), ("-id",)),
        "rows": (_("most rows first"), ("-row_count", "-id")),
        "file": (_("by file"), ("file_name", "id")),
    }
    q = WordFilter(label=_("File"), fields=["file_name"])

    class Meta(ImportFilter.Meta):
        pass


LISTS |= {"firms": FirmFilter, "capabilities": CapabilityFilter, "imports": SheetFilter}
