"""The machine `stream`: what it is, and where each of its rules stands.

It loads no library: what its methods need, they import.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from sparsesim.machines.machine import (
    Densities,
    Machine,
    Runs,
    Scheme,
    SlotClass,
    SumOrder,
    Tiling,
)
from sparsesim.machines.stream.parameters import StreamArray, streams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.area.resources import Resources
    from sparsesim.area.rivalry import DenseArray, Rivalry
    from sparsesim.machines.array_space import ArraySpace
    from sparsesim.machines.counted import Counted
    from sparsesim.machines.explanation import Cause, Floor
    from sparsesim.machines.pairs import Pairs
    from sparsesim.machines.part import Clock, Part, Placed
    from sparsesim.machines.passes import Passes
    from sparsesim.machines.stream.dealing import Vectors
    from sparsesim.machines.timeline import Timeline
    from sparsesim.result.model import LayerRecord, Result
    from sparsesim.rtl.rtl import Rtl
    from sparsesim.spec import Accelerator


class Stream(Machine):
    """Rows of multipliers that share an index: one operand is streamed, the other held."""

    name = "stream"
    summary = "zeros of one operand, whose index is shared by all multipliers of a row"
    Array = StreamArray
    schemes = (
        Scheme("none", frozenset(), "#8b95a5"),
        Scheme("activation", frozenset({"activation"}), "#4f86c6"),
        Scheme("weight", frozenset({"weight"}), "#d4a72c"),
    )
    default_scheme = "weight"
    classes = (
        SlotClass("effectual", "effectual", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("ineffectual", "ineffectual", "work", "#a3b18a", "a zero was multiplied"),
        SlotClass("unused", "filler", "work", "#d4a72c", "an item without a non-zero"),
        SlotClass("inactive", "no filter/position", "edges", "#8b95a5", "the layer is too small"),
        SlotClass("load_wait", "load wait", "load", "#d98c5f", "its next words are not loaded"),
        SlotClass("imbalance", "wait for others", "imbalance", "#4f86c6", "others still work"),
        SlotClass("drain_wait", "drain wait", "drain", "#b565c4", "its result has not left yet"),
        SlotClass("stash_wait", "stash wait", "stash", "#c65b7c", "its sum is not back yet"),
        SlotClass("fill_drain", "fill and drain", "fill", "#5bb5b5", "start and end of a pass"),
    )

    cheap_keys = ("lanes_per_dsp", "feed_latency", "units", "stash")
    curve_keys = ("rows", "lanes", "depth", "stash", "units")
    short_keys: ClassVar[Mapping[str, str]] = {
        "rows": "rows",
        "lanes": "rows",
        "feed_latency": "feed",
        "lanes_per_dsp": "per DSP",
        "dense_streams": "dense",
    }

    def slots(self, array: StreamArray) -> int:
        return array.multipliers

    def size(self, array: StreamArray) -> str:
        return f"{array.rows}x{array.lanes}"

    def describe(self, array: StreamArray) -> str:
        shared = ", 2 lanes a DSP" if array.lanes_per_dsp == 2 else ""
        return (
            f"{self.size(array)} stream, depth {array.depth}, stash {array.stash}, "
            f"{array.units} {'unit' if array.units == 1 else 'units'}{shared}"
        )

    def words(self, array: StreamArray, kind: str = "") -> str:
        rows = f"{array.rows} {kind} rows" if kind else f"{array.rows} rows"
        return f"{rows} of {array.lanes} {'lane' if array.lanes == 1 else 'lanes'}"

    def check(self, accelerator: Accelerator) -> None:
        from sparsesim.machines.stream.parameters import check

        check(accelerator)

    def tiling(self, array: StreamArray) -> Tiling:
        return Tiling(array.lanes, array.lanes, array.depth)

    def operand_key(self, role: str, array: StreamArray) -> Hashable:
        return ()

    def prepare(
        self, role: str, words: NDArray[np.uint64], reduction: int, array: StreamArray
    ) -> Vectors:
        from sparsesim.machines.stream.dealing import count_before

        return count_before(words)

    def count(
        self,
        activations: Vectors,
        weights: Vectors,
        passes: Passes,
        pairs: Pairs,
        scheme: Scheme,
        array: StreamArray,
    ) -> Counted:
        from sparsesim.machines.stream.counting import count

        return count(activations, weights, passes, pairs, scheme, array)

    def expected_cycles(
        self, runs: Runs, densities: Densities, scheme: Scheme, array: StreamArray
    ) -> float:
        from sparsesim.machines.stream.density import expected_cycles

        density = densities.of_pairs(scheme.skips)
        return expected_cycles(runs, density, streams(scheme, array), array)

    def floors(self, runs: Runs, array: StreamArray) -> tuple[Floor, ...]:
        from sparsesim.machines.stream.floors import floors

        return floors(runs, array)

    def cause(self, bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
        from sparsesim.machines.stream.causes import cause

        return cause(bound, result, layer, scheme)

    def parts(self, accelerator: Accelerator, family: str) -> tuple[Part, ...]:
        from sparsesim.machines.stream.area.parts import parts

        return parts(accelerator, family)

    def placed(self, accelerator: Accelerator) -> Mapping[str, Placed]:
        from sparsesim.machines.stream.area.parts import placed

        return placed(accelerator)

    def clock(self, accelerator: Accelerator, family: str) -> Clock:
        from sparsesim.machines.stream.area.clock import clock

        return clock(accelerator, family)

    def space(self, budget: Resources, family: str) -> ArraySpace:
        from sparsesim.machines.stream.space import space

        return space(budget, family)

    def dense_arrays(self, rivalry: Rivalry) -> Iterable[DenseArray]:
        from sparsesim.machines.stream.area.dense_arrays import dense_arrays

        return dense_arrays(rivalry)

    def sums(self, scheme: Scheme, array: StreamArray) -> SumOrder:
        return SumOrder(block=1, lanes=1, skips=scheme.skips, flags=False)

    def timeline(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        scheme: Scheme,
        array: StreamArray,
        drains: bool = True,
    ) -> Timeline:
        from sparsesim.machines.stream.timeline import timeline

        return timeline(activations, weights, scheme, array, drains)

    @property
    def rtl(self) -> Rtl:
        from sparsesim.machines.stream.verilog import StreamRtl

        return StreamRtl()
