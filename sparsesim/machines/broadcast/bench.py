"""The ports of `broadcast`'s top in a replay under cocotb.

See `sparsesim.rtl.bench.Bench`; driver.cpp is its twin in C++. It needs no simulator itself.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.rtl.bench import part
from sparsesim.rtl.units import Units

if TYPE_CHECKING:
    from sparsesim.rtl.bench import Replay, Seen


class BroadcastBench:
    """Offers rows of activations, is the stores of weights, watches the units."""

    def __init__(self, dut: Any, replay: Replay, seen: Seen) -> None:
        self._dut, self._replay, self._seen = dut, replay, seen
        told = replay.parameters
        self._pes, self._sums_of_a_pe = told["PES"], told["PE_SUMS"]
        self._units = Units(dut, replay, seen)
        acts = replay.arrays["activations"]
        self._rows = -(-acts.shape[1] // self._pes)
        self._stores = Stores(dut, replay)
        tiles = replay.tiles
        self._to_offer = [(p, row) for _, p in tiles for row in range(self._rows)]
        units = told["UNITS"]
        self._places: list[deque[tuple[int, int]]] = [deque() for _ in range(units)]
        for place in replay.places():
            self._places[place.within[0] % self._pes % units].append(place.at)
        # Of each PE: turns and rows of the activations that it is sent, in order.
        sent = [
            (turn, int(k) // self._pes)
            for turn, (_, p) in enumerate(tiles)
            for k in np.flatnonzero(acts[p])
        ]
        self._to_end = [list(sent) for _ in range(self._pes)]

    def index(self, filter_: int) -> int:
        return filter_

    def begin(self) -> None:
        dut, replay, pes = self._dut, self._replay, self._pes
        self._units.begin()
        tile = pes * self._sums_of_a_pe
        last = (replay.filters - 1) % tile + 1
        words = [  # broadcast_pass_shape.v
            self._rows,
            -(-replay.filters // tile),
            replay.positions,
            last // pes,
            last % pes,
            -(-(last % pes) // replay.parameters["UNITS"]),
            int(replay.about["drains"]),
        ]
        dut.pass_i.value = sum(word << 32 * number for number, word in enumerate(words))
        self._offer()

    def edge(self, cycle: int) -> None:
        """Right behind the clock edge that ends the cycle."""
        dut, seen = self._dut, self._seen
        if self._to_offer and part(dut.act_ready_o, 0, 1) == 1:
            del self._to_offer[0]
        self._stores.edge()
        self._offer()
        for pe in range(self._pes) if part(dut.done_o, 0, self._pes) != 0 else ():
            if part(dut.done_o, pe, 1) != 0 and self._to_end[pe]:
                turn, row = self._to_end[pe].pop(0)
                number = part(dut.cycle_o, 0, 48)  # of the model
                seen.ends[turn, row, pe] = -1 if number is None else number
        self._units.edge(cycle, self._next)

    def end(self) -> None:
        self._units.end()

    def _next(self, unit: int) -> tuple[int, int] | None:
        return self._places[unit].popleft() if self._places[unit] else None

    def _offer(self) -> None:
        dut = self._dut
        dut.act_valid_i.value = int(bool(self._to_offer))
        if not self._to_offer:
            return
        position, row = self._to_offer[0]
        acts = self._replay.arrays["activations"][position]
        values = acts[row * self._pes : (row + 1) * self._pes].tolist()
        bits = self._replay.parameters["ACT_W"]
        keep = (1 << bits) - 1
        dut.act_mask_i.value = sum(1 << n for n, value in enumerate(values) if value)
        dut.act_values_i.value = sum((v & keep) << n * bits for n, v in enumerate(values))


class Stores:
    """Pointers and entries, each two cycles behind its address."""

    def __init__(self, dut: Any, replay: Replay) -> None:
        from sparsesim.machines.broadcast.packing import pack_weights
        from sparsesim.machines.broadcast.parameters import BroadcastArray

        told = replay.parameters
        self._dut, self._pes = dut, told["PES"]
        self._bits = told["ENTRY_ADDRESS_W"]
        self._entry_bits = told["ENTRY_RUN_BITS"] + told["WEIGHT_W"]
        self._count_bits = told["PE_SUMS"].bit_length()
        array = BroadcastArray(
            pes=told["PES"], entry_run_bits=told["ENTRY_RUN_BITS"], pe_sums=told["PE_SUMS"]
        )
        pointers, entries, begins = pack_weights(replay.arrays["weights"], array, told["WEIGHT_W"])
        self._pointers = pointers.reshape(-1, self._pes, 2).tolist()
        self._entries = [entries[begins[pe] : begins[pe + 1]].tolist() for pe in range(self._pes)]
        self._column: int | None = None  # of the cycle before
        self._addresses: list[int | None] = [None] * self._pes

    def edge(self) -> None:
        """Right behind a clock edge: what the memories give in the cycle that begins."""
        column = self._column
        if column is not None and column < len(self._pointers):
            width = self._count_bits + self._bits
            self._dut.pointers_i.value = sum(
                (number << self._bits | first) << pe * width
                for pe, (number, first) in enumerate(self._pointers[column])
            )
        self._column = part(self._dut.column_o, 0, len(self._dut.column_o))
        word = 0
        for pe, address in enumerate(self._addresses):
            if address is not None and address < len(self._entries[pe]):
                word |= self._entries[pe][address] << pe * self._entry_bits
            self._addresses[pe] = part(self._dut.entry_addresses_o, pe * self._bits, self._bits)
        self._dut.entries_i.value = word
