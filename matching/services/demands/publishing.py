"""Publishing a demand, taking it back, and finding it by the name a command was given."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from alliance.changes import record
from alliance.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from alliance.models import Organisation
from companies.services import why_not_publish
from matching.models import Demand
from matching.services.runs.ending import drop_pointers


def publish_demand(demand: Demand, *, user: Any, version: int | None = None) -> Demand:
    """Open the demand to matching; the change feed queues its run. A demand without lines cannot be published."""
    may_edit(demand, user)
    with transaction.atomic():
        # The lab first, as suspending it does: a demand is not published while its lab is being shut out.
        lab = Organisation.objects.select_for_update(no_key=True).get(pk=demand.owner_id)
        locked = Demand.objects.select_for_update(no_key=True).get(pk=demand.pk)
        if not locked.lines.exists():
            raise DomainError(
                _("A demand without lines cannot be published: add a line first."), field="lines"
            )
        if why := why_not_publish(lab):
            raise ConflictError(why)
        _set_published(locked, True, version)
        record(
            "published",
            "demand",
            str(locked.public_id),
            before={"published": False},
            after={"published": True},
        )
    demand.refresh_from_db()
    return demand


def withdraw_demand(demand: Demand, *, user: Any, version: int | None = None) -> Demand:
    """Take the demand out of matching; its results go at once."""
    may_edit(demand, user)
    with transaction.atomic():
        locked = Demand.objects.select_for_update(no_key=True).get(pk=demand.pk)
        _set_published(locked, False, version)
        drop_pointers(Q(demand=locked))
        record(
            "withdrawn",
            "demand",
            str(locked.public_id),
            before={"published": True},
            after={"published": False},
        )
    demand.refresh_from_db()
    return demand


def may_edit(demand: Demand, user: Any) -> None:
    mine = Demand.objects.filter(pk=demand.pk)
    if not mine.visible_to(user).exists():
        raise NotFoundError(_("There is no such demand."))
    if not mine.editable_by(user).exists():
        raise ForbiddenError(_("You may not change this demand."))


def _set_published(demand: Demand, published: bool, version: int | None) -> None:
    """Exactly one of several people who press the button wins."""
    row = Demand.objects.filter(pk=demand.pk, published=not published)
    if published:
        row = row.filter(archived_at=None)
    if version is not None:
        row = row.filter(version=version)
    stamp = {"published_at": Now()} if published else {}
    if not row.update(published=published, version=F("version") + 1, updated_at=Now(), **stamp):
        raise ConflictError(_("Somebody else has changed this demand meanwhile."))


def demand_named(name: str, alliance: str | None = None) -> Demand:
    """For commands: a demand by public id, external id, or organisation/id where that is ambiguous."""
    found = Demand.objects.select_related("alliance", "owner")
    if alliance:
        found = found.filter(alliance__slug=alliance)
    try:
        rows = list(found.filter(public_id=UUID(name)))
    except ValueError:
        rows = list(found.filter(external_id=name)[:2])
        if not rows and "/" in name:
            owner, external_id = name.split("/", 1)
            rows = list(found.filter(owner__external_id=owner, external_id=external_id))
    if not rows:
        raise NotFoundError(_("There is no demand “%(name)s”.") % {"name": name}, field="demand")
    if len(rows) > 1:
        raise DomainError(
            _("Several organisations have a demand “%(name)s”: write organisation/id.") % {"name": name},
            field="demand",
        )
    return rows[0]
