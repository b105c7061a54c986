"""An alliance's settings: what counts how much, its cities, its bureaus. Officials read, its admin writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.choices import CityRole
from alliance.errors import DomainError
from alliance.http import viewed
from alliance.models import Alliance
from alliance.selectors import may_steer, viewer_of
from alliance.selectors.joining import city_names
from alliance.services.alliances import remove_city, set_city, set_weights
from alliance.templatetags._numbers import list_text
from matching.forms.alliances import CityRolesForm, RemoveCityForm, WeightsForm
from matching.selectors.alliances import bureaus_of, cities_of, versions_of
from matching.selectors.terms import LINE_TERMS, SITE_TERMS, full_slots, scales
from matching.selectors.weighing import shifts


@require_http_methods(["GET", "HEAD", "POST"])
def alliance_settings(request: HttpRequest) -> HttpResponse:
    """The chosen alliance; a POST names what it does, so that each part of the page is a form of its own."""
    alliance = viewed(request).alliance
    if alliance is None or alliance.pk not in viewer_of(request.user).bureau_alliances:
        raise Http404
    forms: dict[str, Any] = {
        "weights": WeightsForm(initial=_weights(request, alliance)),
        "city": CityRolesForm(),
    }
    status = 200
    extra: dict[str, Any] = {}
    if request.method == "POST":
        do = DOES.get(request.POST.get("do", ""))
        if do is None:
            raise Http404
        status, extra = do(request, alliance, forms)
        if status == 302:
            return redirect("alliance-settings")
    return render(
        request, "matching/alliance_settings.html", _page(request, alliance, forms) | extra, status=status
    )


def _weights(request: HttpRequest, alliance: Alliance) -> dict[str, Any]:
    newest = next(iter(versions_of(request.user, alliance)), None)
    told: dict[str, Any] = {"version": alliance.version}
    if newest:
        told |= {
            f"{side}_{term}": value
            for side in ("line", "site")
            for term, value in getattr(newest, side).items()
        }
    return told


def _page(request: HttpRequest, alliance: Alliance, forms: dict[str, Any]) -> dict[str, Any]:
    now = scales(alliance.pk)
    cities = cities_of(request.user, alliance)
    for row in cities:
        row.role_names = list_text(CityRole(role).label for role in row.roles)
    return {
        "alliance": alliance,
        "may": may_steer(request.user, alliance.pk),
        "forms": forms,
        "line_slots": full_slots(LINE_TERMS, now.line),
        "site_slots": full_slots(SITE_TERMS, now.site),
        "shares": _shares(now.line, now.site),
        "cities": cities,
        "places": city_names() if may_steer(request.user, alliance.pk) else [],
        "roles": CityRole.choices,
        "bureaus": bureaus_of(request.user, alliance),
        "versions": versions_of(request.user, alliance),
    }


def _shares(
    line: dict[str, float], site: dict[str, float]
) -> list[tuple[str, float, float | None, float | None]]:
    """(term, weight, share of an offer's score, share of a site's): weights count by their share of the sum."""
    rows = []
    for terms, weights, other in ((LINE_TERMS, line, False), (SITE_TERMS, site, True)):
        whole = sum(weights.values()) or 1
        for term, (label, _short) in terms.items():
            share = weights[term] / whole
            rows.append((str(label), weights[term], None if other else share, share if other else None))
    return rows


Done = tuple[int, dict[str, Any]]


def _do_weights(request: HttpRequest, alliance: Alliance, forms: dict[str, Any]) -> Done:
    """Look at what other weights would change, or set them."""
    form = forms["weights"] = WeightsForm(request.POST)
    if not form.is_valid():
        return 400, {}
    line, site = form.full("line"), form.full("site")
    if request.POST["do"] == "preview":
        return 200, {
            "new_line": full_slots(LINE_TERMS, line),
            "new_site": full_slots(SITE_TERMS, site),
            "shifts": shifts(request.user, alliance, line),
        }
    version = form.cleaned_data["version"]
    return _write(
        request,
        form,
        _("The weights are set. Everything is matched again."),
        lambda: set_weights(
            alliance, user=request.user, version=version, line=form.own("line"), site=form.own("site")
        ),
    )


def _do_city(request: HttpRequest, alliance: Alliance, forms: dict[str, Any]) -> Done:
    form = forms["city"] = CityRolesForm(request.POST)
    if not form.is_valid() or form.cleaned_data["city"] is None:
        return 400, {}
    told = form.cleaned_data
    words = _("%(city)s: the roles are set.") % {"city": told["city"]}
    return _write(
        request,
        form,
        words,
        lambda: set_city(
            alliance,
            told["city"],
            told["roles"],
            user=request.user,
            version=told["version"],
            basis=told["basis"],
        ),
    )


def _do_remove(request: HttpRequest, alliance: Alliance, forms: dict[str, Any]) -> Done:
    form = RemoveCityForm(request.POST)
    if not form.is_valid() or form.cleaned_data["city"] is None:
        return 400, {"removing": form}
    city, version = form.cleaned_data["city"], form.cleaned_data["version"]
    words = _("%(city)s has left the alliance.") % {"city": city}
    status, extra = _write(
        request, form, words, lambda: remove_city(alliance, city, user=request.user, version=version)
    )
    return status, extra | {"removing": form}


def _write(request: HttpRequest, form: Any, words: str, write: Callable[[], Any]) -> Done:
    try:
        write()
    except DomainError as error:
        name = error.field if error.field in form.fields else None
        form.add_error(name, error.message)
        return error.status, {}
    messages.success(request, words)
    return 302, {}


DOES: dict[str, Callable[[HttpRequest, Alliance, dict[str, Any]], Done]] = {
    "preview": _do_weights,
    "weights": _do_weights,
    "city": _do_city,
    "remove": _do_remove,
}
