"""A line's ranked capabilities, near misses and relaxations, for the demand's side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from alliance.selectors import Roads, attach_records, attach_seen, roles_in
from alliance.templatetags.charts import Slot
from companies.selectors import ParameterBook, capability_detail, capability_list, component_book
from companies.selectors.evidence import evidence_beside
from matching.models import Match, NearMiss, Relaxation
from matching.selectors.demands import Counts, pointer_of
from matching.selectors.rules import Relaxed, Rule, relaxed, rule_name, rules_of, soft_degrees
from matching.selectors.terms import LINE_TERMS, Offer, Scales, head_slots, line_basis, rival_words, slots


@dataclass
class Ranked:
    """A capability that meets every rule of the line."""

    match: Any
    capability: Any
    minutes: float
    slots: list[Slot]
    introduction: Any = None


@dataclass(frozen=True)
class Explained:
    """A pair taken apart: the terms with their basis, and rule by rule asked / offered."""

    ranked: Ranked | None
    capability: Any
    rules: list[Rule]
    #: Why it stands where it stands: against the best, or the best against the second.
    rival: str = ""

    @property
    def met(self) -> int:
        return sum(rule.met for rule in self.rules)

    @property
    def hard(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.hard]

    @property
    def hard_met(self) -> int:
        return sum(rule.met for rule in self.hard)


@dataclass
class Near:
    """A capability that fails one rule only."""

    miss: Any
    capability: Any
    name: str
    rule: Rule | None
    introduction: Any = None


@dataclass
class LineView:
    """Everything the page shows of the chosen line."""

    line: Any
    feasible: int = 0
    near_count: int = 0
    firms: int = 0
    near_firms: int = 0
    ranked: list[Ranked] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    relaxations: list[Relaxed] = field(default_factory=list)
    head: list[Slot] = field(default_factory=list)

    @property
    def most(self) -> int:
        return max((row.count for row in self.relaxations), default=0)


def offers(user: Any, keys: Any, *, certificates: bool = True) -> dict[int, Any]:
    """Capabilities by id, with the certificates that explanations read where they are asked for."""
    rows = capability_detail(user) if certificates else capability_list(user, archived=None, few=True)
    found = {row.pk: row for row in rows.filter(pk__in=set(keys))}
    attach_seen(user, [row.organisation for row in found.values()])
    return found


class LineReader:
    """Reads one line's results for one viewer who stands on the demand's side (`standing`); a fixed number of queries
    however many rows there are. `beside`: sites of the page, whose
    operators' records and cities' roles are read with those of the offers. `certificates`: also where
    the line asks for none."""

    def __init__(
        self,
        user: Any,
        demand: Any,
        line: Any,
        weights: Scales,
        beside: Sequence[Any] = (),
        *,
        certificates: bool = False,
    ) -> None:
        self.demand, self.line, self.weights = demand, line, weights
        self.book: ParameterBook[Any] = component_book([line.component_type_id])
        self.matches = list(self._of_line(Match.objects).order_by("rank"))
        self.misses = list(self._of_line(NearMiss.objects).order_by("rank"))
        keys = [row.capability_id for row in [*self.matches, *self.misses]]
        self.capabilities = offers(user, keys, certificates=certificates or bool(line.asked_certificates))
        attach_records(user, [row.organisation for row in [*self.capabilities.values(), *beside]])
        self.evidence = evidence_beside(self.capabilities)
        cities = {c.facility.city_id for c in self.capabilities.values()}
        self.roads = Roads([demand.lab_city_id, *cities])
        self.roles = roles_in(demand.alliance_id, cities | {site.city_id for site in beside})

    def _of_line(self, results: Any) -> Any:
        """Of the results that count: their pointer was read as the viewer (`attach_standing`)."""
        return results.of_runs(pointer_of(self.demand)).filter(line_id=self.line.pk)

    def view(self, counts: Counts) -> LineView:
        """What the page of the demand shows of the line."""
        relaxations = self._of_line(Relaxation.objects).order_by("-capabilities", "id")
        return LineView(
            line=self.line,
            feasible=counts.feasible,
            near_count=counts.near,
            firms=counts.firms,
            near_firms=counts.near_firms,
            ranked=[ranked for match in self.matches if (ranked := self.ranked(match)) is not None],
            near=[near for miss in self.misses if (near := self.near(miss)) is not None],
            relaxations=[relaxed(row, self.line, self.demand, self.book) for row in relaxations],
            head=head_slots(LINE_TERMS, self.weights.line),
        )

    def ranked(self, match: Any) -> Ranked | None:
        capability = self.capabilities.get(match.capability_id)
        if capability is None:
            return None
        soft = soft_degrees(self.line, capability)
        offer = Offer(self.line, self.demand, capability, self.as_of, self.roads, self.roles, soft)
        minutes = self.roads.minutes(self.demand.lab_city_id, capability.facility.city_id)
        return Ranked(
            match, capability, minutes, slots(LINE_TERMS, self.weights.line, match, line_basis(offer))
        )

    def near(self, miss: Any) -> Near | None:
        capability = self.capabilities.get(miss.capability_id)
        if capability is None:
            return None
        rules = rules_of(self.line, self.demand, capability, self.book, self.as_of)
        failed = next((rule for rule in rules if rule.code == miss.code and rule.hard and not rule.met), None)
        return Near(miss, capability, rule_name(miss.code, self.book, self.line.component_type_id), failed)

    def explain(self, capability_id: int) -> Explained | None:
        """The pair taken apart, for a match or a near miss of this line."""
        capability = self.capabilities.get(capability_id)
        if capability is None:
            return None
        match = next((m for m in self.matches if m.capability_id == capability_id), None)
        evidence = self.evidence.get(capability_id, {})
        rules = rules_of(self.line, self.demand, capability, self.book, self.as_of, evidence)
        return Explained(self.ranked(match) if match else None, capability, rules, self._rival(match))

    def _rival(self, match: Any) -> str:
        if match is None:
            return ""
        place = 2 if match.rank == 1 else 1
        other = next((row for row in self.matches if row.rank == place), None)
        capability = other and self.capabilities.get(other.capability_id)
        if other is None or capability is None:
            return ""
        name = f"{capability.organisation} {capability.title}"
        return rival_words(match, other, name, self.weights.line)

    @property
    def as_of(self) -> Any:
        return self.demand.standing.as_of
