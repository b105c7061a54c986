"""How a spec value of a product comes about, and what is said about each type that the firms make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scaled:
    """Grows (or shrinks) with the product's size, a few percent up or down from firm to firm."""

    small: float
    large: float
    spread: float = 0.08


@dataclass(frozen=True)
class Uniform:
    """Independent of size: what tells a better maker from a worse one."""

    low: float
    high: float
    step: float


@dataclass(frozen=True)
class OneOf:
    options: tuple[Any, ...]


@dataclass(frozen=True)
class BySize:
    """What the size is called after: one option per size."""

    options: tuple[float, ...]


@dataclass(frozen=True)
class Choices:
    """A set of choices: one of these sets."""

    options: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Span:
    """A range whose ends grow with size."""

    low_small: float
    low_large: float
    high_small: float
    high_large: float


Value = Scaled | Uniform | OneOf | BySize | Choices | Span


@dataclass(frozen=True)
class Offer:
    """One component type as the region's makers offer it."""

    sizes: tuple[str, ...]
    specs: dict[str, Value]
    price: tuple[float, float]
    capacity: tuple[int, int]
    moq: tuple[int, ...]
    prototype: tuple[int, int]
    volume: tuple[int, int]
    certificates: tuple[str, ...] = ("ISO9001",)
    indoor: bool = field(default=True)


BUS = Choices((("EtherCAT",), ("EtherCAT", "CANopen"), ("CAN-FD",), ("CAN", "RS485"), ("EtherCAT", "CAN-FD")))
METALS = Choices(
    (
        ("aluminium alloy",),
        ("aluminium alloy", "steel"),
        ("aluminium alloy", "steel", "stainless steel"),
        ("aluminium alloy", "magnesium alloy"),
        ("aluminium alloy", "steel", "titanium"),
    )
)
GRADE = Choices((("C3",), ("C5",), ("C3", "C5"), ("G3",), ("G5",), ("C7",)))
SIL = Choices((("PLd",), ("PLd", "SIL2"), ("SIL2",), ("PLc",)))
# Minimum orders.
SMALL_PARTS, LARGE_PARTS = (1, 20, 50, 100), (1, 5, 10, 20)
