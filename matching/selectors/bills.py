"""Bills of materials that were uploaded for a demand, as the lab's people see them."""

from __future__ import annotations

from typing import Any

from alliance.models.base import GuardedQuerySet
from matching.models import BillSheet


def bill_list(user: Any) -> GuardedQuerySet:
    return BillSheet.objects.visible_to(user).select_related("demand", "person")
