"""Why a layer waits for DRAM, on any machine, and what would make it wait less."""

from __future__ import annotations

from collections.abc import Iterator

from sparsesim.figures import bits, count, percent, times
from sparsesim.machines.explanation import LEAST_SHARE, Cause
from sparsesim.result.model import LayerRecord, Result


def dram_cause(result: Result, layer: LayerRecord, scheme: str) -> Cause:
    """Its transfers, and the parameters of bandwidth, formats, buffers and batch."""
    said, *parameters = _lines(result, layer, scheme)
    return Cause(said, tuple(parameters))


def _lines(result: Result, layer: LayerRecord, scheme: str) -> Iterator[str]:
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
    if result.baseline is not None:
        dense = getattr(layer.schemes[result.baseline].dram_bits, most)
        if scheme != result.baseline and dense:
            yield _format(result, most, moved[most], dense)
        yield from _reloads(result, layer, most, dense)
    if most == "weight":
        batch = result.accelerator.batch
        yield f"batch (now {batch}): images side by side share one load of the weights"


def _format(result: Result, most: str, moved: int, dense: int) -> str:
    """Whether the format pays; under the dense scheme the same blocks move dense."""
    key = "weight_format" if most == "weight" else "activation_format"
    now = getattr(result.accelerator, key)
    if moved > dense:
        return f"{key} (now {now}): dense moves {bits(dense)} of {most}s, not {bits(moved)}"
    if now == "dense":
        return f"{key} (now dense): a compressed format, if the {most}s have zeros"
    return f"{key} (now {now}): moves {times(moved / dense)} of dense; another may do better"


def _reloads(result: Result, layer: LayerRecord, most: str, dense: int) -> Iterator[str]:
    """How often an operand is loaded, by the dense bits that move."""
    if result.accelerator.batch > 1 or most == "output":
        return
    storage = layer.weight_storage if most == "weight" else layer.activation_storage
    runs = len(result.per_image.images)
    once = storage.dense * (runs if most == "weight" else 1)
    loads = dense / (once or 1)
    if loads > 1 + LEAST_SHARE:
        yield (
            f"activation, weight and output buffer: {most}s are loaded {loads:.1f} times a "
            "run; larger buffers load them less often"
        )
