"""The machine `inner_join`: what it is, and where each of its rules stands.

It loads no library: what its methods need, they import.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.machine import (
    ArraySpace,
    Clock,
    Densities,
    Machine,
    Part,
    Placed,
    Runs,
    Scheme,
    SlotClass,
    Study,
    SumOrder,
    Tiling,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.area.resources import Resources
    from sparsesim.area.rivalry import DenseArray, Rivalry
    from sparsesim.machines.counted import Counted
    from sparsesim.machines.explanation import Cause, Floor
    from sparsesim.machines.inner_join.operands import Windows
    from sparsesim.machines.pairs import Pairs
    from sparsesim.machines.passes import Passes
    from sparsesim.machines.timeline import Timeline
    from sparsesim.result.model import LayerRecord, Result
    from sparsesim.rtl.rtl import Rtl
    from sparsesim.spec.accelerator import Accelerator


class InnerJoin(Machine):
    """Output-stationary, with queues and feeders; each PE matches the operands of a window."""

    name = "inner_join"
    summary = "zeros of both operands, matched in each PE behind two queues of windows"
    Array = InnerJoinArray
    schemes = (
        Scheme("none", frozenset(), "#8b95a5"),
        Scheme("activation", frozenset({"activation"}), "#4f86c6"),
        Scheme("weight", frozenset({"weight"}), "#d4a72c"),
        Scheme("two_sided", frozenset({"activation", "weight"}), "#2a9d5c"),
    )
    default_scheme = "two_sided"
    classes = (
        SlotClass("effectual", "effectual", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("ineffectual", "ineffectual", "work", "#a3b18a", "a zero was multiplied"),
        SlotClass(
            "unused", "unused lane", "work", "#d4a72c", "a cycle spent with nothing to multiply"
        ),
        SlotClass("operand_wait", "operand wait", "imbalance", "#4f86c6", "others still work"),
        SlotClass("drain_wait", "drain wait", "drain", "#b565c4", "its result has not left yet"),
        SlotClass("inactive", "no filter/position", "edges", "#8b95a5", "the layer is too small"),
        SlotClass("fill_drain", "fill and drain", "fill", "#5bb5b5", "start and end of a pass"),
    )

    cheap_keys = ("feed_latency", "lanes", "queue_depth")
    curve_keys = ("queue_depth", "window", "lanes", "rows", "cols")
    short_keys: ClassVar[Mapping[str, str]] = {
        "rows": "PEs",
        "cols": "PEs",
        "window": "win.",
        "queue_depth": "queue",
        "feed_latency": "feed",
        "loop_order": "order",
    }

    def slots(self, array: InnerJoinArray) -> int:
        return array.pes * array.lanes

    def size(self, array: InnerJoinArray) -> str:
        return f"{array.rows}x{array.cols}"

    def describe(self, array: InnerJoinArray) -> str:
        return f"{array.outline}, queue depth {array.queue_depth}"

    def words(self, array: InnerJoinArray, kind: str = "") -> str:
        wide = array.window > array.lanes
        made = f"{self.size(array)} {kind} PEs" if kind else f"{self.size(array)} PEs"
        lanes = f" of {array.lanes_in_words}" if array.lanes > 1 or wide else ""
        return made + lanes + (f", window {array.window}" if wide else "")

    def floors(self, runs: Runs, array: InnerJoinArray) -> tuple[Floor, ...]:
        from sparsesim.machines.inner_join.floors import floors

        return floors(runs, array)

    def cause(self, bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
        from sparsesim.machines.inner_join.causes import cause

        return cause(bound, result, layer, scheme)

    def tiling(self, array: InnerJoinArray) -> Tiling:
        return Tiling(array.rows, array.cols, array.window)

    def operand_key(self, role: str, array: InnerJoinArray) -> Hashable:
        return (array.cols if role == "activation" else array.rows), array.window

    def prepare(
        self, role: str, words: NDArray[np.uint64], reduction: int, array: InnerJoinArray
    ) -> Windows:
        from sparsesim.machines.inner_join.counting import prepare

        return prepare(role, words, reduction, array)

    def count(
        self,
        activations: Windows,
        weights: Windows,
        passes: Passes,
        pairs: Pairs,
        scheme: Scheme,
        array: InnerJoinArray,
    ) -> Counted:
        from sparsesim.machines.inner_join.counting import count

        return count(activations, weights, passes, pairs, scheme, array)

    def expected_cycles(
        self, runs: Runs, densities: Densities, scheme: Scheme, array: InnerJoinArray
    ) -> float:
        from sparsesim.machines.inner_join.density import expected_cycles

        return expected_cycles(runs, densities.of_pairs(scheme.skips), array)

    def sums(self, scheme: Scheme, array: InnerJoinArray) -> SumOrder:
        return SumOrder(array.window, array.lanes, scheme.skips)

    def parts(self, accelerator: Accelerator, family: str) -> tuple[Part, ...]:
        from sparsesim.machines.inner_join.area.parts import parts

        return parts(accelerator, family)

    def placed(self, accelerator: Accelerator) -> Mapping[str, Placed]:
        from sparsesim.machines.inner_join.area.parts import placed

        return placed(accelerator)

    def clock(self, accelerator: Accelerator, family: str) -> Clock:
        from sparsesim.machines.inner_join.area.clock import clock

        return clock(accelerator, family)

    def space(self, budget: Resources, family: str) -> ArraySpace:
        from sparsesim.machines.inner_join.space import space

        return space(budget)

    def dense_arrays(self, rivalry: Rivalry) -> Iterable[DenseArray]:
        from sparsesim.machines.inner_join.area.dense_arrays import dense_arrays

        return dense_arrays(rivalry)

    def timeline(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        scheme: Scheme,
        array: InnerJoinArray,
        drains: bool = True,
    ) -> Timeline:
        from sparsesim.machines.inner_join.timeline import timeline

        return timeline(activations, weights, scheme, array, drains)

    @property
    def rtl(self) -> Rtl:
        from sparsesim.machines.inner_join.verilog import InnerJoinRtl

        return InnerJoinRtl()

    @property
    def studies(self) -> Mapping[str, Study]:
        answers = "how deep its queues must be for a network"
        module = f"{__package__}.queues"  # no point's numbers hang on it (sweeps/code.py)
        return {"queues": Study(answers, f"{module}:size_queues", f"{module}:text")}
