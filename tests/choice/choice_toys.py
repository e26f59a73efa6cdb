"""Toys that `choose` leaves out, each for a reason of its own."""

from __future__ import annotations

from pathlib import Path

from sparsesim.errors import SpecError
from sparsesim.own_file import load_function

Toy = load_function(f"{Path(__file__).parents[1] / 'machines' / 'toy.py'}:Toy")


class NoArea(Toy):
    """Nobody knows what it is made of."""

    name = "no_area"

    def parts(self, accelerator, family):
        return ()


class NoSpace(Toy):
    """It does not say which of its arrays are worth trying."""

    name = "no_space"

    def space(self, budget, family):
        return None


class OneFilter(Toy):
    """It takes layers of few positions alone."""

    name = "one_filter"

    def count(self, activations, weights, passes, pairs, scheme, array):
        if passes.positions.max() > 1:
            raise SpecError("conv1: more than one position")
        return super().count(activations, weights, passes, pairs, scheme, array)


class Idle(Toy):
    """One of its schemes does nothing of its own on any of its arrays."""

    name = "idle"

    def scheme_note(self, scheme, array):
        return "" if scheme.is_dense else "it multiplies all pairs"
