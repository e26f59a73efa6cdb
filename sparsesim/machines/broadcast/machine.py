"""The machine `broadcast`: what it is, and where each of its rules stands.

It loads no library: what its methods need, they import.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from sparsesim.machines.broadcast.parameters import BroadcastArray
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
    from sparsesim.machines.counted import Counted
    from sparsesim.machines.explanation import Cause, Floor
    from sparsesim.machines.pairs import Pairs
    from sparsesim.machines.passes import Passes
    from sparsesim.machines.timeline import Timeline
    from sparsesim.result.model import LayerRecord, Result
    from sparsesim.rtl.rtl import Rtl
    from sparsesim.spec.accelerator import Accelerator


class Broadcast(Machine):
    """Non-zero activations are sent to all PEs, which hold the weights, compressed by columns."""

    name = "broadcast"
    summary = "zeros of both operands: activations broadcast to compressed weight columns (EIE)"
    Array = BroadcastArray
    schemes = (Scheme("two_sided", frozenset({"activation", "weight"}), "#2a9d5c"),)
    default_scheme = "two_sided"
    classes = (
        SlotClass("effectual", "effectual", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("padding_entry", "padding entry", "work", "#a3b18a", "a long run was stored"),
        SlotClass("no_entry", "no entry", "work", "#d4a72c", "the column has no weight here"),
        SlotClass("scan_wait", "scan wait", "broadcast", "#c9733f", "the finder met zeros alone"),
        SlotClass("queue_wait", "queue wait", "imbalance", "#4f86c6", "other PEs still work"),
        SlotClass("drain_wait", "drain wait", "drain", "#b565c4", "sums have not left yet"),
        SlotClass("inactive", "no filter", "edges", "#8b95a5", "the layer is too small"),
        SlotClass("fill_drain", "fill and drain", "fill", "#5bb5b5", "start and end of a pass"),
    )

    cheap_keys = ("units", "queue_depth")
    curve_keys = ("queue_depth", "pes", "units")
    short_keys: ClassVar[Mapping[str, str]] = {
        "pes": "PEs",
        "queue_depth": "queue",
        "entry_run_bits": "run",
        "pe_sums": "sums",
    }

    def slots(self, array: BroadcastArray) -> int:
        return array.pes

    def size(self, array: BroadcastArray) -> str:
        return f"{array.pes}-PE"

    def describe(self, array: BroadcastArray) -> str:
        units = "1 unit" if array.units == 1 else f"{array.units} units"
        return f"{self.size(array)} broadcast, {units}, queue depth {array.queue_depth}"

    def words(self, array: BroadcastArray, kind: str = "") -> str:
        return " ".join(filter(None, (str(array.pes), kind, "PE" if array.pes == 1 else "PEs")))

    def tiling(self, array: BroadcastArray) -> Tiling:
        return Tiling(filters=array.tile_filters, positions=1, elements=array.pes)

    def operand_key(self, role: str, array: BroadcastArray) -> Hashable:
        if role == "activation":
            return ()
        return array.pes, array.pe_sums, array.entry_run_bits

    def prepare(
        self, role: str, words: NDArray[np.uint64], reduction: int, array: BroadcastArray
    ) -> Any:
        from sparsesim.machines.broadcast.counting import prepare

        return prepare(role, words, reduction, array)

    def count(
        self,
        activations: Any,
        weights: Any,
        passes: Passes,
        pairs: Pairs,
        scheme: Scheme,
        array: BroadcastArray,
    ) -> Counted:
        from sparsesim.machines.broadcast.counting import count

        return count(activations, weights, passes, pairs, array)

    def expected_cycles(
        self, runs: Runs, densities: Densities, scheme: Scheme, array: BroadcastArray
    ) -> float:
        from sparsesim.machines.broadcast.density import expected_cycles

        return expected_cycles(runs, densities.activation, densities.weight, array)

    def sums(self, scheme: Scheme, array: BroadcastArray) -> SumOrder:
        return SumOrder(block=1, lanes=1, skips=scheme.skips, flags=False)

    def timeline(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        scheme: Scheme,
        array: BroadcastArray,
        drains: bool = True,
    ) -> Timeline:
        from sparsesim.machines.broadcast.timeline import timeline

        return timeline(activations, weights, array, drains)

    def floors(self, runs: Runs, array: BroadcastArray) -> tuple[Floor, ...]:
        from sparsesim.machines.broadcast.floors import floors

        return floors(runs, array)

    def cause(self, bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
        from sparsesim.machines.broadcast.causes import cause

        return cause(bound, result, layer, scheme)

    def parts(self, accelerator: Accelerator, family: str) -> tuple[Part, ...]:
        from sparsesim.machines.broadcast.area.parts import parts

        return parts(accelerator, family)

    def placed(self, accelerator: Accelerator) -> Mapping[str, Placed]:
        from sparsesim.machines.broadcast.area.parts import placed

        return placed(accelerator)

    def clock(self, accelerator: Accelerator, family: str) -> Clock:
        from sparsesim.machines.broadcast.area.clock import clock

        return clock(accelerator, family)

    def space(self, budget: Resources, family: str) -> ArraySpace:
        from sparsesim.machines.broadcast.space import space

        return space(budget)

    @property
    def rtl(self) -> Rtl:
        from sparsesim.machines.broadcast.verilog import BroadcastRtl

        return BroadcastRtl()

    @property
    def studies(self) -> Mapping[str, Study]:
        answers = "how deep its queues must be for a network"
        module = f"{__package__}.queues"  # no point's numbers hang on it (sweeps/code.py)
        return {"queues": Study(answers, f"{module}:size_queues", f"{module}:text")}
