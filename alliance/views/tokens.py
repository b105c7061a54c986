"""Pages of API tokens: one's own, and an organisation's."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from alliance.errors import DomainError
from alliance.forms import SCOPE_WORDS, TokenForm
from alliance.http import viewed
from alliance.models import Organisation, User
from alliance.selectors import organisation_list, viewer_of
from alliance.selectors.tokens import own_tokens, tokens_of
from alliance.services.tokens import issue_token, revoke_token, rotate_token


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own API tokens; a new one is on the page that makes it and never again."""
    return _page(request, None, [seat.organisation for seat in viewed(request).seats])


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_tokens(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The tokens of an organisation, for its owners or its officials: they stay when who made them leaves."""
    found = get_object_or_404(organisation_list(request.user), public_id=public_id)
    viewer = viewer_of(request.user)
    if found.pk not in viewer.owning | viewer.bureaus:
        raise Http404("not one's own")
    return _page(request, found, [])


def _page(
    request: HttpRequest, organisation: Organisation | None, choices: list[Organisation]
) -> HttpResponse:
    user, text = cast(User, request.user), ""
    form = TokenForm(request.POST or None, organisations=choices)
    if request.method == "POST" and form.is_valid():
        told = dict(form.cleaned_data)
        if organisation is not None:
            told |= {"organisation": organisation, "service": True}
        try:
            _token, text = issue_token(user, **told)
            form = TokenForm(organisations=choices)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    bad = request.method == "POST" and not text
    return _shown(request, organisation, text, form, 400 if bad else 200)


def _shown(
    request: HttpRequest, organisation: Organisation | None, text: str, form: TokenForm, status: int = 200
) -> HttpResponse:
    viewer = viewer_of(request.user)
    kept = [
        s.organisation for s in viewed(request).seats if s.organisation_id in viewer.owning | viewer.bureaus
    ]
    rows: Any = own_tokens(request.user) if organisation is None else tokens_of(request.user, organisation)
    words = dict(SCOPE_WORDS)
    found = list(rows)
    for row in found:
        row.may = [words[scope] for scope in row.scopes if scope in words]
    context = {"rows": found, "form": form, "text": text, "organisation": organisation, "kept": kept}
    response = render(request, "alliance/token_list.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    revoke_token(cast(User, request.user), public_id)
    return _back(request)


@require_POST
def rotate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A new secret in place of the old one, which works a day longer; shown once, like any other."""
    token, text = rotate_token(cast(User, request.user), public_id, keep_hours=24)
    place = token.organisation if token.service else None
    choices = [] if place else [seat.organisation for seat in viewed(request).seats]
    return _shown(request, place, text, TokenForm(organisations=choices))


def _back(request: HttpRequest) -> HttpResponse:
    """To the page of the organisation whose token it was, or to one's own."""
    try:
        return redirect("organisation-tokens", UUID(request.POST.get("organisation", "")))
    except ValueError:
        return redirect("tokens")
