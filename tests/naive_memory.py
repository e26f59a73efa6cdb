"""A slow, plain twin of `sparsesim.memory.plan`, written from docs/model.md and not from it.

It slices real arrays, sizes every block with the encoders and tries every block size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as every
from math import ceil

import numpy as np

from sparsesim.errors import SpecError
from sparsesim.formats import encode


@dataclass
class NaiveGroup:
    """The cut of one group; `passes` are rows of `NaiveLayer.passes`."""

    filters: int
    positions: int
    elements: int
    positions_first: bool
    positions_outer: bool
    reduction_cut: bool
    passes: list


class NaiveLayer:
    """One layer with its operands as arrays of bits.

    Args:
        activations, weights, outputs: bool, flat, laid out as `Geometry` says.
        accelerator: its buffers, formats and pass order are read, not its machine.
        tiling: the machine's steps in filters, positions and elements of K.
    """

    def __init__(
        self, name, geometry, activations, weights, outputs, value_bits, accelerator, tiling
    ):
        self.tiling = tiling
        self.name, self.geometry, self.value_bits = name, geometry, value_bits
        self.activations, self.outputs = activations, outputs
        # "Groups are ordered [direction][part][step]; steps share their weight."
        self.steps, self.parts = geometry.steps, geometry.parts
        own = geometry.groups // self.steps
        self.weights = weights.reshape(own, geometry.filters, geometry.reduction)
        self.accelerator = accelerator
        self.activation_half = int(accelerator.activation_buffer_kib * 1024 * 8) // 2
        self.weight_half = int(accelerator.weight_buffer_kib * 1024 * 8) // 2
        self.output_half = int(accelerator.output_buffer_kib * 1024 * 8) // 2
        self.known, self.met = {}, {}  # sizes of blocks, taps of positions

    # Blocks as matrices of bits.

    def pixel(self, group, at):
        """The channels of one input pixel; `at` is image, depth, row, column."""
        g = self.geometry
        _, depth, rows, columns = g.input_shape
        index = ((at[0] * depth + at[1]) * rows + at[2]) * columns + at[3]
        first = group * g.group_stride + index * g.pixel_stride
        return self.activations[first : first + g.channels]

    def taps(self, position):
        """For each kernel element, in order, the input pixel that it meets, or None."""
        if position not in self.met:
            self.met[position] = list(self._taps(position))
        return self.met[position]

    def _taps(self, position):
        g = self.geometry
        out = [int(at) for at in np.unravel_index(position, g.output_shape)]
        for kernel in every(*(range(size) for size in g.kernel)):
            pixel = []
            for axis in range(4):
                at = out[axis] * g.stride[axis] + kernel[axis] * g.dilation[axis] - g.pad[axis]
                index, rest = divmod(at, g.insert[axis])
                if rest == 0 and 0 <= index < g.input_shape[axis]:
                    pixel.append(index)
            yield tuple(pixel) if len(pixel) == 4 else None

    def box(self, group, p0, p1):
        met = [tap for p in range(p0, p1) for tap in self.taps(p) if tap is not None]
        if not met:
            return np.zeros((0, 0), bool)
        ranges = [range(min(axis), max(axis) + 1) for axis in zip(*met, strict=True)]
        pixels = [self.pixel(group, at) for at in every(*ranges)]
        return np.concatenate(pixels).reshape(
            len(ranges[0]) * len(ranges[1]) * len(ranges[2]),
            len(ranges[3]) * self.geometry.channels,
        )

    def lowered(self, group, p0, p1, k0, k1):
        nothing = np.zeros(self.geometry.channels, bool)
        rows = [
            np.concatenate([nothing if t is None else self.pixel(group, t) for t in self.taps(p)])
            for p in range(p0, p1)
        ]
        return np.stack(rows)[:, k0:k1]

    def output(self, group, m0, m1, p0, p1):
        g = self.geometry
        firsts = group * g.output_group_stride + np.arange(p0, p1) * g.output_pixel_stride
        return np.stack([self.outputs[first + m0 : first + m1] for first in firsts])

    def weight(self, group):
        return self.weights[group // self.steps]

    def stays(self, group):
        """Whether a weight stays over the steps: all that a step goes through fit together."""
        if self.steps == 1:
            return False
        first = group // self.steps // self.parts * self.parts
        together = [self.weight_bits(self.weights[first + part]) for part in range(self.parts)]
        return sum(together) <= self.weight_half

    # Sizes.

    def bits(self, block, form, value_bits):
        key = (block.tobytes(), block.shape, form, value_bits)
        if key not in self.known:
            options = {"run_bits": self.accelerator.run_bits} if form == "run_length" else {}
            encoded = encode(block.astype(np.uint8), form, value_bits, **options)
            self.known[key] = encoded.bit_count
        return self.known[key]

    def weight_bits(self, block):
        return self.bits(block, self.accelerator.weight_format, self.value_bits.weight)

    def activation_bits(self, block):
        return self.bits(block, self.accelerator.activation_format, self.value_bits.activation)

    def store_bits(self, block):
        return self.bits(block, self.accelerator.activation_format, self.value_bits.output)

    # Cuts.

    def weights_fit(self, group, size):
        blocks = cut(self.geometry.filters, size)
        return all(self.weight_bits(self.weight(group)[a:b]) <= self.weight_half for a, b in blocks)

    def activations_fit(self, group, size):
        blocks = cut(self.geometry.positions, size)
        return all(
            self.activation_bits(self.box(group, a, b)) <= self.activation_half for a, b in blocks
        )

    def outputs_fit(self, filters, positions):
        return filters * positions * self.value_bits.output <= self.output_half

    def group(self, group):
        """The cut of one group.

        Raises:
            SpecError: it can't be cut.
        """
        g, a, step = self.geometry, self.accelerator, self.tiling
        tile = min(step.filters, g.filters), min(step.positions, g.positions)
        all_m = [m for m in range(1, g.filters + 1) if m % step.filters == 0 or m == g.filters]
        all_p = [
            p for p in range(1, g.positions + 1) if p % step.positions == 0 or p == g.positions
        ]
        some_m = [m for m in all_m if self.weights_fit(group, m)]
        some_p = [p for p in all_p if self.activations_fit(group, p)]
        orders = {"auto": [False, True]}.get(a.pass_order, [a.pass_order == "positions_outer"])
        options = []
        if tile[0] in some_m and tile[1] in some_p and self.outputs_fit(*tile):
            first = max(m for m in some_m if self.outputs_fit(m, tile[1]))
            beside = max(p for p in some_p if self.outputs_fit(first, p))
            options += [(first, beside, False, order) for order in orders]
            first = max(p for p in some_p if self.outputs_fit(tile[0], p))
            beside = max(m for m in some_m if self.outputs_fit(m, first))
            options += [(beside, first, True, order) for order in orders]
            elements, reduction_cut = g.reduction, False
        else:
            elements, reduction_cut = self.most_elements(group, *tile), True
            options += [(*tile, False, order) for order in orders]
        cuts = []
        for m, p, positions_first, outer in options:
            passes = self.passes(group, m, p, elements, outer, reduction_cut)
            cuts.append(NaiveGroup(m, p, elements, positions_first, outer, reduction_cut, passes))
        return min(cuts, key=lambda c: sum(sum(row[8:11]) for row in c.passes))

    def most_elements(self, group, filters, positions):
        """Of K in a slice: as many steps as fit, or all of K."""
        g, step = self.geometry, self.tiling.elements

        def refuse(what, needed, buffer, half):
            least = next(kib for kib in range(1, needed + 1) if kib * 8 * 1024 // 2 >= needed)
            return SpecError(
                f"{self.name}: {what} needs {needed} bits of the {buffer} buffer; "
                f"half of {buffer}_buffer_kib is {half}; {least} takes it"
            )

        if not self.outputs_fit(filters, positions):
            needed = filters * positions * self.value_bits.output
            what = f"one tile of {filters} x {positions} outputs"
            raise refuse(what, needed, "output", self.output_half)
        for steps in range(-(-g.reduction // step), 0, -1):
            elements = min(steps * step, g.reduction)
            pairs = cut(g.reduction, elements)
            weight = max(
                self.weight_bits(self.weight(group)[a:b, c:d])
                for a, b in cut(g.filters, filters)
                for c, d in pairs
            )
            activation = max(
                self.activation_bits(self.lowered(group, a, b, c, d))
                for a, b in cut(g.positions, positions)
                for c, d in pairs
            )
            if weight <= self.weight_half and activation <= self.activation_half:
                if len(pairs) > 1 and not self.tiling.sums_stay:
                    raise SpecError(
                        f"{self.name}: {filters} filters and {positions} positions with all of K = "
                        f"{g.reduction} do not fit the buffers, and sums do not stay in the "
                        "machine from one slice of K to the next; use larger buffers"
                    )
                return elements
        if weight > self.weight_half:
            what = f"a slice of {elements} elements of {filters} filters"
            raise refuse(what, weight, "weight", self.weight_half)
        what = f"a slice of {elements} elements of {positions} positions"
        raise refuse(what, activation, "activation", self.activation_half)

    def passes(self, group, filters, positions, elements, positions_outer, reduction_cut):
        """Rows: group, m0, m1, p0, p1, k0, k1, drains, loads and store, the same dense."""
        g = self.geometry
        tiles = [(m, p) for m in cut(g.filters, filters) for p in cut(g.positions, positions)]
        if positions_outer:
            tiles = [(m, p) for p in cut(g.positions, positions) for m in cut(g.filters, filters)]
        rows, held_weight, held_activation = [], None, None
        stays, is_first_step, in_buffer = self.stays(group), group % self.steps == 0, set()
        for (m0, m1), (p0, p1) in tiles:
            for k0, k1 in cut(g.reduction, elements):
                weight = self.weight(group)[m0:m1, k0:k1]
                box = self.box(group, p0, p1)
                activation = self.lowered(group, p0, p1, k0, k1) if reduction_cut else box
                output = self.output(group, m0, m1, p0, p1)
                new_weight = held_weight != (m0, m1, k0, k1)
                new_activation = held_activation != (p0, p1, k0, k1)
                held_weight, held_activation = (m0, m1, k0, k1), (p0, p1, k0, k1)
                if stays:
                    new_weight = is_first_step and held_weight not in in_buffer
                    in_buffer.add(held_weight)
                drains = k1 == g.reduction
                rows.append(
                    [
                        *(group, m0, m1, p0, p1, k0, k1, int(drains)),
                        self.activation_bits(activation) * new_activation,
                        self.weight_bits(weight) * new_weight,
                        self.store_bits(output) * drains,
                        activation.size * self.value_bits.activation * new_activation,
                        weight.size * self.value_bits.weight * new_weight,
                        output.size * self.value_bits.output * drains,
                    ]
                )
        return rows


def cut(length, size):
    """[0, length) in pieces of `size`, the last one short."""
    return [(start, min(start + size, length)) for start in range(0, length, size)]


def naive_total(groups, compute, loads, stores, bits_per_cycle):
    """Total cycles, step by step: one port, pass k + 1 loaded and k - 1 stored while k computes."""

    def cycles(bits):
        return ceil(bits / bits_per_cycle)

    groups, compute = [int(x) for x in groups], [int(x) for x in compute]
    loads, stores = [int(x) for x in loads], [int(x) for x in stores]  # fractions overflow NumPy's
    total = 0
    for group in sorted(set(groups)):
        mine = [k for k in range(len(groups)) if groups[k] == group]
        total += cycles(loads[mine[0]]) + cycles(stores[mine[-1]])
        for k in mine:
            port = cycles(loads[k + 1]) if k != mine[-1] else 0
            port += cycles(stores[k - 1]) if k != mine[0] else 0
            total += max(compute[k], port)
    return total
