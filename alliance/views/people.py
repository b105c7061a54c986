"""People of an organisation, its profile, and one's own account."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.forms.joining import AccountForm, InviteForm, RoleForm
from alliance.http import viewed
from alliance.models import Membership, Organisation, User
from alliance.selectors.joining import invitations_of, join_queue, own_seat, people_of
from alliance.selectors.rights import may_appoint
from alliance.services.confirming import ask_again
from alliance.services.invitations import (
    change_role,
    erase_person,
    invite,
    looks_after,
    password_link,
    remove_member,
    revoke_invitation,
)
from alliance.services.limits import count_try, plain_name
from alliance.services.profile import update_account
from alliance.services.second_factor import reset_second_factor


def _organisation(request: HttpRequest, public_id: UUID) -> Any:
    """One of the viewer's own organisations, or a bureau for the platform's admin."""
    found = get_object_or_404(Organisation.objects.visible_to(request.user), public_id=public_id)
    mine = {seat.organisation_id for seat in viewed(request).seats}
    if found.pk not in mine and not looks_after(found, request.user):
        bureau = found.kind == "bureau" and getattr(request.user, "is_superuser", False)
        if not bureau:
            raise Http404("not one's own")
    return found


@require_http_methods(["GET", "HEAD"])
def people(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _people(request, _organisation(request, public_id))


def _people(
    request: HttpRequest, found: Any, form: InviteForm | None = None, link: str = "", status: int = 200
) -> HttpResponse:
    user = cast(User, request.user)
    may = looks_after(found, user) or (found.kind == "bureau" and user.is_superuser)
    form = form or InviteForm(kind=found.kind, appoints=may_appoint(user, found.pk))
    context = {
        "organisation": found,
        "rows": people_of(user, found),
        "invitations": invitations_of(user, found) if may else [],
        "requests": [row for row in join_queue(user) if row.organisation_id == found.pk],
        "roles": [(value, label) for value, label in form.fields["role"].choices],  # type: ignore[attr-defined]
        "form": form,
        "may": may,
        "link": link,
    }
    response = render(request, "alliance/people.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def invite_person(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The link is on the page that makes it and never again."""
    found = _organisation(request, public_id)
    form = InviteForm(request.POST, kind=found.kind, appoints=may_appoint(request.user, found.pk))
    if not form.is_valid():
        return _people(request, found, form, status=400)
    told = form.cleaned_data
    by = {"account": plain_name(cast(User, request.user).username)}
    count_try("invite", **by, **({"recipient": plain_name(told["email"])} if told["email"] else {}))
    _row, link = invite(found, told["role"], user=request.user, email=told["email"])
    return _people(request, found, link=link)


@require_POST
def revoke_invite(request: HttpRequest, public_id: UUID) -> HttpResponse:
    revoke_invitation(public_id, user=request.user)
    messages.success(request, _("The invitation is taken back."))
    return redirect("account")


def _member(request: HttpRequest, public_id: UUID, username: str) -> Any:
    found = _organisation(request, public_id)
    rows = Membership.objects.visible_to(request.user).select_related("user", "organisation")
    return get_object_or_404(rows, organisation=found, user__username=username)


@require_POST
def member_edit(request: HttpRequest, public_id: UUID, username: str) -> HttpResponse:
    """Another role, or out; or back to the password alone for who has lost app and recovery codes."""
    member = _member(request, public_id, username)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        if role == "remove":
            remove_member(member, user=request.user)
        elif role == "one step":
            reset_second_factor(member.user, user=cast(User, request.user))
        else:
            change_role(member, role, user=request.user)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("There is no such role."))
    return redirect("people", public_id)


@require_POST
def link_password(request: HttpRequest, public_id: UUID, username: str) -> HttpResponse:
    """A one-time link to a new password, to be handed over where there is no mail."""
    member = _member(request, public_id, username)
    return _people(request, member.organisation, link=password_link(member.user, user=request.user))


# --- one's own account ---------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if request.method == "POST" and "confirm" in request.POST:
        _count_mail(user, user.email)
        ask_again(user)
        messages.success(request, _("The link is on its way to %(email)s.") % {"email": user.email})
        return redirect("account")
    initial = {"display_name": user.display_name, "email": user.email}
    form = AccountForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        moved = told["email"] != user.email
        if moved and not _proven(user, told["password"]):
            form.add_error("password", _("The password is not right."))
        else:
            if moved and told["email"]:
                _count_mail(user, told["email"])
            update_account(user, display_name=told["display_name"], email=told["email"])
            messages.success(request, _("Saved."))
            return redirect("account")
    status = 400 if request.method == "POST" else 200
    context = {"form": form, "seats": viewed(request).seats}
    return render(request, "alliance/account.html", context, status=status)


def _count_mail(user: User, email: str) -> None:
    """A link to confirm an address is a mail to somebody whose address that may not be."""
    count_try("confirm", account=plain_name(user.username), recipient=plain_name(email))


def _proven(user: User, password: str) -> bool:
    """Who sits down at a screen that somebody left open takes over no account, and tries passwords not for long."""
    if not password:
        return False
    taken = count_try("password", account=plain_name(user.username))
    if not user.check_password(password):
        return False
    taken.give_back()
    return True


@require_POST
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Leave an organisation oneself."""
    member = own_seat(request.user, public_id)
    if member is None:
        raise Http404("no place there")
    remove_member(member, user=request.user)
    messages.success(request, _("You have left %(organisation)s.") % {"organisation": member.organisation})
    return redirect("account")


@require_POST
def erase(request: HttpRequest) -> HttpResponse:
    """Name, address and contacts go; the word "erase" has to be typed, and the password."""
    user = cast(User, request.user)
    if request.POST.get("word", "").strip().lower() not in ("erase", "注销"):
        messages.error(request, _("Type the word to confirm; nothing was erased."))
        return redirect("account")
    if not _proven(user, request.POST.get("password", "")):
        messages.error(request, _("The password is not right; nothing was erased."))
        return redirect("account")
    erase_person(user)
    logout(request)
    return redirect("login")
