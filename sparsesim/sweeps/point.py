"""One point of a space: a network on an accelerator, on a device."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sparsesim.spec import Accelerator


@dataclass(frozen=True)
class Workload:
    """What is executed once for all accelerators: a trace.

    Attributes:
        network: its name in the sweep.
        images: the first so many.
        thresholds: the name of their file, or `none`.
    """

    network: str
    images: int
    thresholds: str


@dataclass(frozen=True)
class Point:
    """A workload on an accelerator.

    Attributes:
        workload: gives the trace.
        device: its name in the sweep.
        accelerator: whole, with its clock.
    """

    workload: Workload
    device: str
    accelerator: Accelerator

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All of it by name, flat; what conditions read."""
        return {
            "network": self.workload.network,
            "images": self.workload.images,
            "thresholds": self.workload.thresholds,
            "device": self.device,
            **self.accelerator.model_dump(exclude={"name"}),
        }

    @cached_property
    def key(self) -> str:
        """64 hex digits over the parameters: the same point has the same in every sweep."""
        text = json.dumps(self.parameters, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
