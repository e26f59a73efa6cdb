"""The Numba type of a vector and the LLVM code that its operations in `kernels.py` are made of.

Not for kernels themselves. Like the source of any `@kernel`, this one names the code cache.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import register_model

VECTOR_BITS = 512


class Lanes(types.Type):
    """The Numba type of a vector of `count` signed integers."""

    def __init__(self, count: int, bits: int) -> None:
        self.count = count
        self.bits = bits
        super().__init__(name=f"Lanes({count} x int{bits})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, llvm_type(kind))


def llvm_type(kind: Lanes) -> ir.VectorType:
    """LLVM's type of it."""
    return ir.VectorType(ir.IntType(kind.bits), kind.count)


def full(shape: Any) -> Lanes:
    """The type of a whole vector of a shape."""
    return Lanes(VECTOR_BITS // shape.dtype.bitwidth, shape.dtype.bitwidth)


def columns_of(shape: Any) -> int:
    """Columns of a vector."""
    return 1 << shape.count


def rows_of(shape: Any) -> int:
    """Rows of a vector."""
    return full(shape).count >> shape.count


def constant(value: int, kind: Lanes) -> ir.Constant:
    """The same number in every lane."""
    return ir.Constant(llvm_type(kind), [value] * kind.count)


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """Lanes of two vectors, those of b numbered on behind those of a."""
    return builder.shuffle_vector(
        a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    )


def call_llvm(builder: Any, name: str, result: ir.Type, args: list[Any]) -> Any:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def emit_top(builder: Any, a: Any, b: Any) -> Any:
    """The greater of each lane."""
    return builder.select(builder.icmp_signed(">", a, b), a, b)


def address_of(builder: Any, kind: Any, memory: Any, at: Any, count: int) -> Any:
    """The pointer to `count` elements from index `at` on, as one vector."""
    vector = ir.VectorType(ir.IntType(kind.dtype.bitwidth), count)
    return builder.bitcast(builder.gep(memory, [at]), vector.as_pointer())


def emit_read(builder: Any, kind: Any, memory: Any, at: Any, count: int, bits: int) -> Any:
    """Load `count` elements, widened with zeros to lanes of `bits`."""
    address = address_of(builder, kind, memory, at, count)
    found = builder.load(address, align=kind.dtype.bitwidth // 8)
    if kind.dtype.bitwidth < bits:
        return builder.zext(found, ir.VectorType(ir.IntType(bits), count))
    return found


def emit_repeat(builder: Any, kind: Any, memory: Any, at: Any, count: int, target: Lanes) -> Any:
    """A vector of `count` elements over and over.

    Where they need no widening they are read as one wide element: that is a single instruction.
    """
    bits = kind.dtype.bitwidth
    if bits < target.bits:
        found = emit_read(builder, kind, memory, at, count, target.bits)
        return shuffle(builder, found, found, [lane % count for lane in range(target.count)])
    wide = Lanes(target.count // count, bits * count)
    address = builder.bitcast(builder.gep(memory, [at]), ir.IntType(wide.bits).as_pointer())
    return builder.bitcast(
        broadcast(builder, builder.load(address, align=bits // 8), wide), llvm_type(target)
    )


def broadcast(builder: Any, value: Any, target: Lanes) -> Any:
    """One number in every lane."""
    first = builder.insert_element(
        ir.Constant(llvm_type(target), ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    return shuffle(builder, first, first, [0] * target.count)


def splat(context: Any, builder: Any, kind: Any, value: Any, target: Lanes) -> Any:
    """A vector as it is; a number in every lane."""
    if isinstance(kind, Lanes):
        return value
    lane = context.cast(builder, value, kind, types.Integer.from_bitwidth(target.bits, True))
    return broadcast(builder, lane, target)
