"""What a machine says of its Verilog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sparsesim.spec.accelerator import Accelerator


class Rtl(Protocol):
    """A machine's Verilog.

    Attributes:
        top: the module that is simulated.
    """

    top: str

    def parameters(self, accelerator: Accelerator) -> dict[str, int]:
        """The Verilog parameters of an accelerator, by name; a module takes its own of them."""
