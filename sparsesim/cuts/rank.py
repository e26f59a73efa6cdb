"""Cuts of a network with what each sends, the cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sparsesim.cuts.find import Cut, CutNode, cut_nodes, find_cuts
from sparsesim.cuts.measure import Measured, measure
from sparsesim.errors import ModelError, SpecError
from sparsesim.formats import FORMATS, format_named
from sparsesim.graph import Graph
from sparsesim.graph.blocks import blocks
from sparsesim.graph.host_work import mac_share
from sparsesim.inputs import Inputs
from sparsesim.trace import Source

DENSE = "dense"
_Is = Literal["exact", "at most", "at least", "unknown"]


@dataclass(frozen=True)
class Spread:
    """Bytes an image; of several in a run each has its share. p95 is linear between ranks."""

    mean: float
    p95: float
    worst: float


@dataclass(frozen=True)
class Sent:
    """What crosses a cut, an image.

    Attributes:
        tensors: names.
        elements, raw_bytes: of all of them, mean over the images; raw as the model's types have it.
        sparsity: zeros / elements, over all images.
        bytes: format -> whole bytes of each tensor of a run encoded by itself, summed.
        best: the format with the fewest mean bytes, or the one that was asked for.
    """

    tensors: tuple[str, ...]
    elements: float
    raw_bytes: float
    sparsity: float
    bytes: Mapping[str, Spread]
    best: str


@dataclass(frozen=True)
class RankedCut:
    """A cut among all.

    Attributes:
        rank: 1 for the one that sends the fewest mean bytes in its best format.
        behind: the node in front that runs last.
        nodes_in_front: how many.
        macs_in_front: share of the network's MACs, 0 to 1; where some are unknown, of the known
            ones, rounded down.
        is_frontier: no cut with as few MACs in front sends less.
        sent: what crosses.
        macs_in_front_is: `exact`; `at most`: unknown MACs are all behind; `at least`: all in front;
            `unknown`: on both sides.
    """

    rank: int
    behind: str
    nodes_in_front: int
    macs_in_front: float
    is_frontier: bool
    sent: Sent
    macs_in_front_is: _Is = "exact"


@dataclass(frozen=True)
class BlockCut:
    """The tensor that leaves a block, and the rank of the cut by it alone; None: it is no cut."""

    block: str
    tensor: str
    rank: int | None


@dataclass(frozen=True)
class Cuts:
    """All cuts of a network.

    Attributes:
        model, model_sha256, rewrites, inputs, inputs_sha256, random_inputs: where it is from.
        images: in all runs; images_per_run: more than 1 where the model's batch is fixed.
        warnings: of the inputs, and of values that are no numbers.
        formats: measured, `dense` first.
        value_bits: asked for; None: each tensor's type, 8 for floats.
        float_bits: at which floats that cross are priced; None where none do.
        macs: of one run, as far as they are known.
        uncounted: host nodes whose MACs are unknown, and not in `macs`.
        given: the model's inputs: what would be sent with the whole network behind the cut.
        cuts: by rank.
        blocks: in execution order.
        unpriced: cuts left out because something other than numbers crosses them.
    """

    model: str
    model_sha256: str
    rewrites: tuple[str, ...]
    inputs: str
    inputs_sha256: str
    random_inputs: bool
    images: int
    images_per_run: int
    formats: tuple[str, ...]
    value_bits: int | None
    float_bits: int | None
    macs: int
    uncounted: tuple[str, ...]
    given: Sent | None
    cuts: tuple[RankedCut, ...]
    blocks: tuple[BlockCut, ...]
    unpriced: int
    warnings: tuple[str, ...] = ()


def rank_cuts(
    graph: Graph,
    inputs: Inputs,
    *,
    formats: str = "all",
    value_bits: int | None = None,
    named_blocks: Mapping[str, list[str]] | None = None,
    progress: Callable[[int], Any] | None = None,
) -> Cuts:
    """Measure every cut of a graph on real images.

    Args:
        graph: loaded, sparsified or not.
        inputs: real images.
        formats: one name, by which cuts are ranked, or `all`: by the best for each. `dense` is
            always there beside it.
        value_bits: width of a value, 1 to 64; None: that of each tensor's type, 8 for floats.
        named_blocks: block name -> layer patterns; default: by the layers' names.
        progress: called with the number of images done.
    Raises:
        SpecError: an unknown format, a width out of range.
        ModelError: a network of one node, or one whose cuts cannot be priced.
    Source: docs/model.md, "Cut points".
    """
    chosen = _formats(formats)
    if value_bits is not None and not 1 <= value_bits <= 64:
        raise SpecError(f"value_bits {value_bits} is out of range; use 1 to 64")
    leaving = blocks(graph, named_blocks)
    nodes, names = cut_nodes(graph), [value.name for value in graph.inputs]
    found = find_cuts(nodes, names)
    if not found:
        raise ModelError(f"{graph.source}: has no place to cut: use a network of two nodes or more")
    wanted = {*names, *(name for cut in found for name in cut.tensors)}
    measured = measure(graph, inputs, wanted, chosen, value_bits, progress)
    priced = [cut for cut in found if measured.sizes.keys() >= set(cut.tensors)]
    if not priced:
        raise ModelError(f"{graph.source}: no cut can be priced: all send something but numbers")
    macs, unknown = _macs(nodes, measured)
    ranked = _ranked(priced, macs, unknown, measured, chosen)
    rank_of = {cut.sent.tensors: cut.rank for cut in ranked}
    floats = {
        measured.sizes[name].value_bits
        for cut in priced
        for name in cut.tensors
        if measured.sizes[name].is_float
    }
    return Cuts(
        **Source.of(graph, inputs).provenance,
        warnings=(*inputs.warnings, *measured.warnings),
        formats=chosen,
        value_bits=value_bits,
        float_bits=max(floats, default=None),
        macs=sum(macs),
        uncounted=tuple(nodes[i].name for i in sorted(unknown)),
        given=_sent(names, measured, chosen) if measured.sizes.keys() >= set(names) else None,
        cuts=ranked,
        blocks=tuple(BlockCut(b.name, b.leaving, rank_of.get((b.leaving,))) for b in leaving),
        unpriced=len(found) - len(priced),
    )


def _formats(wanted: str) -> tuple[str, ...]:
    if wanted == "all":
        return (DENSE, *(name for name in FORMATS if name != DENSE))
    return tuple(dict.fromkeys((DENSE, format_named(wanted).name)))


def _macs(nodes: Sequence[CutNode], measured: Measured) -> tuple[list[int], set[int]]:
    """MACs of each node, 0 where unknown, and the nodes whose MACs are unknown."""
    host = measured.host.macs
    counts = [
        measured.layer_macs[node.name] if node.is_layer else host.get(node.name, 0)
        for node in nodes
    ]
    unknown = {index for index, count in enumerate(counts) if count < 0}
    return [max(count, 0) for count in counts], unknown


def _in_front(cut: Cut, macs: Sequence[int], unknown: set[int]) -> tuple[float, _Is]:
    """The share of MACs in front, and what it says where some are unknown."""
    part, known = sum(macs[i] for i in cut.front), sum(macs)
    if not unknown:
        return part / (known or 1), "exact"
    share = mac_share(part, known, some_unknown=True).value
    ahead, behind = unknown & cut.front, unknown - cut.front
    if ahead and behind:
        return share, "unknown"
    return share, "at least" if ahead else "at most"


def _ranked(
    cuts: Sequence[Cut],
    macs: Sequence[int],
    unknown: set[int],
    measured: Measured,
    formats: Sequence[str],
) -> tuple[RankedCut, ...]:
    whole = sum(macs) or 1
    parts = [
        (sum(macs[i] for i in cut.front) / whole, _sent(cut.tensors, measured, formats), cut)
        for cut in cuts
    ]
    parts.sort(key=lambda part: (_least(part[1]), part[0]))
    return tuple(
        RankedCut(
            rank=rank,
            behind=cut.behind,
            nodes_in_front=len(cut.front),
            macs_in_front=_in_front(cut, macs, unknown)[0],
            macs_in_front_is=_in_front(cut, macs, unknown)[1],
            # Those ranked before send no more, so none of them may have as few MACs in front.
            is_frontier=all(other > share for other, _, _ in parts[: rank - 1]),
            sent=sent,
        )
        for rank, (share, sent, cut) in enumerate(parts, 1)
    )


def _least(sent: Sent) -> float:
    return sent.bytes[sent.best].mean


def _sent(tensors: Sequence[str], measured: Measured, formats: Sequence[str]) -> Sent:
    images, per_run = measured.runs * measured.images_per_run, measured.images_per_run
    sizes = [measured.sizes[name] for name in tensors]
    elements = sum(int(size.elements.sum()) for size in sizes)
    nonzeros = sum(int(size.nonzeros.sum()) for size in sizes)
    bytes_ = {
        name: _spread(np.sum([size.format_bytes[name] for size in sizes], axis=0), per_run)
        for name in formats
    }
    wanted = formats[1:] if len(formats) == 2 else formats  # one was asked for, beside dense
    return Sent(
        tensors=tuple(tensors),
        elements=elements / images,
        raw_bytes=sum(int(size.raw_bytes.sum()) for size in sizes) / images,
        sparsity=1 - nonzeros / elements if elements else 0.0,
        bytes=bytes_,
        best=min(wanted, key=lambda name: bytes_[name].mean),
    )


def _spread(bytes_a_run: np.ndarray, per_run: int) -> Spread:
    bytes_an_image = np.repeat(bytes_a_run / per_run, per_run)
    return Spread(
        mean=float(bytes_an_image.mean()),
        p95=float(np.percentile(bytes_an_image, 95)),
        worst=float(bytes_an_image.max()),
    )
