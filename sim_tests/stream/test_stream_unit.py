"""stream_unit.v: the lowest row that asks, without a gap; its results, and whose they are."""

from __future__ import annotations

import cocotb
import pytest
from bench import Clock, generator, parameters

LANE_REGISTERS = 2  # from a choice to the read of a multiplexer's sources
AHEAD = 2  # cycles by which a row says that it asks, and that it ends


def levels(sources: int) -> int:
    """Of a multiplexer."""
    found = 1
    while 16**found < sources:
        found += 1
    return found


def _asks(since: int | None, now: int) -> bool:
    return since is not None and since <= now


class Bench:
    """Plays the rows; asserts grants and results in each cycle.

    Attributes:
        busy: probability that an idle row has results in a cycle.
        room: probability that ready is high in a cycle.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut, self.told = dut, told
        self.clock, self.random = Clock(dut), generator()
        self.rows = told["OF"]
        self.busy, self.room = 1.0, 1.0
        self.most = told["LANES"]
        self.row_latency = LANE_REGISTERS + levels(told["LANES"])
        self.latency = self.row_latency + levels(self.rows)

    async def reset(self) -> None:
        for name in ("ready", "asks", "one", "two", "ends"):
            getattr(self.dut, f"{name}_i").value = 0
        await self.clock.reset()
        self.asks: list[int | None] = [None] * self.rows  # the cycle from which on a row does
        self.current: tuple[int, int] | None = None  # row, results left, the one of this cycle too
        self.counts = [0] * self.rows
        self.rounds, self.tiles = [0] * self.rows, [0] * self.rows
        self.bases = [int(self.random.integers(1 << 14)) for _ in range(4)]
        self.due: dict[int, tuple[int, int]] = {}  # by cycle: row, index
        self.results: dict[int, list[int]] = {}
        self.index = 0
        self.granted = 0

    async def cycle(self) -> None:
        dut, told, now = self.dut, self.told, self.clock.cycle + 1
        comes = 0
        for row in range(self.rows):
            left = self.current[1] if self.current is not None and self.current[0] == row else 0
            may = left <= AHEAD + 1 and self.asks[row] is None
            if may and self.random.random() < self.busy:
                self.asks[row] = now + AHEAD
                comes |= 1 << row
                self.counts[row] = self._count()
        ready = self.random.random() < self.room
        ends = self.current is not None and self.current[1] == 1
        grants = None
        if ready and (self.current is None or ends):
            grants = next((n for n, since in enumerate(self.asks) if _asks(since, now)), None)
        width = told["ACC_W"]
        self.results[now] = [
            int.from_bytes(self.random.bytes(8), "little") % (1 << width) for _ in range(self.rows)
        ]
        dut.ready_i.value = int(ready)
        dut.asks_i.value = comes
        for lanes, port in ((1, dut.one_i), (2, dut.two_i)):
            port.value = sum((count == lanes) << row for row, count in enumerate(self.counts))
        soon = self.current is not None and self.current[1] == AHEAD + 1
        dut.ends_i.value = 1 << self.current[0] if soon else 0
        dut.round_i.value = sum(r << n * told["ROUND_W"] for n, r in enumerate(self.rounds))
        dut.tile_i.value = sum(t << 2 * n for n, t in enumerate(self.tiles))
        dut.result_i.value = sum(r << n * width for n, r in enumerate(self.results[now]))
        dut.bases_i.value = sum(b << 16 * n for n, b in enumerate(self.bases))
        await self.clock.edge()
        wanted = 0 if grants is None else 1 << grants
        assert int(dut.grant_o.value) == wanted, now
        assert int(dut.leaving_o.value) == (self.current is not None), now
        self._results(now)
        if self.current is not None:
            row, left = self.current
            self.due[now] = row, self.index
            self.index += 1 if told["BY_LANE"] else 0
            self.current = (row, left - 1) if left > 1 else None
        if grants is not None:
            self._grant(grants)

    def _count(self) -> int:
        """Of an item's results: few, often."""
        most = self.most if self.random.random() < 0.5 else min(self.most, 4)
        return int(self.random.integers(1, most, endpoint=True))

    def _grant(self, row: int) -> None:
        told = self.told
        self.asks[row] = None
        self.current = row, self.counts[row]
        self.granted += 1
        self.rounds[row] = int(self.random.integers(1 << min(told["ROUND_W"], 9)))
        self.tiles[row] = int(self.random.integers(4))
        of_all = row * told["UNITS"] + told["UNIT"]
        place = self.rounds[row] * told["ROWS"] + of_all
        self.index = self.bases[self.tiles[row]] if told["BY_LANE"] else place

    def _results(self, now: int) -> None:
        due = self.due.get(now - self.latency)
        assert int(self.dut.valid_o.value) == (due is not None), now
        if due is None:
            return
        row, index = due
        read = now - self.latency + self.row_latency
        assert int(self.dut.row_o.value) == row * self.told["UNITS"] + self.told["UNIT"], now
        assert int(self.dut.index_o.value) == index & 0xFFFF, now
        assert int(self.dut.result_o.value) == self.results[read][row], now


@cocotb.test()
async def the_lowest_row_is_served_without_a_gap(dut):
    bench = Bench(dut)
    for bench.busy in (1.0, 0.3, 0.05):
        for bench.room in (1.0, 0.5):
            await bench.reset()
            for _ in range(120):
                await bench.cycle()
            assert bench.granted > 3


@pytest.mark.parametrize(
    "parameters",
    [
        {"OF": 1, "UNITS": 1, "ROWS": 1, "LANES": 1},
        {"OF": 3, "UNITS": 2, "UNIT": 1, "ROWS": 6, "LANES": 5, "BY_LANE": 1},
        {"OF": 6, "UNITS": 1, "ROWS": 6, "LANES": 3},
        {"OF": 17, "UNITS": 3, "UNIT": 2, "ROWS": 53, "LANES": 20, "ACC_W": 9},
    ],
)
def test_stream_unit(simulate, parameters):
    simulate("stream_unit", parameters)
