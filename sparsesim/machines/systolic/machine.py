"""The machine `systolic`: what it is, and where each of its rules stands.

It loads no library: what its methods need, they import.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from sparsesim.machines.machine import (
    Clock,
    Densities,
    Machine,
    Part,
    Placed,
    Runs,
    Scheme,
    SlotClass,
    SumOrder,
    Tiling,
)
from sparsesim.machines.systolic.parameters import SystolicArray

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.area.resources import Resources
    from sparsesim.area.rivalry import DenseArray, Rivalry
    from sparsesim.machines.array_space import ArraySpace
    from sparsesim.machines.counted import Counted
    from sparsesim.machines.explanation import Cause, Floor
    from sparsesim.machines.pairs import Pairs
    from sparsesim.machines.passes import Passes
    from sparsesim.machines.systolic.structure import Structure
    from sparsesim.machines.systolic.verilog import SystolicRtl
    from sparsesim.machines.timeline import Timeline
    from sparsesim.result.model import LayerRecord, Result
    from sparsesim.spec.accelerator import Accelerator


class Systolic(Machine):
    """Operands enter along two edges and pass from neighbour to neighbour; nothing waits."""

    name = "systolic"
    summary = "no zeros, or those of n:m weights; operands pass from neighbour to neighbour"
    Array = SystolicArray
    schemes = (
        Scheme("none", frozenset(), "#8b95a5"),
        Scheme("structured", frozenset({"weight"}), "#d4a72c"),
    )
    default_scheme = "none"
    classes = (
        SlotClass("effectual", "effectual", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("ineffectual", "ineffectual", "work", "#a3b18a", "a zero was multiplied"),
        SlotClass("edges", "edge of a fold", "edges", "#8b95a5", "its row or column held nothing"),
        SlotClass("preload", "preload", "preload", "#d98c5f", "weights come, or sums go round"),
        SlotClass("fill", "skew", "fill", "#5bb5b5", "the array fills or empties"),
        SlotClass("drain", "drain", "drain", "#b565c4", "results leave"),
    )

    cheap_keys = ("preload", "units")
    curve_keys = ("rows", "cols", "depth", "units")
    short_keys: ClassVar[Mapping[str, str]] = {
        "rows": "PEs",
        "cols": "PEs",
        "dataflow": "flow",
        "n_of_m": "n:m",
    }

    def slots(self, array: SystolicArray) -> int:
        return array.pes

    def size(self, array: SystolicArray) -> str:
        return f"{array.rows}x{array.cols}"

    def describe(self, array: SystolicArray) -> str:
        flow = array.dataflow.replace("_", "-")
        parts = [f"{self.size(array)} systolic, {flow}, preload {array.preload}"]
        if array.n_of_m != "none":
            parts.append(f"{array.n_of_m} weights")
        return ", ".join([*parts, f"{array.units} unit{'s' * (array.units > 1)}"])

    def words(self, array: SystolicArray, kind: str = "") -> str:
        flow = array.dataflow.replace("_", "-")
        return " ".join(filter(None, (self.size(array), kind, flow, "systolic PEs")))

    def floors(self, runs: Runs, array: SystolicArray) -> tuple[Floor, ...]:
        from sparsesim.machines.systolic.floors import floors

        return floors(runs, array)

    def cause(self, bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
        from sparsesim.machines.systolic.causes import cause

        return cause(bound, result, layer, scheme)

    def expected_cycles(
        self, runs: Runs, densities: Densities, scheme: Scheme, array: SystolicArray
    ) -> float:
        from sparsesim.machines.systolic.floors import expected_cycles

        return expected_cycles(runs, densities, scheme, array)

    def timeline(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        scheme: Scheme,
        array: SystolicArray,
        drains: bool = True,
    ) -> Timeline:
        from sparsesim.machines.systolic.timeline import timeline

        return timeline(activations, weights, scheme, array, drains)

    def space(self, budget: Resources, family: str) -> ArraySpace:
        from sparsesim.machines.systolic.space import space

        return space(budget)

    def parts(self, accelerator: Accelerator, family: str) -> tuple[Part, ...]:
        from sparsesim.machines.systolic.area.parts import parts

        return parts(accelerator, family)

    def placed(self, accelerator: Accelerator) -> Mapping[str, Placed]:
        from sparsesim.machines.systolic.area.parts import placed

        return placed(accelerator)

    def clock(self, accelerator: Accelerator, family: str) -> Clock:
        from sparsesim.machines.systolic.area.clock import clock

        return clock(accelerator, family)

    def dense_arrays(self, rivalry: Rivalry) -> Iterable[DenseArray]:
        from sparsesim.machines.systolic.area.dense_arrays import dense_arrays

        return dense_arrays(rivalry)

    def scheme_note(self, scheme: Scheme, array: SystolicArray) -> str:
        if scheme.is_dense or array.n_of_m != "none":
            return ""
        return (
            "n_of_m is none, so it multiplies all that none does; only its encoded DRAM blocks gain"
        )

    def sums(self, scheme: Scheme, array: SystolicArray) -> SumOrder:
        return SumOrder(block=1, lanes=1, skips=scheme.skips, flags=False)

    def tiling(self, array: SystolicArray) -> Tiling:
        return Tiling(array.cols, array.tile_positions, array.tile_elements)

    def operand_key(self, role: str, array: SystolicArray) -> Hashable:
        if role == "activation" or array.n_of_m == "none":
            return ()
        return array.n_of_m, array.tile_elements

    def prepare(
        self, role: str, words: NDArray[np.uint64], reduction: int, array: SystolicArray
    ) -> int | Structure:
        if role == "activation":  # whose zeros change nothing
            return len(words)
        from sparsesim.machines.systolic.structure import structure_of

        return structure_of(words, reduction, array)

    def count(
        self,
        activations: int,
        weights: Structure,
        passes: Passes,
        pairs: Pairs,
        scheme: Scheme,
        array: SystolicArray,
    ) -> Counted:
        from sparsesim.machines.systolic.counting import count

        return count(activations, weights, passes, pairs, scheme, array)

    @property
    def rtl(self) -> SystolicRtl:
        from sparsesim.machines.systolic.verilog import SystolicRtl

        return SystolicRtl()
