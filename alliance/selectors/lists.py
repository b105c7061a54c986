"""What a person keeps of a list: columns, filters by name, the one it opens with."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from alliance.models import ListSetting, Organisation, SavedFilter
from alliance.models.base import GuardedQuerySet
from alliance.selectors.rights import viewer_of


def list_setting(user: Any, name: str) -> ListSetting | None:
    """The person's own choice for the list, with the filter it opens with where that is still for them."""
    rows = ListSetting.objects.visible_to(user).filter(list_name=name).select_related("opens_with")
    found: ListSetting | None = rows.first()
    return found


def saved_filters(user: Any, name: str) -> GuardedQuerySet:
    """One's own, and those shared with one's organisations."""
    rows = SavedFilter.objects.visible_to(user).filter(list_name=name)
    mine = SavedFilter.objects.editable_by(user).filter(pk=OuterRef("pk"))
    return (
        rows.annotate(may_change=Exists(mine)).select_related("organisation", "person").order_by("name", "pk")
    )


def sharers(user: Any) -> list[Organisation]:
    """The organisations that the person may share a filter with: the own ones."""
    viewer = viewer_of(user)
    rows = Organisation.objects.visible_to(user).filter(pk__in=viewer.firms | viewer.bureaus)
    return list(rows.order_by("pk"))
