"""Pages of webhooks: an organisation's, and one with the log of its deliveries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alliance.errors import DomainError
from alliance.forms.webhooks import EVENT_WORDS, WebhookForm
from alliance.models import Webhook
from alliance.selectors import organisation_list
from alliance.selectors.paging import cut
from alliance.selectors.webhooks import keeps_webhooks, message_list, webhook_list
from alliance.services import webhooks as services

PAGE = 20
LOG_ORDER = ["-id"]


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_webhooks(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An organisation's webhooks, and the form of a new one; its secret is on the page that makes it, once."""
    found = get_object_or_404(organisation_list(request.user), public_id=public_id)
    if not keeps_webhooks(request.user, found):
        raise Http404("not one's own")
    form, secret, status = WebhookForm(request.POST or None), "", 200
    if request.method == "POST":
        made = _saved(form, lambda **told: services.create_webhook(found, user=request.user, **told))
        status, secret = (200, made[1]) if made else (400, "")
        form = WebhookForm() if made else form
    rows = list(webhook_list(request.user).filter(organisation=found))
    context = {
        "rows": rows,
        "form": form,
        "secret": secret,
        "organisation": found,
        "words": dict(EVENT_WORDS),
    }
    return _secretly(render(request, "alliance/webhook_list.html", context, status=status))


@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One webhook: its settings, what it can be made to do, and the log of its deliveries."""
    found = get_object_or_404(webhook_list(request.user), public_id=public_id)
    if request.method != "POST":
        return _shown(request, found, _form_of(found))
    step = STEPS.get(request.POST.get("step", ""))
    return _change(request, found) if step is None else step(request, found)


def _change(request: HttpRequest, found: Webhook) -> HttpResponse:
    form = WebhookForm(request.POST)
    version = request.POST.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None
    change: Callable[..., Any] = services.change_webhook
    if not _saved(form, lambda **told: change(found, user=request.user, version=seen, **told)):
        return _shown(request, found, form, status=400)
    messages.success(request, _("Saved."))
    return redirect("webhook", found.public_id)


def _saved(form: WebhookForm, save: Callable[..., Any]) -> Any:
    """What the service gave, or None with the errors in the form."""
    if not form.is_valid():
        return None
    try:
        return save(**form.cleaned_data)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    return None


def _test(request: HttpRequest, found: Webhook) -> HttpResponse:
    services.send_test(found, user=request.user)
    messages.success(request, _("A test message is on its way: see the log below."))
    return redirect("webhook", found.public_id)


def _rotate(request: HttpRequest, found: Webhook) -> HttpResponse:
    secret = services.rotate_secret(found, user=request.user)
    found = webhook_list(request.user).get(pk=found.pk)
    return _shown(request, found, _form_of(found), secret=secret)


def _switch(request: HttpRequest, found: Webhook) -> HttpResponse:
    services.change_webhook(found, user=request.user, enabled=not found.enabled)
    return redirect("webhook", found.public_id)


def _delete(request: HttpRequest, found: Webhook) -> HttpResponse:
    services.delete_webhook(found, user=request.user)
    messages.success(request, _("The webhook is deleted."))
    return redirect("organisation-webhooks", found.organisation.public_id)


def _again(request: HttpRequest, found: Webhook) -> HttpResponse:
    try:
        wanted = UUID(request.POST.get("message", ""))
    except ValueError:
        raise Http404("no such message") from None
    message = get_object_or_404(message_list(request.user), webhook=found, public_id=wanted)
    services.send_again(message, user=request.user)
    messages.success(request, _("The message is sent once more."))
    return redirect("webhook", found.public_id)


STEPS: dict[str, Callable[[HttpRequest, Webhook], HttpResponse]] = {
    "test": _test,
    "rotate": _rotate,
    "switch": _switch,
    "delete": _delete,
    "again": _again,
}


def _form_of(found: Webhook) -> WebhookForm:
    return WebhookForm(initial={"name": found.name, "url": found.url, "events": found.events})


def _shown(
    request: HttpRequest, found: Webhook, form: WebhookForm, *, secret: str = "", status: int = 200
) -> HttpResponse:
    page = cut(
        message_list(request.user).filter(webhook=found), LOG_ORDER, request.GET.get("cursor", ""), PAGE
    )
    context = {
        "hook": found,
        "form": form,
        "secret": secret,
        "page": page,
        "rows": page.rows,
        "shown": len(page.rows),
        "words": dict(EVENT_WORDS) | {"webhook.test": _("test")},
    }
    return _secretly(render(request, "alliance/webhook_detail.html", context, status=status))


def _secretly(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
