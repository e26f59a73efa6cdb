"""The Verilog of `inner_join`: its top, its parameters, and how a pass is run on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.sources import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.machines.inner_join.bench import InnerJoinBench
    from sparsesim.rtl.bench import Replay, Seen
    from sparsesim.spec.accelerator import Accelerator

RTL_FIELDS = {
    "ROWS": "rows",
    "COLS": "cols",
    "WINDOW": "window",
    "LANES": "lanes",
    "QUEUE_DEPTH": "queue_depth",
    "FEED_LATENCY": "feed_latency",
    "ACT_W": "act_bits",
    "WEIGHT_W": "weight_bits",
    "ACC_W": "acc_bits",
}
"""Verilog's name of each key that its modules take as it is."""


class InnerJoinRtl:
    """See `sparsesim.rtl.rtl.Rtl`."""

    top = "inner_join_accelerator"
    driver = Path(__file__).with_name("driver.cpp")

    @property
    def linted(self) -> Mapping[str, Sequence[Mapping[str, int]]]:
        """Each skipping scheme: without class counters, with them, and with windows of one pair and
        of an odd number."""
        small = {"ROWS": 3, "COLS": 2, "LANES": 2}
        sets = product(range(4), ((0, 16), (1, 5), (1, 1)))
        given = [
            {"SKIPPING": skipping, "COUNTERS_EN": counters, "WINDOW": window, **small}
            for skipping, (counters, window) in sets
        ]
        return {"inner_join_accelerator_axi": given}

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        keys = accelerator.flat()
        values = {name: int(keys[key]) for name, key in RTL_FIELDS.items()}
        values["SKIPPING"] = accelerator.rules.scheme_names.index(accelerator.skipping)
        values["POSITIONS_INNER"] = int(keys["loop_order"] == "positions_inner")
        return values

    def sources(self, folder: Path | None) -> tuple[Path, ...]:
        return sources(self.top, folder)

    def packed(
        self, activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Windows of the weights, of the activations."""
        from sparsesim.machines.inner_join.packing import pack_windows

        keys = accelerator.flat()
        window = int(keys["window"])
        return (
            pack_windows(weights, window, accelerator.weight_bits),
            pack_windows(activations, window, accelerator.act_bits),
        )

    def bench(self, dut: Any, replay: Replay, seen: Seen) -> InnerJoinBench:
        from sparsesim.machines.inner_join.bench import InnerJoinBench

        return InnerJoinBench(dut, replay, seen)
