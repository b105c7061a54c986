"""Signing in: password, then the code of the app where a person has switched that on; and switching it."""

from __future__ import annotations

import time
from typing import Any, cast

import segno
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from alliance.errors import DomainError, TooManyError
from alliance.forms.joining import ResetForm
from alliance.forms.signing import CodeStepForm, ProofForm
from alliance.models import SecondFactor, User
from alliance.selectors.joining import person_at_the_door
from alliance.services import second_factor
from alliance.services.limits import Taken, count_try, plain_name
from alliance.views.guarding import client_address, counted_by, known_device, remember_device, too_many

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
STEP = "sign-in"
PATIENCE = 600  # seconds between password and code
TRIES = 5  # codes for one password


@method_decorator(login_not_required, name="dispatch")
class SignIn(auth.LoginView):
    """Counts every try before it is made; the answer does not tell whether the account exists."""

    redirect_authenticated_user = True
    taken: Taken | None = None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name, password = request.POST.get("username", ""), request.POST.get("password", "")
        if name and password:
            try:
                self.taken = count_try("sign in", **counted_by(request, name))
            except TooManyError as error:
                return too_many(request, error)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        if self.taken:
            self.taken.give_back()
        if not second_factor.has_second_factor(person):
            return _come_in(self.request, person, self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[STEP] = {
            "person": person.pk,
            "hash": person.get_session_auth_hash(),
            "until": time.time() + PATIENCE,
            "left": TRIES,
            "next": self.get_success_url(),
        }
        return redirect("sign-in-code")


@method_decorator(login_not_required, name="dispatch")
class AskForReset(auth.PasswordResetView):
    """The same words after the same time, whether there is such an account or not."""

    form_class = ResetForm
    seconds = 0.3

    def form_valid(self, form: Any) -> HttpResponse:
        begun = time.monotonic()
        account = plain_name(form.cleaned_data["email"])
        try:
            count_try("reset", account=account, address=client_address(self.request))
        except TooManyError as error:
            return too_many(self.request, error)
        response = super().form_valid(form)
        time.sleep(max(0.0, self.seconds - (time.monotonic() - begun)))
        return response


class ChangePassword(auth.PasswordChangeView):
    """Who sits down at a screen that somebody left open does not try passwords here for long."""

    taken: Taken | None = None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("old_password"):
            try:
                name = cast(User, request.user).username
                self.taken = count_try("password", account=plain_name(name))
            except TooManyError as error:
                return too_many(request, error)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        if self.taken:
            self.taken.give_back()
        return super().form_valid(form)


def _come_in(request: HttpRequest, person: User, target: str) -> HttpResponse:
    login(request, person, backend=MODEL_BACKEND)
    response = redirect(target)
    remember_device(request, response, person)
    return response


def _waiting(request: HttpRequest) -> User | None:
    """Who has given the password in this browser and owes the code."""
    step = request.session.get(STEP)
    if not step or step["until"] < time.time() or step["left"] < 1:
        request.session.pop(STEP, None)
        return None
    person = person_at_the_door(step["person"])
    same = person is not None and constant_time_compare(step["hash"], person.get_session_auth_hash())
    return person if same else None


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step. Its failures are told in the same words; after a few the password is asked for again."""
    person = None if request.user.is_authenticated else _waiting(request)
    if person is None:
        return redirect("login")
    form = CodeStepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = dict(request.session[STEP], left=request.session[STEP]["left"] - 1)
        request.session[STEP] = step
        try:
            taken = count_try("code", **_by(request, person))
            second_factor.accept_code(person, form.cleaned_data["code"])
        except TooManyError as error:
            return too_many(request, error)
        except DomainError as error:
            form.add_error("code", error.message)
        else:
            taken.give_back()
            request.session.pop(STEP, None)
            return _come_in(request, person, step["next"])
    status = 400 if request.method == "POST" else 200
    return render(request, "registration/code.html", {"form": form}, status=status)


def _by(request: HttpRequest, person: User) -> dict[str, str]:
    account, device = plain_name(person.username), known_device(request, person.username)
    return {"known_device": f"{account}\n{device}"} if device else {"account": account}


@require_safe
@login_not_required
def admin_door(request: HttpRequest) -> HttpResponse:
    """The reference data has no sign-in of its own, which would not ask for the code."""
    if request.user.is_authenticated:
        raise Http404
    target = request.GET.get("next", reverse("admin:index"))
    return redirect(reverse("login", query={"next": target}))


# --- switching it on and off ---------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def two_steps(request: HttpRequest) -> HttpResponse:
    """One's own second factor: begin, confirm, renew the recovery codes, switch off."""
    person = cast(User, request.user)
    step = request.POST.get("step", "") if request.method == "POST" else "show"
    codes: list[str] = []
    form: Any = None
    status = 200
    if step == "begin":
        second_factor.begin(person)
        return redirect("two-steps")
    if step != "show":
        form = CodeStepForm(request.POST) if step == "confirm" else ProofForm(request.POST)
        status, codes = _switched(request, person, step, form)
        if status == 302:
            return redirect("two-steps")
    row = SecondFactor.objects.visible_to(person).filter(person=person).first()
    if row is None or form is None or codes:
        form = CodeStepForm() if row and not row.confirmed_at else ProofForm()
    context = {"row": row, "form": form, "codes": codes, "step": step, "left": 0}
    if row and row.confirmed_at:
        context["left"] = second_factor.codes_left(person)
    elif row:
        context |= {"key": second_factor.typed_key(row), "address": second_factor.key_address(row)}
        context["drawing"] = _drawing(context["address"])
    return render(request, "alliance/two_steps.html", context, status=status)


def _switched(request: HttpRequest, person: User, step: str, form: Any) -> tuple[int, list[str]]:
    """(status, codes to show): 302 when it is done and nothing is left to show."""
    if not form.is_valid():
        return 400, []
    told, codes = form.cleaned_data, []
    try:
        taken = count_try("code", **_by(request, person))
        if step == "confirm":
            codes = second_factor.confirm(person, told["code"])
            messages.success(request, _("Two-step sign-in is on."))
        elif step == "codes":
            codes = second_factor.renew_codes(person, **told)
        elif step == "off":
            second_factor.turn_off(person, **told)
            messages.success(request, _("Two-step sign-in is off."))
        else:
            return 400, []
        taken.give_back()
    except TooManyError:
        raise
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return error.status, []
    return (200, codes) if codes else (302, [])


def _drawing(address: str) -> SafeString:
    """The QR code as SVG of attributes only: the content security policy lets no style through. Always dark on light,
    or telephones do not read it."""
    text = segno.make(address, error="m").svg_inline(
        scale=4, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    return mark_safe(text)  # noqa: S308 - made of numbers by the library
