"""Why a layer spends cycles on one of the systolic array's bounds, and what would lift it.

Every number is exact, from the layer's record or its shape; how far a parameter helps is for an
estimate with it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sparsesim.figures import count, percent, plural
from sparsesim.machines.explanation import LEAST_SHARE, Cause
from sparsesim.machines.systolic.floors import occupancy
from sparsesim.machines.systolic.parameters import MOST_LINES, SystolicArray
from sparsesim.machines.systolic.structure import kept

if TYPE_CHECKING:
    from sparsesim.result.model import LayerRecord, Result


def cause(bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
    """The cause of a layer's cycles on a bound; arguments as `Machine.cause` has them."""
    explainers = {
        "work": _work,
        "edges": _edges,
        "preload": _preload,
        "fill": _fill,
        "drain": _drain,
    }
    if bound not in explainers or (bound == "preload" and not _array(result).keeps_weights):
        return None
    said, *parameters = explainers[bound](result, layer, scheme)
    return Cause(said, tuple(parameters))


def _array(result: Result) -> SystolicArray:
    array = result.accelerator.array
    assert isinstance(array, SystolicArray)
    return array


def _is_dense(result: Result, scheme: str) -> bool:
    return result.accelerator.rules.scheme(scheme).is_dense


def _is_held(layer: LayerRecord, scheme: str) -> bool:
    """Whether n of every m weights are held: fewer pairs than all are multiplied."""
    classes = layer.schemes[scheme].classes
    return classes["effectual"] + classes["ineffectual"] < layer.macs


def _spent(result: Result, layer: LayerRecord, scheme: str, kind: str) -> float:
    """Cycles of all PEs on a class."""
    return layer.schemes[scheme].classes[kind] / _array(result).pes


def _work(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array = _array(result)
    effectual, ineffectual = (
        _spent(result, layer, scheme, kind) for kind in ("effectual", "ineffectual")
    )
    yield (
        f"multiplying fills {count(effectual + ineffectual)} cycles of all PEs, "
        f"{count(ineffectual)} of them with a zero, which this array does not skip"
    )
    yield f"rows, cols (now {array.rows}, {array.cols}): more of them"
    if array.keeps_weights and array.n_of_m == "none":
        yield "n_of_m: 2:4, with weights that `sparsify` made so, halves the rows that K takes"
    elif array.keeps_weights and _is_dense(result, scheme):
        yield f"skipping: structured holds {array.n_of_m} weights, where a layer's are so"


def _edges(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, idle = _array(result), _spent(result, layer, scheme, "edges")
    filters, positions = layer.filters, layer.positions * result.accelerator.batch
    if array.keeps_weights:
        on_rows = layer.reduction
        if _is_held(layer, scheme):
            on_rows = int(kept(layer.reduction, array))
        what = f"K = {on_rows}"
    else:
        on_rows, what = positions, plural(positions, "position")
    now = occupancy(filters, on_rows, array.rows, array.cols)
    yield (
        f"{what} on {plural(array.rows, 'row')} and {plural(filters, 'filter')} on "
        f"{plural(array.cols, 'column')} leave {percent(1 - now)} of the PEs empty: "
        f"{count(idle)} cycles of the array"
    )
    shapes = [
        (array.pes // cols, cols)
        for cols in range(1, min(array.pes, MOST_LINES) + 1)
        if array.pes % cols == 0 and array.pes // cols <= MOST_LINES
    ]
    rows, cols = max(
        shapes,
        key=lambda shape: (occupancy(filters, on_rows, *shape), -abs(shape[0] - array.rows)),
    )
    better = occupancy(filters, on_rows, rows, cols)
    if better > now + LEAST_SHARE:
        yield f"rows, cols: {rows}x{cols}, as many PEs, would have {percent(better)} of them filled"
    if not array.keeps_weights and positions < array.rows:
        yield f"batch (now {result.accelerator.batch}): more images side by side fill more rows"


def _preload(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, spent = _array(result), _spent(result, layer, scheme, "preload")
    positions = layer.positions * result.accelerator.batch
    steps = min(positions, array.tile_positions)
    yield (
        f"a fold's weights come in {plural(array.rows, 'cycle')} and serve "
        f"{plural(steps, 'position')}: the array waits {count(spent)} cycles for them"
    )
    if not array.overlaps:
        yield "preload: overlapped brings the next fold's weights while this one works"
    if positions < array.rows:
        yield (
            f"batch (now {result.accelerator.batch}): more images side by side use each weight "
            "more often"
        )
    elif array.depth < min(positions, array.rows):
        yield f"depth (now {array.depth}): a fold serves as many positions at most"
    yield "rows: fewer, with more columns, take their weights sooner"


def _fill(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, spent = _array(result), _spent(result, layer, scheme, "fill")
    passes = layer.passes.count
    if array.overlaps:
        yield (
            f"each of {count(passes)} passes fills and empties the array in "
            f"{plural(array.skew, 'cycle')}: {count(spent)} in all"
            if passes != 1
            else f"1 pass fills and empties the array: {plural(array.skew, 'cycle')}"
        )
    else:
        yield f"each fold fills and empties the array: {count(spent)} cycles in all"
        yield "preload: overlapped lets folds follow each other without a gap"
    if passes > layer.groups * len(result.per_image.images):
        yield "activation, weight and output buffer: larger ones make longer passes"
    yield "rows, cols: a smaller array is filled and emptied sooner"


def _drain(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, spent = _array(result), _spent(result, layer, scheme, "drain")
    turns = -(-min(layer.filters, array.cols) // array.units)
    yield (
        f"{plural(array.units, 'unit')} for {plural(array.cols, 'column')} take a position's "
        f"results in {plural(turns, 'cycle')}: the array waits {count(spent)} cycles for them"
    )
    if array.units < min(array.cols, layer.filters):
        yield f"units (now {array.units}): more of them take more results a cycle"
    if array.keeps_weights and layer.positions > array.rows:
        yield f"depth (now {array.depth}): a smaller one leaves less behind at the end of a pass"
    if array.keeps_weights:
        yield "rows: fewer make more folds of K, behind which results leave"
