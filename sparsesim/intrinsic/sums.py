"""The sums of a lowered layer in its formats: operands laid out, kernels over threads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.threads import each, ranges, thread_count
from sparsesim.engine.tiles.lanes import LANES
from sparsesim.errors import SpecError
from sparsesim.intrinsic import kernels
from sparsesim.intrinsic.columns import COUNTS, FLAGS, GREATEST, LEAST, SUMS
from sparsesim.intrinsic.formats import Formats
from sparsesim.spec.arithmetic import Arithmetic

# Below this many products a second thread costs more than it brings.
_SMALL = 200_000
# A panel of filters is laid once, one of positions for each image: it must fill its lanes better.
_LAYING = 0.75
# A product of two 16-bit numbers has at most 2^30: to drop more bits than this changes nothing.
_DROPPED = 32


@dataclass(frozen=True, eq=False)
class Sums:
    """What became of a layer's products.

    Attributes:
        totals: int64, (groups, filters, positions), in multiples of 2^-acc.fraction.
        overflowed: bool, likewise: the sum, or what it started from, has left its format.
        saturated_products: products that left theirs, and wrapped or saturated.
    """

    totals: NDArray[np.int64]
    overflowed: NDArray[np.bool_]
    saturated_products: int


@dataclass(frozen=True, eq=False)
class Plan:
    """A layer's arithmetic as `kernels.add_up` takes it.

    Attributes:
        kind: int32 or int64: no number on its way leaves it.
        scale: what whole weights are multiplied by first: products finer than exact.
        numbers, steps, form: as the kernel has them.
    """

    kind: np.dtype
    scale: int
    numbers: NDArray[np.integer]
    steps: NDArray[np.integer]
    form: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Factors:
    """The weights of a layer as its kernel multiplies by them; laid out once.

    Attributes:
        rows: (groups, filters, K), in the plan's type, order and scale.
    """

    rows: NDArray[np.integer]

    @cached_property
    def panels(self) -> NDArray[np.integer]:
        """(groups, panels, K, 16): 16 filters side by side, zeros behind the last."""
        return _panels(self.rows)


def plan(arithmetic: Arithmetic, formats: Formats, weight: int, reduction: int, where: str) -> Plan:
    """Choose the width of the lanes, and the constants.

    Args:
        arithmetic, formats: of the layer.
        weight: the largest magnitude of a whole weight.
        reduction: K.
        where: names the layer in errors.
    Raises:
        SpecError: fractions so far apart that 64 bits don't hold a sum before its check.
    """
    dropped = formats.exact_fraction - formats.product_fraction
    scale = 1 << max(0, -dropped)
    dropped = min(max(0, dropped), _DROPPED)
    lift = formats.acc.fraction - formats.product_fraction
    product = (weight * scale) << (formats.activation.bits - 1)
    kept = (product >> dropped) + 1
    checks = formats.product is not None and kept > formats.product.high
    if checks and formats.product is not None:
        kept = -formats.product.low
    reach = max(
        product + (1 << dropped),
        -formats.acc.low + min(arithmetic.lanes, reduction) * (kept << lift),
    )
    bits = next((bits for bits in (32, 64) if reach < 1 << (bits - 1)), None)
    if bits is None:
        raise SpecError(
            f"{where}: sums need {reach.bit_length() + 1} bits before they are checked; use "
            "formats and lanes that keep it within 64"
        )
    kind = np.dtype(f"i{bits // 8}")
    wraps = arithmetic.overflow == "wrap"
    numbers = [*_rounding(arithmetic.product_rounding, dropped, bits)]
    numbers += _product_check(formats, arithmetic.product_overflow == "wrap", bits)
    numbers.append(lift)
    # A lift without a check takes the same form: its limits are the type's own.
    form = (0,) * (1 + (checks or lift > 0) + 2 * wraps)
    return Plan(
        kind, scale, np.array(numbers, kind), _steps(arithmetic, formats, reduction, kind), form
    )


def factors(plan: Plan, weights: NDArray[np.int16], order: str) -> Factors:
    """Weights, (groups, filters, K), made ready; order: `ascending` or `descending` along K."""
    values = _ordered(weights, order).astype(plan.kind)
    return Factors(np.ascontiguousarray(values) * plan.kind.type(plan.scale))


def add_up(
    plan: Plan,
    activations: NDArray[np.int16],
    weights: Factors,
    start: NDArray[np.int64],
    started_outside: NDArray[np.bool_],
    order: str,
) -> Sums:
    """All sums of a layer.

    Args:
        plan: of its arithmetic.
        activations: (groups, positions, K).
        weights: of the same plan and order.
        start: what sums start from, broadcasts to (groups, filters, positions).
        started_outside: likewise: it had to be cut to the sum's format.
        order: `ascending` or `descending`, along K.
    """
    groups, positions, reduction = activations.shape
    filters = weights.rows.shape[1]
    values = _ordered(activations, order).astype(plan.kind)
    by_filter = _filled(filters) >= _LAYING * _filled(positions)
    panels = weights.panels if by_filter else _panels(values)
    rows = np.ascontiguousarray(values) if by_filter else weights.rows
    used = filters if by_filter else positions
    width = panels.shape[1] * LANES
    out = np.zeros((groups, 3, rows.shape[1], width), dtype=plan.kind)
    shape = (groups, filters, positions)
    for plane, values in ((0, start), (1, started_outside)):
        whole = np.broadcast_to(values, shape)
        whole = np.swapaxes(whole, 1, 2) if by_filter else whole
        out[:, plane, :, :used] = whole

    def block(group: int, *span: int) -> None:
        kernels.add_up(
            rows[group],
            panels[group],
            plan.steps,
            plan.numbers,
            plan.form,
            np.array(span, dtype=np.int64),
            out[group],
        )

    small = filters * positions * reduction < _SMALL or groups > 1
    parts = 1 if small else 2 * thread_count()
    if panels.shape[1] >= parts:
        spans = [(0, rows.shape[1], *part) for part in ranges(panels.shape[1], parts)]
    else:
        spans = [(*part, 0, panels.shape[1]) for part in ranges(rows.shape[1], parts, 4)]
    each(block, [(group, *span) for group in range(groups) for span in spans])
    found = out[..., :used]
    found = np.swapaxes(found, 2, 3) if by_filter else found
    return Sums(
        np.ascontiguousarray(found[:, SUMS]).astype(np.int64),
        np.ascontiguousarray(found[:, FLAGS] != 0),
        int(found[:, COUNTS].sum(dtype=np.int64)),
    )


def _ordered(operands: NDArray[np.int16], order: str) -> NDArray[np.int16]:
    return operands[..., ::-1] if order == "descending" else operands


def _filled(count: int) -> float:
    """The share of lanes that so many operands fill."""
    return count / (-(-count // LANES) * LANES) if count else 1.0


def _panels(operands: NDArray[np.integer]) -> NDArray[np.integer]:
    """(groups, n, K) as (groups, panels, K, 16), zeros behind the last."""
    groups, count, reduction = operands.shape
    panels = -(-count // LANES)
    out = np.zeros((groups, panels * LANES, reduction), dtype=operands.dtype)
    out[:, :count] = operands
    laid = out.reshape(groups, panels, LANES, reduction).transpose(0, 1, 3, 2)
    return np.ascontiguousarray(laid)


def _rounding(rounding: str, dropped: int, bits: int) -> tuple[int, int, int, int]:
    """Constants of (x + add + ((x >> select) & mask)) >> dropped."""
    if dropped == 0 or rounding == "down":
        return 0, 0, 0, dropped
    if rounding == "toward_zero":  # a negative number goes up
        return 0, bits - 1, (1 << dropped) - 1, dropped
    return (1 << (dropped - 1)) - 1, dropped, 1, dropped  # a half goes up where the whole is odd


def _product_check(formats: Formats, wraps: bool, bits: int) -> tuple[int, int, int]:
    """Upper bits to cut off, then the least and the greatest product."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if formats.product is None or formats.product.bits >= bits:
        return 0, low, high
    if wraps:
        return bits - formats.product.bits, low, high
    return 0, formats.product.low, formats.product.high


def _steps(
    arithmetic: Arithmetic, formats: Formats, reduction: int, kind: np.dtype
) -> NDArray[np.integer]:
    """What is checked behind each product: the sum, at the end of each cycle, else nothing."""
    ends = (np.arange(reduction) + 1) % arithmetic.lanes == 0
    ends[-1:] = True
    bits = kind.itemsize * 8
    if arithmetic.overflow == "wrap":
        return np.array([np.where(ends, bits - formats.acc.bits, 0), np.zeros(reduction)], kind)
    info = np.iinfo(kind)
    limits = [np.full(reduction, info.min, kind), np.full(reduction, info.max, kind)]
    limits[LEAST][ends], limits[GREATEST][ends] = formats.acc.low, formats.acc.high
    return np.array(limits)
