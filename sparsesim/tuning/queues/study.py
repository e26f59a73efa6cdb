"""The study of a machine's queues, for whoever holds a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsesim.spec import Accelerator, Device
from sparsesim.spec.resolve import resolve
from sparsesim.trace import Trace
from sparsesim.tuning.queues.records import Queues
from sparsesim.tuning.queues.rules import QueueRules
from sparsesim.tuning.queues.sizing import sized


@dataclass(frozen=True)
class QueueStudy:
    """How deep the queues of a machine must be for a network.

    Attributes:
        rules: of its queues.
    """

    rules: QueueRules

    def size_queues(
        self,
        trace: Trace,
        accelerator: Accelerator | str | Path | None = None,
        device: Device | str | Path | None = None,
        *,
        loss: float = 0.01,
        progress: Callable[[int], Any] | None = None,
    ) -> Queues:
        """The smallest queue depths within a loss, layer by layer and for the whole network.

        Args:
            trace: of `execute`, or loaded; the bits of all its images are held.
            accelerator: default: all defaults; counted under its own scheme.
            device: gives the DRAM bandwidth and prices the array; default: XCZU9EG on the ZCU102.
            loss: share of the total cycles with unbounded queues that may be lost, 0 to below 1.
            progress: called with the number of layers done.
        Raises:
            SpecError: a loss out of range, another machine, a layer that does not fit the buffers.
            ModelError: no layer has work.
        """
        return sized(self.rules, trace, *resolve(accelerator, device), loss, progress)
