"""The words of the rules as numbers: kinds, operators, roles, codes, terms, and how many rows are kept."""

from __future__ import annotations

from enum import IntEnum, IntFlag

NO_DATE = 0
MAX_CHOICES = 64

LINE_TERMS = ("fit", "price", "lead_time", "capacity", "proximity", "role", "trust")
SITE_TERMS = ("fit", "wait", "capacity", "role", "trust")
LINE_WEIGHTS = (30.0, 15.0, 15.0, 10.0, 15.0, 5.0, 10.0)
SITE_WEIGHTS = (45.0, 25.0, 10.0, 10.0, 10.0)

KEEP_MATCHES = 20  # §4
KEEP_NEAR = 5  # §3
KEEP_SITES = 20  # §5
KEEP_PIPELINES = 10  # §6


class Kind(IntEnum):
    """What a parameter's values are (§1). ORDERED is a choice with an order, worst first."""

    NUMBER = 0
    RANGE = 1
    CHOICE = 2
    ORDERED = 3
    BOOL = 4


class Op(IntEnum):
    """Requirement operators (§2). ``= v`` is stored as BETWEEN v, v."""

    GE = 0
    LE = 1
    BETWEEN = 2
    COVERS = 3
    ONE_OF = 4
    IS = 5


class Role(IntFlag):
    """Roles of a city in an alliance (§1), as bits."""

    RND = 1
    COMPONENTS = 2
    PRODUCTION = 4
    SITES = 8
    SUPPORT = 16


class Code(IntEnum):
    """Hard rules (§3, §5). A SPEC code belongs to a key; see ``code_name``."""

    TYPE = 0
    STATE = 1
    REACH = 2
    SELF = 3
    SPEC = 4
    CERTIFICATION = 5
    MOQ = 6
    CAPACITY = 7
    TIME = 8
    PRICE = 9
    SCENARIO = 10
    FLEET = 11
    WINDOW = 12


def code_name(code: int, key_name: str = "") -> str:
    """The rule's public name: ``moq``, ``time``, …, ``spec:<key>``.

    >>> code_name(Code.MOQ), code_name(Code.SPEC, "rated_torque")
    ('moq', 'spec:rated_torque')
    """
    name = Code(code).name.lower()
    return f"{name}:{key_name}" if code == Code.SPEC else name
