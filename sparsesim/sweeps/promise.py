"""What a network would take on an accelerator, before anything is counted: at least, and about.

Both are made of what counting shares: pairs that a scheme leaves, the machine's own floors and what
it makes of mean densities, and bits that must move. They order points; no result is made of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sparsesim.estimator.operands import Operands, operands_of
from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import ones
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.product_shape import Densities, ProductShape, Runs
from sparsesim.machines.scheme import Scheme
from sparsesim.memory import ValueBits, value_bits_of
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import dram_bits_per_cycle
from sparsesim.trace import Trace


@dataclass(frozen=True)
class Tensor:
    """An operand over all runs: elements, non-zeros among them, bits of a value."""

    elements: int
    nonzeros: int
    value_bits: int

    def dense_bits(self) -> int:
        """Without compression."""
        return self.elements * self.value_bits

    def bits(self, name: str) -> int:
        """In a format, as one block; of formats that need more than a count, a mask's."""
        if name == "dense":
            return self.dense_bits()
        return self.elements + self.nonzeros * self.value_bits

    def least_bits(self, name: str) -> int:
        """No cut into blocks takes fewer; 0 where nothing is known of the format."""
        return self.bits(name) if name in ("dense", "bitmask") else 0

    def __add__(self, other: Tensor) -> Tensor:
        both = self.elements + other.elements, self.nonzeros + other.nonzeros
        return Tensor(*both, self.value_bits)


@dataclass(frozen=True)
class Work:
    """Layers of one shape over all runs of a trace.

    Attributes:
        shape: of one run.
        lies_beside: further runs may lie beside it, along the positions.
        runs: of such layers.
        pairs: operands whose zeros are skipped -> pairs that are left.
        densities: of the lowered operands.
        activation, weight, output: elements that move where each moves once a run.
    """

    shape: ProductShape
    lies_beside: bool
    runs: int
    pairs: Mapping[frozenset[str], int]
    densities: Densities
    activation: Tensor
    weight: Tensor
    output: Tensor

    def on(self, batch: int) -> Runs:
        """Runs of each shape where so many lie side by side."""
        if batch == 1 or not self.lies_beside:
            return {self.shape: self.runs}
        whole, rest = divmod(self.runs, batch)
        found = {self._wide(batch): whole, self._wide(rest): int(rest > 0)}
        return {shape: times for shape, times in found.items() if times}

    def _wide(self, runs: int) -> ProductShape:
        one = self.shape
        return ProductShape(one.groups, one.filters, one.positions * runs, one.reduction)


@dataclass(frozen=True)
class Promise:
    """Cycles of a network on an accelerator.

    Attributes:
        least: no fewer, however its layers are cut.
        about: what its machine makes of mean densities, or its floors, or DRAM.
    """

    least: float
    about: float


def work_of(trace: Trace, accelerator: Accelerator) -> tuple[Work, ...]:
    """The layers of a trace, those of one shape and width together.

    Args:
        trace: its images are read.
        accelerator: gives `value_bits`.
    """
    seen: dict[tuple[ProductShape, bool, ValueBits], list[_Counts]] = defaultdict(list)
    rows: dict[str, np.ndarray] = {}
    for image in trace.images:
        for layer in trace.layers:
            operands = operands_of(trace, layer, [image], rows.get(layer.name))
            if not operands.geometry.has_work:
                continue
            if layer.weight_is_constant:
                rows[layer.name] = operands.weight_rows
            widths = value_bits_of(trace, layer, accelerator)
            key = _shape(operands.geometry), layer.takes_images, widths
            seen[key].append(_counted(operands, widths))
    return tuple(_joined(*key[:2], counts) for key, counts in seen.items())


def promise(
    work: Sequence[Work], accelerator: Accelerator, scheme: Scheme, device: Device
) -> Promise:
    """Cycles of all of it, DRAM overlapped.

    Args:
        work: of `work_of`.
        accelerator: gives the array, the formats and how many images lie side by side.
        scheme: of its machine.
        device: gives the DRAM bandwidth.
    """
    rules, array = accelerator.rules, accelerator.array
    bits_per_cycle = float(dram_bits_per_cycle(device, accelerator))
    least = about = 0.0
    for item in work:
        runs = item.on(accelerator.batch)
        floor = max((one.cycles for one in rules.floors(runs, array)), default=0)
        compute = max(floor, item.pairs[scheme.skips] / rules.slots(array))
        guess = rules.expected_cycles(runs, item.densities, scheme, array)
        must, may = _moved(item, accelerator, scheme, sum(runs.values()))
        least += max(compute, must / bits_per_cycle)
        about += max(compute, guess, may / bits_per_cycle)
    return Promise(least, about)


def _moved(item: Work, accelerator: Accelerator, scheme: Scheme, loads: int) -> tuple[float, float]:
    """DRAM bits that must move, and those that move where each operand does so once."""
    first, second = accelerator.activation_format, accelerator.weight_format
    if scheme.is_dense:
        first = second = "dense"
    weights = loads / item.runs
    must = item.weight.least_bits(second) * weights + item.output.least_bits(first)
    may = item.weight.bits(second) * weights + item.output.bits(first) + item.activation.bits(first)
    return must, may


@dataclass(frozen=True)
class _Counts:
    """Of one layer on one run."""

    pairs: Mapping[frozenset[str], int]
    lowered: int
    lowered_nonzeros: int
    activation: Tensor
    weight: Tensor
    output: Tensor


_SKIPS = tuple(map(frozenset, ((), ("activation",), ("weight",), ("activation", "weight"))))


def _counted(operands: Operands, widths: ValueBits) -> _Counts:
    geometry = operands.geometry
    activation, output, lowered = operands.nonzeros()
    stored, elements, _ = operands.stored_weight()
    pairs = count_pairs(operands.activation_rows, operands.weight_rows, _whole(geometry))
    return _Counts(
        {skips: int(pairs.left(skips).sum()) for skips in _SKIPS},
        geometry.groups * geometry.positions * geometry.reduction,
        lowered,
        Tensor(geometry.activation_elements, activation, widths.activation),
        Tensor(elements, ones(stored), widths.weight),
        Tensor(geometry.output_elements, output, widths.output),
    )


def _whole(geometry: Geometry) -> Passes:
    """Each group's products as a pass of their own."""
    size = geometry.filters, geometry.positions, geometry.reduction
    each = [Passes.one(*size, group=group).table for group in range(geometry.groups)]
    return Passes(np.concatenate(each))


def _shape(geometry: Geometry) -> ProductShape:
    return ProductShape(geometry.groups, geometry.filters, geometry.positions, geometry.reduction)


def _joined(shape: ProductShape, lies_beside: bool, counts: Sequence[_Counts]) -> Work:
    activation, weight, output = counts[0].activation, counts[0].weight, counts[0].output
    for one in counts[1:]:
        activation += one.activation
        weight += one.weight
        output += one.output
    lowered = sum(one.lowered for one in counts)
    return Work(
        shape,
        lies_beside,
        len(counts),
        {skips: sum(one.pairs[skips] for one in counts) for skips in _SKIPS},
        Densities(
            sum(one.lowered_nonzeros for one in counts) / lowered,
            weight.nonzeros / weight.elements,
        ),
        activation,
        weight,
        output,
    )
