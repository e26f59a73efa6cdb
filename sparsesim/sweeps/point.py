"""One point of a space: a network on an accelerator, on a device."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from sparsesim.spec import Accelerator


@dataclass(frozen=True)
class Workload:
    """What is executed once for all accelerators: a trace.

    Attributes:
        network: its name in the sweep.
        images: so many.
        sample: `first`, or the seed that they are drawn by.
        thresholds: the name of their file, `none`, or `loss L`.
    """

    network: str
    images: int
    sample: int | str
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

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Point:
        """The point that has these parameters, all of them, the array's keys among them."""
        known = dict(parameters)
        workload = Workload(**{one.name: known.pop(one.name) for one in fields(Workload)})
        return cls(workload, known.pop("device"), Accelerator(**known))

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All of it by name, flat; what conditions read."""
        return {
            **vars(self.workload),
            "device": self.device,
            **self.accelerator.flat(),
        }

    @cached_property
    def key(self) -> str:
        """64 hex digits over the parameters: the same point has the same in every sweep."""
        text = json.dumps(self.parameters, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
