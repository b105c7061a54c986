"""What is done differently for speed says the same: rows by keys, words by index, kinds of visibility, markup."""

import re
from typing import Any

import pytest
from django import forms
from django.db.models import Q
from django.forms.renderers import DjangoTemplates
from django.http import QueryDict

from alliance.access import GuardedQuerySet
from alliance.filters import OrganisationFilter
from alliance.forms.rendering import Renderer
from alliance.models import Organisation
from alliance.selectors import organisation_list, organisation_rows
from alliance.selectors.long_lists import KEYS, REASONS, Rows
from alliance.selectors.paging import cut
from companies.filters import CapabilityFilter
from companies.models import Capability, Facility
from companies.selectors import capability_list, capability_rows, facility_list, facility_rows
from matching.models import Demand, DemandIdentity, Introduction
from matching.selectors import demand_list
from matching.selectors.demands import demand_rows
from scenarios.filters import SiteFilter
from scenarios.models import Site
from scenarios.selectors import site_list, site_rows
from tests import factories as make
from tests.cast import World

ROLES = (
    "lead_official",
    "partner_official",
    "outside_official",
    "supplier_owner",
    "lab_owner",
    "outside_owner",
)


class Shown(forms.Form):
    kind = forms.ChoiceField(
        choices=[("", "any"), ("a&b", "<A> & B"), ("Group", [("c", "C"), ("d", 'D "quoted"')])],
        required=False,
    )
    many = forms.MultipleChoiceField(choices=[(str(n), f"n {n}") for n in range(3)])
    words = forms.CharField(
        max_length=9, widget=forms.TextInput(attrs={"placeholder": '"<x>"', "hidden": False})
    )
    count = forms.IntegerField(min_value=1)
    address = forms.EmailField(disabled=True, initial="a@b.example")
    kept = forms.CharField(widget=forms.HiddenInput, initial="'k'")


@pytest.mark.parametrize("data", [None, {"kind": "d", "many": ["1", "2"], "words": "<&>", "count": "7"}])
def test_widgets_are_written_as_django_writes_them(data) -> None:
    given = QueryDict(mutable=True)
    for key, value in (data or {}).items():
        given.setlist(key, value if isinstance(value, list) else [value])
    form = Shown(given if data else None)
    for bound in form:
        form.renderer = Renderer()
        ours = bound.as_widget()
        form.renderer = DjangoTemplates()
        assert re.sub(r">\s+", ">", ours) == re.sub(r">\s+", ">", bound.as_widget()).replace("\n", "")


@pytest.mark.django_db
def test_rows_by_keys_are_the_rows() -> None:
    city = make.make_city("990100", "Long", "长")
    firms = [make.make_firm(city, f"Long list {n:03}") for n in range(60)]
    every = Organisation.objects.filter(pk__in=[firm.pk for firm in firms])
    for seen in (Q(), Q(pk__in=[f.pk for f in firms[-3:]]), Q(pk__in=[f.pk for f in firms[::7]]), Q(pk=0)):
        plain, quick = Rows(every.filter(seen)), Rows(every.filter(seen), every, every.filter(seen))
        for order in (("id",), ("-name_en", "id")):
            for size in (1, 2, 5, 100):
                assert [r.pk for r in cut(quick, order, "", size).rows] == [
                    r.pk for r in cut(plain, order, "", size).rows
                ]
        for most in (1, 4, 100):
            assert quick.count(most) == plain.count(most)
            for ahead in (3, 30, 300):
                page = cut(
                    Rows(*(every.filter(seen), every, every.filter(seen), every)), ("id",), "", 5, ahead=ahead
                )
                assert [r.pk for r in page.rows] == [r.pk for r in cut(plain, ("id",), "", 5).rows]
                assert page.first is not None
                assert page.first.count(most) == plain.count(most), "counted from what was read for the page"
    second = cut(Rows(every, every, every), ("id",), cut(every, ("id",), "", 5).next or "", 5)
    assert [row.pk for row in second.rows] == [firm.pk for firm in firms[5:10]]


@pytest.mark.django_db
def test_a_rule_is_one_however_many_rows_it_is_asked_about(world: World) -> None:
    """`visible_to`, `visible_few` and `visible_some` are three ways to ask the same."""
    for model in (Capability, Organisation):
        rows: GuardedQuerySet = model.objects.order_by("pk")
        for role in ROLES:
            user = world.person(role)
            asked = [rows.visible_to(user), rows.visible_few(user), rows.visible_some(user)]
            found = [list(each.values_list("pk", flat=True)) for each in asked]
            assert found[0] == found[1] == found[2], (model, role)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("listed", "rows"),
    [
        (organisation_list, organisation_rows),
        (facility_list, facility_rows),
        (capability_list, capability_rows),
        (site_list, site_rows),
        (demand_list, demand_rows),
    ],
)
def test_rows_by_reason_are_the_rows(world: World, listed: Any, rows: Any) -> None:
    """All reasons together are the rule, and a list found by them is the list."""
    some = False
    for role in ROLES:
        user = world.person(role)
        seen, long = listed(user), rows(user)
        every = {row.pk for reason in long.reasons for row in reason}
        assert every >= {row.pk for row in seen}, role
        assert every == set(seen.model.objects.visible_to(user).values_list("pk", flat=True)), role
        for order in (("-id",), ("id",)):
            for size in (1, 3, 100):
                first = [row.pk for row in cut(seen, order, "", size).rows]
                for by in (KEYS, REASONS, ""):
                    for few in (False, True):
                        quick = cut(long.found(by), order, "", size, few=few)
                        assert [row.pk for row in quick.rows] == first, (role, by, few)
        some = some or 0 < len(every) < seen.model.objects.count()
    assert some


@pytest.mark.django_db
def test_every_rule_is_its_reasons(world: World) -> None:
    for model in (Capability, Organisation, Facility, Site, Demand, DemandIdentity, Introduction):
        rows: GuardedQuerySet = model.objects.all()
        for role in ROLES:
            user = world.person(role)
            parts = {pk for part in rows.visible_by_reason(user) for pk in part.values_list("pk", flat=True)}
            assert parts == set(rows.visible_to(user).values_list("pk", flat=True)), (model, role)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "精密",
        "精",
        "(精",
        "A-B",
        "a b",
        "b传",
        "-",
        "%",
        "_",
        "|",
        "Ltd.",
        "91",
        "td",
        "12",
        "12 传动",
        "传动 A",
        "nothing",
    ],
)
def test_words_by_index_are_the_words(text) -> None:
    city = make.make_city("990100", "Long", "长")
    names = ["成都精密传动", "精 密", "A-B传动(成都)", "ab", "100% Ltd. A_B", "Robot|Part"]
    firms = [make.make_firm(city, f"Firm {n}", name_zh=name) for n, name in enumerate(names)]
    kind, trial = make.make_component_type("LNG"), make.make_scenario_type("LNG")
    for firm in firms:
        make.make_capability(make.make_facility(firm), kind, title=f"{firm.name_zh} 减速机")
        make.make_site(firm, trial, name=f"Hall 1{firm.pk % 4}")
    plain_firms, plain_offers = Organisation.objects.all(), Capability.objects.all()
    plain_sites = Site.objects.all()
    for word in text.split():
        named = Q(name_zh__icontains=word) | Q(name_en__icontains=word)
        plain_firms = plain_firms.filter(named | Q(uscc__icontains=word))
        plain_offers = plain_offers.filter(
            Q(title__icontains=word)
            | Q(organisation__name_zh__icontains=word)
            | Q(organisation__name_en__icontains=word)
        )
        plain_sites = plain_sites.filter(
            Q(name__icontains=word)
            | Q(organisation__name_zh__icontains=word)
            | Q(organisation__name_en__icontains=word)
        )
    said = QueryDict(mutable=True)
    said["q"] = text
    assert set(SiteFilter(said, queryset=Site.objects.all()).qs) == set(plain_sites)
    assert set(OrganisationFilter(said, queryset=Organisation.objects.all()).qs) == set(plain_firms)
    assert set(CapabilityFilter(said, queryset=Capability.objects.all()).qs) == set(plain_offers)
