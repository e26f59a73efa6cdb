"""What a machine says of its Verilog: the top, and how one pass is run on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.rtl.bench import Bench, Replay, Seen
    from sparsesim.spec.accelerator import Accelerator


class Rtl(Protocol):
    """A machine's Verilog.

    Every top has the ports of `shell.cpp`, and the parameters COUNTERS_EN (class counters, 0 or 1),
    VALUE_W (bits of an output value) and MAX_FILTERS (filters that have parameters of the
    post-processing). What co-simulation compares it with is the machine's `count` and `timeline`.

    Attributes:
        top: the module that is simulated.
        driver: C++ that defines `make_driver`: it feeds a pass and collects what comes out.
    """

    top: str
    driver: Path

    @property
    def linted(self) -> Mapping[str, Sequence[Mapping[str, int]]]:
        """What `make lint` looks at: top modules, each with sets of parameters."""

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters of an accelerator, by name; a module takes its own of them."""

    def sources(self, folder: Path | None) -> Sequence[Path]:
        """The Verilog files of the top and of all that it instantiates.

        Args:
            folder: of another version of the Verilog than the machine's own; None is its own.
        Raises:
            SparseSimError: there is no such top.
        """

    def packed(
        self, activations: NDArray[np.int16], weights: NDArray[np.int16], accelerator: Accelerator
    ) -> Sequence[NDArray[Any]]:
        """The operands of a pass as the driver reads them: `Pass::operands`, in this order.

        Args:
            activations: (positions, K), zero points subtracted, within act_bits.
            weights: (filters, K), within weight_bits.
            accelerator: the machine.
        """

    def bench(self, dut: Any, replay: Replay, seen: Seen) -> Bench:
        """What drives and watches the top's streams in a replay under cocotb.

        Args:
            dut: cocotb's handle of the top.
            replay: the pass.
            seen: is filled.
        """
