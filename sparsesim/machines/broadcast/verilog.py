"""The Verilog of `broadcast`: its top, its parameters, and how a pass is run on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.sources import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.machines.broadcast.bench import BroadcastBench
    from sparsesim.rtl.bench import Replay, Seen
    from sparsesim.spec.accelerator import Accelerator

RTL_FIELDS = {
    "PES": "pes",
    "QUEUE_DEPTH": "queue_depth",
    "ENTRY_RUN_BITS": "entry_run_bits",
    "PE_SUMS": "pe_sums",
    "UNITS": "units",
    "ACT_W": "act_bits",
    "WEIGHT_W": "weight_bits",
    "ACC_W": "acc_bits",
}
"""Verilog's name of each key that its modules take as it is."""

ADDRESS_BITS = 24
"""Of columns and of entries where passes are simulated: no pass has more."""


class BroadcastRtl:
    """See `sparsesim.rtl.rtl.Rtl`."""

    top = "broadcast_accelerator"
    driver = Path(__file__).with_name("driver.cpp")

    @property
    def linted(self) -> Mapping[str, Sequence[Mapping[str, int]]]:
        """With class counters and without, units with as many PEs each or not, one PE."""
        given = [
            {"PES": 4, "UNITS": 2, "COUNTERS_EN": 1},
            {"PES": 5, "UNITS": 3, "PE_SUMS": 5, "QUEUE_DEPTH": 2},
            {"PES": 1, "PE_SUMS": 1, "ENTRY_RUN_BITS": 1, "COUNTERS_EN": 1},
            {"PES": 3, "PE_SUMS": 200, "ENTRY_RUN_BITS": 8, "ACC_W": 12, "QUEUE_DEPTH": 64},
        ]
        return {self.top: given}

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        keys = accelerator.flat()
        values = {name: int(keys[key]) for name, key in RTL_FIELDS.items()}
        return values | {"COLUMN_W": ADDRESS_BITS, "ENTRY_ADDRESS_W": ADDRESS_BITS}

    def sources(self, folder: Path | None) -> tuple[Path, ...]:
        return sources(self.top, folder)

    def packed(
        self, activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator
    ) -> tuple[NDArray[Any], ...]:
        """Rows of activations; pointers of all PEs' columns, their entries, where a PE's begin."""
        from sparsesim.machines.broadcast.packing import pack_rows, pack_weights
        from sparsesim.machines.broadcast.parameters import array_of

        array = array_of(accelerator)
        rows = pack_rows(activations, array.pes, accelerator.act_bits)
        return (rows, *pack_weights(weights, array, accelerator.weight_bits))

    def bench(self, dut: Any, replay: Replay, seen: Seen) -> BroadcastBench:
        from sparsesim.machines.broadcast.bench import BroadcastBench

        return BroadcastBench(dut, replay, seen)
