"""What several parts of Today tell, read once for all of them: open demands, the results that count, introductions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db import connection

from alliance.choices import NoticeGroup
from alliance.models import Alliance, AllianceReach
from alliance.selectors.notices import unread_news
from matching.models import CurrentResult, Demand
from matching.selectors.flows import reference_day
from matching.selectors.introduced import Course, courses

#: Unread messages that are shown.
MESSAGES = 5

# The results are named by pointers that the viewer has read: what they say of a line is for the viewer.
TOTALS = """
    WITH pointed AS (SELECT * FROM unnest(%(demands)s::bigint[], %(runs)s::bigint[]) AS named(demand_id, run_id))
    SELECT (SELECT count(*) FROM matching_demandline WHERE demand_id = ANY(%(open)s::bigint[])),
           lines.*, best.*
    FROM (SELECT count(*) FILTER (WHERE feasible > 0),
                 count(*) FILTER (WHERE firms = 1 OR (firms IS NULL AND feasible = 1)),
                 count(*) FILTER (WHERE feasible = 0 AND near > 0),
                 count(*) FILTER (WHERE feasible = 0)
          FROM pointed JOIN matching_lineresult USING (demand_id, run_id)) lines,
         (SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY total_days),
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY baseline_days)
          FROM pointed JOIN matching_pipeline USING (demand_id, run_id)
          WHERE rank = 1 AND total_days IS NOT NULL) best
"""


@dataclass(frozen=True)
class Totals:
    """Lines of the open demands, how they stand, and the best pipelines: how many, median days, and all in one city."""

    lines: int
    covered: int
    single: int
    near_only: int
    bare: int
    pipelines: int
    days: float | None
    baseline: float | None


class Desk:
    """One viewer, one alliance, one page."""

    def __init__(self, user: Any, alliance: Alliance) -> None:
        self.user, self.alliance = user, alliance
        self.as_of: date = reference_day(alliance)

    @cached_property
    def demands(self) -> dict[int, int]:
        """Published demands of the alliance whose date has not passed, each with its lab's city."""
        rows = Demand.objects.visible_to(self.user).filter(alliance=self.alliance, published=True)
        return dict(rows.filter(need_by__gte=self.as_of).values_list("pk", "lab_city_id"))

    @cached_property
    def _current(self) -> dict[int, tuple[int, date]]:
        """Those on whose side the viewer stands: the run that counts, and its day."""
        rows = CurrentResult.objects.visible_to(self.user).filter(demand__id__one_of=list(self.demands))
        return {key: (run, day) for key, run, day in rows.values_list("demand_id", "run_id", "as_of")}

    def pointers(self, demands: Iterable[int] | None = None) -> dict[int, int]:
        """Demand → run; of these demands only."""
        keys = self._current if demands is None else [key for key in demands if key in self._current]
        return {key: self._current[key][0] for key in keys}

    @property
    def days(self) -> dict[int, date]:
        """Demand → the day its results are of."""
        return {key: day for key, (_run, day) in self._current.items()}

    @cached_property
    def totals(self) -> Totals:
        """One statement for all figures about lines and pipelines."""
        pointers = self.pointers()
        values = {"open": list(self.demands), "demands": list(pointers), "runs": list(pointers.values())}
        with connection.cursor() as cursor:
            cursor.execute(TOTALS, {name: _array(keys) for name, keys in values.items()})
            return Totals(*cursor.fetchone())

    @cached_property
    def homes(self) -> dict[int, int]:
        """City → the listed city of the alliance that it belongs to."""
        rows = AllianceReach.objects.filter(alliance=self.alliance)
        return dict(rows.values_list("city_id", "listed_id"))

    @cached_property
    def introductions(self) -> list[Course]:
        return courses(self.user, self.alliance)

    @cached_property
    def news(self) -> list[Any]:
        """Messages that the viewer has not read."""
        return unread_news(self.user, MESSAGES, groups=[NoticeGroup.MESSAGES.value])


def _array(keys: Iterable[int]) -> str:
    """As one text: the driver looks at each number of a list."""
    return "{" + ",".join(map(str, keys)) + "}"
