"""Registering, verifying, inviting, one's own account."""

from __future__ import annotations

from typing import Any

from tests.cast import World
from tests.matrix.roles import BUREAUS, EVERYBODY, KNOWN, OUT, PLACELESS, SUPPLIER, TOKENS
from tests.matrix.row import EMPTY, Row, each, page, public

SIGNED_IN = (KNOWN - TOKENS) | PLACELESS
FIRM = "organisations.supplier"
OFFICIALS = BUREAUS | {"other_bureau"}


def role(world: World) -> dict[str, Any]:
    return {"role": "viewer"}


def why(world: World) -> dict[str, Any]:
    return {"reason": "Papers are missing.", "do": "suspend"}


def merge(world: World) -> dict[str, Any]:
    """Versions that nobody has looked at."""
    return {"into": str(world.organisations["bystander"].public_id), "version": 98, "other_version": 99}


def yes(world: World) -> dict[str, Any]:
    return {"granted": "yes"}


ROWS = [
    public("register"),
    Row("register", "POST", ok=EVERYBODY, yes=400, body=EMPTY),
    # Without a code from the first step these lead back to it.
    *(Row(name, ok=EVERYBODY, yes=302) for name in ("register-details", "register-join")),
    *(Row(name, "POST", ok=EVERYBODY, yes=302, body=EMPTY) for name in ("register-details", "register-join")),
    # Who belongs somewhere and waits for nothing is sent on.
    Row("waiting", ok=PLACELESS, other=each(KNOWN - TOKENS, 302)),
    Row("waiting", "POST", ok=SIGNED_IN, yes=400, body=EMPTY),
    Row("confirm-email", ok=EVERYBODY, yes=400, more=(("token", "nonsense"),)),
    Row("invitation", ok=set(), other=each(EVERYBODY, 404), more=(("secret", "nonsense"),)),
    Row("invitation", "POST", ok=set(), body=EMPTY, other=each(EVERYBODY, 404), more=(("secret", "none"),)),
    *(public(name) for name in ("password_reset", "password_reset_done", "password_reset_complete")),
    Row("password_reset", "POST", ok=EVERYBODY, body=EMPTY),
    Row("password_reset_confirm", ok=EVERYBODY, more=(("uidb64", "MQ"), ("token", "x-y"))),
    Row(
        "password_reset_confirm", "POST", ok=EVERYBODY, body=EMPTY, more=(("uidb64", "MQ"), ("token", "x-y"))
    ),
    page("verifications"),
    Row("verification", target="verifications.draft", ok={"partner_bureau"}),
    Row("verification", "POST", "verifications.draft", ok={"partner_bureau"}, yes=302, body=yes),
    Row(
        "join-decision",
        "POST",
        "join_requests.supplier",
        ok={"owner"},
        yes=302,
        body=yes,
        other=each({"viewer", "editor", "partner_bureau"}, 403),
    ),
    page("account"),
    Row("account", "POST", ok=SIGNED_IN, yes=400, body=EMPTY),
    Row("erase", "POST", ok=SIGNED_IN, yes=302, body=EMPTY),
    page("two-steps"),
    Row("two-steps", "POST", ok=SIGNED_IN, yes=400, body=EMPTY),
    # Without a password from the first step it leads back to it.
    Row("sign-in-code", ok=EVERYBODY, yes=302),
    Row("sign-in-code", "POST", ok=EVERYBODY, yes=302, body=EMPTY),
    Row("admin-door", ok=OUT | TOKENS, yes=302),
    Row("outbox", ok={"platform"}),
    Row("people", target=FIRM, ok=SUPPLIER),
    Row("invite", "POST", FIRM, ok={"owner"}, body=role, other=each({"viewer", "editor"}, 403)),
    Row("leave", "POST", FIRM, ok={"viewer", "editor"}, yes=302, body=EMPTY, other={"owner": 409}),
    Row(
        "member-edit",
        "POST",
        FIRM,
        ok={"owner"},
        yes=302,
        body=role,
        more=(("username", "supplier_editor"),),
        other=each({"viewer", "editor"}, 403),
    ),
    Row(
        "member-password",
        "POST",
        FIRM,
        ok={"owner"},
        body=EMPTY,
        more=(("username", "supplier_editor"),),
        other=each({"viewer", "editor"}, 403),
    ),
    Row(
        "invitation-revoke",
        "POST",
        "invitations.supplier",
        ok={"owner"},
        yes=302,
        body=EMPTY,
        other=each({"viewer", "editor", "partner_bureau"}, 403),
    ),
    Row("entry-new", ok=OFFICIALS),
    Row("entry-new", "POST", ok=OFFICIALS, yes=400, body=EMPTY),
    Row("firm-suspend", target=FIRM, ok={"partner_bureau"}),
    Row("firm-suspend", "POST", FIRM, ok={"partner_bureau"}, yes=302, body=why),
    Row("firm-merge", target=FIRM, ok={"partner_bureau", "platform"}),
    Row("firm-merge", "POST", FIRM, ok={"partner_bureau", "platform"}, yes=409, body=merge),
    Row("organisation-edit", target=FIRM, ok={"editor", "owner", "partner_bureau"}),
    Row("organisation-edit", "POST", FIRM, ok={"editor", "owner", "partner_bureau"}, yes=400, body=EMPTY),
    Row("verify-again", "POST", FIRM, ok={"editor", "owner", "partner_bureau"}, yes=409, body=EMPTY),
]
