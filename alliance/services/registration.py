"""A firm comes in by itself: its credit code, its first person, and the bureau's verification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import DecisionState, JoinKind, MemberRole, OrganisationKind
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import City, JoinRequest, Organisation, OrganisationContact, User, Verification
from alliance.services.confirming import ask_to_confirm
from alliance.services.credit_codes import credit_code_problem, tidy_code
from alliance.services.naming import sort_key
from alliance.services.people import create_person, join_organisation


@dataclass(frozen=True)
class NewPerson:
    username: str
    password: str
    display_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class NewFirm:
    """What a firm says of itself. `contact`: person, phone, email, address."""

    uscc: str
    name_zh: str
    city: City
    name_en: str = ""
    roles: tuple[str, ...] = ()
    contact: dict[str, str] = field(default_factory=dict)
    note: str = ""


def check_code(text: str) -> str:
    """The tidied credit code; DomainError naming `uscc` when it is none."""
    code = tidy_code(text)
    problem = credit_code_problem(code)
    if problem:
        raise DomainError(problem, field="uscc")
    return code


def is_registered(code: str) -> bool:
    return Organisation.objects.filter(uscc=code).exists()


def register_firm(firm: NewFirm, person: NewPerson) -> tuple[Organisation, User]:
    """A draft that only the firm and its bureau see, its owner, and a request to the bureau: all or nothing."""
    code = check_code(firm.uscc)
    if not firm.roles:
        raise DomainError(_("Choose at least one role."), field="roles")
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Organisation.objects.create(
                    external_id=code,
                    kind=OrganisationKind.FIRM,
                    uscc=code,
                    name_zh=firm.name_zh,
                    name_en=firm.name_en,
                    name_sort=sort_key(firm.name_zh, firm.name_en),
                    city=firm.city,
                    roles=list(firm.roles),
                    listed=False,
                    source="self",
                )
        except IntegrityError as error:
            raise ConflictError(_("This credit code is registered already."), field="uscc") from error
        user = new_person(person)
        join_organisation(user, row, MemberRole.OWNER)
        OrganisationContact.objects.create(organisation=row, **firm.contact)
        record("registered", "organisation", str(row.public_id), after={"uscc": code, "name": firm.name_zh})
        ask_for_verification(row, user, note=firm.note)
    return row, user


def new_person(person: NewPerson) -> User:
    """Somebody who comes in from outside, and is asked to confirm the address that was given."""
    user = create_person(
        person.username, password=person.password, display_name=person.display_name, email=person.email
    )
    if user.email:
        ask_to_confirm(user)
    return user


def ask_to_belong(
    organisation: Organisation, person: NewPerson, *, kind: str, uscc: str = "", note: str = ""
) -> JoinRequest:
    """A person without a place asks for one: in a registered firm, or by claiming an entry that nobody has."""
    code = check_code(uscc) if kind == JoinKind.CLAIM else ""
    if (kind == JoinKind.CLAIM) == organisation.claimed:
        raise ConflictError(_("This entry has been claimed already."))
    if code and is_registered(code):
        raise ConflictError(_("This credit code is registered already."), field="uscc")
    entered = organisation.external_id
    if code and code != entered and not credit_code_problem(entered):
        raise DomainError(_("The bureau entered this firm with another credit code."), field="uscc")
    with transaction.atomic():
        user = new_person(person)
        row = JoinRequest.objects.create(
            kind=kind, organisation=organisation, person=user, uscc=code, note=note[:2000]
        )
        record("asked", "join request", str(row.public_id), after={"kind": kind, "person": user.pseudonym})
    return row


def decide_join(
    asked: JoinRequest, *, user: Any, granted: bool, reason: str = "", role: str = MemberRole.EDITOR
) -> JoinRequest:
    """Grant or refuse: exactly one decision counts."""
    if not JoinRequest.objects.visible_to(user).filter(pk=asked.pk).exists():
        raise NotFoundError(_("There is no such request."))
    if not JoinRequest.objects.editable_by(user).filter(pk=asked.pk).exists():
        raise ForbiddenError(_("This is not yours to decide."))
    with transaction.atomic():
        _decide(JoinRequest, asked, user, granted, reason)
        if granted:
            claims = asked.kind == JoinKind.CLAIM
            if claims:
                _claim(asked)
            join_organisation(asked.person, asked.organisation, MemberRole.OWNER if claims else role)
        record("decided", "join request", str(asked.public_id), after={"granted": granted, "reason": reason})
    asked.refresh_from_db()
    return asked


def _claim(asked: JoinRequest) -> None:
    """The entry gets its code and an owner; the bureau has looked, so it is verified."""
    row = Organisation.objects.filter(pk=asked.organisation_id, claimed=False)
    try:
        with transaction.atomic():
            found = row.update(
                claimed=True, uscc=asked.uscc, verified=True, version=F("version") + 1, updated_at=Now()
            )
    except IntegrityError as error:
        raise ConflictError(_("This credit code is registered already."), field="uscc") from error
    if not found:
        raise ConflictError(_("This entry has been claimed already."))
    after = {"claimed": True, "uscc": asked.uscc, "verified": True}
    record("claimed", "organisation", str(asked.organisation.public_id), after=after)


# --- verification -------------------------------------------------------------------------------------------
def ask_for_verification(organisation: Organisation, user: User | None, *, note: str = "") -> Verification:
    """Put the firm into its bureau's queue; it waits there once."""
    with transaction.atomic():
        place = {"organisation": organisation, "state": DecisionState.WAITING}
        row, made = Verification.objects.get_or_create(
            **place, defaults={"asked_by": user, "note": note[:2000]}
        )
        if made:
            after = {"organisation": str(organisation.public_id)}
            record("asked", "verification", str(row.public_id), after=after)
    return row


def ask_again(organisation: Organisation, user: Any, *, note: str = "") -> Verification:
    """After a refusal, or when verified facts have changed: the firm's editors."""
    if not Organisation.objects.editable_by(user).filter(pk=organisation.pk).exists():
        raise NotFoundError(_("There is no such firm."))
    if organisation.verified:
        raise ConflictError(_("This firm is verified."))
    return ask_for_verification(organisation, user, note=note)


def decide_verification(
    row: Verification, *, user: Any, granted: bool, reason: str = "", seen: int | None = None
) -> Verification:
    """The bureau of the firm's city: verified and listed, or refused with a reason that the firm reads.

    `seen`: the version of the firm's entry that was looked at. ConflictError where the firm has changed it since:
    nobody vouches for a name that was never on the page.
    """
    if not Verification.objects.visible_to(user).filter(pk=row.pk).exists():
        raise NotFoundError(_("There is no such verification."))
    if not Verification.objects.editable_by(user).filter(pk=row.pk).exists():
        raise ForbiddenError(_("The bureau of the firm's city decides."))
    if not granted and not reason.strip():
        raise DomainError(_("Say why: the firm reads it and can mend it."), field="reason")
    with transaction.atomic():
        _decide(Verification, row, user, granted, reason)
        firm = Organisation.objects.select_for_update(no_key=True).get(pk=row.organisation_id)
        if seen is not None and firm.version != seen:
            raise ConflictError(
                _("The firm has changed its entry since you opened the page. Look at it again.")
            )
        before = {"verified": firm.verified, "listed": firm.listed}
        if granted:
            Organisation.objects.filter(pk=firm.pk).update(
                verified=True, listed=True, version=F("version") + 1, updated_at=Now()
            )
            after = {"verified": True, "listed": True}
            record("verified", "organisation", str(firm.public_id), before=before, after=after)
        told = {"granted": granted, "reason": reason, "organisation": str(firm.public_id)}
        record("decided", "verification", str(row.public_id), after=told)
    row.refresh_from_db()
    return row


def _decide(model: Any, row: Any, user: Any, granted: bool, reason: str) -> None:
    state = DecisionState.GRANTED if granted else DecisionState.REFUSED
    waiting = model.objects.filter(pk=row.pk, state=DecisionState.WAITING)
    if not waiting.update(
        state=state, decided_by=user, decided_at=Now(), reason=reason[:1000], version=F("version") + 1
    ):
        first = model.objects.select_related("decided_by").get(pk=row.pk)
        raise ConflictError(
            _("%(who)s has decided this meanwhile: %(state)s.")
            % {"who": first.decided_by, "state": first.get_state_display()}
        )
