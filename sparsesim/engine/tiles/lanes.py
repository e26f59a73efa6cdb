"""Vectors of 16 lanes inside Numba kernels, spelt in LLVM's own language.

Each function emits instructions for an intrinsic that uses it; `at` counts elements. LLVM splits a
vector where a machine's registers are narrower. (Compiled code is kept by a hash of the files that
name @kernel, as this one now does.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba.core import cgutils

LANES = 16

_INT32 = ir.IntType(32)


def number(value: int) -> ir.Constant:
    """An index."""
    return ir.Constant(ir.IntType(64), value)


def lanes(values: Iterable[int]) -> ir.Constant:
    """A vector of small whole numbers."""
    found = list(values)
    return ir.Constant(ir.VectorType(_INT32, len(found)), found)


def zeros(element: ir.Type) -> ir.Constant:
    """A vector of zeros."""
    return ir.Constant(ir.VectorType(element, LANES), [0.0] * LANES)


def address(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Where an array has its element `at`."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def vector_at(builder: Any, element: ir.Type, base: Any, at: Any) -> Any:
    """A pointer to the vector that begins `at` elements behind base."""
    vector = ir.VectorType(element, LANES)
    return builder.bitcast(builder.gep(base, [at]), vector.as_pointer())


def load(builder: Any, element: ir.Type, base: Any, at: Any) -> Any:
    """A whole vector; no alignment is asked for."""
    return builder.load(vector_at(builder, element, base, at), align=_bytes(element))


def store(builder: Any, value: Any, base: Any, at: Any) -> None:
    """Write a whole vector."""
    element = value.type.element
    builder.store(value, vector_at(builder, element, base, at), align=_bytes(element))


def store_some(builder: Any, value: Any, base: Any, at: Any, mask: Any) -> None:
    """Write the lanes that the mask has; no other memory is touched."""
    element = value.type.element
    where = vector_at(builder, element, base, at)
    rest = [ir.Constant(_INT32, _bytes(element)), mask]
    call(builder, f"llvm.masked.store.{_name(element)}.p0", ir.VoidType(), [value, where, *rest])


def splat(builder: Any, value: Any) -> Any:
    """A number in all lanes."""
    empty = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(first, first, lanes([0] * LANES))


def call(builder: Any, name: str, result: ir.Type, args: list[Any]) -> Any:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, rounded once."""
    return call(builder, f"llvm.fma.{_name(a.type.element)}", a.type, [a, b, c])


def within(builder: Any, numbers: Any, low: Any, high: Any) -> Any:
    """Lanes whose number is at least low and below high, as a mask."""
    low, high = (splat(builder, builder.trunc(value, _INT32)) for value in (low, high))
    return builder.and_(
        builder.icmp_signed(">=", numbers, low), builder.icmp_signed("<", numbers, high)
    )


def load_strided(
    builder: Any, element: ir.Type, base: Any, at: Any, low: Any, high: Any, stride: Any, form: int
) -> Any:
    """Lane j is base[at + j * stride] where low <= j * stride < high; others are 0 and not read.

    Args:
        form: 1 or 2 where that is the stride, 3 for any.
    """
    vector, none = ir.VectorType(element, LANES), zeros(element)
    size = _bytes(element)
    if form == 3:
        wide = ir.VectorType(ir.IntType(64), LANES)
        steps = builder.mul(ir.Constant(wide, list(range(LANES))), splat(builder, stride))
        mask = within(builder, builder.trunc(steps, ir.VectorType(_INT32, LANES)), low, high)
        steps = builder.add(steps, splat(builder, at))
        steps = builder.mul(steps, ir.Constant(wide, [size] * LANES))
        first = splat(builder, builder.ptrtoint(base, ir.IntType(64)))
        kind = ir.VectorType(element.as_pointer(), LANES)
        where = builder.inttoptr(builder.add(first, steps), kind)
        name = f"llvm.masked.gather.{_name(element)}.v{LANES}p0"
        return call(builder, name, vector, [where, ir.Constant(_INT32, size), mask, none])
    parts = []
    for part in range(form):
        # Elements between lanes must not be read: the last may lie outside.
        numbers = [part * LANES + n for n in range(LANES)]
        numbers = [n if n % form == 0 else 1 << 30 for n in numbers]
        mask = within(builder, lanes(numbers), low, high)
        where = vector_at(builder, element, base, builder.add(at, number(part * LANES)))
        name = f"llvm.masked.load.{_name(element)}.p0"
        parts.append(call(builder, name, vector, [where, ir.Constant(_INT32, size), mask, none]))
    if form == 1:
        return parts[0]
    return builder.shuffle_vector(*parts, lanes(range(0, 2 * LANES, 2)))


def turned(builder: Any, rows: list[Any]) -> list[Any]:
    """A square of vectors, transposed: blocks beside the diagonal swapped, then within them."""
    rows, distance = list(rows), 1
    while distance < LANES:
        upper = [n if not n & distance else LANES + n - distance for n in range(LANES)]
        lower = [n + distance if not n & distance else LANES + n for n in range(LANES)]
        for i in range(LANES):
            if not i & distance:
                pair = rows[i], rows[i + distance]
                rows[i] = builder.shuffle_vector(*pair, lanes(upper))
                rows[i + distance] = builder.shuffle_vector(*pair, lanes(lower))
        distance *= 2
    return rows


def _bytes(element: ir.Type) -> int:
    return 8 if isinstance(element, ir.DoubleType) else 4


def _name(element: ir.Type) -> str:
    return f"v{LANES}f{8 * _bytes(element)}"
