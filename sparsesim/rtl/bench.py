"""A replayed pass under cocotb: what it is, what was seen of it, and what drives a machine's ports.

`sparsesim.cosim.replay` writes replays; `replay_test.py` beside it runs them. This file needs no
simulator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Place:
    """Of a result: its tile (along filters, along positions), its filter and position within the
    tile, and those within the pass."""

    tile: tuple[int, int]
    within: tuple[int, int]
    at: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Replay:
    """What `replay.npz` holds.

    Attributes:
        about: which pass of the co-simulation it is, and which part; where its first tile and step
            of K are in the layer; what the machine calls things; the Verilog's folder (null: the
            machine's own); the layer's post-processing (null: none).
        parameters: of the Verilog.
        arrays: operands, vectors of the post-processing, and what the model says, by name.
    """

    about: dict[str, Any]
    parameters: dict[str, int]
    arrays: dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Path) -> Replay:
        """From its file."""
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays.pop("about")))
        return cls(about, about.pop("parameters"), arrays)

    @property
    def filters(self) -> int:
        return len(self.arrays["weights"])

    @property
    def positions(self) -> int:
        return len(self.arrays["activations"])

    @property
    def packed(self) -> list[np.ndarray]:
        """The operands as the machine's driver reads them: `Rtl.packed`."""
        count = sum(name.startswith("packed_") for name in self.arrays)
        return [self.arrays[f"packed_{number}"] for number in range(count)]

    @property
    def tiles(self) -> list[tuple[int, int]]:
        """In the order of the pass."""
        return [(m, p) for m, p in self.arrays["tiles"].tolist()]

    def places(self) -> Iterator[Place]:
        """Of all results: tile by tile, then by filter, then by position; none where none drain."""
        of_m, of_p = self.about["tile"]
        for m, p in self.tiles if self.about["drains"] else ():
            for i in range(min(of_m, self.filters - m * of_m)):
                for j in range(min(of_p, self.positions - p * of_p)):
                    yield Place((m, p), (i, j), (m * of_m + i, p * of_p + j))

    def named(self, tile: tuple[int, int], place: tuple[int, ...]) -> str:
        """A place in a tile, by the layer's number of it; of a result's filter and position within
        the tile, the place that makes it."""
        place = place[: self.arrays["ends"].ndim - 2]
        first_m, first_p = self.about["first_tile"]
        number = place if len(place) > 1 else place[0]
        return f"tile {(first_m + tile[0], first_p + tile[1])}, {self.about['place']} {number}"


@dataclass
class Seen:
    """What the Verilog did. Of each result, by filter and position, the cycle in which it came and
    what it was; None is an unknown value.

    Attributes:
        ends: as the model's timeline has them; -1 where work did not end.
        result, overflow, output: sums, their overflow, values behind the post-processing.
        wrong: what is missing, or belongs nowhere, a text each.
        cycles, classes: as the Verilog counts them.
    """

    ends: NDArray[np.int64]
    result: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    overflow: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    output: dict[tuple[int, int], tuple[int, int | None]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    cycles: int | None = None
    classes: list[int | None] = field(default_factory=list)


class Bench(Protocol):
    """A machine's part of a replay: it drives its streams, and puts what comes out in `Seen`."""

    def index(self, filter_: int) -> int:
        """Where the post-processing has the parameters of a filter of the pass."""

    def begin(self) -> None:
        """Out of reset, before start_i: the pass's shape, and what is offered first."""

    def edge(self, cycle: int) -> None:
        """Right behind the clock edge that ends a cycle; cycle 0 is the one behind start_i."""

    def end(self) -> None:
        """Of the pass: what did not come is wrong."""


def part(handle: Any, low: int, width: int, is_signed: bool = False) -> int | None:
    """Bits of a signal; None where one of them is unknown."""
    whole = handle.value
    if whole.is_resolvable:
        number = int(whole) >> low & (1 << width) - 1
    else:
        bits = str(whole)[::-1][low : low + width][::-1]
        if not set(bits) <= {"0", "1"}:
            return None
        number = int(bits, 2)
    return number - (1 << width) if is_signed and number >> width - 1 else number
