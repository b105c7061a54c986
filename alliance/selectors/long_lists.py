"""The rows of a long list: how the first of them are found where it costs much to say who sees which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models import F, Model, OrderBy, Q, QuerySet
from django.db.models.functions import Coalesce

from alliance.models.base import Keys
from alliance.viewer import viewer_of

#: How the first rows of a long list are found: keys in the list's order, asked who sees them; or reason by reason; or
#: by keys while the list is in its order, by reason when it was narrowed to few rows.
KEYS, REASONS, EITHER = "keys", "reasons", "either"


#: Keys that are asked about at once, as a multiple of the rows that are wanted; then all rows are.
CHUNKS = (4, 20, 80)
#: Keys up to which the rules are asked row by row: what they need for many is read anew for each, the server thinks.
MOST_FEW = 500
#: Keys of a narrowed list that are taken at once: they have to be sorted for the first one anyway.
MOST_SORTED = 12_000


#: Rows that are asked about keys of rows which every change has left: changed again, a filter would be asked twice.
KNOWN = ("some", "few", "told")

#: The rows of one kind, or what makes them when they are asked for.
Given = Any
Change = Callable[[QuerySet[Any]], QuerySet[Any]]


class Rows:
    """The rows of a long list, as `seen` by somebody about whom that costs much to find out for all of them.

    `every`: the rows whoever sees them: only keys are read from it, a few thousand at most. `some`: the rows that
    are seen, asked about those keys; `few`: asked about some hundred. `told`: what is read of those that are; nobody is
    asked again. Where too few of them are seen, all are asked about after all.

    `reasons`: the rows that are seen for one reason each, all of them together those that are seen. `by`: KEYS,
    REASONS or EITHER, how the first ones are found; "" for none. A list that was narrowed to a city or to rare words is
    asked reason by reason where there are reasons: most of what is left may be for nobody's eyes.

    `begins`: of how many keys, as a multiple of the rows wanted, is asked first; `most_few`: up to which number by
    `few`.

    Each may be given as a function: a page needs two or three of them, and to make and narrow one takes milliseconds.
    """

    def __init__(
        self,
        seen: Given,
        every: Given = None,
        some: Given = None,
        told: Given = None,
        few: Given = None,
        reasons: Given = (),
        by: str = KEYS,
        begins: int = CHUNKS[0],
        most_few: int = MOST_FEW,
    ) -> None:
        self._given = {
            "seen": seen, "every": every, "some": some, "told": told, "few": few, "reasons": reasons,
        }  # fmt: skip
        self._made: dict[str, Any] = {}
        self._changes: tuple[Change, ...] = ()
        #: What the list that this one was narrowed from had made, and with how many of the changes.
        self._begun: tuple[dict[str, Any], int] = ({}, 0)
        self.by, self.begins, self.most_few = by, begins, most_few
        self.known: dict[str, list[Any]] = {}

    def _rows(self, name: str) -> Any:
        if name not in self._made:
            begun, done = self._begun
            if name in begun:
                rows = begun[name]
            else:
                rows, done = self._given[name]() if callable(self._given[name]) else self._given[name], 0
            for change in self._changes[done:] if rows is not None and name not in KNOWN else ():
                rows = tuple(map(change, rows)) if name == "reasons" else change(rows)
            self._made[name] = rows
        return self._made[name]

    @property
    def seen(self) -> QuerySet[Any]:
        return self._rows("seen")

    @property
    def every(self) -> QuerySet[Any] | None:
        return self._rows("every")

    @property
    def some(self) -> QuerySet[Any] | None:
        return self._rows("some")

    @property
    def told(self) -> QuerySet[Any] | None:
        return self._rows("told")

    @property
    def few(self) -> QuerySet[Any] | None:
        return self._rows("few")

    @property
    def reasons(self) -> Sequence[QuerySet[Any]]:
        return self._rows("reasons")

    @property
    def base(self) -> QuerySet[Any]:
        """The rows as they cost least to make: for their model, or to see whether a filter can be written."""
        return self.seen if self.every is None else self.every

    def applied(self) -> Rows:
        """With its filters asked once, so that they know how many rows they leave."""
        self._rows("seen" if self.every is None else "every")
        return self

    @property
    def _long(self) -> bool:
        return self._given["every"] is not None and self._given["some"] is not None

    def narrowed(self, change: Change) -> Rows:
        """Those that `change` leaves; it is applied to each kind of them that keys come from, when that is asked for.
        It leaves rows out or sorts them, nothing else."""
        found = self.found(self.by)
        found._changes = (*self._changes, change)
        found._begun = self._made, len(self._changes)
        return found

    def found(self, by: str) -> Rows:
        """The same rows, found in another way."""
        found = Rows(**self._given, by=by, begins=self.begins, most_few=self.most_few)
        found._changes = self._changes
        return found

    def filter(self, *conditions: Q, **more: Any) -> Rows:
        return self.narrowed(lambda rows: rows.filter(*conditions, **more))

    def first(self, most: int, ahead: int = 0, *, few: bool = False) -> list[Any]:
        """The first ones in the order that was given to them. `ahead`: so many keys are asked about at once, for who
        counts afterwards: what a question costs before its first row is paid once. `few`: as of `cut_merged`."""
        by_reason = self.by == REASONS or (few and self.by != KEYS)
        if by_reason and self._given["every"] is not None and self.reasons:
            return self._first_by_reason(most)
        if not self._long or self.by not in (KEYS, EITHER):
            return list(self.seen[:most])
        if self.by == EITHER:
            ahead = ahead or CHUNKS[1] * most  # one in ten is seen: less would be asked in vain
        elif few and self.reasons and (found := self._first_of_all(most)) is not None:
            return found
        seen: list[Any] = []
        start = 0
        ahead = 0 if few and self.reasons else ahead  # where few are seen, most of it would be in vain
        # Few are sorted, all of them, for the first one: then also taken together, if that is all there are.
        begins = ahead or max(self.begins * most, MOST_FEW if few else 0)
        for size in (begins, *(factor * most for factor in CHUNKS[1:])):
            keys = self._keys(start + size)[start : start + size]
            if keys:
                seen += self._seen_of(keys)
            start += size
            self.known["asked"] = [start]
            if len(seen) >= most or len(keys) < size:
                self.known["seen"] = seen
                return self._told(seen[:most])
            if 2 * len(seen) < most:
                break
        asked_by_reason = (few or self.by == EITHER) and self.reasons
        return self._first_by_reason(most) if asked_by_reason else list(self.seen[:most])

    def _first_of_all(self, most: int) -> list[Any] | None:
        """Of a list that was narrowed to some thousand rows, whoever sees them: all their keys are asked about, the
        first ones before the others. None where there are more: the first of them are kept, they were sorted for it."""
        keys = self._keys(MOST_SORTED)
        if len(keys) >= MOST_SORTED:
            return None
        asked = max(MOST_FEW, self.begins * most)
        seen = self._seen_of(keys[:asked]) if keys else []
        if len(seen) < most and len(keys) > asked:
            seen, asked = seen + self._seen_of(keys[asked:]), len(keys)
        asked = min(asked, len(keys))
        self.known.update(asked=[asked], seen=seen)
        return self._told(seen[:most])

    def _first_by_reason(self, most: int) -> list[Any]:
        """Of the first ones for each reason the first ones."""
        parts = [rows.order_by(*map(off_index, rows.query.order_by))[:most] for rows in self.reasons]
        found, order = self._any_of(parts), self._rows("every").query.order_by
        found = found.order_by(*order) if order else found
        return self._told(list(found.values_list("pk", flat=True)[:most]))

    def _any_of(self, parts: Sequence[QuerySet[Any]]) -> QuerySet[Any]:
        """Rows of these parts, out of all rows: what narrowed the list has narrowed each part."""
        return _any_of(Rows(self._given["every"]).seen, parts)

    def _keys(self, most: int) -> list[Any]:
        """The first keys in their order, whoever sees the rows."""
        if len(self.known.get("keys", ())) < most and not self.known.get("whole"):
            keys = list(self.every.values_list("pk", flat=True)[:most])  # type: ignore[union-attr]
            self.known.update(keys=keys, whole=[True] if len(keys) < most else [])
        return self.known["keys"]

    def _seen_of(self, keys: Sequence[Any]) -> list[Any]:
        """Those that are seen, in the order of the keys."""
        asked = self.some if len(keys) > self.most_few or self.few is None else self.few
        rows = asked.filter(pk__one_of=Keys(keys)).order_by()  # type: ignore[union-attr]
        seen = set(rows.values_list("pk", flat=True))
        return [key for key in keys if key in seen]

    def _told(self, keys: Sequence[Any]) -> list[Any]:
        rows = (self.some if self.told is None else self.told).filter(pk__one_of=Keys(keys))  # type: ignore[union-attr]
        found = {row.pk: row for row in rows.order_by()} if keys else {}
        return [found[key] for key in keys if key in found]

    def count(self, most: int) -> int:
        """How many there are; no further than `most`."""
        if self.every is not None and self.by == REASONS:
            return self._any_of([rows.order_by() for rows in self.reasons]).order_by()[:most].count()
        if self._long and self.by in (KEYS, EITHER):
            keys = self._keys(3 * most)
            seen = len(self.known.get("seen", ()))
            left = keys[self.known["asked"][0] :] if "seen" in self.known else keys
            if left and seen < most:
                rows = self.some.order_by().filter(pk__one_of=Keys(left[: 3 * most]))  # type: ignore[union-attr]
                seen += rows[: most - seen].count()
            if seen >= most or len(keys) < 3 * most:
                return min(seen, most)
        return self.seen.order_by()[:most].count()


def _any_of(every: QuerySet[Any], parts: Sequence[QuerySet[Any]]) -> QuerySet[Any]:
    """The database reads the rows of each reason along an index of its own; of "any of these reasons" it thinks that
    nearly every row is meant, and reads all of them."""
    first, *others = (rows.values("pk") for rows in parts)
    return every.filter(pk__in=first.union(*others, all=True))


def long_list(
    model: type[Model],
    listed: Callable[[Any], QuerySet[Any]],
    user: Any,
    by: str = "",
    told: Callable[[Any], QuerySet[Any]] | None = None,
) -> Rows:
    """What the selector lists of a guarded model, as the rows of a long list. The selector itself leaves out only what
    the user does not see. `by`: KEYS where most rows are seen, REASONS where few are, EITHER where one in ten is.
    `told`: what is read of rows that are known to be seen, from any rows; without it they are asked for by the selector
    once more."""
    viewer = viewer_of(user)
    asked = replace(viewer, some=True) if by in (KEYS, EITHER) else replace(viewer, few=True)
    every = model._default_manager.all()
    return Rows(
        lambda: listed(viewer),
        every,
        lambda: listed(asked),
        None if told is None else partial(told, every),
        reasons=lambda: every.visible_by_reason(viewer),  # type: ignore[attr-defined]
        by=by,
    )


def off_index(name: Any) -> OrderBy:
    """The same order as an expression, for which there is no index.

    The server thinks that somebody sees as many of one city's rows as of any other's, so it would walk along the
    order's index until a page is full: of a city outside of one's alliances it never is.
    """
    if isinstance(name, OrderBy):
        return name
    field = F(name.removeprefix("-"))
    return OrderBy(Coalesce(field, field), descending=name.startswith("-"))
