"""What firms can make, and what a firm's page says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from alliance.models import OrganisationCertificate
from alliance.models.base import GuardedQuerySet
from alliance.selectors import viewer_of
from alliance.selectors.long_lists import KEYS, REASONS, Rows, long_list
from companies.models import (
    Capability,
    CapabilityCertificate,
    CapabilityTerms,
    ComponentType,
    Facility,
    FacilityCertificate,
)
from companies.models.capabilities import CAPABILITY_NAMES
from companies.selectors.evidence import NOT_VERIFIED, Standing, evidence_of, standing_of
from companies.selectors.parameters import ParameterBook, component_book
from companies.selectors.words import bounds, offered_text


def capability_list(user: Any, *, archived: bool | None = False, few: bool = False) -> GuardedQuerySet:
    """Capabilities with their type, firm and place; price and capacity (`told`) where the viewer may know them.

    What is archived is left out; True: only that; None: both. `few`: for rows whose keys are known.
    """
    every = Capability.objects
    return _told(every.visible_few(user) if few else every.visible_to(user), user, archived)


def capability_rows(user: Any, *, archived: bool | None = False) -> Rows:
    """The same as a long list. To a bureau every capability may be known by a match on any demand of its alliances,
    which is much to read before the first row; a firm has few demands."""
    every = Capability.objects
    return Rows(
        lambda: capability_list(user, archived=archived),
        _kept(every.all(), archived),
        lambda: _told(every.visible_some(user), user, archived),
        lambda: _told(every.all(), user, archived),
        lambda: capability_list(user, archived=archived, few=True),
        lambda: [_kept(rows, archived) for rows in every.visible_by_reason(user)],
        KEYS if viewer_of(user).bureau_alliances else "",
        # What its alliances' demands name is read once for two thousand keys; of two hundred each is looked up.
        begins=40,
        most_few=200,
    )


def named_capabilities(user: Any, words: list[str], most: int, ahead: int) -> list[Any]:
    """The newest ones whose title holds the words; neither price nor capacity. `ahead`: as of `Rows.first`."""
    found = CAPABILITY_NAMES.finder(Capability, words)
    seen, every = capability_list(user, few=True), _kept(Capability.objects.all(), False)
    rows = Rows(seen, every, seen, _told(every, user, False).prefetch_related(None))
    return rows.narrowed(lambda each: found(each).order_by("-pk")).first(most, ahead)


def _kept(rows: GuardedQuerySet, archived: bool | None) -> GuardedQuerySet:
    return rows if archived is None else rows.filter(archived_at__isnull=not archived)


def _told(rows: GuardedQuerySet, user: Any, archived: bool | None) -> GuardedQuerySet:
    told = Prefetch("terms", CapabilityTerms.objects.visible_few(user), to_attr="told")
    found = _kept(rows, archived).select_related("component_type", "organisation", "facility__city")
    return found.prefetch_related(told)


def capability_detail(user: Any) -> GuardedQuerySet:
    """Known ones with the certificates that count for them: their own, their plant's and their firm's."""
    return capability_list(user, archived=None, few=True).prefetch_related(
        Prefetch(
            "certificates", CapabilityCertificate.objects.hanging_on("capability"), to_attr="own_certificates"
        ),
        Prefetch(
            "facility__certificates",
            FacilityCertificate.objects.visible_few(user),
            to_attr="plant_certificates",
        ),
        Prefetch(
            "organisation__certificates",
            OrganisationCertificate.objects.visible_few(user),
            to_attr="firm_certificates",
        ),
    )


def facility_list(user: Any) -> GuardedQuerySet:
    return _with_place(Facility.objects.visible_to(user))


def _with_place(rows: GuardedQuerySet) -> GuardedQuerySet:
    return rows.select_related("city", "organisation")


def facility_rows(user: Any) -> Rows:
    """The same as a long list: of a large region a bureau sees the plants of few cities."""
    by = REASONS if viewer_of(user).official else ""
    return long_list(Facility, facility_list, user, by, _with_place)


def facility_detail(user: Any) -> GuardedQuerySet:
    held = FacilityCertificate.objects.visible_few(user)
    known = _with_place(Facility.objects.visible_few(user))
    return known.prefetch_related(Prefetch("certificates", held, to_attr="plant_certificates"))


def component_type_list(user: Any) -> GuardedQuerySet:
    return ComponentType.objects.visible_to(user).select_related("parent")


@dataclass(frozen=True)
class SpecRow:
    """A parameter of a type with what a row says about it; `low`..`high` lies within the typical range or not."""

    name: str
    value: str
    stated: bool
    typical: str = ""
    key: str = ""
    standing: Standing = NOT_VERIFIED


def spec_rows(
    book: ParameterBook[Any],
    type_id: int,
    values: dict[str, Any],
    evidence: Mapping[str, Standing] | None = None,
) -> list[SpecRow]:
    """Every parameter of the type, those that are stated first."""
    rows = []
    for key, parameter in book.of(type_id).items():
        value = values.get(key)
        stated = value is not None and value != []
        rows.append(
            SpecRow(
                str(parameter),
                offered_text(parameter.key, value),
                stated,
                _typical(parameter),
                key,
                standing_of(evidence or {}, key, value),
            )
        )
    return sorted(rows, key=lambda row: not row.stated)


def _typical(parameter: Any) -> str:
    low, high = (parameter.attributes.get(name) for name in ("typical_min", "typical_max"))
    if low is None or high is None:
        return ""
    return offered_text(parameter.key, list(bounds([low, high])))


def capability_specs(capability: Capability, user: Any) -> list[SpecRow]:
    evidence = evidence_of([capability.pk], user).get(capability.pk)
    return spec_rows(
        component_book([capability.component_type_id]),
        capability.component_type_id,
        capability.specs,
        evidence,
    )


@dataclass(frozen=True)
class Held:
    """A certificate and who holds it."""

    code: str
    holder: str
    expires_on: Any
    known: bool


def certificates_of(capability: Any, holders: tuple[str, str, str]) -> list[Held]:
    """Of the capability, its plant and its firm: any of the three counts."""
    groups = (
        capability.own_certificates,
        capability.facility.plant_certificates,
        capability.organisation.firm_certificates,
    )
    return [
        Held(row.code, holder, row.expires_on, row.known)
        for holder, rows in zip(holders, groups, strict=True)
        for row in rows
    ]
