"""Exact sizes of tensors under memory formats, on real images.

It runs the graph and watches the tensors go by; tensors inside a host step are made visible first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.formats import encoded_bits
from sparsesim.graph import Graph
from sparsesim.graph.host_work import HostWork, host_work
from sparsesim.inputs import Inputs
from sparsesim.trace.doubtful_values import Doubts, Watch, doubt_warnings
from sparsesim.trace.execute import exposing
from sparsesim.trace.host_shapes import HostShapes
from sparsesim.trace.record import value_width
from sparsesim.trace.zero_points import zero_of, zero_points


@dataclass(frozen=True, eq=False)
class Sizes:
    """One tensor over the runs; arrays are int64, shape (runs,).

    Attributes:
        value_bits: at which a value is priced.
        is_float: of a float type, priced at another width than its own.
        elements, nonzeros: a quantised value that equals its zero point counts as zero.
        raw_bytes: as the model's own type has it.
        format_bytes: format -> whole bytes of the encoded tensor.
    """

    value_bits: int
    is_float: bool
    elements: np.ndarray
    nonzeros: np.ndarray
    raw_bytes: np.ndarray
    format_bytes: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Measured:
    """What a run over the images gave.

    Attributes:
        sizes: by tensor; a tensor of something other than numbers is absent.
        layer_macs: MACs of each layer on the first image.
        host: the host's work on the first image.
        runs: how many; images_per_run: in each.
        warnings: of values that are no numbers, and of inputs that are clipped.
    """

    sizes: Mapping[str, Sizes]
    layer_macs: Mapping[str, int]
    host: HostWork
    runs: int
    images_per_run: int
    warnings: tuple[str, ...]


def measure(
    graph: Graph,
    inputs: Inputs,
    tensors: Collection[str],
    formats: Sequence[str],
    value_bits: int | None = None,
    progress: Callable[[int], Any] | None = None,
) -> Measured:
    """Run a graph on images and size tensors as they go by.

    Args:
        graph: loaded, sparsified or not.
        inputs: real images.
        tensors: names; the model's inputs may be among them.
        formats: names of `sparsesim.formats.FORMATS`.
        value_bits: width of a value, 1 to 64; None: that of the tensor's type, 8 for floats.
        progress: called with the number of images done.
    Raises:
        InputError, ModelError: as the engine does.
    """
    watcher = _Watcher(graph, set(tensors), formats, value_bits)
    exposed = exposing(graph, set(tensors) | watcher.watch.tensors)
    engine = Engine(exposed)
    doubts: list[Doubts] = []
    host = host_work(graph)
    for index, feed in enumerate(inputs.feeds(), 1):
        watcher.watch.start()
        for name in feed:
            watcher.watch.seen(name, feed[name])
            watcher.see(name, feed[name], {**graph.constants, **feed})
        if index == 1:
            first = HostShapes(exposed, feed, watcher)
            outputs = engine.run(feed, first)
            host = first.work()
        else:
            outputs = engine.run(feed, watcher)
        watcher.watch.outputs(exposed.outputs, outputs)
        doubts.append(watcher.watch.doubts)
        if progress is not None:
            progress(index)
    sizes = {name: seen.sizes() for name, seen in watcher.seen.items()}
    said = doubt_warnings(doubts)
    return Measured(sizes, watcher.macs, host, inputs.count, inputs.images_per_run, said)


def stored_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as formats see it: a batch axis of one image goes, so that channels are the rows.

    >>> stored_shape((1, 64, 7, 7)), stored_shape((1, 10)), stored_shape((8, 64, 7, 7))
    ((64, 7, 7), (1, 10), (8, 64, 7, 7))
    """
    return shape[1:] if len(shape) > 2 and shape[0] == 1 else shape


class _Seen:
    """What was seen of one tensor so far."""

    def __init__(self, formats: Sequence[str], width: int, is_float: bool) -> None:
        self.width, self.is_float = width, is_float
        self.counts: list[tuple[int, int, int]] = []
        self.format_bytes: dict[str, list[int]] = {name: [] for name in formats}

    def sizes(self) -> Sizes:
        elements, nonzeros, raw = np.array(self.counts, np.int64).reshape(-1, 3).T
        encoded = {name: np.array(sizes, np.int64) for name, sizes in self.format_bytes.items()}
        return Sizes(self.width, self.is_float, elements, nonzeros, raw, encoded)


class _Watcher:
    """An observer of the engine."""

    def __init__(
        self, graph: Graph, wanted: set[str], formats: Sequence[str], value_bits: int | None
    ) -> None:
        self.wanted, self.formats, self.value_bits = wanted, formats, value_bits
        self.zeros, self.listed = zero_points(graph), graph.value_bits
        self.watch = Watch(graph)
        self.seen: dict[str, _Seen] = {}
        self.macs: dict[str, int] = {}

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        layer = runner.layer
        if layer.name not in self.macs:
            shapes = tensors[layer.activation].shape, tensors[layer.weight].shape
            self.macs[layer.name] = runner.geometry(*shapes).macs
        self.watch.layer(runner, tensors)
        self._see_all(layer.makes, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        self.watch.made(names, tensors)
        self._see_all(names, tensors)

    def _see_all(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        for name in names:
            self.see(name, tensors[name], tensors)

    def see(self, name: str, tensor: Any, tensors: Mapping[str, np.ndarray]) -> None:
        """Size a tensor, where it is one of those wanted and holds numbers."""
        if name not in self.wanted or not isinstance(tensor, np.ndarray):
            return
        if tensor.dtype.kind in "OSUc":
            return
        listed = self.listed.get(name)
        width = self.value_bits or listed or value_width(tensor.dtype)
        is_float = tensor.dtype.kind == "f" and not listed
        seen = self.seen.setdefault(name, _Seen(self.formats, width, is_float))
        point = zero_of(self.zeros.get(name, ""), tensors, tensor.dtype)
        mask = np.asarray(tensor != point).reshape(stored_shape(tensor.shape))
        seen.counts.append((tensor.size, int(np.count_nonzero(mask)), tensor.nbytes))
        for format_name, sizes in seen.format_bytes.items():
            sizes.append(-(-encoded_bits(mask, format_name, width) // 8))
