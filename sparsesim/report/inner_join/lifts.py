"""What holds a layer's cycles, and which parameter would give some of them back.

Every number is exact, from the layer's record or its shape; how far a parameter helps is for an
estimate with it to say. The advice is the inner-join array's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sparsesim.report.advice import Lift
from sparsesim.report.classes import classes
from sparsesim.report.facts import class_cycles
from sparsesim.report.figures import bits, count, percent, plural, times
from sparsesim.report.inner_join.floors import drain_floor, floors, occupancy
from sparsesim.report.notes import at_drain
from sparsesim.result.model import LayerRecord, Result

LEAST = 0.05
"""Share of a layer's total cycles below which nothing is said of what holds them."""


def lifts(result: Result, layer: LayerRecord, scheme: str) -> list[Lift]:
    """Causes of a layer's cycles under a scheme: what bounds it first, then by their cycles."""
    cycles = layer.cycles[scheme]
    by_class = class_cycles(result, layer.schemes[scheme], cycles)
    held: dict[str, float] = {}
    for kind in classes(result.accelerator.rules):
        held[kind.bound] = held.get(kind.bound, 0.0) + by_class[kind.key]
    bound = layer.schemes[scheme].bound
    drained = at_drain(result, layer, scheme)
    causes = [
        word
        for word in held
        if word == bound or held[word] >= LEAST * cycles.total or (word == "drain" and drained)
    ]
    causes.sort(key=lambda word: (word != bound, word != "drain" or not drained, -held[word]))
    explainers = {
        "work": _work,
        "imbalance": _imbalance,
        "drain": _drain,
        "edges": _edges,
        "fill": _fill,
        "dram": _dram,
    }
    found = []
    for word in causes:
        said, *parameters = explainers[word](result, layer, scheme)
        found.append(Lift(word, held[word], said, tuple(parameters)))
    return found


def _work(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    machine, record = result.accelerator, layer.schemes[scheme]
    by_class = class_cycles(result, record, layer.cycles[scheme])
    yield (
        f"multiplying fills {count(by_class['effectual'] + by_class['ineffectual'])} cycles of all "
        f"lanes, {count(by_class['ineffectual'])} of them with a zero; lanes without a pair "
        f"{count(by_class['unused'])}"
    )
    yield f"rows, cols, lanes (now {machine.array.rows}, {machine.array.cols}, {machine.array.lanes}): more of them"
    best = min(result.schemes, key=lambda name: layer.cycles[name].total)
    if layer.cycles[best].total < layer.cycles[scheme].total:
        yield f"skipping: {best} takes {count(layer.cycles[best].total)} cycles in all"
    if scheme != "none":
        yield "thresholds: more zeros in the operand that is skipped"
    least = floors(result, layer)
    if least.windows >= 0.8 * layer.cycles[scheme].compute:
        yield (
            f"window (now {machine.array.window}): a longer one, as each costs at least a cycle and "
            f"that alone is {count(least.windows)} cycles"
        )
    elif machine.array.lanes > 1 and by_class["unused"] > LEAST * layer.cycles[scheme].total:
        yield f"window (now {machine.array.window}): a longer one fills the {machine.array.lanes} lanes better"


def _imbalance(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    machine = result.accelerator
    waiting = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])["operand_wait"]
    yield (
        f"PEs wait {count(waiting)} cycles for operands that a slower PE of their row or column "
        "holds back"
    )
    yield f"queue_depth (now {machine.array.queue_depth}): deeper queues let fast PEs run ahead"
    if machine.array.feed_latency > 1:
        yield f"feed_latency (now {machine.array.feed_latency}): 1 refills the queues sooner"
    yield "rows, cols: a smaller array has fewer PEs that wait for each other"


def _drain(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    machine, compute = result.accelerator, layer.cycles[scheme].compute
    waiting = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])["drain_wait"]
    rows = min(machine.array.rows, layer.filters)
    least = drain_floor(result, layer, machine.array.cols)
    windows = -(-layer.reduction // machine.array.window)
    yield (
        f"a column drains one result a cycle, so a tile of {plural(rows, 'active row')} takes "
        f"{plural(rows, 'cycle')} or more, for {plural(windows, 'window')} of work: "
        f"{count(least)} cycles at the least, {percent(least / (compute or 1))} of its compute "
        f"cycles; PEs wait {count(waiting)} for it. Skipping more gains little"
    )
    wider = [
        cols
        for _, cols in _shapes(machine.array.rows * machine.array.cols)
        if cols > machine.array.cols
    ]
    if wider and layer.positions > machine.array.cols:
        cols = wider[0]
        yield (
            f"rows, cols: {machine.array.rows * machine.array.cols // cols}x{cols}, as many PEs with fewer "
            f"rows, can drain in {count(drain_floor(result, layer, cols))} cycles"
        )
    else:
        yield "rows: fewer, with more columns, drain more results a cycle"


def _edges(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    machine = result.accelerator
    idle = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])["inactive"]
    batch = machine.batch
    now = occupancy(layer, machine.array.rows, machine.array.cols, batch)
    side_by_side = f" of {batch} images" if batch > 1 else ""
    yield (
        f"{plural(layer.filters, 'filter')} on {plural(machine.array.rows, 'row')} and "
        f"{plural(layer.positions * batch, 'position')}{side_by_side} on "
        f"{plural(machine.array.cols, 'column')} leave {percent(1 - now)} of the PEs without "
        f"work: {count(idle)} cycles of the array"
    )
    rows, cols = max(
        _shapes(machine.array.rows * machine.array.cols),
        key=lambda shape: (
            occupancy(layer, shape[0], shape[1], batch),
            -abs(shape[0] - machine.array.rows),
        ),
    )
    better = occupancy(layer, rows, cols, batch)
    if better > now + LEAST:
        yield f"rows, cols: {rows}x{cols}, as many PEs, would have {percent(better)} of them busy"
    if layer.positions * batch < machine.array.cols:
        images = -(-machine.array.cols // layer.positions)
        busy = occupancy(layer, machine.array.rows, machine.array.cols, images)
        yield (
            f"batch (now {batch}): {images} images side by side have {percent(busy)} of the PEs "
            "busy (where the weights are constant)"
        )
    if layer.filters < machine.array.rows:
        yield f"rows (now {machine.array.rows}): {layer.filters} would do for this layer"
    elif layer.positions * batch < machine.array.cols:
        yield f"cols (now {machine.array.cols}): {layer.positions * batch} would do for this layer"


def _fill(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    spent = class_cycles(result, layer.schemes[scheme], layer.cycles[scheme])["fill_drain"]
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
        yield "batch: longer passes, as there is one for each group and run already"
    yield "rows, cols: a smaller array is filled and emptied sooner"


def _dram(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
    cycles, record = layer.cycles[scheme], layer.schemes[scheme]
    moved, whole = dict(record.dram_bits), sum(dict(record.dram_bits).values()) or 1
    most = max(moved, key=lambda operand: moved[operand])
    yield (
        f"transfers take {count(cycles.memory)} cycles, work {count(cycles.compute)}; the array "
        f"waits {count(cycles.stall)}. Were DRAM free the layer would take "
        f"{count(cycles.compute)}. {bits(whole)} move, {percent(moved[most] / whole)} of them "
        f"{most}s"
    )
    if cycles.memory > cycles.compute:
        ratio = cycles.memory / (cycles.compute or 1)
        speed = float(result.device["dram_gb_per_s"] or 0)
        yield (
            f"DRAM bandwidth: {times(ratio)} of the device's {speed:g} GB/s would keep up with "
            "the work; skipping more gains nothing until then"
        )
    else:
        yield "DRAM bandwidth: the first load and the last store of a layer overlap with nothing"
    yield from _formats(result, layer, scheme, most)
    yield from _reloads(result, layer, most)


def _formats(result: Result, layer: LayerRecord, scheme: str, most: str) -> Iterator[str]:
    """Whether the format pays; under `none` the same blocks move dense, so both are known."""
    key = "weight_format" if most == "weight" else "activation_format"
    dense = getattr(layer.schemes["none"].dram_bits, most)
    moved = getattr(layer.schemes[scheme].dram_bits, most)
    if scheme == "none" or not dense:
        return
    now = getattr(result.accelerator, key)
    if moved > dense:
        yield f"{key} (now {now}): dense moves {bits(dense)} of {most}s, not {bits(moved)}"
    elif now == "dense":
        yield f"{key} (now dense): a compressed format, if the {most}s have zeros"
    else:
        yield f"{key} (now {now}): moves {times(moved / dense)} of dense; another may do better"


def _reloads(result: Result, layer: LayerRecord, most: str) -> Iterator[str]:
    machine = result.accelerator
    runs = len(result.per_image.images)
    if machine.batch == 1 and most != "output":
        storage = layer.weight_storage if most == "weight" else layer.activation_storage
        once = storage.dense * (runs if most == "weight" else 1)
        loads = getattr(layer.schemes["none"].dram_bits, most) / (once or 1)
        if loads > 1 + LEAST:
            yield (
                f"activation, weight and output buffer: {most}s are loaded {loads:.1f} times a "
                "run; larger buffers load them less often"
            )
    if most == "weight":
        yield f"batch (now {machine.batch}): images side by side share one load of the weights"


def _shapes(pes: int) -> list[tuple[int, int]]:
    """Rows and columns of all arrays of so many PEs, the fewest columns first."""
    return [
        (pes // cols, cols)
        for cols in range(1, min(pes, 1024) + 1)
        if pes % cols == 0 and pes // cols <= 1024
    ]
