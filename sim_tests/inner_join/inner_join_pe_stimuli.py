"""Windows of a pass as one PE gets them from its row and its column, at random. No signals.

A row's feeder gives weights, a column's gives activations; a line that does not exist in a tile
gives windows all the same, with an empty mask and any values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from bench import DENSITIES, random_values

SCHEMES = ("none", "activation", "weight", "two_sided")
"""The schemes by their number in the Verilog."""


@dataclass(frozen=True, eq=False)
class Half:
    """One window of one line.

    Attributes:
        active: the line exists in the tile.
        values: int64, (window,); behind a short window's length 0.
    """

    active: bool
    values: np.ndarray

    @cached_property
    def mask(self) -> np.ndarray:
        """bool, (window,): what the feeder shows; empty where the line does not exist."""
        return (self.values != 0) & self.active


@dataclass(frozen=True, eq=False)
class Window:
    """One window of the pass.

    Attributes:
        weight, act: from the row and from the column.
        length: its pairs, up to the PE's window.
        last: it ends its tile, and the pass ends tiles.
        is_final: the PE's row is the last active one of the tile.
    """

    weight: Half
    act: Half
    length: int
    last: bool
    is_final: bool

    @property
    def active(self) -> bool:
        """The PE works on it."""
        return self.weight.active and self.act.active


@dataclass(frozen=True)
class Machine:
    """What stimuli and models read of the Verilog parameters.

    Attributes:
        as named there, in lower case; `skipping` by name.
    """

    window: int
    lanes: int
    queue_depth: int
    skipping: str
    act_bits: int
    weight_bits: int
    acc_bits: int

    @classmethod
    def of(cls, told: dict[str, int]) -> Machine:
        """From the parameters of a module, with the PE's for what the module has not."""
        widths = (told.get("ACT_W", 9), told.get("WEIGHT_W", 8), told.get("ACC_W", 32))
        depth = told.get("QUEUE_DEPTH", 4)
        scheme = SCHEMES[told.get("SKIPPING", 3)]
        return cls(told["WINDOW"], told.get("LANES", 1), depth, scheme, *widths)

    @property
    def latency(self) -> int:
        """Of the PE: from the end of work to the earliest drain, in cycles."""
        return 3 + (self.lanes - 1).bit_length()


@dataclass(frozen=True)
class Shape:
    """A pass.

    Attributes:
        active: for each tile, whether the row and whether the column exist.
        windows: of a tile.
        length: of a tile's last window, 1 to the PE's window.
        drains: the pass ends its tiles; else its one tile goes on in the next pass, and `length`
            is a whole window.
        densities: of weights and of activations, 0 to 1; None: another one for each window.
    """

    active: Sequence[tuple[bool, bool]]
    windows: int
    length: int
    drains: bool = True
    densities: tuple[float, float] | None = None


BOTH = (True, True)


def random_shape(random: np.random.Generator, machine: Machine, density: float | None) -> Shape:
    """Up to four tiles of up to five windows; the PE is inactive in some."""
    lines = [BOTH, BOTH, BOTH, (False, True), (True, False), (False, False)]
    tiles = [lines[random.integers(len(lines))] for _ in range(random.integers(1, 5))]
    whole = random.random() < 0.5
    length = machine.window if whole else int(random.integers(1, machine.window, endpoint=True))
    densities = None if density is None else (density, density)
    return Shape(tiles, int(random.integers(1, 6)), length, densities=densities)


def windows_of(random: np.random.Generator, machine: Machine, shape: Shape) -> list[Window]:
    """All windows of a pass, in order."""
    return [
        Window(
            _half(random, machine.weight_bits, machine.window, length, row, densities[0]),
            _half(random, machine.act_bits, machine.window, length, column, densities[1]),
            length,
            last=ends and shape.drains,
            is_final=is_final,
        )
        for row, column in shape.active
        for is_final in [bool(random.random() < 0.5)]
        for number in range(shape.windows)
        for ends in [number == shape.windows - 1]
        for length in [shape.length if ends else machine.window]
        for densities in [shape.densities or random.choice(list(DENSITIES.values()), 2)]
    ]


def flags(
    random: np.random.Generator, windows: Sequence[Window], number: int
) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """A window's flags from its row and its column, from bit 0 up, as inner_join_pe.v names them.

    Behind the pass's last window nobody asks whether the next one is active: anything.
    """
    window = windows[number]
    more = number + 1 < len(windows)
    if more:
        weight_next, act_next = (half.active for half in halves_of(windows[number + 1]))
    else:
        weight_next, act_next = (random.random(2) < 0.5).tolist()
    return (
        (window.weight.active, window.last, weight_next, more, window.is_final),
        (window.act.active, act_next),
    )


def halves_of(window: Window) -> tuple[Half, Half]:
    """Weights and activations: the lines' order everywhere."""
    return window.weight, window.act


def _half(
    random: np.random.Generator, bits: int, window: int, length: int, active: bool, density: float
) -> Half:
    values = random_values(random, (window,), density, bits)
    if active:
        values[length:] = 0
    return Half(active, values)
