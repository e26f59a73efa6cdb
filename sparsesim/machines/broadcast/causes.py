"""Why a layer spends cycles on one of the broadcast array's bounds, and what would lift it.

Every number is exact, from the layer's record or its shape; how far a parameter helps is for an
estimate with it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sparsesim.figures import count, percent, plural
from sparsesim.machines.broadcast.floors import drain_floor, look_floor
from sparsesim.machines.broadcast.parameters import BroadcastArray, array_of
from sparsesim.machines.explanation import LEAST_SHARE, Cause

if TYPE_CHECKING:
    from sparsesim.result.model import LayerRecord, Result


def cause(bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
    """The cause of a layer's cycles on a bound; arguments as `Machine.cause` has them."""
    explainers = {
        "work": _work,
        "broadcast": _broadcast,
        "imbalance": _imbalance,
        "drain": _drain,
        "edges": _edges,
        "fill": _fill,
    }
    if bound not in explainers:
        return None
    said, *parameters = explainers[bound](result, layer, scheme)
    return Cause(said, tuple(parameters))


def _array(result: Result) -> BroadcastArray:
    return array_of(result.accelerator)


def _spent(result: Result, layer: LayerRecord, scheme: str, kind: str) -> float:
    """Cycles of all PEs on a class."""
    return layer.schemes[scheme].classes[kind] / _array(result).pes


def _work(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array = _array(result)
    effectual, padding, none = (
        _spent(result, layer, scheme, kind) for kind in ("effectual", "padding_entry", "no_entry")
    )
    yield (
        f"multiplying fills {count(effectual + padding)} cycles of all PEs"
        + (f", {count(padding)} of them with padding entries" if padding else "")
        + (f"; {count(none)} go to activations whose weights in a PE are all zero" if none else "")
    )
    if layer.filters > array.pes:
        yield f"pes (now {array.pes}): more of them have fewer filters each"
    yield "thresholds: more zeros in weights or activations"
    if padding > LEAST_SHARE * layer.cycles[scheme].total:
        yield f"entry_run_bits (now {array.entry_run_bits}): longer runs take fewer padding entries"
    if none > effectual:
        yield f"pes (now {array.pes}): fewer have more filters each, and more of a column"


def _broadcast(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array = _array(result)
    held = -(-min(layer.filters, array.tile_filters) // array.pes)
    looks = look_floor(result.runs(layer), array)
    yield (
        f"the finder sends one activation a cycle, of whose column a PE has weights of "
        f"{plural(held, 'filter')} at the most; looks that find nothing cost PEs "
        f"{count(_spent(result, layer, scheme, 'scan_wait'))} cycles, and {count(looks)} looks are "
        "the least, one a row"
    )
    yield "thresholds: more zeros in the activations; zeros of weights gain little here"
    if held > 1:
        yield f"pes (now {array.pes}): fewer are as fast until their work takes longer than looks"


def _imbalance(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, waiting = _array(result), _spent(result, layer, scheme, "queue_wait")
    yield (
        f"PEs wait {count(waiting)} cycles because one with more weights of a column has a full "
        "queue, or still works at the end"
    )
    yield f"queue_depth (now {array.queue_depth}): deeper queues let the others run ahead"
    yield f"pes (now {array.pes}): fewer have more filters each, and are nearer to their mean"


def _drain(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, compute = _array(result), layer.cycles[scheme].compute
    least = drain_floor(result.runs(layer), array)
    yield (
        f"sums leave one a cycle and unit: {count(least)} cycles at the least, "
        f"{percent(least / (compute or 1))} of its compute cycles; PEs wait "
        f"{count(_spent(result, layer, scheme, 'drain_wait'))} for it. Skipping more gains little"
    )
    if array.units < array.pes:
        yield f"units (now {array.units}): more drain more sums a cycle"


def _edges(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, filters = _array(result), layer.filters
    yield (
        f"{plural(filters, 'filter')} on {plural(array.pes, 'PE')} leave PEs without a filter for "
        f"{count(_spent(result, layer, scheme, 'inactive'))} cycles of the array"
    )
    if filters < array.pes:
        yield f"pes (now {array.pes}): {filters} would do for this layer"
    elif filters > array.tile_filters:
        yield f"pe_sums (now {array.pe_sums}): more make fewer tiles; the last may be narrow"


def _fill(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, spent = _array(result), _spent(result, layer, scheme, "fill_drain")
    passes, least = layer.passes.count, layer.groups * len(result.per_image.images)
    yield (
        f"{count(passes)} passes fill and empty the array, {spent / (passes or 1):.1f} cycles "
        f"each: {count(spent)} in all"
        if passes != 1
        else f"1 pass fills and empties the array: {count(spent)} cycles"
    )
    if array.units < array.pes:
        yield f"units (now {array.units}): more drain a pass's last sums sooner"
    if passes > least:
        yield (
            f"activation, weight and output buffer: larger ones make longer passes; {count(least)} "
            "(one for each group and run) are the least"
        )
