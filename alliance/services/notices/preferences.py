"""How each person wants to hear of what: chosen by group, with one link to stop all mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.choices import NoticeChannel, NoticeGroup
from alliance.errors import DomainError, NotFoundError
from alliance.models import Mail, MailHabit, Notice, NoticePreference, User

DEFAULTS: dict[str, str] = dict.fromkeys(NoticeGroup.values, NoticeChannel.DIGEST.value) | {
    NoticeGroup.DATA.value: NoticeChannel.APP.value
}
MAILED = (NoticeChannel.MAIL, NoticeChannel.DIGEST)
#: A link in an old mail still works: it never expires. It names the person; erasing somebody ends it.
_SIGNER = signing.Signer(salt="unsubscribe")


def channels_of_many(people: Iterable[int]) -> dict[int, dict[str, str]]:
    """Person → group → channel."""
    keys = set(people)
    found = {key: dict(DEFAULTS) for key in keys}
    rows = NoticePreference.objects.filter(user__in=keys).values_list("user_id", "group", "channel")
    for user_id, group, channel in rows:
        found[user_id][group] = channel
    return found


def channels_of(user: Any) -> dict[str, str]:
    return channels_of_many([user.pk])[user.pk]


def choose_channels(user: Any, chosen: Mapping[str, str], *, language: str = "") -> dict[str, str]:
    """Keep what a person chose; groups that are not named stay as they are."""
    for group, channel in chosen.items():
        if group not in NoticeGroup.values or channel not in NoticeChannel.values:
            raise DomainError(_("Choose one of the ways offered."), field=group)
    with transaction.atomic():
        before = channels_of(user)
        changed = {group: channel for group, channel in chosen.items() if before[group] != channel}
        if changed:
            NoticePreference.objects.bulk_create(
                (NoticePreference(user=user, group=g, channel=c) for g, c in changed.items()),
                update_conflicts=True,
                unique_fields=["user", "group"],
                update_fields=["channel"],
            )
            quiet = [group for group, channel in changed.items() if channel not in MAILED]
            Notice.objects.filter(user=user, group__in=quiet, mail_due=True).update(mail_due=False)
            record(
                "changed",
                "notice preferences",
                user.pseudonym,
                before={group: before[group] for group in changed},
                after=changed,
            )
        if language:
            remember_language(user, language)
    return before | changed


def remember_language(user: Any, language: str) -> None:
    """The language a person reads: mails follow it."""
    if language not in dict(settings.LANGUAGES):
        return
    with transaction.atomic():
        before = language_of(user)
        MailHabit.objects.bulk_create(
            [MailHabit(user=user, language=language)],
            update_conflicts=True,
            unique_fields=["user"],
            update_fields=["language"],
        )
        if before != language:
            record("changed", "notice preferences", user.pseudonym, after={"language": language})


def language_of(user: Any, default: str = "") -> str:
    """The site's own language for who has never chosen another."""
    chosen = MailHabit.objects.filter(user=user).values_list("language", flat=True).first()
    return chosen or default or settings.LANGUAGE_CODE


def forget_notices(user: User) -> None:
    """Of somebody who is erased: what was told, chosen, and written in mails of notices."""
    for model in (Notice, NoticePreference, MailHabit):
        model._default_manager.filter(user=user).delete()
    if user.email:
        Mail.objects.filter(to=user.email, private=True).delete()


# --- the link of a mail -----------------------------------------------------------------------------------
def unsubscribe_token(user: Any) -> str:
    return _SIGNER.sign_object([user.username])


def who_unsubscribes(token: str) -> User:
    """The person of a link; NotFoundError for what is not one of ours, or of somebody who was erased."""
    try:
        (username,) = _SIGNER.unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise NotFoundError(_("This link is broken.")) from error
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFoundError(_("This link is broken."))
    return user


def unsubscribe(token: str) -> User:
    """No mail of notices any more; in the app everything stays. Twice does no harm."""
    user = who_unsubscribes(token)
    before = channels_of(user)
    choose_channels(user, {g: NoticeChannel.APP.value for g, c in before.items() if c in MAILED})
    return user
