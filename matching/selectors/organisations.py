"""What hangs on a firm: for the bureau that suspends it or makes one entry of two."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from alliance.models import Organisation, Suspension
from companies.models import Capability
from matching.models import Demand, Introduction
from matching.models.introductions import RUNNING
from scenarios.models import Site


def what_hangs_on(organisation: Organisation, user: Any) -> dict[str, int]:
    """How many rows of the firm others rely on: offers and sites in matching, demands, introductions under way."""
    mine = {"organisation": organisation, "published": True}
    parties = Q(lab=organisation) | Q(supplier=organisation)
    running = Suspension.objects.visible_to(user).filter(organisation=organisation, lifted_at=None).first()
    return {
        "withdrawn": len(running.done.get("demands", [])) if running is not None else 0,
        "capabilities": Capability.objects.visible_to(user).filter(**mine).count(),
        "sites": Site.objects.visible_to(user).filter(**mine).count(),
        "demands": Demand.objects.visible_to(user).filter(owner=organisation, published=True).count(),
        "introductions": Introduction.objects.visible_to(user).filter(parties & RUNNING).distinct().count(),
    }
