"""Pages of the alliance app."""

from alliance.views.care import entry_new
from alliance.views.joining import (
    confirm_email,
    invitation,
    join,
    register,
    register_details,
    waiting,
)
from alliance.views.lists import filter_save, filter_step, list_columns
from alliance.views.mail import outbox
from alliance.views.notices import (
    bell,
    choose_language,
    notice,
    notice_settings,
    notices,
    notices_read,
    stop_mail,
)
from alliance.views.people import (
    account,
    erase,
    invite_person,
    leave,
    link_password,
    member_edit,
    people,
    revoke_invite,
)
from alliance.views.places import cities, city, switch_alliance
from alliance.views.profile import organisation_edit, verify_again
from alliance.views.several import several
from alliance.views.signing import AskForReset, ChangePassword, SignIn, admin_door, sign_in_code, two_steps
from alliance.views.tokens import organisation_tokens, revoke, rotate, tokens
from alliance.views.verifications import join_decision, verification, verifications
from alliance.views.webhooks import organisation_webhooks, webhook

__all__ = [
    "AskForReset",
    "ChangePassword",
    "SignIn",
    "account",
    "admin_door",
    "bell",
    "choose_language",
    "cities",
    "city",
    "confirm_email",
    "entry_new",
    "erase",
    "filter_save",
    "filter_step",
    "invitation",
    "invite_person",
    "join",
    "join_decision",
    "leave",
    "link_password",
    "list_columns",
    "member_edit",
    "notice",
    "notice_settings",
    "notices",
    "notices_read",
    "organisation_edit",
    "organisation_tokens",
    "organisation_webhooks",
    "outbox",
    "people",
    "register",
    "register_details",
    "revoke",
    "revoke_invite",
    "rotate",
    "several",
    "sign_in_code",
    "stop_mail",
    "switch_alliance",
    "tokens",
    "two_steps",
    "verification",
    "verifications",
    "verify_again",
    "waiting",
    "webhook",
]
