"""Running sums in narrow fixed point: every product rounded, every sum checked, without a branch.

16 outputs lie in a vector's lanes; rows of them are computed side by side. Operands of the lanes
lie in *panels*, (panels, K, 16); operands of the rows are (rows, K). The vector operations are
spelt in LLVM's own language, as Numba would widen 32-bit numbers and keep the sums in memory.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from sparsesim.engine.tiles.lanes import LANES, address, load, number, splat, store
from sparsesim.intrinsic.columns import (
    COUNTS,
    END_PANEL,
    END_ROW,
    FIRST_PANEL,
    FIRST_ROW,
    FLAGS,
    SUMS,
)
from sparsesim.kernel import kernel


@intrinsic
def _tile(
    typing: Any, rows: Any, row: Any, panels: Any, panel: Any, steps: Any, numbers: Any, out: Any,
    place: Any, plane: Any, form: Any, height: Any,
) -> Any:  # fmt: skip
    """Add K products to each sum of some rows and one panel.

    Sums are read from out[place + row * plane[1]] and written back; flags lie plane[0] behind
    them, counts twice that. `form` and `height` tell by their lengths: see `add_up`.
    """
    kind = panels.dtype
    places = (types.int64, types.UniTuple(types.int64, 3))
    checks_products, wraps = form.count in (2, 4), form.count in (3, 4)
    planes = 3 if checks_products else 2

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        arrays = signature.args
        factors = address(context, builder, arrays[0], args[0], args[1])
        lanes = address(context, builder, arrays[2], args[2], args[3])
        limits, constants, results = (
            address(context, builder, arrays[i], args[i], number(0)) for i in (4, 5, 6)
        )
        element = ir.IntType(kind.bitwidth)
        behind, across, length = (builder.extract_value(args[8], i) for i in range(3))

        def at(plane: int, line: int) -> Any:
            further = builder.mul(number(line), across)
            further = builder.add(further, builder.mul(number(plane), behind))
            return builder.add(args[7], further)

        def constant(index: int) -> Any:
            return splat(builder, builder.load(builder.gep(constants, [number(index)])))

        add, select, mask, shift, drop, low, high, lift = map(constant, range(8))
        held: dict[tuple[int, int], Any] = {}
        for plane in range(planes):
            for line in range(height.count):
                held[plane, line] = cgutils.alloca_once(builder, ir.VectorType(element, LANES))
                found = load(builder, element, results, at(plane, line))
                builder.store(found, held[plane, line])
        with cgutils.for_range(builder, length) as loop:
            vector = load(builder, element, lanes, builder.mul(loop.index, number(LANES)))
            first, second = (
                splat(builder, builder.load(builder.gep(limits, [index])))
                for index in (loop.index, builder.add(loop.index, length))
            )
            for line in range(height.count):
                index = builder.add(loop.index, builder.mul(length, number(line)))
                factor = splat(builder, builder.load(builder.gep(factors, [index])))
                product = builder.mul(vector, factor)
                more = builder.and_(builder.ashr(product, select), mask)
                product = builder.ashr(builder.add(builder.add(product, add), more), shift)
                if checks_products:
                    kept = builder.ashr(builder.shl(product, drop), drop)
                    kept = _clamp(builder, kept, low, high)
                    left = builder.zext(builder.icmp_signed("!=", kept, product), product.type)
                    count = builder.add(builder.load(held[COUNTS, line]), left)
                    builder.store(count, held[COUNTS, line])
                    product = builder.shl(kept, lift)
                total = builder.add(builder.load(held[SUMS, line]), product)
                if wraps:
                    kept = builder.ashr(builder.shl(total, first), first)
                else:
                    kept = _clamp(builder, total, first, second)
                flag = builder.or_(builder.load(held[FLAGS, line]), builder.xor(total, kept))
                builder.store(flag, held[FLAGS, line])
                builder.store(kept, held[SUMS, line])
        for (plane, line), source in held.items():
            store(builder, builder.load(source), results, at(plane, line))
        return context.get_dummy_value()

    operands = (rows, types.int64, panels, types.int64, steps, numbers, out)
    return types.none(*operands, *places, form, height), emit


def _clamp(builder: Any, value: Any, low: Any, high: Any) -> Any:
    value = builder.select(builder.icmp_signed(">", value, low), value, low)
    return builder.select(builder.icmp_signed("<", value, high), value, high)


@kernel
def add_up(rows, panels, steps, numbers, form, span, out):
    """Sums of products in the order of K, each rounded and checked.

    All arrays have one integer type, int32 or int64, whose range no number leaves on its way.

    Args:
        rows: (rows, K). panels: (panels, K, 16).
        steps: (2, K): behind each product the least and greatest sum that stays as it is; or,
            where sums wrap, how many upper bits are cut off, and a row that is not read.
        numbers: (8,): a product x becomes (x + [0] + ((x >> [1]) & [2])) >> [3]. Where products
            are checked, [4] upper bits are cut off, it is clamped to [5] .. [6], and shifted left
            by [7].
        form: its length is 1, plus 1 where products are checked, plus 2 where sums wrap.
        span: int64, (4,), see `columns`.
        out: (3, rows, panels * 16): sums, on entry what they start from; flags, not zero once a
            sum has left its format; how many products did (only where they are checked).
    """
    reduction = rows.shape[1]
    columns = out.shape[2]
    plane = (out.shape[1] * columns, columns, reduction)
    for panel in range(span[FIRST_PANEL], span[END_PANEL]):
        row = span[FIRST_ROW]
        where = panel * reduction * 16
        while row + 4 <= span[END_ROW]:
            place = row * columns + panel * 16
            start = row * reduction
            _tile(rows, start, panels, where, steps, numbers, out, place, plane, form, (0, 0, 0, 0))
            row += 4
        while row < span[END_ROW]:
            place = row * columns + panel * 16
            _tile(
                rows, row * reduction, panels, where, steps, numbers, out, place, plane, form, (0,)
            )
            row += 1
