"""Random arrays of any machine, random masks, and passes cut as a machine's tiling allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from numpy.typing import NDArray

from sparsesim.errors import SpecError
from sparsesim.lowering.bits import pack_lines
from sparsesim.machines import Machine
from sparsesim.machines.counted import Counted
from sparsesim.machines.pairs import Pairs, count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.scheme import Scheme

DRAWN: dict[tuple[str, str], tuple[Any, ...]] = {
    ("stream", "depth"): (16, 32, 64),
    ("stream", "stash"): (1, 2, 4, 8),
}
"""(machine, key) -> what is drawn, where its type and range do not say what it may be."""

_SPREAD = 9  # a whole-number key is drawn from so many values, its least one up
_TRIES = 20  # arrays that are drawn until one holds together


@dataclass(frozen=True, eq=False)
class Layer:
    """Masks, true where an operand is not zero.

    Attributes:
        activations: bool, shape (groups, positions, K).
        weights: bool, shape (weight sets, filters, K); each serves as many groups, one behind the
            other, as there are more of them.
    """

    activations: NDArray[np.bool_]
    weights: NDArray[np.bool_]

    @property
    def reduction(self) -> int:
        return self.activations.shape[2]

    def __repr__(self) -> str:
        """As short as a failing case can be read."""
        a, w = (part.astype(int).tolist() for part in (self.activations, self.weights))
        return f"Layer(activations={a}, weights={w})"


def array_of(draw: st.DrawFn, machine: Machine) -> Any:
    """A small array of a machine: every key drawn as its type says, until they hold together."""
    for _ in range(_TRIES):
        try:
            return machine.Array(**{key: _value(draw, machine, key) for key in _keys(machine)})
        except SpecError:
            continue
    reject()


def changed(draw: st.DrawFn, machine: Machine, array: Any) -> Any:
    """Another small array, in which some keys are the given one's."""
    for _ in range(_TRIES):
        keys = draw(st.sets(st.sampled_from(_keys(machine))))
        try:
            return array.with_(**{key: _value(draw, machine, key) for key in keys})
        except SpecError:
            continue
    reject()


def _keys(machine: Machine) -> list[str]:
    return list(machine.Array.model_fields)


def _value(draw: st.DrawFn, machine: Machine, key: str) -> Any:
    one = machine.Array.model_fields[key]
    if (machine.name, key) in DRAWN:
        return draw(st.sampled_from(DRAWN[machine.name, key]))
    if get_origin(one.annotation) is Literal:
        return draw(st.sampled_from(get_args(one.annotation)))
    if one.annotation is bool:
        return draw(st.booleans())
    limits = {type(part).__name__: part for part in one.metadata}
    least = limits["Ge"].ge
    return draw(st.integers(least, min(least + _SPREAD, limits["Le"].le)))


def masks(draw: st.DrawFn, *shape: int) -> NDArray[np.bool_]:
    """A mask of any density, empty and full ones among them."""
    density = draw(st.sampled_from((0.0, 0.1, 0.3, 0.5, 0.8, 1.0)))
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random(shape) < density


@st.composite
def layers(draw, groups: int = 2, steps: int = 1) -> Layer:
    """A layer of up to so many weight sets, each with so many steps."""
    sets, filters, positions = (draw(st.integers(1, most)) for most in (groups, 9, 9))
    reduction = draw(st.sampled_from((1, 5, 12, 40, 70)))
    return Layer(
        masks(draw, sets * steps, positions, reduction), masks(draw, sets, filters, reduction)
    )


def passes_of(draw: st.DrawFn, layer: Layer, machine: Machine, array: Any) -> Passes:
    """A layer cut into passes: blocks of whole tiles; where K is cut, of one tile."""
    tiling = machine.tiling(array)
    filters, positions = layer.weights.shape[1], layer.activations.shape[1]
    cuts_k = tiling.sums_stay and draw(st.booleans())
    wide, long = (1, 1) if cuts_k else (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    deep = draw(st.integers(1, 4)) * tiling.elements if cuts_k else layer.reduction
    rows = [
        (group, m0, m1, p0, p1, k0, k1, int(k1 == layer.reduction))
        for group in range(len(layer.activations))
        for m0, m1 in _pieces(filters, wide * tiling.filters)
        for p0, p1 in _pieces(positions, long * tiling.positions)
        for k0, k1 in _pieces(layer.reduction, deep)
    ]
    return Passes(np.array(rows, dtype=np.int64))


def whole(layer: Layer) -> Passes:
    """A pass a group."""
    shape = layer.weights.shape[1], layer.activations.shape[1], layer.reduction
    tables = [Passes.one(*shape, group=group).table for group in range(len(layer.activations))]
    return Passes(np.concatenate(tables))


@dataclass(frozen=True, eq=False)
class Case:
    """A layer on an array of a machine, cut into passes."""

    machine: Machine
    array: Any
    layer: Layer
    passes: Passes
    scheme: Scheme

    def __repr__(self) -> str:
        return (
            f"{self.machine.name} {self.array!r} under {self.scheme.name}: "
            f"{self.layer!r} in {self.passes.table.tolist()}"
        )

    def pairs(self) -> Pairs:
        """Of the passes."""
        return count_pairs(
            pack_lines(self.layer.activations), pack_lines(self.layer.weights), self.passes
        )

    def prepared(self, role: str) -> Any:
        """An operand as the machine lays it out."""
        bits = self.layer.activations if role == "activation" else self.layer.weights
        return self.machine.prepare(role, pack_lines(bits), self.layer.reduction, self.array)

    def counted(self, activations: Any = None, weights: Any = None) -> Counted:
        """By the machine, of its own operands or of those that are given."""
        return self.machine.count(
            self.prepared("activation") if activations is None else activations,
            self.prepared("weight") if weights is None else weights,
            self.passes,
            self.pairs(),
            self.scheme,
            self.array,
        )

    def with_(self, **changes: Any) -> Case:
        """With another layer, array or scheme."""
        return replace(self, **changes)


def cases(machine: Machine, steps: int = 1) -> st.SearchStrategy[Case]:
    """Cases on a machine."""

    @st.composite
    def drawn(draw) -> Case:
        array, layer = array_of(draw, machine), draw(layers(steps=steps))
        scheme = draw(st.sampled_from(machine.schemes))
        return Case(machine, array, layer, passes_of(draw, layer, machine, array), scheme)

    return drawn()


def _pieces(length: int, step: int) -> list[tuple[int, int]]:
    return [(start, min(start + step, length)) for start in range(0, length, step)]
