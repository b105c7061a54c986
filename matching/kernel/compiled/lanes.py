"""Sixteen numbers of single precision at once, as LLVM knows vectors: the processor's own width is LLVM's care.

Left to itself the compiler finds the arithmetic, but not that sixteen comparisons are sixteen bits.
"""

from __future__ import annotations

import importlib
from typing import Any

from matching.kernel.compiled.bits import intrinsic, types

ir: Any = importlib.import_module("llvmlite.ir")

LANES = 16
FIXED, PRICE_OF, DAYS_OF, FREE_OF, PARTS = range(5)  # what of sixteen slots lies beside each other
# What a line makes of them: see ``estimate``.
TOP, MOST, SILENT, PER_PRICE, SOON, PER_DAY, FREE_MOST, PER_FREE, RATES = range(9)
_REAL, _COUNT = ir.FloatType(), ir.IntType(64)
_VECTOR, _PLACES = ir.VectorType(_REAL, LANES), ir.VectorType(ir.IntType(32), LANES)
_FLAGS, _QUARTERS = ir.VectorType(ir.IntType(1), LANES), ir.VectorType(ir.IntType(16), LANES)


def _start(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Where sixteen numbers of an array lie, counted through from its first."""
    first = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(first, [at]), _VECTOR.as_pointer())


def _all(builder: Any, number: Any) -> Any:
    """Sixteen times the same."""
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_PLACES, [0] * LANES))


def _least(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", one, other), one, other)


def _most(builder: Any, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", one, other), one, other)


@intrinsic
def estimate(typing_context: Any, table: Any, row: Any, rates: Any, out: Any, to: Any, who: Any) -> Any:
    """The points of sixteen slots, or what no slot of sixteen groups exceeds, into row ``to`` of ``out``; -1 for those
    without their bit in ``who``.

    table: float32[rows, PARTS, LANES]; rates: float32[RATES]. With a price p: FIXED + max(p < 0 ? SILENT : 0,
    min(MOST, TOP - PER_PRICE |p|)) + max(0, SOON - PER_DAY days) + min(FREE_MOST, max(0, PER_FREE free)).
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        begin = builder.mul(args[1], ir.Constant(_COUNT, PARTS * LANES))

        def part(which: int) -> Any:
            at = builder.add(begin, ir.Constant(_COUNT, which * LANES))
            return builder.load(_start(context, builder, kinds[0], args[0], at), align=4)

        def rate(which: int) -> Any:
            first = context.make_array(kinds[2])(context, builder, args[2]).data
            return _all(builder, builder.load(builder.gep(first, [ir.Constant(_COUNT, which)])))

        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        price = part(PRICE_OF)
        silent = builder.fcmp_ordered("<", price, zero)
        paid = builder.select(silent, builder.fsub(zero, price), price)
        cheap = _least(builder, rate(MOST), builder.fsub(rate(TOP), builder.fmul(rate(PER_PRICE), paid)))
        cheap = _most(builder, cheap, builder.select(silent, rate(SILENT), zero))
        soon = builder.fsub(rate(SOON), builder.fmul(rate(PER_DAY), part(DAYS_OF)))
        free = _most(builder, zero, builder.fmul(rate(PER_FREE), part(FREE_OF)))
        points = builder.fadd(part(FIXED), cheap)
        points = builder.fadd(points, _most(builder, soon, zero))
        points = builder.fadd(points, _least(builder, rate(FREE_MOST), free))
        there = builder.bitcast(builder.trunc(args[5], ir.IntType(LANES)), _FLAGS)
        points = builder.select(there, points, ir.Constant(_VECTOR, [-1.0] * LANES))
        to = builder.mul(args[4], ir.Constant(_COUNT, LANES))
        builder.store(points, _start(context, builder, kinds[3], args[3], to), align=4)
        return context.get_dummy_value()

    return types.void(table, types.int64, rates, out, types.int64, types.uint64), generate


@intrinsic
def at_least(typing_context: Any, values: Any, row: Any, threshold: Any) -> Any:
    """Which of sixteen numbers reach a threshold, as bits: row ``row`` of a float32 array."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = builder.mul(args[1], ir.Constant(_COUNT, LANES))
        found = builder.load(_start(context, builder, signature.args[0], args[0], at), align=4)
        bits = builder.fcmp_ordered(">=", found, _all(builder, args[2]))
        return builder.zext(builder.bitcast(bits, ir.IntType(LANES)), _COUNT)

    return types.uint64(values, types.int64, types.float32), generate


@intrinsic
def filled(typing_context: Any, words: Any, node: Any) -> Any:
    """Of the sixteen groups of sixteen slots in four words those with somebody, as bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = context.make_array(signature.args[0])(context, builder, args[0]).data
        first = builder.gep(first, [builder.mul(args[1], ir.Constant(_COUNT, 4))])
        quarters = builder.load(builder.bitcast(first, _QUARTERS.as_pointer()), align=8)
        bits = builder.icmp_unsigned("!=", quarters, ir.Constant(_QUARTERS, [0] * LANES))
        return builder.zext(builder.bitcast(bits, ir.IntType(LANES)), _COUNT)

    return types.uint64(words, types.int64), generate
