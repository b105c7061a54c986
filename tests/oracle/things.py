"""Section 1: the things a bundle describes, as plain records in the order in which they were created."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass
class City:
    code: str
    parent: str
    latitude: float
    longitude: float


@dataclass
class Param:
    key: str
    unit: str
    kind: str
    choices: list[str]
    ordered: bool


@dataclass
class Type:
    code: str
    parent: str
    role: str
    own: dict[str, Param]


@dataclass
class Alliance:
    slug: str
    weights: dict[str, dict[str, float | None]]
    roles: dict[str, set[str]] = field(default_factory=dict)  # by listed city


@dataclass
class Organisation:
    name: str
    verified: bool
    suspended: bool
    certificates: list[tuple[str, date | None]]
    completed: int
    on_time: int
    excluded: set[str]


@dataclass
class Facility:
    organisation: Organisation
    name: str
    city: str
    certificates: list[tuple[str, date | None]]


@dataclass
class Requirement:
    key: str
    op: str
    value: Any  # (a, b) for numbers, position for ordered, set of choices, bool
    hard: bool
    weight: float
    tolerance: float


@dataclass
class Capability:
    facility: Facility
    name: str
    type: str
    specs: dict[str, Any]  # (lo, hi), set of choices or bool; what is not stated is absent
    capacity: float
    committed: float
    moq: float
    prototype_days: int
    volume_days: int
    price: float | None
    certificates: list[tuple[str, date | None]]
    available_from: date | None
    valid_until: date | None
    published: bool

    @property
    def free(self) -> float:
        return self.capacity - self.committed


@dataclass
class Line:
    name: str
    type: str
    quantity: float
    rate: float
    need_by: date
    target: float | None
    ceiling: float | None
    certificates: list[str]
    requirements: list[Requirement]


@dataclass
class SiteNeed:
    scenario: str
    fleet: float
    trial_days: int
    requirements: list[Requirement]


@dataclass
class Demand:
    organisation: Organisation
    name: str
    alliance: str
    lab: str
    open: bool
    start: date
    need_by: date
    iterations: int
    deployment: str
    need: SiteNeed | None
    published: bool
    lines: list[Line]


@dataclass
class Site:
    organisation: Organisation
    name: str
    city: str
    type: str
    params: dict[str, Any]
    conditions: list[Requirement]
    fleet: float
    published: bool
    windows: list[tuple[date, date]]


@dataclass
class World:
    cities: dict[str, City]
    travel: dict[tuple[str, str], float]
    component_types: dict[str, Type]
    scenario_types: dict[str, Type]
    alliances: dict[str, Alliance]
    organisations: list[Organisation]
    capabilities: list[Capability]
    demands: list[Demand]
    sites: list[Site]


def ancestry(types: dict[str, Type], code: str) -> list[str]:
    """The type itself and everything above it."""
    path = []
    while code:
        path.append(code)
        code = types[code].parent
    return path


def params_of(types: dict[str, Type], code: str) -> dict[str, Param]:
    """Its own parameters and its parents'; its own hides one with the same key."""
    params: dict[str, Param] = {}
    for node in ancestry(types, code):
        for key, param in types[node].own.items():
            params.setdefault(key, param)
    return params
