"""What a pass hands to the Verilog of `stream`: its shape, rows' entries, words, in their order.

By docs/machines/stream.md, "Order"; written plainly, for replays and tests. driver.cpp is its twin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Entry = tuple[int, int, bool]
"""Index in its block, value, whether it is its item's last."""


@dataclass(frozen=True, eq=False)
class Feed:
    """A pass.

    Args:
        activations, weights: integers, (positions, K), (filters, K).
        parameters: of the Verilog.
        drains: the pass ends its tiles.
        continues: sums start from those that the pass before left.
    """

    activations: NDArray[np.int16]
    weights: NDArray[np.int16]
    parameters: Mapping[str, int]
    drains: bool = True
    continues: bool = False

    @property
    def streams_weights(self) -> bool:
        """Rows get filters."""
        return not self.parameters["STREAMS_ACTIVATIONS"]

    @property
    def streamed(self) -> NDArray[np.int16]:
        """The operand that rows get, by vector."""
        return self.weights if self.streams_weights else self.activations

    @property
    def held(self) -> NDArray[np.int16]:
        """The other one."""
        return self.activations if self.streams_weights else self.weights

    @property
    def rows(self) -> int:
        return self.parameters["ROWS"]

    @property
    def lanes(self) -> int:
        return self.parameters["LANES"]

    @property
    def tiles(self) -> int:
        """Of the operand that is held."""
        return -(-len(self.held) // self.lanes)

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First element and end of each block of K."""
        elements = self.streamed.shape[1]
        count = -(-elements // self.parameters["DEPTH"])
        size = -(-elements // count)
        return [(first, min(first + size, elements)) for first in range(0, elements, size)]

    @property
    def is_whole(self) -> bool:
        """It is all of K."""
        return self.drains and not self.continues

    @property
    def is_chunked(self) -> bool:
        return not self.is_whole or len(self.blocks) > 1

    @property
    def is_sorted(self) -> bool:
        """Vectors are dealt by falling load."""
        return self.streams_weights and self.is_whole

    @property
    def rounds(self) -> int:
        return -(-len(self.streamed) // self.rows)

    @property
    def chunks(self) -> list[range]:
        """Rounds of each."""
        size = self.parameters["STASH"] if self.is_chunked else self.rounds
        return [range(n, min(n + size, self.rounds)) for n in range(0, self.rounds, size)]

    @property
    def words(self) -> list[int]:
        """Of `pass_i`: stream_pass_shape.v."""
        first, end = self.blocks[0]
        last = self.blocks[-1]
        from_last = self.is_sorted and self.rounds % 2 == 0
        return [
            end - first,
            last[1] - last[0],
            len(self.blocks),
            self.rounds,
            len(self.streamed) - (self.rounds - 1) * self.rows,
            self.tiles,
            len(self.held) - (self.tiles - 1) * self.lanes,
            self.drains | self.is_chunked << 1 | self.continues << 2 | from_last << 3,
        ]

    def entries_of(self, vector: int, block: int) -> list[Entry]:
        """An item's: its non-zeros, or one filler; where zeros are not skipped all elements."""
        first, end = self.blocks[block]
        values = self.streamed[vector, first:end].tolist()
        skips = self.parameters["SKIPS"]
        kept = [(k, value) for k, value in enumerate(values) if value or not skips] or [(0, 0)]
        return [(k, value, n == len(kept) - 1) for n, (k, value) in enumerate(kept)]

    def dealt(self) -> list[list[int]]:
        """The vector of each round and row; -1: none."""
        order = list(range(len(self.streamed)))
        if self.is_sorted:
            load = [sum(len(self.entries_of(v, b)) for b in range(len(self.blocks))) for v in order]
            order.sort(key=lambda v: -load[v])
        table = []
        for number in range(self.rounds):
            dealt = order[number * self.rows : (number + 1) * self.rows]
            dealt += [-1] * (self.rows - len(dealt))
            table.append(dealt[::-1] if self.is_sorted and number % 2 else dealt)
        return table

    def items(self, row: int) -> list[tuple[int, int]]:
        """A row's vectors and blocks, in the order in which it takes them, in each tile."""
        table, items = self.dealt(), []
        for chunk in self.chunks:
            for block in range(len(self.blocks)):
                rounds = chunk[::-1] if block % 2 else chunk
                items += [(table[r][row], block) for r in rounds if table[r][row] >= 0]
        return items

    def leaving(self, row: int) -> list[int]:
        """A row's vectors, in the order in which their results leave, in each tile."""
        return [vector for vector, block in self.items(row) if block == len(self.blocks) - 1]

    def index(self, filter_: int) -> int:
        """Where the post-processing has a filter's parameters."""
        if not self.streams_weights:
            return filter_
        flat = [vector for dealt in self.dealt() for vector in dealt]
        return flat.index(filter_)

    def of_tile(self, tile: int) -> range:
        """Vectors that a tile holds; the last of its lanes have them."""
        return range(tile * self.lanes, min((tile + 1) * self.lanes, len(self.held)))

    def words_of_tiles(self) -> Iterator[int]:
        """Words as the loader takes them, lane 0 in the low bits."""
        bits = self.parameters["ACT_W" if self.streams_weights else "WEIGHT_W"]
        keep = (1 << bits) - 1
        for tile in range(self.tiles):
            held = self.of_tile(tile)
            first = self.lanes - len(held)
            words = [
                sum((int(self.held[v, k]) & keep) << (first + n) * bits for n, v in enumerate(held))
                for k in range(self.held.shape[1])
            ]
            for _ in self.chunks:
                yield from words
