"""The gap report: which parts the alliance lacks, where, and whom to develop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from alliance.http import Column, csv_file, viewed, xlsx_file
from alliance.models import Alliance, City
from alliance.templatetags.charts import Band
from matching.forms.gaps import GapForm
from matching.selectors import Asked, Gaps, city_flows, gap_lines, gaps, heading, lab_name, whom_to_develop

SHOWN = 25
FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_file, "xlsx": xlsx_file}

GAP_COLUMNS = [
    Column(_("Code"), lambda row: row[0].code),
    Column(_("Component type"), lambda row: row[0]),
    Column(_("City"), lambda row: row[1] or ""),
    Column(_("Lines"), lambda row: row[2].lines),
    Column(_("Asked a month"), lambda row: row[2].rate),
    Column(_("Free capacity a month"), lambda row: row[2].free),
    Column(_("Nobody can supply"), lambda row: row[2].bare),
    Column(_("Single source"), lambda row: row[2].single),
    Column(_("One requirement short"), lambda row: row[2].near),
    Column(_("Best supplier outside"), lambda row: row[2].outside),
]
LINE_COLUMNS = [
    Column(_("Demand"), lambda row: heading(row.demand)),
    Column(_("Lab"), lambda row: lab_name(row.demand)),
    Column(_("City"), lambda row: row.demand.lab_city),
    Column(_("Component type"), lambda row: row.line.component_type),
    Column(_("Quantity"), lambda row: row.line.quantity),
    Column(_("Asked a month"), lambda row: row.line.monthly_rate),
    Column(_("Firms that can supply"), lambda row: row.firms),
    Column(_("Firms one requirement short"), lambda row: row.near),
    Column(_("Best supplier"), lambda row: row.best.organisation if row.best else ""),
]


@require_safe
def gap_report(request: HttpRequest) -> HttpResponseBase:
    alliance = viewed(request).alliance
    if alliance is None:
        return render(request, "matching/dashboard_none.html", {})
    form = GapForm(request.GET, alliance=alliance)
    if not form.is_valid():
        return render(request, "matching/gaps.html", {"form": form, "valid": False}, status=400)
    asked = Asked(form.chosen_type, form.chosen_city, form.cleaned_data["state"])
    found = gaps(request.user, alliance, asked)
    if request.GET.get("format") in FILES:
        return _export(request, alliance, asked, found)
    return _page(request, alliance, form, asked, found)


def _export(request: HttpRequest, alliance: Alliance, asked: Asked, found: Gaps) -> HttpResponseBase:
    write = FILES[request.GET["format"]]
    if request.GET.get("of") == "lines":
        return write("gap-lines", LINE_COLUMNS, gap_lines(request.user, alliance, asked))
    return write("gaps", GAP_COLUMNS, _flat(found))


def _flat(found: Gaps) -> Iterator[tuple[Any, City | None, Any]]:
    """Type by type: the whole, then (for who reads it) each city."""
    for row in found.rows:
        yield row.type, None, row.total
        for city, figures in row.cities:
            yield row.type, city, figures


def _page(request: HttpRequest, alliance: Alliance, form: GapForm, asked: Asked, found: Gaps) -> HttpResponse:
    user = request.user
    flows = city_flows(user, alliance)
    cities = City.objects.visible_to(user).in_bulk({key for f in flows for key in (f.lab, f.plant)})
    narrowed = bool(asked.type or asked.city or asked.state)
    rows = sorted(flows, key=lambda flow: (-flow.lines, flow.lab, flow.plant))
    context = {
        "form": form,
        "valid": True,
        "asked": asked,
        "gaps": found,
        "rows": found.rows if request.GET.get("all") else found.rows[:SHOWN],
        "more": 0 if request.GET.get("all") else max(0, len(found.rows) - SHOWN),
        "lines": gap_lines(user, alliance, asked) if narrowed and found.told else [],
        "narrowed": narrowed,
        "develop": whom_to_develop(user, alliance, asked) if found.told else [],
        "flows": [(cities[flow.lab], cities[flow.plant], flow) for flow in rows],
        "bands": [Band(str(cities[flow.lab]), str(cities[flow.plant]), flow.lines) for flow in rows],
        "band_unit": ngettext("line", "lines", 2),
    }
    return render(request, "matching/gaps.html", context)
