"""FusedMatMul: a MatMul of transposed operands, times a number."""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.builder import Builder


def rewrite(b: Builder) -> None:
    """Transpose where an operand is to be; MatMul; Mul where the number isn't 1."""
    factor = b.number("alpha", 1.0)
    operands = [
        _turned(b, b.input(index), role, b.integer(f"trans{role}", 0), batch)
        for index, role in enumerate("AB")
        for batch in [b.integer(f"transBatch{role}", 0)]
    ]
    x = b.add("MatMul", *operands, output="" if factor != 1.0 else b.output())
    if factor != 1.0:
        scale = b.value(np.array(factor, b.kind(b.input(0))), "alpha")
        b.add("Mul", x, scale, part="scaled", output=b.output())


def _turned(b: Builder, name: str, role: str, last_two: int, batch: int) -> str:
    """An operand transposed: its first axis behind its batch axes, then its last two."""
    if not last_two and not batch:
        return name
    order = list(range(b.rank(name)))
    if len(order) < 2:
        return name  # a vector has nothing to turn
    if batch:
        order = [*order[1:-1], order[0], order[-1]]
    if last_two:
        order[-2:] = order[:-3:-1]
    return b.add("Transpose", name, part=role, perm=order)
