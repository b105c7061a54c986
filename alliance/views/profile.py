"""What an organisation says of itself, what it holds, whom it keeps away from, and who reads its contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alliance.errors import ConflictError, DomainError
from alliance.forms.clashes import Clash, chosen, take_theirs
from alliance.forms.joining import CertificateForm, ExclusionForm, ProfileForm
from alliance.models import Certification, Organisation
from alliance.selectors import firm_list, may_exclude, organisation_detail
from alliance.selectors.joining import city_names, named_alike
from alliance.selectors.organisations import contact_readers, exclusions_of
from alliance.services.credit_codes import tidy_code
from alliance.services.holdings import admit_firm, drop_certificate, exclude_firm, hold_certificate
from alliance.services.profile import update_organisation
from alliance.services.registration import ask_again
from alliance.templatetags._numbers import list_text

Forms = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Each part of the page is a form of its own; `do` says which. A new name or city is verified again."""
    rows = Organisation.objects.editable_by(request.user).values("pk")
    found = get_object_or_404(organisation_detail(request.user), public_id=public_id, pk__in=rows)
    forms: Forms = {"profile": ProfileForm(initial=_profile(found)), "certificate": CertificateForm()}
    forms |= {"exclusion": ExclusionForm(), "alike": []}
    status = 200
    if request.method == "POST":
        do = DOES.get(request.POST.get("do", "profile"))
        if do is None:
            raise Http404
        try:
            status = do(request, found, forms)
        except DomainError as error:
            status = error.status
            forms["error"] = error.message
        if status == 302:
            messages.success(request, _("Saved."))
            return redirect("organisation-edit", public_id)
    return render(request, "alliance/organisation_edit.html", _page(request, found, forms), status=status)


def _page(request: HttpRequest, found: Any, forms: Forms) -> dict[str, Any]:
    return {
        "organisation": found,
        "form": forms["profile"],
        "forms": forms,
        "cities": city_names(),
        "certifications": Certification.objects.visible_to(request.user).order_by("code"),
        "exclusions": exclusions_of(request.user, found),
        "may_exclude": may_exclude(request.user, found.pk),
        "today": timezone.localdate(),
        "readers": contact_readers(request.user, found),
    }


def _profile(found: Any) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in ("name_zh", "name_en", "roles", "version")}
    told["city"] = f"{found.city} ({found.city.code})"
    contact = found.reach_at
    if contact:
        told |= {"person": contact.person, "phone": contact.phone, "address": contact.address}
        told["contact_email"] = contact.email
    return told


def _do_profile(request: HttpRequest, found: Any, forms: Forms) -> int:
    data: QueryDict = request.POST
    if chosen(data):
        data = take_theirs(data, _stored(found))
    form = forms["profile"] = ProfileForm(data)
    if not form.is_valid():
        return 400
    told = form.cleaned_data
    values = {name: told[name] for name in ("name_zh", "name_en", "city", "roles")}
    contact = form.contact()
    try:
        update_organisation(found, user=request.user, version=told["version"], contact=contact, **values)
    except ConflictError as error:
        return _compare(request, found, forms, data, error)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return error.status
    return 302


def _compare(request: HttpRequest, found: Any, forms: Forms, data: QueryDict, error: ConflictError) -> int:
    """What is typed stays; what somebody else has saved stands beside it, and the next press of the button decides."""
    now = get_object_or_404(organisation_detail(request.user), pk=found.pk)
    forms["clashes"] = _clashes(forms["profile"], now)
    again = data.copy()
    again["version"] = str(now.version)
    forms["profile"] = ProfileForm(again)
    if not forms["clashes"]:
        forms["profile"].add_error(None, error.message)
    return error.status


def _stored(found: Any) -> QueryDict:
    """The boxes as they would be filled for what is stored."""
    data = QueryDict(mutable=True)
    for name, value in _profile(found).items():
        data.setlist(name, value if isinstance(value, list) else [str(value)])
    return data


def _clashes(form: Any, now: Any) -> list[Clash]:
    roles = dict(form.fields["roles"].choices)
    theirs = _profile(now) | {"city": now.city}
    found = []
    for name, box in form.fields.items():
        mine, other = form.cleaned_data[name], theirs.get(name, "")
        if name == "roles":
            mine, other = (list_text(str(roles.get(role, role)) for role in sorted(x)) for x in (mine, other))
        if name != "version" and mine != other:
            found.append(Clash(name, str(box.label), str(mine or "—"), str(other or "—")))
    return found


def _do_certificate(request: HttpRequest, found: Any, forms: Forms) -> int:
    form = forms["certificate"] = CertificateForm(request.POST)
    if not form.is_valid():
        return 400
    told = form.cleaned_data
    return _tried(form, lambda: hold_certificate(found, told["code"], told["expires_on"], user=request.user))


def _do_drop(request: HttpRequest, found: Any, forms: Forms) -> int:
    drop_certificate(found, request.POST.get("code", "")[:64], user=request.user)
    return 302


def _do_exclude(request: HttpRequest, found: Any, forms: Forms) -> int:
    """By its code or full name at once; by a part of its name only after choosing."""
    form = forms["exclusion"] = ExclusionForm(request.POST)
    if not form.is_valid():
        return 400
    told, firms = form.cleaned_data, firm_list(request.user).exclude(pk=found.pk)
    if told["chosen"]:
        rows = list(firms.filter(public_id=told["chosen"]))
    else:
        name = told["firm"].strip()
        rows = list(
            (firms.filter(uscc=tidy_code(name)) | firms.filter(name_zh=name) | firms.filter(name_en=name))[:2]
        )
        if len(rows) != 1:
            forms["alike"] = [row for row in named_alike(request.user, name) if row.pk != found.pk]
    if len(rows) != 1:
        form.add_error("firm", _("Choose the firm below.") if forms["alike"] else _("There is no such firm."))
        return 400
    return _tried(form, lambda: exclude_firm(found, rows[0], user=request.user))


def _do_admit(request: HttpRequest, found: Any, forms: Forms) -> int:
    form = ExclusionForm(request.POST)
    key = form.cleaned_data.get("chosen") if form.is_valid() else None
    row = next((each for each in exclusions_of(request.user, found) if each.excluded.public_id == key), None)
    if row is None:
        raise Http404
    admit_firm(found, row.excluded, user=request.user)
    return 302


def _tried(form: Any, write: Callable[[], None]) -> int:
    try:
        write()
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return error.status
    return 302


DOES: dict[str, Callable[[HttpRequest, Any, Forms], int]] = {
    "profile": _do_profile,
    "certificate": _do_certificate,
    "drop": _do_drop,
    "exclude": _do_exclude,
    "admit": _do_admit,
}


@require_POST
def verify_again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """After a refusal: the firm has mended what was missing."""
    found = get_object_or_404(Organisation.objects.editable_by(request.user), public_id=public_id)
    ask_again(found, request.user, note=request.POST.get("note", "")[:2000])
    messages.success(request, _("The bureau has been asked again."))
    return redirect("organisation-edit", public_id)
