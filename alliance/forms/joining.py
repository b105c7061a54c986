"""Registering a firm, being invited, asking to belong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from alliance.choices import BUREAU_ROLES, FIRM_ROLES, MemberRole, OrganisationKind, OrganisationRole
from alliance.errors import DomainError
from alliance.forms import day_field
from alliance.models import City, User
from alliance.services.mail import post
from alliance.services.registration import NewPerson, check_code


class CityChoice(forms.CharField):
    """A city by its name or code, as a list of suggestions offers them: "成都市 (510100)"."""

    def clean(self, value: Any) -> City | None:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        code = text.rsplit("(", 1)[-1].rstrip(") ") if text.endswith(")") else text
        rows = (
            City.objects.filter(code=code)
            or City.objects.filter(name_zh=text)
            or City.objects.filter(name_en__iexact=text)
        )
        found = list(rows[:2])
        if len(found) != 1:
            raise ValidationError(_("Choose a city from the list."))
        return found[0]


class CodeForm(forms.Form):
    uscc = forms.CharField(
        label=_("Unified Social Credit Code"),
        max_length=40,
        help_text=_("18 characters, as on the business licence."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )

    def clean_uscc(self) -> str:
        try:
            return check_code(self.cleaned_data["uscc"])
        except DomainError as error:
            raise ValidationError(error.message) from error


class PersonForm(forms.Form):
    """A person who will sign in."""

    display_name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not only figures, not a common word."),
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username=name).exists():
            raise ValidationError(_("This username is taken."))
        return name

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("password"):
            person = User(username=told.get("username", ""), email=told.get("email", ""))
            try:
                validate_password(told["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return told

    def new_person(self) -> NewPerson:
        return NewPerson(**{name: self.cleaned_data[name] for name in NewPerson.__dataclass_fields__})


class ContactFields(forms.Form):
    person = forms.CharField(label=_("Contact person"), max_length=100, required=False)
    phone = forms.RegexField(
        r"^[0-9+()\-\s]{5,40}$",
        label=_("Phone"),
        required=False,
        error_messages={"invalid": _("Figures, blanks, + and - only.")},
    )
    contact_email = forms.EmailField(label=_("Contact e-mail"), required=False)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)

    def contact(self) -> dict[str, str]:
        told = self.cleaned_data
        return {
            "person": told["person"],
            "phone": told["phone"],
            "email": told["contact_email"],
            "address": told["address"],
        }


class FirmForm(ContactFields, PersonForm):
    """The firm, its first person, and how to reach it."""

    name_zh = forms.CharField(label=_("Name of the firm"), max_length=300)
    name_en = forms.CharField(label=_("English name"), max_length=300, required=False)
    city = CityChoice(
        label=_("City"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("What the firm does"), choices=OrganisationRole.choices, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("Note to the bureau"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = [
        "name_zh",
        "name_en",
        "city",
        "roles",
        "person",
        "phone",
        "contact_email",
        "address",
        "note",
    ]
    FIRM = ("name_zh", "name_en", "city", "roles")
    CONTACT = ("person", "phone", "contact_email", "address")


class JoinForm(PersonForm):
    note = forms.CharField(
        label=_("What you do there"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ProfileForm(ContactFields):
    """What an organisation says of itself."""

    name_zh = forms.CharField(
        label=_("Chinese name"), max_length=300, required=False, help_text=_("As on the business licence.")
    )
    name_en = forms.CharField(label=_("English name"), max_length=300, required=False)
    city = CityChoice(
        label=_("City"),
        max_length=200,
        help_text=_("Where the firm is registered; each plant has a city of its own."),
        widget=forms.TextInput(attrs={"list": "cities", "autocomplete": "off"}),
    )
    roles = forms.MultipleChoiceField(
        label=_("What the firm does"),
        choices=OrganisationRole.choices,
        required=False,
        help_text=_("Decides which pages your people are offered."),
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not told.get("name_zh") and not told.get("name_en"):
            self.add_error("name_zh", _("Give the name in English or in Chinese."))
        return told


class CertificateForm(forms.Form):
    """A certificate of the whole firm; those of one plant or one capability stand there."""

    code = forms.CharField(
        label=_("Certificate"),
        max_length=64,
        widget=forms.TextInput(attrs={"list": "certifications", "autocomplete": "off"}),
    )
    expires_on = day_field(
        _("Last valid day"), required=False, help_text=_("Afterwards it does not count in a match any more.")
    )


class ExclusionForm(forms.Form):
    """Another firm, by its name or credit code, or chosen among those of like name."""

    firm = forms.CharField(
        label=_("Name or credit code"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    chosen = forms.UUIDField(required=False, widget=forms.HiddenInput)


class InviteForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Leave it empty to hand over the link yourself.")
    )

    def __init__(self, *args: Any, kind: str, appoints: bool, **kwargs: Any) -> None:
        """`appoints`: who invites may make somebody an alliance admin."""
        super().__init__(*args, **kwargs)
        every = BUREAU_ROLES if kind == OrganisationKind.BUREAU else FIRM_ROLES
        roles = [role for role in every if appoints or role != MemberRole.ALLIANCE_ADMIN]
        self.fields["role"].choices = [(r.value, r.label) for r in roles]  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A role, or what else happens to a member."""

    MORE = [("remove", _("remove")), ("one step", _("switch off two-step sign-in"))]
    role = forms.ChoiceField(label=_("Role"), choices=[*MemberRole.choices, *MORE])


class DecisionForm(forms.Form):
    granted = forms.ChoiceField(choices=[("yes", _("grant")), ("no", _("refuse"))])
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    #: of the firm's entry, as it was looked at
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


class AccountForm(forms.Form):
    display_name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Current password"),
        max_length=200,
        strip=False,
        required=False,
        help_text=_("Only for another e-mail address."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ResetForm(PasswordResetForm):
    """The mail with the link goes through the outbox, like every mail. It leads to the site's own address: the one
    that was asked for is anybody's word.

    Only to an address that was confirmed: a slip in one that was not would hand the account to whoever reads the mail.
    Without a mail server nothing can be confirmed, and who hands the links over sees to that.
    """

    def get_users(self, email: str) -> Iterator[Any]:
        for person in super().get_users(email):
            if person.email_confirmed_at is not None or not settings.EMAIL_URL:
                yield person

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        *more: Any,
        **words: Any,
    ) -> None:
        subject = " ".join(render_to_string(subject_template_name, context).split())
        to = more[1] if len(more) > 1 else words.get("to_email", context["email"])
        body = render_to_string(email_template_name, {**context, "site": settings.SITE_URL})
        post(to, subject, body)
