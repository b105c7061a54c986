"""One alliance on one day, with what is asked again and again remembered."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from tests.oracle.rules import proximity, roles_of, travel_minutes
from tests.oracle.things import Capability, Param, Type, World, ancestry, params_of

LINE_WEIGHTS: Final = {
    "fit": 30.0, "price": 15.0, "lead_time": 15.0, "capacity": 10.0, "proximity": 15.0, "role": 5.0, "trust": 10.0,
}  # fmt: skip
SITE_WEIGHTS: Final = {"fit": 45.0, "wait": 25.0, "capacity": 10.0, "role": 10.0, "trust": 10.0}


@dataclass
class Case:
    world: World
    slug: str
    as_of: date
    _roles: dict[str, set[str] | None] = field(default_factory=dict)
    _minutes: dict[tuple[str, str], float] = field(default_factory=dict)
    _params: dict[str, dict[str, Param]] = field(default_factory=dict)
    _under: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = self.world.alliances[self.slug].weights
        self.line_weights = LINE_WEIGHTS | _given(given.get("line"))
        self.site_weights = SITE_WEIGHTS | _given(given.get("site"))

    def roles(self, city: str) -> set[str] | None:
        if city not in self._roles:
            self._roles[city] = roles_of(self.world, self.world.alliances[self.slug], city)
        return self._roles[city]

    def minutes(self, a: str, b: str) -> float:
        if (a, b) not in self._minutes:
            self._minutes[a, b] = travel_minutes(self.world, a, b)
        return self._minutes[a, b]

    def prox(self, a: str, b: str) -> float:
        return proximity(self.minutes(a, b))

    def component_params(self, code: str) -> dict[str, Param]:
        if code not in self._params:
            self._params[code] = params_of(self.world.component_types, code)
        return self._params[code]

    def capabilities_of(self, code: str) -> list[int]:
        """Positions of the capabilities of a type or of any below it, in order of creation."""
        if not self._under:
            for index, capability in enumerate(self.world.capabilities):
                for above in ancestry(self.world.component_types, capability.type):
                    self._under.setdefault(above, []).append(index)
        return self._under.get(code, [])


def _given(weights: dict[str, float | None] | None) -> dict[str, float]:
    """A missing term, or null, keeps its default."""
    return {term: float(weight) for term, weight in (weights or {}).items() if weight is not None}


def is_or_below(types: dict[str, Type], code: str, wanted: str) -> bool:
    return wanted in ancestry(types, code)


def holds(capability: Capability, code: str, as_of: date) -> bool:
    """By the firm, the facility or the capability itself; the expiry date is the last valid day."""
    facility = capability.facility
    every = facility.organisation.certificates + facility.certificates + capability.certificates
    return any(held == code and (expiry is None or expiry >= as_of) for held, expiry in every)
