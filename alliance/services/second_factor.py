"""The second step of signing in: an app's code, or one of ten recovery codes. See docs/decisions/0008.

Each accepted code is claimed by a conditional UPDATE: of two people with the same code one gets in.
"""

from __future__ import annotations

import secrets
import unicodedata
from base64 import b32encode
from urllib.parse import quote, urlencode

from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django_otp.oath import TOTP

from alliance.changes import record
from alliance.choices import MemberRole
from alliance.errors import ConflictError, DomainError, ForbiddenError
from alliance.models import Membership, Organisation, RecoveryCode, SecondFactor, User
from alliance.selectors.rights import may_appoint
from alliance.services.mail import post

CODES = 10
DIGITS = 6
TOLERANCE = 1  # steps of half a minute, before and after: clocks differ
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
ISSUER = "Robot Alliance"


def begin(person: User) -> SecondFactor:
    """A new key, not asked for before it is confirmed; ConflictError when there is a confirmed one."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if has_second_factor(person):
            raise ConflictError(_("Two-step sign-in is on already."))
        row, _made = SecondFactor.objects.update_or_create(
            person=person, defaults={"key": secrets.token_hex(20), "last_step": -1, "confirmed_at": None}
        )
        record("began second factor", "person", person.pseudonym)
    return row


def has_second_factor(person: User) -> bool:
    return SecondFactor.objects.filter(person=person).exclude(confirmed_at=None).exists()


def typed_key(row: SecondFactor) -> str:
    """The key as people type it into an app."""
    text = b32encode(bytes.fromhex(row.key)).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def key_address(row: SecondFactor) -> str:
    """The key as a QR code carries it."""
    told = {
        "secret": typed_key(row).replace(" ", ""),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": 30,
    }
    return f"otpauth://totp/{quote(f'{ISSUER}:{row.person.username}')}?{urlencode(told, quote_via=quote)}"


def confirm(person: User, code: str) -> list[str]:
    """Switch it on with a first code; returns the recovery codes, which nobody can read again."""
    row = SecondFactor.objects.filter(person=person, confirmed_at=None).first()
    step = _step_of(row, code) if row else None
    if row is None or step is None:
        raise DomainError(_wrong(), field="code")
    with transaction.atomic():
        begun = SecondFactor.objects.filter(pk=row.pk, key=row.key, confirmed_at=None)
        if not begun.update(confirmed_at=Now(), last_step=step):
            raise ConflictError(_("Two-step sign-in is on already."))
        codes = _new_codes(row)
        record("second factor on", "person", person.pseudonym)
        _tell(person, _("Two-step sign-in is on"), _("Two-step sign-in was switched on for your account."))
    return codes


def _new_codes(row: SecondFactor) -> list[str]:
    RecoveryCode.objects.filter(factor=row).delete()
    codes: list[str] = []
    while len(codes) < CODES:
        plain = "".join(secrets.choice(_ALPHABET) for _character in range(10))
        if plain not in codes:
            codes.append(plain)
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=row, digest=_digest(plain)) for plain in codes)
    return [f"{plain[:5]}-{plain[5:]}" for plain in codes]


def _digest(plain: str) -> str:
    return salted_hmac("alliance.recovery-code", plain, algorithm="sha256").hexdigest()


def _wrong() -> str:
    """The same words for every reason."""
    return _("This code is wrong, used, or too old. Wait for the next one and try again.")


# --- accepting a code ---------------------------------------------------------------------------------------
def accept_code(person: User, text: str) -> None:
    """Take a code of the app or a recovery code, once; DomainError, always in the same words, when it is not good."""
    row = SecondFactor.objects.filter(person=person).exclude(confirmed_at=None).first()
    if row is None or not (_accept_step(row, text) or _accept_recovery(row, text)):
        raise DomainError(_wrong(), field="code")


def _tidy(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    return "".join(plain.split()).replace("-", "")


def _step_of(row: SecondFactor, text: str) -> int | None:
    """The time step that the code belongs to, later than every accepted one."""
    plain = _tidy(text)
    if len(plain) != DIGITS or not (plain.isascii() and plain.isdigit()):
        return None
    clock = TOTP(bytes.fromhex(row.key), digits=DIGITS)
    return int(clock.t()) if clock.verify(int(plain), TOLERANCE, row.last_step + 1) else None


def _accept_step(row: SecondFactor, text: str) -> bool:
    step = _step_of(row, text)
    if step is None:
        return False
    same = SecondFactor.objects.filter(pk=row.pk, key=row.key, last_step__lt=step)
    return bool(same.exclude(confirmed_at=None).update(last_step=step))


def _accept_recovery(row: SecondFactor, text: str) -> bool:
    plain = _tidy(text)
    if len(plain) != 10:
        return False
    with transaction.atomic():
        good = RecoveryCode.objects.filter(factor=row, digest=_digest(plain), used_at=None)
        if not good.update(used_at=Now()):
            return False
        left = codes_left(row.person)
        record("used recovery code", "person", row.person.pseudonym, after={"left": left})
        words = _("A recovery code was used to sign in to your account; %(left)d are left.")
        _tell(row.person, _("A recovery code was used"), words % {"left": left})
    return True


def codes_left(person: User) -> int:
    return RecoveryCode.objects.filter(factor=person.pk, used_at=None).count()


# --- afterwards ---------------------------------------------------------------------------------------------
def _prove(person: User, password: str, code: str) -> None:
    """Password and code; the same words whichever is wrong."""
    if not person.check_password(password):
        raise DomainError(_("Password or code are not right."))
    try:
        accept_code(person, code)
    except DomainError as error:
        raise DomainError(_("Password or code are not right.")) from error


def turn_off(person: User, *, password: str, code: str) -> None:
    _prove(person, password, code)
    with transaction.atomic():
        _remove(person, "second factor off")
        _tell(
            person,
            _("Two-step sign-in is off"),
            _("Two-step sign-in was switched off for your account."),
        )


def renew_codes(person: User, *, password: str, code: str) -> list[str]:
    """Ten new recovery codes; the old ones are worth nothing from now on."""
    _prove(person, password, code)
    with transaction.atomic():
        row = (
            SecondFactor.objects.select_for_update().filter(person=person).exclude(confirmed_at=None).first()
        )
        if row is None:
            raise ConflictError(_("Two-step sign-in is off."))
        codes = _new_codes(row)
        record("renewed recovery codes", "person", person.pseudonym)
        _tell(
            person,
            _("New recovery codes"),
            _("New recovery codes were made for your account; the old ones are void."),
        )
    return codes


def reset_second_factor(person: User, *, user: User) -> None:
    """For who has lost phone and codes: by who looks after all the places of that person, or the platform's admin."""
    if not may_reset(person, user):
        raise ForbiddenError(
            _("Only who looks after all the organisations of a person, or the platform's admin, may do this.")
        )
    with transaction.atomic():
        _remove(person, "second factor reset")
        words = _(
            "%(who)s has switched off two-step sign-in for your account. Switch it on again with your new app."
        )
        _tell(person, _("Two-step sign-in was reset"), words % {"who": user})


def may_reset(person: User, user: User) -> bool:
    if person.pk == user.pk:
        return False
    return user.is_superuser or in_my_care(person, user)


def in_my_care(person: User, user: User) -> bool:
    """Every organisation of that person is looked after by this one, who may take away each role there: nobody takes
    over a colleague's other place, or the place of somebody above."""
    places = Membership.objects.filter(user=person).values("organisation")
    if person.is_superuser or not places.exists():
        return False
    led = Membership.objects.filter(user=person, role=MemberRole.ALLIANCE_ADMIN)
    if not all(may_appoint(user, key) for key in led.values_list("organisation_id", flat=True)):
        return False
    mine = Membership.objects.editable_by(user).values("organisation")
    return not Organisation.objects.filter(pk__in=places).exclude(pk__in=mine).exists()


def _remove(person: User, verb: str) -> None:
    ended, _rows = SecondFactor.objects.filter(person=person).exclude(confirmed_at=None).delete()
    if not ended:
        raise ConflictError(_("Two-step sign-in is off."))
    record(verb, "person", person.pseudonym)


def _tell(person: User, subject: str, words: str) -> None:
    """By mail, for who did not do it."""
    warning = _("If this was not you, change your password and tell your admin.")
    if person.email:
        post(person.email, subject, f"{words}\n\n{warning}")
