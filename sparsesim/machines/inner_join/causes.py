"""Why a layer spends cycles on one of the inner-join array's bounds, and what would lift it.

Every number is exact, from the layer's record or its shape; how far a parameter helps is for an
estimate with it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sparsesim.figures import count, percent, plural
from sparsesim.machines.explanation import LEAST_SHARE, PACE_SHARE, Cause
from sparsesim.machines.inner_join.floors import drain_floor, occupancy, window_floor
from sparsesim.machines.inner_join.parameters import MOST_LINES, InnerJoinArray

if TYPE_CHECKING:
    from sparsesim.result.model import LayerRecord, Result


def cause(bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
    """The cause of a layer's cycles on a bound; arguments as `Machine.cause` has them."""
    explainers = {
        "work": _work,
        "imbalance": _imbalance,
        "drain": _drain,
        "edges": _edges,
        "fill": _fill,
    }
    if bound not in explainers:
        return None
    said, *parameters = explainers[bound](result, layer, scheme)
    return Cause(said, tuple(parameters))


def _array(result: Result) -> InnerJoinArray:
    array = result.accelerator.array
    assert isinstance(array, InnerJoinArray)
    return array


def _spent(result: Result, layer: LayerRecord, scheme: str, kind: str) -> float:
    """Cycles of all lanes on a class."""
    array = _array(result)
    return layer.schemes[scheme].classes[kind] / (array.pes * array.lanes)


def _work(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, compute = _array(result), layer.cycles[scheme].compute
    effectual, ineffectual, unused = (
        _spent(result, layer, scheme, kind) for kind in ("effectual", "ineffectual", "unused")
    )
    yield (
        f"multiplying fills {count(effectual + ineffectual)} cycles of all lanes"
        + (f", {count(ineffectual)} of them with a zero" if ineffectual else "")
        + (f"; in {count(unused)} lanes of working PEs have no pair" if unused else "")
    )
    yield f"rows, cols, lanes (now {array.rows}, {array.cols}, {array.lanes}): more of them"
    best = min(result.schemes, key=lambda name: layer.cycles[name].total)
    if layer.cycles[best].total < layer.cycles[scheme].total:
        yield f"skipping: {best} takes {count(layer.cycles[best].total)} cycles in all"
    if scheme != result.baseline:
        yield "thresholds: more zeros in the operand that is skipped"
    windows = window_floor(result.runs(layer), array)
    if windows >= PACE_SHARE * compute:
        yield (
            f"window (now {array.window}): a longer one, as each costs at least a cycle and "
            f"that alone is {count(windows)} cycles"
        )
    elif array.lanes > 1 and unused > LEAST_SHARE * layer.cycles[scheme].total:
        yield f"window (now {array.window}): a longer one fills the {array.lanes} lanes better"


def _imbalance(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, waiting = _array(result), _spent(result, layer, scheme, "operand_wait")
    yield (
        f"PEs wait {count(waiting)} cycles for operands that a slower PE of their row or column "
        "holds back"
    )
    yield f"queue_depth (now {array.queue_depth}): deeper queues let fast PEs run ahead"
    if array.feed_latency > 1:
        yield f"feed_latency (now {array.feed_latency}): 1 refills the queues sooner"
    yield "rows, cols: a smaller array has fewer PEs that wait for each other"


def _drain(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, compute = _array(result), layer.cycles[scheme].compute
    waiting, runs = _spent(result, layer, scheme, "drain_wait"), result.runs(layer)
    rows = min(array.rows, layer.filters)
    least = drain_floor(runs, array.cols)
    windows = -(-layer.reduction // array.window)
    yield (
        f"a column drains one result a cycle, so a tile of {plural(rows, 'active row')} takes "
        f"{plural(rows, 'cycle')} or more, for {plural(windows, 'window')} of work: "
        f"{count(least)} cycles at the least, {percent(least / (compute or 1))} of its compute "
        f"cycles; PEs wait {count(waiting)} for it. Skipping more gains little"
    )
    wider = [cols for _, cols in _shapes(array.pes) if cols > array.cols]
    if wider and layer.positions > array.cols:
        cols = wider[0]
        yield (
            f"rows, cols: {array.pes // cols}x{cols}, as many PEs with fewer "
            f"rows, can drain in {count(drain_floor(runs, cols))} cycles"
        )
    else:
        yield "rows: fewer, with more columns, drain more results a cycle"


def _edges(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, idle = _array(result), _spent(result, layer, scheme, "inactive")
    batch, filters = result.accelerator.batch, layer.filters
    positions = layer.positions * batch
    now = occupancy(filters, positions, array.rows, array.cols)
    side_by_side = f" of {batch} images" if batch > 1 else ""
    yield (
        f"{plural(filters, 'filter')} on {plural(array.rows, 'row')} and "
        f"{plural(positions, 'position')}{side_by_side} on "
        f"{plural(array.cols, 'column')} leave {percent(1 - now)} of the PEs without "
        f"work: {count(idle)} cycles of the array"
    )
    rows, cols = max(
        _shapes(array.pes),
        key=lambda shape: (
            occupancy(filters, positions, *shape),
            -abs(shape[0] - array.rows),
        ),
    )
    better = occupancy(filters, positions, rows, cols)
    if better > now + LEAST_SHARE:
        yield f"rows, cols: {rows}x{cols}, as many PEs, would have {percent(better)} of them busy"
    if positions < array.cols:
        images = -(-array.cols // layer.positions)
        busy = occupancy(filters, layer.positions * images, array.rows, array.cols)
        yield (
            f"batch (now {batch}): {images} images side by side have {percent(busy)} of the PEs "
            "busy (where the weights are constant)"
        )
    if filters < array.rows:
        yield f"rows (now {array.rows}): {filters} would do for this layer"
    elif positions < array.cols:
        yield f"cols (now {array.cols}): {positions} would do for this layer"


def _fill(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    spent = _spent(result, layer, scheme, "fill_drain")
    passes, least = layer.passes.count, layer.groups * len(result.per_image.images)
    yield (
        f"{count(passes)} passes fill and empty the array, {spent / (passes or 1):.1f} cycles "
        f"each: {count(spent)} in all"
        if passes != 1
        else f"1 pass fills and empties the array: {count(spent)} cycles"
    )
    if passes > least:
        yield (
            f"activation, weight and output buffer: larger ones make longer passes; {count(least)} "
            "(one for each group and run) are the least"
        )
    else:
        yield (
            f"batch (now {result.accelerator.batch}): images side by side make longer passes; "
            "there is one for each group and run already"
        )
    yield "rows, cols: a smaller array is filled and emptied sooner"


def _shapes(pes: int) -> list[tuple[int, int]]:
    """Rows and columns of all arrays of so many PEs, the fewest columns first."""
    return [
        (pes // cols, cols)
        for cols in range(1, min(pes, MOST_LINES) + 1)
        if pes % cols == 0 and pes // cols <= MOST_LINES
    ]
