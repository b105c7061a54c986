"""Who may see and edit which rows: the one place that decides (`docs/visibility.md` says it in words).

A model declares a `Row`: which row of the table it is and the paths from it to the organisations and
cities that matter. A rule here turns a viewer into SQL. Everything is closed by default: a person who is
anonymous, suspended or unknown sees nothing, and a model without a rule raises.
"""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from alliance.access.among import Keys as Keys
from alliance.access.deeds import may_appoint as may_appoint
from alliance.access.deeds import may_enter as may_enter
from alliance.access.deeds import may_exclude as may_exclude
from alliance.access.deeds import may_run_alliance as may_run_alliance
from alliance.access.deeds import may_run_demand as may_run_demand
from alliance.access.deeds import may_steer as may_steer
from alliance.access.editing import EDITABLE as EDITABLE
from alliance.access.editing import editable as editable
from alliance.access.editing import kept as kept
from alliance.access.editing import looked_after as looked_after
from alliance.access.editing import mergeable as mergeable
from alliance.access.following import follows
from alliance.access.queries import by_reason, narrowed
from alliance.access.queries import prepared as prepared
from alliance.access.queries import reasons_of as reasons_of
from alliance.access.rows import PAIRS as PAIRS
from alliance.access.rows import Row as Row
from alliance.access.seeing import VISIBLE as VISIBLE
from alliance.access.seeing import colleagues as colleagues
from alliance.access.seeing import formerly as formerly
from alliance.access.seeing import once_open as once_open
from alliance.access.seeing import once_there as once_there
from alliance.access.seeing import visible as visible
from alliance.viewer import NOBODY as NOBODY
from alliance.viewer import Viewer as Viewer
from alliance.viewer import viewer_of as viewer_of


class GuardedQuerySet(QuerySet):
    """Rows of a model that declares `access = Row(…)`."""

    def visible_to(self, user: Any) -> "GuardedQuerySet":
        return narrowed(self, visible, viewer_of(user))

    def visible_few(self, user: Any) -> "GuardedQuerySet":
        """The same rows as `visible_to`, for a query that asks for a page of known keys."""
        return narrowed(self, visible, replace(viewer_of(user), few=True))

    def visible_some(self, user: Any) -> "GuardedQuerySet":
        """The same rows as `visible_to`, for a query that asks for some thousand known keys at most."""
        return narrowed(self, visible, replace(viewer_of(user), some=True))

    def hanging_on(self, path: str) -> "GuardedQuerySet":
        """All rows, to be fetched beside rows that the user sees: those `path` leads to. LookupError where a row may
        be hidden from who sees the one it hangs on."""
        parent = self.model._meta.get_field(path).related_model
        if not follows(self.model.access, parent.access, path):  # type: ignore[attr-defined,union-attr]
            raise LookupError(f"{self.model.__name__} has a rule of its own")
        return self.all()

    def visible_by_reason(self, user: Any) -> "list[GuardedQuerySet]":
        """The same rows as `visible_to` in several parts, which may overlap: those that the user sees for one reason
        each."""
        return by_reason(self, visible, viewer_of(user))

    def editable_by(self, user: Any) -> "GuardedQuerySet":
        return narrowed(self, editable, viewer_of(user))

    def cared_by(self, user: Any) -> "GuardedQuerySet":
        return self.filter(looked_after(self.model.access, user))  # type: ignore[attr-defined]

    def mergeable_by(self, user: Any) -> "GuardedQuerySet":
        return self.filter(mergeable(self.model.access, user))  # type: ignore[attr-defined]

    def kept_by(self, user: Any) -> "GuardedQuerySet":
        return narrowed(self, kept, viewer_of(user))
