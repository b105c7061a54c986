"""What lists of the alliance app can be narrowed by; pages and endpoints use the same sets."""

from __future__ import annotations

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from alliance.choices import CityRole, DecisionState, DeliveryState, NoticeGroup, OrganisationRole
from alliance.filters.lists import LISTS as LISTS
from alliance.filters.lists import ListFilter as ListFilter
from alliance.filters.lists import Sort as Sort
from alliance.filters.lists import read as read
from alliance.filters.lists import saved_query as saved_query
from alliance.filters.lists import still_fits as still_fits
from alliance.filters.rules import CityFilter as CityFilter
from alliance.filters.rules import TreeFilter as TreeFilter
from alliance.filters.rules import WordFilter as WordFilter
from alliance.filters.rules import holders as holders
from alliance.filters.rules import yes_no as yes_no
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
from alliance.models.organisations import FIRM_WRITTEN


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
        indexed=[("", Organisation, FIRM_WRITTEN)],
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


LISTS |= {
    "cities": PlaceFilter,
    "verifications": VerificationFilter,
    "outbox": MailFilter,
    "notices": NoticeFilter,
}
