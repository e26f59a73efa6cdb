"""A convolution in tiles of 14 positions by 32 filters, float32, kept in vector registers.

A vector holds 16 filters; 28 of a machine's 32 vector registers are sums. The activation is laid
out in *panels*: for each tile and each operand k 16 floats, 14 or fewer positions and then junk.
Sums lie as (filter block, position, 32 filters) between blocks of k, and are turned to (filter,
position) at the end, while in cache. The vector operations are spelt in LLVM's own language, as a
loop that Numba might vectorise otherwise would leave the registers. See
docs/decisions/convolution.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from sparsesim.kernel import kernel

LANES = 16
POSITIONS = 14
FILTERS = 32

_FLOAT = ir.FloatType()
_INT = ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)


def _int(value: int) -> ir.Constant:
    return ir.Constant(_INT, value)


def _lanes(values: Any) -> ir.Constant:
    return ir.Constant(ir.VectorType(ir.IntType(32), LANES), list(values))


def _filled(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _address(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _vector_at(builder: Any, address: Any, at: Any) -> Any:
    return builder.bitcast(builder.gep(address, [at]), _VECTOR.as_pointer())


def _load(builder: Any, address: Any, at: Any) -> Any:
    return builder.load(_vector_at(builder, address, at), align=4)


def _store(builder: Any, value: Any, address: Any, at: Any) -> None:
    builder.store(value, _vector_at(builder, address, at), align=4)


def _splat(builder: Any, value: Any) -> Any:
    kind = ir.VectorType(value.type, LANES)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _lanes([0]).type.element(0))
    return builder.shuffle_vector(first, first, _lanes([0] * LANES))


def _call(builder: Any, name: str, result: ir.Type, args: list[Any]) -> Any:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def _between(builder: Any, numbers: Any, low: Any, high: Any) -> Any:
    """Lanes whose number is at least low and below high."""
    cut = [_splat(builder, builder.trunc(value, ir.IntType(32))) for value in (low, high)]
    return builder.and_(
        builder.icmp_signed(">=", numbers, cut[0]), builder.icmp_signed("<", numbers, cut[1])
    )
