"""`timeline`: when the passes of one layer load, compute and store, as a trace for Perfetto.

One layer, its first run, under the accelerator's scheme. While a pass computes, the next one is
loaded and the one before is stored, in this order over one DRAM port; groups don't overlap
(docs/model.md). When is `memory.schedule`'s; this draws it.

Format: Trace Event Format (Chrome), complete events; `ts` and `dur` are microseconds at the
accelerator's clock, `args` has the exact cycles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, inf, nextafter
from typing import Any

from sparsesim.errors import ModelError, nearest
from sparsesim.estimator.batches import batches
from sparsesim.estimator.count import count
from sparsesim.estimator.estimating import estimate
from sparsesim.estimator.prepare import Prepared
from sparsesim.estimator.runs import prepared_runs
from sparsesim.estimator.setting import Setting, setting
from sparsesim.exports import Export, Request
from sparsesim.exports.words import origin
from sparsesim.machines.counted import Counted
from sparsesim.machines.passes import Pass
from sparsesim.memory.schedule import overlap
from sparsesim.trace import ImageTrace, Trace, TraceLayer

TRACKS = ("DRAM load", "compute", "DRAM store")


@dataclass(frozen=True)
class Event:
    """One bar of the timeline.

    Attributes:
        track: one of TRACKS.
        number: of its pass.
        start, cycles: when it begins, and how long it takes.
        facts: of the pass, as shown beside it.
    """

    track: str
    number: int
    start: int
    cycles: int
    facts: dict[str, Any]


def export(request: Request) -> Export:
    """The timeline of the layer that was asked for, or of the slowest."""
    trace, accelerator = request.trace, request.accelerator
    images = next(batches(trace.images, accelerator.batch), [])
    layer = _layer(request, images)
    run = images if layer.takes_images else images[:1]
    clock_mhz = accelerator.clock_mhz
    shown = [_json(event, clock_mhz) for event in events(trace, layer, run, request)]
    names = [
        {"ph": "M", "pid": 0, "name": "process_name", "args": {"name": f"layer {layer.name}"}},
        *(
            {"ph": "M", "pid": 0, "tid": tid, "name": "thread_name", "args": {"name": track}}
            for tid, track in enumerate(TRACKS)
        ),
    ]
    whole = {
        "traceEvents": names + shown,
        "displayTimeUnit": "ns",
        "otherData": {
            "layer": layer.name,
            "of": origin(trace),
            "images": len(run),
            "scheme": accelerator.skipping,
            "clock_mhz": clock_mhz,
            "accelerator": accelerator.model_dump(mode="json"),
            "device": request.device.model_dump(mode="json", exclude={"sources"}),
        },
    }
    return Export({"": (json.dumps(whole) + "\n").encode()}, (), "open {path} in ui.perfetto.dev")


def events(
    trace: Trace, layer: TraceLayer, images: list[ImageTrace], request: Request
) -> Iterator[Event]:
    """The bars of one layer on one run.

    Args:
        trace: of the network; layer: with work.
        images: of the run: one, or a batch side by side.
        request: has the machine.
    Raises:
        SpecError: the layer does not fit the buffers.
    """
    on = setting(request.accelerator, request.device, request.accelerator.skipping)
    (scheme,) = on.schemes
    ((prepared,),) = prepared_runs(trace, layer, [images], on)
    counted = count(prepared, scheme, on)
    # A block that is kept from the pass before takes no time.
    yield from (bar for bar in _bars(prepared, counted, on) if bar.cycles)


def _bars(prepared: Prepared, counted: Counted, on: Setting) -> Iterator[Event]:
    """The bars of all passes, those beside a pass behind it."""
    moved, passes = prepared.plan.moved(on.schemes[0].is_dense), prepared.passes
    classes = [one.key for one in on.rules.classes]
    both = overlap(prepared.plan, counted.cycles, on.bits_per_cycle, on.schemes[0].is_dense)
    cycles = [part.tolist() for part in (both.loads, both.computes, both.stores)]
    starts = [part.tolist() for part in both.starts()]

    def bar(kind: int, k: int, facts: dict[str, Any]) -> Event:
        return Event(TRACKS[kind], k, starts[kind][k], cycles[kind][k], _place(passes[k]) | facts)

    def load(k: int) -> Event:
        bits = {"activation_bits": int(moved.activations[k]), "weight_bits": int(moved.weights[k])}
        return bar(0, k, bits)

    def store(k: int) -> Event:
        return bar(2, k, {"output_bits": int(moved.outputs[k])})

    for k in range(len(passes)):
        if both.opens[k]:
            yield load(k)
        slots = dict(zip(classes, counted.slots[k].tolist(), strict=True))
        yield bar(1, k, {"lane_slots": slots})
        if not both.closes[k]:
            yield load(k + 1)
        if not both.opens[k]:
            yield store(k - 1)
        if both.closes[k]:
            yield store(k)


def _place(one: Pass) -> dict[str, Any]:
    """Which part of the layer a pass is; ranges without their end."""
    return {
        "group": one.group,
        "filters": f"{one.m0} to {one.m1 - 1}",
        "positions": f"{one.p0} to {one.p1 - 1}",
        "elements": f"{one.k0} to {one.k1 - 1}",
    }


def microseconds(cycles: int, clock_mhz: float) -> float:
    """When a cycle begins; its whole nanoseconds are exact.

    Perfetto cuts times to nanoseconds: one that floating point puts a hair before its own would
    begin within the bar before it.
    """
    found = cycles / clock_mhz
    nanoseconds = floor(1000 * cycles / Fraction(clock_mhz))
    while int(found * 1000) < nanoseconds:
        found = nextafter(found, inf)
    return found


def _json(event: Event, clock_mhz: float) -> dict[str, Any]:
    return {
        "ph": "X",
        "pid": 0,
        "tid": TRACKS.index(event.track),
        "name": f"pass {event.number}",
        "cat": event.track,
        "ts": microseconds(event.start, clock_mhz),
        "dur": event.cycles / clock_mhz,
        "args": {"start_cycle": event.start, "cycles": event.cycles, **event.facts},
    }


def _layer(request: Request, images: list[ImageTrace]) -> TraceLayer:
    """The layer that was asked for; else the one with the most total cycles on these images."""
    trace, model = request.trace, request.trace.source.model
    working = {layer.name: layer for layer in trace.layers if layer.geometry.macs}
    if request.layer:
        if request.layer in working:
            return working[request.layer]
        if any(layer.name == request.layer for layer in trace.layers):
            raise ModelError(f"{model}: {request.layer}: multiplies nothing; it has no passes")
        names = [layer.name for layer in trace.layers]
        raise ModelError(f"{model}: no layer '{request.layer}'; {nearest(request.layer, names)}")
    if not working:
        raise ModelError(f"{model}: no layer has work; there is nothing to export")
    part = replace(trace, images=images, source=replace(trace.source, runs=len(images)))
    result = estimate(part, request.accelerator, request.device)
    scheme = request.accelerator.skipping
    slowest = max(result.layers, key=lambda record: record.cycles[scheme].total)
    return working[slowest.name]
