"""Coming in from outside: registering a firm, claiming an entry, asking to join, accepting an invitation."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alliance.choices import DecisionState, JoinKind
from alliance.errors import DomainError, NotFoundError
from alliance.forms.joining import CodeForm, FirmForm, JoinForm, PersonForm
from alliance.forms.records import FileForm
from alliance.models import Organisation, User
from alliance.selectors import viewer_of
from alliance.selectors.attachments import own_documents
from alliance.selectors.joining import (
    city_names,
    city_of_code,
    entry_of_code,
    own_requests,
    own_suspensions,
    own_verifications,
    registered_firm,
    unclaimed_entry,
    unclaimed_like,
)
from alliance.services.attachments import attach_to_claim
from alliance.services.confirming import confirm
from alliance.services.credit_codes import known_prefix
from alliance.services.invitations import accept_as_new, accept_invitation, open_invitation
from alliance.services.limits import count_try
from alliance.services.registration import NewFirm, ask_to_belong, is_registered, register_firm
from alliance.views.guarding import client_address

CODE = "register-code"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The credit code first: a firm that is there already is joined, not registered twice."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_try("register", address=client_address(request))
        code = request.session[CODE] = form.cleaned_data["uscc"]
        entry = entry_of_code(code)
        if entry is not None:
            return redirect(reverse("register-details", query={"claim": str(entry.public_id)}))
        if not is_registered(code):
            return redirect("register-details")
        if registered_firm(code) is not None:
            return redirect("register-join")
        form.add_error("uscc", _("Nobody can join this firm here at present. Ask the bureau of its city."))
    status = 400 if request.method == "POST" else 200
    return render(request, "registration/register.html", {"form": form}, status=status)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def register_details(request: HttpRequest) -> HttpResponse:
    """The firm and its first person; an entry of the directory can be claimed instead."""
    code = request.session.get(CODE, "")
    if not code:
        return redirect("register")
    if request.GET.get("q"):
        count_try("look up", address=client_address(request))
    form = FirmForm(request.POST or None, initial={"city": city_of_code(code)})
    entry = _entry(request)
    if entry is not None:
        form = cast(Any, JoinForm(request.POST or None))
    if request.method == "POST" and form.is_valid():
        count_try("register", address=client_address(request))
        try:
            return _registered(request, code, form, entry)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {
        "form": form,
        "code": code,
        "entry": entry,
        "strange": not known_prefix(code[2:6]),
        "cities": city_names(),
        "found": unclaimed_like(request.GET.get("q", "")),
        "q": request.GET.get("q", ""),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "registration/register_details.html", context, status=status)


def _entry(request: HttpRequest) -> Organisation | None:
    text = request.GET.get("claim", "")
    if not text:
        return None
    try:
        key = UUID(text)
    except ValueError:
        return None
    found = unclaimed_entry(key)
    if found is None:
        raise Http404("no such entry")
    return found


def _registered(request: HttpRequest, code: str, form: Any, entry: Organisation | None) -> HttpResponse:
    told = form.cleaned_data
    if entry is not None:
        row = ask_to_belong(entry, form.new_person(), kind=JoinKind.CLAIM, uscc=code, note=told["note"])
        person = row.person
    else:
        firm = NewFirm(
            uscc=code,
            name_zh=told["name_zh"],
            name_en=told["name_en"],
            city=told["city"],
            roles=tuple(told["roles"]),
            contact=form.contact(),
            note=told["note"],
        )
        _firm, person = register_firm(firm, form.new_person())
    return _come_in(request, person)


def _come_in(request: HttpRequest, person: User) -> HttpResponse:
    request.session.pop(CODE, None)
    login(request, person, backend=MODEL_BACKEND)
    messages.success(request, _("Welcome. Your bureau has been asked to verify you."))
    return redirect("dashboard")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """The code is taken: ask the firm's owner to be let in. Nothing of the firm is told but that it is there."""
    firm = registered_firm(request.session.get(CODE, ""))
    if firm is None:
        return redirect("register")
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_try("register", address=client_address(request))
        try:
            row = ask_to_belong(firm, form.new_person(), kind=JoinKind.JOIN, note=form.cleaned_data["note"])
            return _come_in(request, row.person)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {"form": form, "code": request.session[CODE]}
    status = 400 if request.method == "POST" else 200
    return render(request, "registration/register_join.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """Where a person without a place reads how its requests stand, and shows documents for a claim."""
    rows = list(own_requests(request.user))
    form, status = FileForm(staged=False), 200
    if request.method == "POST":
        form, status = FileForm(request.POST, request.FILES, staged=False), 400
        asked = next((row for row in rows if str(row.public_id) == request.POST.get("request")), None)
        if form.is_valid():
            if asked is None:
                raise Http404
            file = form.cleaned_data["file"]
            try:
                attach_to_claim(asked, file.chunks(), user=request.user, name=file.name)
                messages.success(request, _("Your bureau sees it now."))
                return redirect("waiting")
            except DomainError as error:
                form.add_error("file", error.message)
                status = error.status
    suspensions, verifying = own_suspensions(request.user), own_verifications(request.user)
    unanswered = any(row.state == DecisionState.WAITING for row in rows)
    nothing = not (unanswered or suspensions or verifying)
    if nothing and request.method != "POST" and viewer_of(request.user).known:
        # Who belongs somewhere and waits for nothing has a page of its own to go to.
        return redirect("dashboard")
    own_documents(request.user, rows)
    context = {"rows": rows, "suspensions": suspensions, "asked": verifying, "form": form}
    return render(request, "registration/waiting.html", context, status=status)


@login_not_required
@require_safe
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    confirm(token)
    messages.success(request, _("Your e-mail address is confirmed."))
    return redirect("dashboard" if request.user.is_authenticated else "login")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Who is signed in joins with a click; who is not makes an account first."""
    try:
        row = open_invitation(secret)
    except NotFoundError:
        count_try("invitation", address=client_address(request))
        raise
    known = request.user.is_authenticated
    form = PersonForm(None if known else request.POST or None, initial={"email": row.email})
    if request.method == "POST" and (known or form.is_valid()):
        if known:
            accept_invitation(secret, cast(User, request.user))
        else:
            person = accept_as_new(secret, form.new_person()).user
            login(request, person, backend=MODEL_BACKEND)
        messages.success(request, _("Welcome to %(organisation)s.") % {"organisation": row.organisation})
        return redirect("dashboard")
    status = 400 if request.method == "POST" else 200
    return render(request, "registration/invitation.html", {"form": form, "row": row}, status=status)
