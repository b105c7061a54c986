"""Sixteen numbers of single precision at once, as LLVM knows vectors: the processor's own width is LLVM's care.

Left to itself the compiler finds the arithmetic, but not that sixteen comparisons are sixteen bits.
"""

from __future__ import annotations

import importlib
from typing import Any

from matching.kernel.compiled.bits import intrinsic, types

ir: Any = importlib.import_module("llvmlite.ir")
cgutils: Any = importlib.import_module("numba.core.cgutils")

LANES, BITS = 16, 64
FIXED, PRICE_OF, DAYS_OF, FREE_OF, PARTS = range(5)  # what of sixteen slots lies beside each other
# What a line makes of them: see ``estimate``.
TOP, MOST, SILENT, PER_PRICE, SOON, PER_DAY, FREE_MOST, PER_FREE, RATES = range(9)
_REAL, _COUNT = ir.FloatType(), ir.IntType(64)
_VECTOR, _PLACES = ir.VectorType(_REAL, LANES), ir.VectorType(ir.IntType(32), LANES)
_RATES = types.UniTuple(types.float32, RATES)
_WORD = ir.VectorType(ir.DoubleType(), BITS)
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


def _points(context: Any, builder: Any, kinds: Any, args: Any) -> Any:
    """The points of sixteen slots, from what ``estimate`` and ``append`` are given first; -1 for who is not there."""
    begin = builder.mul(args[1], ir.Constant(_COUNT, PARTS * LANES))

    def part(which: int) -> Any:
        at = builder.add(begin, ir.Constant(_COUNT, which * LANES))
        return builder.load(_start(context, builder, kinds[0], args[0], at), align=4)

    def rate(which: int) -> Any:
        return _all(builder, builder.extract_value(args[2], which))

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
    there = builder.bitcast(builder.trunc(args[3], ir.IntType(LANES)), _FLAGS)
    return builder.select(there, points, ir.Constant(_VECTOR, [-1.0] * LANES))


@intrinsic
def estimate(typing_context: Any, table: Any, row: Any, rates: Any, who: Any, out: Any, to: Any) -> Any:
    """The points of sixteen slots, or what no slot of sixteen groups exceeds, into row ``to`` of ``out``; -1 for those
    without their bit in ``who``.

    table: float32[rows, PARTS, LANES]; rates: RATES numbers. With a price p: FIXED + max(p < 0 ? SILENT : 0,
    min(MOST, TOP - PER_PRICE |p|)) + max(0, SOON - PER_DAY days) + min(FREE_MOST, max(0, PER_FREE free)).
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        points = _points(context, builder, signature.args, args)
        to = builder.mul(args[5], ir.Constant(_COUNT, LANES))
        builder.store(points, _start(context, builder, signature.args[4], args[4], to), align=4)
        return context.get_dummy_value()

    return types.void(table, types.int64, _RATES, types.uint64, out, types.int64), generate


@intrinsic
def append(
    typing_context: Any, table: Any, row: Any, rates: Any, who: Any, low: Any, high: Any, some: Any, points: Any,
    count: Any,
) -> Any:  # fmt: skip
    """Estimate sixteen slots, and write those from ``low`` up to ``high`` behind the ``count`` that are there: which
    into ``some`` (int32), their points into ``points``, both with room for sixteen more. Returns how many there are.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        found = _points(context, builder, kinds, args)
        chosen = builder.fcmp_ordered(">=", found, _all(builder, args[4]))
        chosen = builder.and_(chosen, builder.fcmp_ordered("<", found, _all(builder, args[5])))
        _put(context, builder, kinds[6], args[6], args[8], _numbered(builder, args[1]), chosen)
        _put(context, builder, kinds[7], args[7], args[8], found, chosen)
        return builder.add(args[8], _how_many(builder, chosen))

    real, whole = types.float32, types.int64
    return whole(table, whole, _RATES, types.uint64, real, real, some, points, whole), generate


@intrinsic
def append_reaching(typing_context: Any, values: Any, row: Any, low: Any, some: Any, count: Any) -> Any:
    """Write which of a row of sixteen numbers reach ``low`` into ``some`` (int32), behind the ``count`` that are there,
    with room for sixteen more. Returns how many there are."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = builder.mul(args[1], ir.Constant(_COUNT, LANES))
        found = builder.load(_start(context, builder, signature.args[0], args[0], at), align=4)
        chosen = builder.fcmp_ordered(">=", found, _all(builder, args[2]))
        _put(context, builder, signature.args[3], args[3], args[4], _numbered(builder, args[1]), chosen)
        return builder.add(args[4], _how_many(builder, chosen))

    return types.int64(values, types.int64, types.float32, some, types.int64), generate


def _put(context: Any, builder: Any, kind: Any, array: Any, at: Any, values: Any, chosen: Any) -> None:
    """Store the chosen of sixteen values one after the other; what follows them up to sixteen says nothing."""
    name = "f32" if values.type.element == _REAL else "i32"
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(values.type, [values.type, _FLAGS, values.type]),
        f"llvm.experimental.vector.compress.v{LANES}{name}",
    )
    together = builder.call(function, [values, chosen, ir.Constant(values.type, ir.Undefined)])
    first = builder.gep(context.make_array(kind)(context, builder, array).data, [at])
    builder.store(together, builder.bitcast(first, values.type.as_pointer()), align=4)


def _numbered(builder: Any, row: Any) -> Any:
    """The sixteen numbers of a row: row times sixteen and what follows."""
    first = builder.trunc(builder.mul(row, ir.Constant(_COUNT, LANES)), ir.IntType(32))
    one = builder.insert_element(ir.Constant(_PLACES, ir.Undefined), first, ir.Constant(ir.IntType(32), 0))
    every = builder.shuffle_vector(one, ir.Constant(_PLACES, ir.Undefined), ir.Constant(_PLACES, [0] * LANES))
    return builder.add(every, ir.Constant(_PLACES, list(range(LANES))))


def _how_many(builder: Any, chosen: Any) -> Any:
    return builder.zext(builder.ctpop(builder.bitcast(chosen, ir.IntType(LANES))), _COUNT)


@intrinsic
def compare(typing_context: Any, values: Any, row: Any, floors: Any, part: Any) -> Any:
    """How a row of sixteen numbers lies to row ``part`` of ``floors``: bits of those below, and 16 bits higher of those
    equal. Where the floor is NaN neither."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def load(which: int) -> Any:
            at = builder.mul(args[which + 1], ir.Constant(_COUNT, LANES))
            return builder.load(_start(context, builder, signature.args[which], args[which], at), align=4)

        def bits(how: str) -> Any:
            flags = builder.fcmp_ordered(how, value, floor)
            return builder.zext(builder.bitcast(flags, ir.IntType(LANES)), _COUNT)

        value, floor = load(0), load(2)
        return builder.or_(bits("<"), builder.shl(bits("=="), ir.Constant(_COUNT, LANES)))

    return types.uint64(values, types.int64, floors, types.int64), generate


@intrinsic
def soon_read(typing_context: Any, array: Any, at: Any) -> Any:
    """Have the processor fetch the cache line of the number with this place in an array, counted through."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        first = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole]), "llvm.prefetch.p0"
        )
        read, keep, data = (ir.Constant(whole, number) for number in (0, 3, 1))
        builder.call(function, [builder.bitcast(first, byte), read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def close(typing_context: Any, values: Any, at: Any) -> Any:
    """Sixteen times -1 from a place on: nobody follows those before it in their row."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        none = ir.Constant(_VECTOR, [-1.0] * LANES)
        builder.store(none, builder.bitcast(first, _VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(values, types.int64), generate


@intrinsic
def highest(typing_context: Any, values: Any, row: Any) -> Any:
    """The highest of a row of sixteen numbers."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = builder.mul(args[1], ir.Constant(_COUNT, LANES))
        found = builder.load(_start(context, builder, signature.args[0], args[0], at), align=4)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_REAL, [_VECTOR]), f"llvm.vector.reduce.fmax.v{LANES}f32"
        )
        return builder.call(function, [found], fastmath=("nnan",))

    return types.float32(values, types.int64), generate


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


@intrinsic
def less(typing_context: Any, values: Any, at: Any, threshold: Any) -> Any:
    """Which of 64 numbers of double precision, from a place on, are less than a threshold, as bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        found = builder.load(builder.bitcast(first, _WORD.as_pointer()), align=8)
        one = builder.insert_element(
            ir.Constant(_WORD, ir.Undefined), args[2], ir.Constant(ir.IntType(32), 0)
        )
        none = ir.Constant(ir.VectorType(ir.IntType(32), BITS), [0] * BITS)
        every = builder.shuffle_vector(one, ir.Constant(_WORD, ir.Undefined), none)
        return builder.bitcast(builder.fcmp_ordered("<", found, every), _COUNT)

    return types.uint64(values, types.int64, types.float64), generate
