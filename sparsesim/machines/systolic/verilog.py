"""The Verilog of `systolic`: its top, its parameters, and how a pass is run on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsesim.machines.systolic.parameters import array_of
from sparsesim.rtl.sources import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.machines.systolic.bench import SystolicBench
    from sparsesim.rtl.bench import Replay, Seen
    from sparsesim.spec.accelerator import Accelerator


RTL_FIELDS = {
    "ROWS": "rows",
    "COLS": "cols",
    "UNITS": "units",
    "DEPTH": "depth",
    "ACT_W": "act_bits",
    "WEIGHT_W": "weight_bits",
    "ACC_W": "acc_bits",
}
"""Verilog's name of each key that its modules take as it is."""


class SystolicRtl:
    """See `sparsesim.rtl.rtl.Rtl`."""

    top = "systolic_accelerator"
    driver = Path(__file__).with_name("driver.cpp")

    @property
    def linted(self) -> Mapping[str, Sequence[Mapping[str, int]]]:
        """What stays, a weight or a sum; with and without class counters, selection, a column a
        unit; one PE."""
        small = {"ROWS": 3, "COLS": 4}
        given = [
            {"OUTPUT_STATIONARY": stays, "COUNTERS_EN": counters, "OVERLAPPED": overlapped, **of}
            for stays, counters, overlapped in ((0, 0, 1), (0, 1, 0), (1, 0, 1), (1, 1, 0))
            for of in (small | {"UNITS": 2}, {"ROWS": 1, "COLS": 1, "UNITS": 1, "DEPTH": 1})
        ]
        given += [small | {"UNITS": 4, "BLOCK": block, "COUNTERS_EN": 1} for block in (2, 4, 8)]
        return {self.top: given}

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        array, keys = array_of(accelerator), accelerator.flat()
        values = {name: int(keys[key]) for name, key in RTL_FIELDS.items()}
        values["OUTPUT_STATIONARY"] = int(not array.keeps_weights)
        values["OVERLAPPED"] = int(array.overlaps)
        values["BLOCK"] = array.kept_of_block[1]
        return values

    def sources(self, folder: Path | None) -> tuple[Path, ...]:
        return sources(self.top, folder)

    def packed(
        self, activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator
    ) -> tuple[NDArray[np.uint32], ...]:
        """The words of the pass's shape (all but whether it drains), weights, activations."""
        import numpy as np

        from sparsesim.machines.systolic import packing, selection

        array = array_of(accelerator)
        structured = not accelerator.rules.scheme(accelerator.skipping).is_dense
        if structured and selection.obeys(weights, array):
            held, choices = selection.select(weights, array)
            blocks = selection.blocks_of(activations, array)
        else:
            held, choices = weights, np.zeros_like(weights)
            blocks = np.zeros((*activations.shape, array.kept_of_block[1]), np.int16)
            blocks[..., 0] = activations
        shape = packing.shape_words(len(weights), len(activations), held.shape[1], False, array)
        return (
            np.array(shape, np.uint32),
            packing.pack_weights(held, choices, array, accelerator.weight_bits),
            packing.pack_activations(blocks, array, accelerator.act_bits),
        )

    def bench(self, dut: Any, replay: Replay, seen: Seen) -> SystolicBench:
        from sparsesim.machines.systolic.bench import SystolicBench

        return SystolicBench(dut, replay, seen)
