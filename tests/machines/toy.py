"""A machine of one's own in one file: a vector of multipliers. Nothing in `sparsesim` knows it.

It takes a filter and a strip of `width` positions at a time. A strip starts up for `setup_cycles`;
then its pairs are dealt to the multipliers, and those of the next strip follow without a gap:

    strips = filters * ceil(positions / width)
    cycles of a pass = strips * setup_cycles + ceil(pairs that are left / multipliers)

Used as `machine = "toy.py:Toy"`; docs/extending.md explains it part by part.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from sparsesim.area.resources import Resources
from sparsesim.machines import Machine
from sparsesim.machines.array_space import ArraySpace, sizes
from sparsesim.machines.counted import Counted
from sparsesim.machines.machine import Cause, Clock, Floor, Part, Scheme, SlotClass, Tiling
from sparsesim.spec.base import Spec


class ToyArray(Spec):
    """Its parameters: the table `[array]` of an accelerator's file.

    Args:
        multipliers: of the vector, 1 to 4096.
        width: positions of a strip, 1 to 256.
        setup_cycles: before each strip, 1 to 64.
    """

    multipliers: int = Field(default=8, ge=1, le=4096)
    width: int = Field(default=4, ge=1, le=256)
    setup_cycles: int = Field(default=2, ge=1, le=64)


class Toy(Machine):
    """A vector of multipliers: a filter and a strip of positions at a time."""

    name = "toy"
    summary = "a vector of multipliers that starts up for each strip of positions"
    Array = ToyArray
    schemes = (
        Scheme("every_pair", frozenset(), "#8b95a5"),
        Scheme("nonzero_weights", frozenset({"weight"}), "#d4a72c"),
    )
    default_scheme = "nonzero_weights"
    classes = (
        SlotClass("useful", "useful", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("wasted", "wasted", "work", "#a3b18a", "a zero was multiplied"),
        SlotClass("left_over", "left over", "rest", "#4f86c6", "the last pairs fill no vector"),
        SlotClass("starting", "starting", "start", "#b565c4", "before each strip"),
    )

    def slots(self, array):
        return array.multipliers

    def describe(self, array):
        return f"{array.multipliers} multipliers, strips of {array.width}"

    # --- what it counts

    def tiling(self, array):
        return Tiling(filters=1, positions=array.width, elements=1)

    def operand_key(self, role, array):
        return ()  # what `prepare` gives depends on no parameter

    def prepare(self, role, words, reduction, array):
        return words  # pairs, which are counted already, say all that `count` needs

    def count(self, activations, weights, passes, pairs, scheme, array):
        starting = self._strips(passes.filters, passes.positions, array) * array.setup_cycles
        multiplied = pairs.left(scheme.skips)
        working = -(-multiplied // array.multipliers)
        classes = (
            pairs.effectual,
            multiplied - pairs.effectual,
            working * array.multipliers - multiplied,
            starting * array.multipliers,
        )
        return Counted(
            cycles=starting + working,
            slots=np.stack(classes, axis=1),
            multiplied=multiplied,
            read_activations=passes.filters * passes.positions * passes.elements,
            read_weights=self._strips(passes.filters, passes.positions, array) * passes.elements,
            paces={"start": starting},
        )

    def _strips(self, filters, positions, array):
        return filters * -(-positions // array.width)

    # --- what it says

    def floors(self, runs, array):
        strips = sum(
            times * shape.groups * self._strips(shape.filters, shape.positions, array)
            for shape, times in runs.items()
        )
        cycles = strips * array.setup_cycles
        return (Floor("a start a strip", cycles, "start", "strips are too short to pay"),)

    def cause(self, bound, result, layer, scheme):
        if bound != "start":
            return None
        array = result.accelerator.array
        return Cause(
            f"each strip of {array.width} positions starts up for {array.setup_cycles} cycles",
            (f"a width above {array.width}, since longer strips start less often",),
        )

    # --- what it is made of

    def parts(self, accelerator, family):
        kib = (
            accelerator.activation_buffer_kib
            + accelerator.weight_buffer_kib
            + accelerator.output_buffer_kib
        )
        return (
            Part("multiplier", accelerator.array.multipliers, Resources(lut=24, ff=36, dsp=1)),
            Part("control", 1, Resources(lut=150, ff=90)),
            Part("buffers", 1, Resources(bram36=-(-kib // 4))),  # 4 KiB of 36 Kb hold data
        )

    def space(self, budget, family):
        multipliers = sizes(min(budget.dsp, 4096), least=8)
        return ArraySpace({"multipliers": multipliers, "width": (4, 16, 64)})

    def clock(self, accelerator, family):
        return Clock(250.0, False, "stated: 250 MHz", words="vector")


class Sparse(Toy):
    """The same without a dense mode: all zeros are skipped, always."""

    name = "toy_sparse"
    summary = "the toy, which always skips zeros of both"
    schemes = (Scheme("nonzero_pairs", frozenset({"activation", "weight"}), "#2a9d5c"),)
    default_scheme = "nonzero_pairs"
