"""What hangs on a firm: for the bureau that suspends it or makes one entry of two."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from alliance.models import Organisation
from companies.models import Capability
from matching.models import Demand, Introduction
from matching.models.introductions import RUNNING
from scenarios.models import Site


def what_hangs_on(organisation: Organisation, user: Any) -> dict[str, int]:
    """How many rows of the firm others rely on: offers and sites in matching, demands, introductions under way."""
    mine = {"organisation": organisation, "published": True}
    parties = Q(lab=organisation) | Q(supplier=organisation)
    return {
        "capabilities": Capability.objects.visible_to(user).filter(**mine).count(),
        "sites": Site.objects.visible_to(user).filter(**mine).count(),
        "demands": Demand.objects.visible_to(user).filter(owner=organisation, published=True).count(),
        "introductions": Introduction.objects.visible_to(user).filter(parties & RUNNING).distinct().count(),
    }
