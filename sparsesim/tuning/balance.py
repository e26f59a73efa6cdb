"""Reordering filters so that those that are taken side by side finish together.

Filters that an array takes side by side end when the busiest of them does: filters with about as
much work belong next to each other. Each class of channels (channels.py) is tried
in two orders, least work first and most work first, on the exact total cycles of all layers that
its order touches; the better one is kept where it gains. Then the reordered network is executed
and counted again: that decides, and is what is reported.

Source: docs/decisions/balance.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.threads import each
from sparsesim.estimator import estimate
from sparsesim.estimator.batches import batches
from sparsesim.estimator.operands import lower
from sparsesim.graph import Graph
from sparsesim.inputs import Inputs
from sparsesim.lowering.bits import unpack
from sparsesim.result import Result
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.trace import Trace, TraceLayer
from sparsesim.trace.doubtful_values import doubt_warnings
from sparsesim.trace.execute import execute
from sparsesim.tuning.channels import Channels
from sparsesim.tuning.cycles import total_cycles
from sparsesim.tuning.permute import layers_around, permuted_graph, permuted_trace
from sparsesim.tuning.rules import find_channels

CHOSEN_ON = 4
"""Runs that orders are chosen on; all are counted in the end."""

Orders = dict[int, NDArray[np.int64]]


@dataclass(frozen=True)
class LayerBalance:
    """One layer; cycles are those of all images under the accelerator's scheme.

    Attributes:
        name, op, filters: of the layer.
        order: of its filters by work: `least first`, `most first`; empty: as they were.
        why: they were left as they were.
        compute_before, compute_after, total_before, total_after: cycles.
    """

    name: str
    op: str
    filters: int
    order: str
    why: str
    compute_before: int
    compute_after: int
    total_before: int
    total_after: int


@dataclass(frozen=True)
class Balance:
    """What reordering a network's filters gains.

    Attributes:
        model, inputs, images, images_per_run, accelerator, scheme: what was counted.
        warnings: of the inputs, and of values that are no numbers.
        is_kept: the network is faster so; else the original stays.
        reordered: layers whose filters have another order.
        compute_before, compute_after, total_before, total_after: cycles of all images.
        effectual_before, effectual_after: effectual MACs; equal but for the rounding of floats.
        output_difference: the largest of any output, over the largest output.
        layers: in execution order.
    """

    model: str
    inputs: str
    images: int
    accelerator: Mapping[str, Any]
    scheme: str
    is_kept: bool
    reordered: int
    compute_before: int
    compute_after: int
    total_before: int
    total_after: int
    effectual_before: int
    effectual_after: int
    output_difference: float
    layers: tuple[LayerBalance, ...]
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()

    @property
    def gain(self) -> float:
        """Total cycles before over those after."""
        return self.total_before / self.total_after if self.total_after else 1.0


def balance(
    graph: Graph,
    inputs: Inputs,
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
    *,
    named_blocks: Mapping[str, list[str]] | None = None,
    progress: Callable[[str, int, int], Any] | None = None,
) -> tuple[Balance, Graph, Trace]:
    """Reorder a network's filters for an accelerator.

    Args:
        graph: loaded, or rewritten.
        inputs: real images; the first four choose the orders.
        accelerator: default: all its defaults; counted under its own scheme.
        device: gives the DRAM bandwidth; default: XCZU9EG on the ZCU102.
        named_blocks: block name -> layer patterns, for the trace.
        progress: called with what is going on, how much is done, and of how much.
    Returns:
        what it gains; the reordered graph, or the graph itself where that is no faster; its trace.
    Raises:
        InputError, ModelError, SpecError: as `execute` and `estimate` do.
    """
    accelerator, device = resolve(accelerator, device)
    tell = progress or (lambda *_: None)

    def traced(of: Graph, label: str) -> Trace:
        tells = lambda done: tell(label, done, inputs.count)  # noqa: E731
        return execute(of, inputs, named_blocks=named_blocks, progress=tells)

    channels = find_channels(graph)
    trace = traced(graph, "executing")
    chosen = _Choice(graph, trace, channels, accelerator, device, tell).orders()
    orders = {number: order for number, (_, order) in chosen.items()}
    moved = {
        name: word for number, (word, _) in chosen.items()
        for name in channels.classes[number].producers
    }  # fmt: skip
    count = sum(layer.name in moved for layer in graph.layers)
    before = estimate(trace, accelerator, device)
    after, balanced, again = before, graph, trace
    if orders:
        said = f"filters of {count} {'layer' if count == 1 else 'layers'} reordered by their work"
        balanced = permuted_graph(graph, channels, orders, said)
        again = traced(balanced, "executing the reordered network")
        after = estimate(again, accelerator, device)
    scheme = accelerator.skipping
    is_kept = after.totals.cycles[scheme].total < before.totals.cycles[scheme].total
    found = Balance(
        model=graph.source,
        inputs=inputs.source,
        images=inputs.images,
        images_per_run=inputs.images_per_run,
        warnings=(*inputs.warnings, *doubt_warnings(trace.images)),
        accelerator=accelerator.model_dump(mode="json"),
        scheme=scheme,
        is_kept=is_kept,
        reordered=count,
        compute_before=before.totals.cycles[scheme].compute,
        compute_after=after.totals.cycles[scheme].compute,
        total_before=before.totals.cycles[scheme].total,
        total_after=after.totals.cycles[scheme].total,
        effectual_before=before.totals.effectual_macs,
        effectual_after=after.totals.effectual_macs,
        output_difference=_difference(trace, again),
        layers=_layers(before, after, scheme, channels, moved),
    )
    return (found, balanced, again) if is_kept else (found, graph, trace)


def work_of(trace: Trace, layer: TraceLayer) -> NDArray[np.int64]:
    """Effectual MACs of each filter of a layer of one group, over the images: int64, (filters,)."""
    weights = unpack(trace.weights[layer.weight], layer.geometry.weight_elements)
    return weights.reshape(layer.geometry.filters, -1) @ meetings_of(trace, layer)


def meetings_of(trace: Trace, layer: TraceLayer) -> NDArray[np.int64]:
    """Non-zero activations that a weight at each place of K meets, over the images: int64, (K,)."""
    g = layer.geometry
    found = np.zeros(g.reduction, dtype=np.int64)
    for image in trace.images:
        bits = image.bits
        rows = lower(g, bits[layer.activation], trace.weights[layer.weight], bits[layer.output])
        octets = rows.activation_rows.reshape(g.positions, -1).view(np.uint8)
        ones = np.unpackbits(octets, axis=1, count=g.reduction, bitorder="little")
        found += ones.sum(axis=0, dtype=np.int64)
    return found


@dataclass
class _Choice:
    """Chooses the orders of classes, one after another, on exact counts."""

    graph: Graph
    trace: Trace
    channels: Channels
    accelerator: Accelerator
    device: Device
    tell: Callable[[str, int, int], Any]

    def orders(self) -> dict[int, tuple[str, NDArray[np.int64]]]:
        """Class -> in words and as an order, those that gain."""
        self.images = list(self.trace.images)[: max(CHOSEN_ON, self.accelerator.batch)]
        self.named = {layer.name: layer for layer in self.trace.layers}
        free = [
            number
            for number, one in self.channels.classes.items()
            if not one.stays and one.channels > 1 and set(one.producers) & set(self.named)
        ]
        chosen: dict[int, tuple[str, NDArray[np.int64]]] = {}
        for done, number in enumerate(free, 1):
            best = self._best(number, {k: order for k, (_, order) in chosen.items()})
            if best is not None:
                chosen[number] = best
            self.tell("choosing orders", done, len(free))
        return chosen

    def _best(self, number: int, others: Orders) -> tuple[str, NDArray[np.int64]] | None:
        names = [layer.name for layer in layers_around(self.graph, self.channels, number)]
        few = replace(self.trace, images=tuple(self.images))
        producers = self.channels.classes[number].producers
        work = sum(work_of(few, self.named[name]) for name in producers if name in self.named)
        least = np.argsort(work, kind="stable")
        best, least_cycles = None, self._cycles(few, names, others)
        for word, order in (("least first", least), ("most first", least[::-1])):
            cycles = self._cycles(few, names, {**others, number: order})
            if cycles < least_cycles:
                best, least_cycles = (word, order), cycles
        return best

    def _cycles(self, trace: Trace, names: Sequence[str], orders: Orders) -> int:
        """Total cycles of some layers."""
        moved = permuted_trace(trace, self.graph, self.channels, orders, names)
        groups = list(batches(moved.images, self.accelerator.batch))

        def cycles_of(layer: TraceLayer) -> int:
            return total_cycles(moved, layer, groups, self.accelerator, self.device)

        return sum(each(cycles_of, [(layer,) for layer in moved.layers]))


def _layers(
    before: Result, after: Result, scheme: str, channels: Channels, moved: Mapping[str, str]
) -> tuple[LayerBalance, ...]:
    reasons = dict(channels.fixed)
    for one in channels.classes.values():
        why = one.stays or ("one filter" if one.channels == 1 else "no order is faster")
        reasons |= dict.fromkeys(one.producers, why)
    return tuple(
        LayerBalance(
            name=old.name,
            op=old.op,
            filters=old.filters,
            order=moved.get(old.name, ""),
            why="" if old.name in moved else reasons.get(old.name, "not followed"),
            compute_before=old.cycles[scheme].compute,
            compute_after=new.cycles[scheme].compute,
            total_before=old.cycles[scheme].total,
            total_after=new.cycles[scheme].total,
        )
        for old, new in zip(before.layers, after.layers, strict=True)
    )


def _difference(one: Trace, other: Trace) -> float:
    """The largest difference between the outputs of two traces, over the largest output."""
    largest = scale = 0.0
    for a, b in zip(one.images, other.images, strict=True):
        for x, y in zip(a.outputs, b.outputs, strict=True):
            if x.dtype.kind in "biuf" and x.size:
                x, y = x.astype(np.float64), y.astype(np.float64)
                largest = max(largest, float(np.abs(x - y).max()))
                scale = max(scale, float(np.abs(x).max()))
    return largest / scale if scale else largest
