"""What a dense array is asked to do: the layers of a trace, equal ones together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import prod

from sparsesim.lowering import Geometry
from sparsesim.memory import ValueBits, value_bits_of
from sparsesim.spec import Accelerator
from sparsesim.trace import Trace


@dataclass(frozen=True)
class DenseWork:
    """Equal layers: runs of one shape.

    Attributes:
        name: of the first of them, for errors.
        geometry: of one run.
        value_bits: at which their values are priced.
        times: how many runs.
    """

    name: str
    geometry: Geometry
    value_bits: ValueBits
    times: int

    @cached_property
    def met_elements(self) -> int:
        """Elements of the activations that some output of a group meets: each is loaded."""
        return prod(self.geometry.met(axis) for axis in range(4)) * self.geometry.channels


def dense_work(trace: Trace, accelerator: Accelerator, groups: Iterable[int]) -> list[DenseWork]:
    """The layers of a trace over its runs, equal ones together.

    Args:
        trace: gives layers and widths of values; its images are not read.
        accelerator: gives `value_bits`.
        groups: how many runs lie side by side, `Result.run_groups`.
    """
    sizes = Counter(groups)
    names: dict[tuple[Geometry, ValueBits], str] = {}
    times: Counter[tuple[Geometry, ValueBits]] = Counter()
    for layer in trace.layers:
        bits = value_bits_of(trace, layer, accelerator)
        for size, runs in sizes.items():
            joins = size > 1 and layer.takes_images
            geometry = layer.geometry.with_images(size) if joins else layer.geometry
            if geometry.has_work:
                names.setdefault((geometry, bits), layer.name)
                times[geometry, bits] += runs if joins else runs * size
    return [DenseWork(names[key], *key, number) for key, number in times.items()]
