"""The Verilog of `stream`: its top, its parameters, and how a pass is run on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsesim.rtl.sources import sources

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.machines.stream.bench import StreamBench
    from sparsesim.rtl.bench import Replay, Seen
    from sparsesim.spec.accelerator import Accelerator

RTL_FIELDS = {
    "ROWS": "rows",
    "LANES": "lanes",
    "DEPTH": "depth",
    "STASH": "stash",
    "UNITS": "units",
    "FEED_LATENCY": "feed_latency",
    "LANES_PER_DSP": "lanes_per_dsp",
    "ACT_W": "act_bits",
    "WEIGHT_W": "weight_bits",
    "ACC_W": "acc_bits",
}
"""Verilog's name of each key that its modules take as it is."""


class StreamRtl:
    """See `sparsesim.rtl.rtl.Rtl`."""

    top = "stream_accelerator"
    driver = Path(__file__).with_name("driver.cpp")

    @property
    def linted(self) -> Mapping[str, Sequence[Mapping[str, int]]]:
        """Both orientations, with zeros skipped and not, with class counters and not; one of all,
        and numbers that are no powers of two."""
        sets = [
            {"ROWS": 1, "LANES": 1, "STASH": 1, "UNITS": 1, "SKIPS": 0},
            {"ROWS": 3, "LANES": 5, "STASH": 2, "UNITS": 2, "COUNTERS_EN": 1, "LANES_PER_DSP": 2},
            {"ROWS": 4, "LANES": 17, "DEPTH": 16, "UNITS": 1, "FEED_LATENCY": 3},
        ]
        given = [{**one, "STREAMS_ACTIVATIONS": streams} for one in sets for streams in (0, 1)]
        return {self.top: given}

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        from sparsesim.machines.stream.parameters import streamed_operand

        keys = accelerator.flat()
        scheme = accelerator.rules.scheme(accelerator.skipping)
        values = {name: int(keys[key]) for name, key in RTL_FIELDS.items()}
        values["STREAMS_ACTIVATIONS"] = int(streamed_operand(accelerator) == "activation")
        values["SKIPS"] = int(not scheme.is_dense)
        return values

    def sources(self, folder: Path | None) -> tuple[Path, ...]:
        return sources(self.top, folder)

    def packed(
        self, activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """The weights, the activations: the driver makes entries and words of them."""
        return weights, activations

    def bench(self, dut: Any, replay: Replay, seen: Seen) -> StreamBench:
        from sparsesim.machines.stream.bench import StreamBench

        return StreamBench(dut, replay, seen)
