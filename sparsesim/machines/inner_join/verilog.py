"""The Verilog of `inner_join`: its top and its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

    top = "accelerator"

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        keys = accelerator.flat()
        values = {name: int(keys[key]) for name, key in RTL_FIELDS.items()}
        values["SKIPPING"] = accelerator.rules.scheme_names.index(accelerator.skipping)
        values["POSITIONS_INNER"] = int(keys["loop_order"] == "positions_inner")
        return values
