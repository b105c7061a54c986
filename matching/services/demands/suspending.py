"""Demands of a lab that is shut out: they leave the market with it, and come back with it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now

from alliance.changes import record
from alliance.models import Organisation
from matching.models import Demand
from matching.services.runs.ending import drop_pointers

NAME = "demands"


def withdraw_all(lab: Organisation) -> list[list[Any]]:
    """Take its published demands back; returns [public id, version] of each, for `publish_again`.

    In the transaction that shuts the lab out: it holds the lab's row, so nobody publishes another one meanwhile.
    """
    rows = Demand.objects.select_for_update(no_key=True).filter(owner=lab, published=True).order_by("pk")
    found = list(rows.values_list("pk", "public_id", "version"))
    _switch({pk: public_id for pk, public_id, _version in found}, "withdrawn", published=False)
    drop_pointers(Q(demand__in=[pk for pk, _public_id, _version in found]))
    return [[str(public_id), version + 1] for _pk, public_id, version in found]


def publish_again(lab: Organisation, withdrawn: list[list[Any]] | None) -> None:
    """Those that nobody has changed, archived or closed since; they are matched anew."""
    rows = Demand.objects.select_for_update(no_key=True, of=("self",))
    rows = rows.filter(owner=lab, published=False, archived_at=None)
    for public_id, version in withdrawn or []:
        row = rows.filter(public_id=public_id, version=version, outcome="", lines__isnull=False).first()
        if row is not None:
            _switch({row.pk: row.public_id}, "published", published=True)


def _switch(demands: dict[int, Any], verb: str, *, published: bool) -> None:
    stamp = {"published_at": Now()} if published else {}
    Demand.objects.filter(pk__in=demands).update(
        published=published, version=F("version") + 1, updated_at=Now(), **stamp
    )
    why = "suspension lifted" if published else "suspended"
    for public_id in demands.values():
        before, after = {"published": not published}, {"published": published, "because": why}
        record(verb, "demand", str(public_id), before=before, after=after)
