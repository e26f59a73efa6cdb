"""Vectors in functions marked `@kernel`: a register full of PEs, `columns` of them by some rows.

A vector has 512 bits: 32 lanes of int16 or 16 of int32. Lane `j * rows + i` belongs to column j
and row i of a block, so the rows of a column lie side by side. A *shape* is a tuple of n int16 or
int32 for 2**n columns: Numba knows both at compile time. LLVM splits a vector where a machine's
registers are narrower.

Memory is a bare pointer (`pointer`), indexed without checks: an array passed on from kernel to
kernel costs atomic reference counts, with short tiles more than the work itself. Who calls the
outermost kernel keeps the arrays alive.

It knows no rule of any machine, and is no general library: it holds what kernels here use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sparsesim.machines.vectors.lanes import (
    Lanes,
    address_of,
    call_llvm,
    columns_of,
    constant,
    emit_read,
    emit_repeat,
    emit_top,
    full,
    llvm_type,
    rows_of,
    shuffle,
    splat,
)


@intrinsic
def pointer(typing: Any, array: Any) -> Any:
    """Where a contiguous array's elements start; indexed like the flat array."""
    result = types.CPointer(array.dtype)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(array)(context, builder, args[0]).data

    return result(array), emit


def _named(operation: Callable[..., Any], name: str, says: str) -> Any:
    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = says
    return intrinsic(operation)


def _size(name: str, says: str, of: Callable[[Any], int]) -> Any:
    """A constant that a shape has."""

    def operation(typing: Any, shape: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return context.get_constant(types.int64, of(shape))

        return types.int64(shape), emit

    return _named(operation, name, says)


width = _size("width", "Lanes of a vector.", lambda shape: full(shape).count)
height = _size("height", "Rows of a vector.", rows_of)


@intrinsic
def fill(typing: Any, value: Any, shape: Any) -> Any:
    """A vector with `value` in every lane."""
    kind = full(shape)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return splat(context, builder, signature.args[0], args[0], kind)

    return kind(value, shape), emit


def _numbering(name: str, says: str, number: Callable[[int, int], int]) -> Any:
    """A constant vector."""

    def operation(typing: Any, shape: Any) -> Any:
        kind = full(shape)

        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            rows = rows_of(shape)
            return ir.Constant(llvm_type(kind), [number(lane, rows) for lane in range(kind.count)])

        return kind(shape), emit

    return _named(operation, name, says)


lane_rows = _numbering("lane_rows", "The row of each lane.", lambda lane, rows: lane % rows)
lane_numbers = _numbering("lane_numbers", "The lanes' own numbers.", lambda lane, rows: lane)
lane_columns = _numbering("lane_columns", "The column.", lambda lane, rows: lane // rows)


@intrinsic
def load(typing: Any, memory: Any, at: Any, shape: Any) -> Any:
    """A whole vector from index `at`."""
    kind = full(shape)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit_read(builder, memory, args[0], args[1], kind.count, kind.bits)

    return kind(memory, types.int64, shape), emit


@intrinsic
def store(typing: Any, memory: Any, at: Any, vector: Any) -> Any:
    """Write a vector from index `at` on."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = address_of(builder, memory, args[0], args[1], vector.count)
        builder.store(args[2], address, align=vector.bits // 8)
        return context.get_dummy_value()

    return types.none(memory, types.int64, vector), emit


@intrinsic
def load_columns(typing: Any, memory: Any, at: Any, step: Any, shape: Any, parts: Any) -> Any:
    """Vectors, as many as `parts` is long, `step` apart: an element a column, equal in all rows."""
    kind, rows = full(shape), rows_of(shape)
    result = types.UniTuple(kind, parts.count)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = []
        for part in range(parts.count):
            where = builder.add(args[1], builder.mul(args[2], ir.Constant(args[2].type, part)))
            read = emit_read(builder, memory, args[0], where, columns_of(shape), kind.bits)
            lanes = [lane // rows for lane in range(kind.count)]
            found.append(shuffle(builder, read, read, lanes))
        return context.make_tuple(builder, result, found)

    return result(memory, types.int64, types.int64, shape, parts), emit


@intrinsic
def load_rows(typing: Any, memory: Any, at: Any, shape: Any) -> Any:
    """One element a row of the vector from index `at` on, the same in all columns."""
    kind, rows = full(shape), rows_of(shape)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit_repeat(builder, memory, args[0], args[1], rows, kind)

    return kind(memory, types.int64, shape), emit


def _pairwise(name: str, says: str, emit_pair: Callable[[Any, Any, Any], Any]) -> Any:
    """An operation of two vectors, or of a vector and a number that stands for all lanes."""

    def operation(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            other = splat(context, builder, signature.args[1], args[1], a)
            return emit_pair(builder, args[0], other)

        return a(a, b), emit

    return _named(operation, name, says)


plus = _pairwise("plus", "a + b.", lambda builder, a, b: builder.add(a, b))
minus = _pairwise("minus", "a - b.", lambda builder, a, b: builder.sub(a, b))
both = _pairwise("both", "Bits set in both.", lambda builder, a, b: builder.and_(a, b))
top = _pairwise("top", "The greater of each lane.", emit_top)
low = _pairwise(
    "low", "The lesser.", lambda builder, a, b: builder.select(builder.icmp_signed("<", a, b), a, b)
)
below = _pairwise(
    "below",
    "-1 where a < b, else 0.",
    lambda builder, a, b: builder.sext(builder.icmp_signed("<", a, b), a.type),
)


@intrinsic
def pick(typing: Any, where: Any, a: Any, b: Any) -> Any:
    """a where `where` is -1, b where it is 0."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        other = splat(context, builder, signature.args[2], args[2], a)
        taken = builder.icmp_signed("<", args[0], constant(0, a))
        return builder.select(taken, args[1], other)

    return a(where, a, b), emit


@intrinsic
def common_ones(typing: Any, masks: Any, memory: Any, at: Any, step: Any, shape: Any) -> Any:
    """Bits set both in masks of columns and in those of rows, which `load_rows` reads likewise."""
    kind, rows = masks.dtype, rows_of(shape)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = constant(0, kind)
        for part in range(masks.count):
            where = builder.add(args[2], builder.mul(args[3], ir.Constant(args[3].type, part)))
            common = builder.and_(
                builder.extract_value(args[0], part),
                emit_repeat(builder, memory, args[1], where, rows, kind),
            )
            name = f"llvm.ctpop.v{kind.count}i{kind.bits}"
            found = builder.add(found, call_llvm(builder, name, common.type, [common]))
        return found

    return kind(masks, memory, types.int64, types.int64, shape), emit


@intrinsic
def divided(typing: Any, vector: Any, inverse: Any) -> Any:
    """floor(lane * inverse / 65536); lanes from 0 and the inverse below 65536."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = llvm_type(Lanes(vector.count, 32))
        factor = splat(context, builder, inverse, args[1], Lanes(vector.count, 16))
        lanes = args[0] if vector.bits == 32 else builder.zext(args[0], wide)
        high = builder.lshr(
            builder.mul(lanes, builder.zext(factor, wide)), constant(16, Lanes(vector.count, 32))
        )
        return high if vector.bits == 32 else builder.trunc(high, llvm_type(vector))

    return vector(vector, inverse), emit


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum of all lanes as int64; each sum of a few of them must fit 32 bits."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.VectorType(ir.IntType(64), vector.count)
        name = f"llvm.vector.reduce.add.v{vector.count}i64"
        return call_llvm(builder, name, ir.IntType(64), [builder.sext(args[0], wide)])

    return types.int64(vector), emit


@intrinsic
def greatest(typing: Any, vector: Any) -> Any:
    """The greatest lane as int64."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        name = f"llvm.vector.reduce.smax.v{vector.count}i{vector.bits}"
        found = call_llvm(builder, name, ir.IntType(vector.bits), [args[0]])
        return builder.sext(found, ir.IntType(64))

    return types.int64(vector), emit


def _within_columns(name: str, says: str, partner: Callable[[int, int, int], int]) -> Any:
    """A maximum over rows of each column, found by doubling the distance to a lane's partner."""

    def operation(typing: Any, vector: Any, shape: Any) -> Any:
        rows = rows_of(shape)

        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            found, distance = args[0], 1
            while distance < rows:
                lanes = [partner(lane, distance, rows) for lane in range(vector.count)]
                found = emit_top(builder, found, shuffle(builder, found, found, lanes))
                distance *= 2
            return found

        return vector(vector, shape), emit

    return _named(operation, name, says)


column_tops = _within_columns(
    "column_tops",
    "The greatest of each column, in all rows of it.",
    lambda lane, distance, rows: lane ^ distance,
)
running_tops = _within_columns(
    "running_tops",
    "In each lane the greatest of its column up to its row.",
    lambda lane, distance, rows: lane - distance if lane % rows >= distance else lane,
)


@intrinsic
def last_row(typing: Any, vector: Any, shape: Any) -> Any:
    """Each column's last row of the vector, in all rows of it."""
    rows = rows_of(shape)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = [lane | (rows - 1) for lane in range(vector.count)]
        return shuffle(builder, args[0], args[0], lanes)

    return vector(vector, shape), emit


@intrinsic
def row_tops(typing: Any, memory: Any, at: Any, shape: Any, tree: Any) -> Any:
    """The greatest of each of 2 ** len(tree) rows; their vectors lie one after another from `at`.

    A tree: each step folds the halves of what belongs to one row, of two vectors at a time.
    """
    kind, rows = full(shape), rows_of(shape)
    result = Lanes(1 << tree.count, kind.bits)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = []
        for index in range(result.count // rows):
            where = builder.add(args[1], ir.Constant(args[1].type, index * kind.count))
            found.append(emit_read(builder, memory, args[0], where, kind.count, kind.bits))
        chunk = kind.count
        while chunk > rows:
            half = chunk // 2
            if len(found) == 1:
                lanes = range(found[0].type.count)
                pairs = [(found[0], found[0])]
            else:
                lanes = range(2 * kind.count)
                pairs = list(zip(found[::2], found[1::2], strict=True))
            left = [lane for lane in lanes if lane % chunk < half]
            right = [lane + half for lane in left]
            found = [
                emit_top(builder, shuffle(builder, a, b, left), shuffle(builder, a, b, right))
                for a, b in pairs
            ]
            chunk = half
        return found[0]

    return result(memory, types.int64, shape, tree), emit
