"""Blocks over a supply: each type is laid out once for the whole platform, an alliance's block is cut out of it.

Sorting columns, and laying bitmaps down, would cost more than an alliance's few lines save by it: they look through the
columns of what was cut. Whoever is in sight keeps his place in the order of the type's slots.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from matching.kernel.compiled.bits import COMPILE, ONE, OWNING, njit, set_bit
from matching.kernel.compiled.block import FEW_LINES, At, Index, Laid, Layout, lay_out, no_index
from matching.kernel.prepare import Prepared
from matching.kernel.tables import AnyArray


class Whole(NamedTuple):
    """A type's block of the whole platform. roles: of every slot the bits of the roles that its type supplies as."""

    laid: Laid
    roles: AnyArray


def whole_of(prepared: Prepared, type_: int) -> Whole:
    """Laid out once for all Problems over one supply and kept where it keeps things, for every key and certificate."""
    shared, name_of = prepared.shared, f"open-{type_}"
    if name_of not in shared.loops:
        made = shared.keep(name_of, lambda: _as_arrays(prepared, type_))
        layout = Layout(**{name: made[name] for name in Layout._fields})
        index = Index(**{name: made[f"by_{name}"] for name in Index._fields})
        shared.loops[name_of] = Whole(Laid(At(made["everybody"]), layout, index), made["roles"])
    found: Whole = shared.loops[name_of]
    return found


def _as_arrays(prepared: Prepared, type_: int) -> dict[str, AnyArray]:
    block, types = prepared.block(type_, True), prepared.problem.types
    keys = np.flatnonzero(types.has_key[type_]).astype(np.int32)
    codes = np.arange(prepared.shared.codes, dtype=np.int32)
    laid = lay_out(prepared, block, keys, codes, FEW_LINES)
    roles = np.zeros(len(laid.layout.place), np.uint8)
    there = laid.layout.place >= 0
    roles[there] = types.role[block.type][laid.layout.place[there]]
    prepared.forget(type_)
    own = laid.layout._replace(role=np.zeros(0))
    index = {f"by_{name}": array for name, array in laid.lookup._asdict().items()}
    return {**own._asdict(), **index, "everybody": block.pos, "roles": roles}


def seen_by(prepared: Prepared, type_: int) -> Laid:
    """A type's whole block as an alliance sees it: the same slots with who has which role there."""
    whole = whole_of(prepared, type_)
    layout = whole.laid.layout
    role = np.empty(len(layout.pos))
    _role_of(layout.city, whole.roles, prepared.problem.places.roles, role)
    return whole.laid._replace(layout=layout._replace(role=role))


def cut_for(prepared: Prepared, type_: int) -> Laid:
    """A type's block in the cities of an alliance."""
    whole, places = whole_of(prepared, type_), prepared.problem.places
    layout, everybody = whole.laid.layout, whole.laid.block.pos
    inside = np.zeros(len(everybody), np.bool_)
    slots, ends = _slots_of(layout, places.member, len(layout.ends) > 0, inside)
    words = len(slots) // 64
    rows = [
        np.zeros((len(table), words), np.uint64) for table in (layout.unstated, layout.choices, layout.held)
    ]
    least, valid = np.empty((len(layout.least), len(slots))), np.zeros(words, np.uint64)
    days, role, trust = np.empty(len(slots)), np.empty(len(slots)), np.empty(len(slots))
    pos, place, city, firm = np.empty((4, len(slots)), np.int32)
    rank = (np.cumsum(inside) - 1).astype(np.int32)
    out = layout._replace(
        pos=pos, place=place, least=least, unstated=rows[0], choices=rows[1], held=rows[2], valid=valid, ends=ends,
        days=days, city=city, role=role, trust=trust, firm=firm,
    )  # fmt: skip
    firms, start, firm_slots = _fill(layout, whole.roles, places.roles, slots, rank, out)
    return Laid(
        At(everybody[inside]),
        out._replace(firms=firms, firm_start=start, firm_slots=firm_slots),
        no_index(words),
    )


@njit(**COMPILE)
def _role_of(city: Any, bits: Any, roles: Any, out: Any) -> None:
    for slot in range(len(city)):
        out[slot] = 1.0 if roles[city[slot]] & bits[slot] else 0.0


@njit(**OWNING)
def _slots_of(whole: Any, member: Any, by_firm: bool, inside: Any) -> tuple[Any, Any]:
    """Which slots of the whole block are in a member city, as whole words of slots (-1: a gap), and the bitmap of every
    firm's last slot. Marks their places in ``inside``.

    by_firm: no firm may lie across two words, as in the whole block; else there is no such bitmap.
    """
    place, city, firm = whole.place, whole.city, whole.firm
    size = len(place)
    many = 0
    for slot in range(size):
        many += place[slot] >= 0 and member[city[slot]]
    slots = np.full(2 * many + 64, -1, np.int32)
    last = np.zeros(len(slots) // 64 + 1 if by_firm else 0, np.uint64)
    free = slot = 0
    while slot < size:
        if place[slot] < 0 or not member[city[slot]]:
            slot += 1
            continue
        after, own = slot + 1, 1
        if by_firm:
            while after < size and firm[after] == firm[slot]:
                own += member[city[after]]
                after += 1
            if (free & 63) + own > 64:
                free = (free | 63) + 1
        for each in range(slot, after):
            if member[city[each]]:
                slots[free] = each
                inside[place[each]] = True
                free += 1
        if by_firm:
            set_bit(last, free - 1)
        slot = after
    words = (free + 63) >> 6
    return slots[: words << 6].copy(), last[:words].copy()


@njit(**COMPILE)
def _take_bits(rows: Any, slots: Any, out: Any) -> None:
    for row in range(len(rows)):
        source, target = rows[row], out[row]
        for word in range(len(target)):
            bits = np.uint64(0)
            for at in range(64):
                slot = slots[(word << 6) + at]
                if slot >= 0:
                    bits |= ((source[slot >> 6] >> np.uint64(slot & 63)) & ONE) << np.uint64(at)
            target[word] = bits


@njit(**COMPILE)
def _take(values: Any, slots: Any, none: Any, out: Any) -> None:
    for i in range(len(slots)):
        out[i] = values[slots[i]] if slots[i] >= 0 else none


@njit(**OWNING)
def _fill(whole: Any, bits: Any, roles: Any, slots: Any, rank: Any, out: Any) -> tuple[Any, Any, Any]:
    """Everything by slot; returns the firms that are left (the whole block's numbers become theirs), where each one's
    slots begin, and these."""
    for column in range(len(whole.least)):
        _take(whole.least[column], slots, np.inf, out.least[column])
    _take_bits(whole.unstated, slots, out.unstated)
    _take_bits(whole.choices, slots, out.choices)
    _take_bits(whole.held, slots, out.held)
    _take(whole.pos, slots, -1, out.pos)
    _take(whole.city, slots, 0, out.city)
    _take(whole.days, slots, 0.0, out.days)
    _take(whole.trust, slots, 0.0, out.trust)
    left = np.full(len(whole.firms), -1, np.int32)
    for i in range(len(slots)):
        slot = slots[i]
        out.place[i], out.role[i] = -1, 0.0
        if slot >= 0:
            out.place[i] = rank[whole.place[slot]]
            out.role[i] = 1.0 if roles[whole.city[slot]] & bits[slot] else 0.0
            set_bit(out.valid, i)
            left[whole.firm[slot]] = 0
    return _number_firms(whole, slots, left, out.firm)


@njit(**OWNING)
def _number_firms(whole: Any, slots: Any, left: Any, firm: Any) -> tuple[Any, Any, Any]:
    many = 0
    for number in range(len(left)):
        if left[number] >= 0:
            left[number] = many
            many += 1
    firms, start = np.empty(many, np.int32), np.zeros(many + 1, np.int32)
    for number in range(len(left)):
        if left[number] >= 0:
            firms[left[number]] = whole.firms[number]
    there = 0
    for i in range(len(slots)):
        firm[i] = -1
        if slots[i] >= 0:
            firm[i] = left[whole.firm[slots[i]]]
            start[firm[i] + 1] += 1
            there += 1
    for number in range(many):
        start[number + 1] += start[number]
    free, by_firm = start.copy(), np.empty(there, np.int32)
    for i in range(len(slots)):
        if firm[i] >= 0:
            by_firm[free[firm[i]]] = i
            free[firm[i]] += 1
    return firms, start, by_firm
