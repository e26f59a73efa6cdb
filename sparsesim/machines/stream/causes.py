"""Why a layer spends cycles on one of the bounds of the array of streams, and what would lift it.

Every number is exact, from the layer's record or its shape; how far a parameter helps is for an
estimate with it to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sparsesim.figures import count, percent, plural
from sparsesim.machines.explanation import Cause
from sparsesim.machines.stream.floors import drain_floor, load_cycles
from sparsesim.machines.stream.parameters import StreamArray, streams

if TYPE_CHECKING:
    from sparsesim.result.model import LayerRecord, Result

_NAMES = {"weight": ("filter", "position"), "activation": ("position", "filter")}
"""Of the operand that is streamed: what a streamed vector is, and a held one."""


def cause(bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
    """The cause of a layer's cycles on a bound; arguments as `Machine.cause` has them."""
    explainers = {
        "work": _work,
        "load": _load,
        "imbalance": _imbalance,
        "drain": _drain,
        "stash": _stash,
        "edges": _edges,
        "fill": _fill,
    }
    if bound not in explainers:
        return None
    said, *parameters = explainers[bound](result, layer, scheme)
    return Cause(said, tuple(parameters))


def _array(result: Result) -> StreamArray:
    array = result.accelerator.array
    assert isinstance(array, StreamArray)
    return array


def _spent(result: Result, layer: LayerRecord, scheme: str, kind: str) -> float:
    """Cycles of all multipliers on a class."""
    return layer.schemes[scheme].classes[kind] / _array(result).multipliers


def _streams(result: Result, scheme: str) -> str:
    return streams(result.accelerator.rules.scheme(scheme), _array(result))


def _sides(result: Result, layer: LayerRecord, scheme: str) -> tuple[int, int]:
    """Vectors of the layer that are streamed, and that are held; positions of a batch together."""
    positions = layer.positions * result.accelerator.batch
    if _streams(result, scheme) == "weight":
        return layer.filters, positions
    return positions, layer.filters


def _work(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array = _array(result)
    effectual, ineffectual, unused = (
        _spent(result, layer, scheme, kind) for kind in ("effectual", "ineffectual", "unused")
    )
    vector, _ = _NAMES[_streams(result, scheme)]
    yield (
        f"multiplying fills {count(effectual + ineffectual)} cycles of all multipliers"
        + (f", {count(ineffectual)} of them with a zero" if ineffectual else "")
        + (f"; {count(unused)} go to {vector}s without a non-zero in a block" if unused else "")
    )
    yield f"rows, lanes (now {array.rows}, {array.lanes}): more of them"
    best = min(result.schemes, key=lambda name: layer.cycles[name].total)
    if layer.cycles[best].total < layer.cycles[scheme].total:
        yield f"skipping: {best} takes {count(layer.cycles[best].total)} cycles in all"
    if scheme != result.baseline:
        yield "thresholds: more zeros in the operand that is skipped"


def _load(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, waiting = _array(result), _spent(result, layer, scheme, "load_wait")
    loads = load_cycles(result.runs(layer), _streams(result, scheme), array)
    vector, _ = _NAMES[_streams(result, scheme)]
    yield (
        f"rows wait {count(waiting)} cycles for words: loading takes {count(loads)} at least, one "
        f"word a cycle, and rows have few {vector}s to work on meanwhile"
    )
    if layer.reduction > array.depth:
        yield f"stash (now {array.stash}): more sums stay, so a load serves more {vector}s"
        yield f"depth (now {array.depth}): longer blocks of K"
    yield f"lanes, rows (now {array.lanes}, {array.rows}): more lanes a row, fewer tiles to load"
    yield "skipping: the other operand may have fewer tiles to load"


def _imbalance(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, waiting = _array(result), _spent(result, layer, scheme, "imbalance")
    vector, _ = _NAMES[_streams(result, scheme)]
    yield (
        f"rows wait {count(waiting)} cycles for others, which have more non-zeros in their "
        f"{vector}s, or a {vector} more"
    )
    yield f"rows, lanes (now {array.rows}, {array.lanes}): fewer rows of more lanes even out"
    if layer.reduction > array.depth:
        yield f"stash (now {array.stash}): more {vector}s between two loads even out"


def _drain(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, compute = _array(result), layer.cycles[scheme].compute
    waiting, least = (
        _spent(result, layer, scheme, "drain_wait"),
        drain_floor(result.runs(layer), array),
    )
    yield (
        f"{plural(array.units, 'post-processing unit')}, one result a cycle each: "
        f"{count(least)} cycles at the least, {percent(least / (compute or 1))} of its compute "
        f"cycles; rows wait {count(waiting)} until theirs have left"
    )
    if array.units < array.rows:
        yield f"units (now {array.units}): more of them, {array.rows} at most"
    yield (
        f"rows, lanes (now {array.rows}, {array.lanes}): a row's results leave one a cycle, so "
        "fewer lanes leave sooner"
    )


def _stash(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, waiting = _array(result), _spent(result, layer, scheme, "stash_wait")
    blocks = -(-layer.reduction // array.depth)
    yield (
        f"K = {layer.reduction} is cut into {plural(blocks, 'block')}; rows wait {count(waiting)} "
        f"cycles for sums of up to {plural(array.lanes, 'lane')} to come back, one a cycle"
    )
    yield f"depth (now {array.depth}): longer blocks of K, fewer sums to put by"
    yield f"rows, lanes (now {array.rows}, {array.lanes}): fewer lanes come back sooner"


def _edges(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    array, idle = _array(result), _spent(result, layer, scheme, "inactive")
    vectors, held = _sides(result, layer, scheme)
    vector, other = _NAMES[_streams(result, scheme)]
    said = (
        f"{plural(held, other)} on {plural(array.lanes, 'lane')} and {plural(vectors, vector)} on "
        f"{plural(array.rows, 'row')} leave multipliers without work: {count(idle)} cycles of all"
    )
    yield said
    tiles = -(-held // array.lanes)
    even = -(-held // tiles)
    if even < array.lanes:
        fills = "do for this layer" if tiles == 1 else f"fill its {tiles} tiles evenly"
        yield f"lanes (now {array.lanes}): {even} would {fills}"
    if vectors < array.rows:
        yield f"rows (now {array.rows}): {vectors} would do for this layer"
    batch = result.accelerator.batch
    if (vectors if vector == "position" else held) < max(array.rows, array.lanes):
        yield f"batch (now {batch}): images side by side have more positions"
    yield f"rows, lanes (now {array.rows}, {array.lanes}): a smaller array has fewer without work"


def _fill(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    spent, array = _spent(result, layer, scheme, "fill_drain"), _array(result)
    passes, least = layer.passes.count, layer.groups * len(result.per_image.images)
    yield (
        f"{count(passes)} passes load their first words and empty the array, "
        f"{spent / (passes or 1):.1f} cycles each: {count(spent)} in all"
        if passes != 1
        else f"1 pass loads its first words and empties the array: {count(spent)} cycles"
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
    yield f"depth (now {array.depth}): shorter blocks of K are loaded sooner"
