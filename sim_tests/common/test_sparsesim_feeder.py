"""sparsesim_feeder.v: windows are pushed in order, in the cycles of the recurrence, with their
flags.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cocotb
import pytest
from bench import Clock, generator, is_high, pack, parameters

FLAGS = ("active", "last", "next_active", "more", "final")  # from the lowest bit


@dataclass(frozen=True)
class Shape:
    """A pass as the feeder is told of it; see its ports."""

    windows: int
    tiles: int
    other_tiles: int
    exists: bool
    is_last: bool
    drains: bool


@dataclass(frozen=True)
class Window:
    """A window of the pass: its flags, and what the line's stream gives for it if it is active."""

    flags: dict[str, bool]
    mask: int
    values: int


class Bench:
    """Plays the stream and the line's PEs, a cycle after the other, and compares all pushes.

    Args:
        dut: the module.
    Attributes:
        idle: probability that the stream offers nothing in a cycle.
        work: a PE's work on a window takes 1 to so many cycles.
        wait: up to so many cycles before it, for the other operand.
    """

    def __init__(self, dut) -> None:
        told = parameters()
        self.dut = dut
        self.lines, self.depth, self.latency = (
            told["LINES"],
            told["QUEUE_DEPTH"],
            told["FEED_LATENCY"],
        )
        self.window, self.value_bits = told["WINDOW"], told["VALUE_W"]
        self.inner, self.last_line = bool(told["INNER"]), bool(told["LAST_LINE"])
        self.slot_bits = max((self.depth - 1).bit_length(), 1)
        self.clock = Clock(dut)
        self.random = generator()
        self.idle, self.work, self.wait = 0.0, 1, 0
        self.before = 0  # windows of earlier passes: queues go on where they were

    async def reset(self) -> None:
        """Queues are empty, their first slot comes next."""
        self.before = 0
        self.dut.heads_i.value = 0
        self.dut.valid_i.value = 0
        await self.clock.reset()

    def random_shape(self) -> Shape:
        """A pass of up to four windows a tile, and three tiles each way."""
        windows, tiles, others = self.random.integers(1, (4, 3, 3), endpoint=True).tolist()
        exists, is_last, drains = (self.random.random(3) < (0.6, 0.5, 0.7)).tolist()
        return Shape(windows, tiles, others, exists, is_last, drains)

    def windows(self, shape: Shape) -> list[Window]:
        """All windows of a pass, in order."""
        if self.inner:
            tiles = [tile for _ in range(shape.other_tiles) for tile in range(shape.tiles)]
        else:
            tiles = [tile for tile in range(shape.tiles) for _ in range(shape.other_tiles)]
        ends = [(tile, n == shape.windows - 1) for tile in tiles for n in range(shape.windows)]
        active = [tile < shape.tiles - 1 or shape.exists for tile, _ in ends]
        made = []
        for number, (tile, ends_tile) in enumerate(ends):
            more = number < len(ends) - 1
            flags = {
                "active": active[number],
                "last": ends_tile and shape.drains,
                "next_active": more and active[number + 1],
                "more": more,
                "final": shape.is_last if tile == shape.tiles - 1 else self.last_line,
            }
            values = self.random.integers(0, 1 << self.value_bits, self.window)
            mask = int.from_bytes(self.random.bytes(8), "little") % (1 << self.window)
            made.append(Window(flags, mask, pack(values, self.value_bits)))
        return made

    async def passes(self, shape: Shape, cycles: int = 100_000) -> list[int]:
        """A pass, or its first cycles: every signal is right in every cycle.

        Returns:
            the cycle of each push.
        """
        windows = self.windows(shape)
        for name in ("windows", "tiles", "other_tiles", "exists", "is_last", "drains"):
            getattr(self.dut, f"{name}_i").value = int(getattr(shape, name))
        self.dut.start_i.value = 1
        await self.clock.edge()
        self.dut.start_i.value = 0
        self.clock.zero()
        pushes: list[int] = []
        last: list[list[int]] = [[] for _ in range(self.lines)]
        offered = False  # what a stream offers stays until it is taken
        for now in range(cycles):
            if len(pushes) == len(windows) and all(done[-1] < now for done in last):
                break
            offered = offered or self.random.random() >= self.idle
            window = windows[len(pushes)] if len(pushes) < len(windows) else None
            self._drive(window, offered, [sum(t < now for t in done) for done in last])
            has_slots = window is not None and self._free_from(len(pushes), last) <= now
            takes = has_slots and window.flags["active"]
            await self.clock.edge()
            assert self.clock.cycle == now
            assert is_high(self.dut.ready_o) == takes, f"cycle {now}"
            assert is_high(self.dut.running_o) == (window is not None), f"cycle {now}"
            if has_slots and (offered or not window.flags["active"]):
                offered = offered and not takes
                pushes.append(now)
                for done in last:
                    begin = max(now + self.latency, done[-1] + 1 if done else 0)
                    begin += int(self.random.integers(self.wait, endpoint=True))
                    done.append(begin + int(self.random.integers(self.work)))
            self._compare(now, windows, pushes)
        self.before += len(pushes)
        return pushes

    def _free_from(self, number: int, last: list[list[int]]) -> int:
        """The first cycle in which a window's slots are all known to be free."""
        if number < self.depth:
            return 0
        return max(done[number - self.depth] for done in last) + self.latency

    def _drive(self, window: Window | None, offered: bool, done: list[int]) -> None:
        """The stream and the heads in the cycle that begins."""
        heads = [self._pointer(self.before + count) for count in done]
        self.dut.heads_i.value = pack(heads, self.slot_bits + 1)
        # An inactive line's window is not the stream's: what that offers is another one's.
        is_offered = window is not None and window.flags["active"] and offered
        noise = self.random.bytes(8 + self.window * self.value_bits // 8)
        mask, values = noise[:8], noise[8:] + b"\xff"
        self.dut.valid_i.value = int(offered)
        self.dut.mask_i.value = (
            window.mask if is_offered else int.from_bytes(mask, "little") % (1 << self.window)
        )
        self.dut.values_i.value = (
            window.values
            if is_offered
            else int.from_bytes(values, "little") % (1 << self.window * self.value_bits)
        )

    def _compare(self, now: int, windows: list[Window], pushes: list[int]) -> None:
        """What the queues see of pushes up to this cycle."""
        seen = sum(push + self.latency <= now for push in pushes)
        assert int(self.dut.tail_o.value) == self._pointer(self.before + seen), f"cycle {now}"
        arrives = seen < len(pushes) and pushes[seen] + self.latency - 1 == now
        assert is_high(self.dut.push_o) == arrives, f"cycle {now}"
        if not arrives:
            return
        window = windows[seen]
        assert int(self.dut.slot_o.value) == (self.before + seen) % self.depth, f"window {seen}"
        flags = int(self.dut.flags_o.value)
        told = {name: bool(flags >> n & 1) for n, name in enumerate(FLAGS)}
        if not told["more"]:  # nobody asks whether what doesn't come is active
            told["next_active"] = False
        assert told == window.flags, f"window {seen}"
        is_active = window.flags["active"]
        assert int(self.dut.mask_o.value) == (window.mask if is_active else 0), f"window {seen}"
        if is_active:
            assert int(self.dut.values_o.value) == window.values, f"window {seen}"

    def _pointer(self, count: int) -> int:
        """{phase, slot} behind so many windows."""
        return (count // self.depth % 2) << self.slot_bits | count % self.depth


async def made(dut) -> Bench:
    """A bench out of reset."""
    bench = Bench(dut)
    await bench.reset()
    return bench


def paces() -> Iterator[tuple[int, int]]:
    """`work` and `wait` of PEs: quick ones, slow ones, and those that starve."""
    yield from ((1, 0), (4, 0), (1, 3), (9, 9))


@cocotb.test()
async def pushes_are_the_recurrences(dut):
    bench = await made(dut)
    for bench.work, bench.wait in paces():
        for _ in range(12):
            await bench.passes(bench.random_shape())


@cocotb.test()
async def a_quick_line_gets_a_window_a_cycle_if_its_queue_is_long_enough(dut):
    bench = await made(dut)
    pushes = await bench.passes(Shape(12, 1, 1, True, True, True))
    # A slot is free again 2 * FEED_LATENCY cycles behind its push.
    every = max(2 * bench.latency, bench.depth)
    assert pushes == [n // bench.depth * every + n % bench.depth for n in range(12)]


@cocotb.test()
async def idle_streams_only_delay(dut):
    bench = await made(dut)
    for bench.idle in (0.3, 0.9):
        for bench.work, bench.wait in paces():
            for _ in range(4):
                await bench.passes(bench.random_shape())


@cocotb.test()
async def a_line_that_never_exists_takes_nothing(dut):
    bench = await made(dut)
    for bench.idle in (0.0, 1.0):
        pushes = await bench.passes(Shape(5, 1, 2, False, False, True))
        assert len(pushes) == 10


@cocotb.test()
async def long_passes_count_right(dut):
    bench = await made(dut)
    for shape in (Shape(300, 1, 1, True, True, True), Shape(1, 17, 19, True, False, True)):
        assert len(await bench.passes(shape)) == shape.windows * shape.tiles * shape.other_tiles


@cocotb.test()
async def reset_ends_a_pass_and_empties_the_queues(dut):
    bench = await made(dut)
    for cycles in (1, 2, 5, 9):
        await bench.passes(Shape(20, 2, 2, True, True, True), cycles)
        await bench.reset()
        await bench.clock.edge()
        assert not is_high(dut.running_o) and not is_high(dut.push_o) and not is_high(dut.ready_o)
        await bench.passes(bench.random_shape())


@pytest.mark.parametrize(
    "parameters",
    [
        {
            "LINES": 1, "WINDOW": 1, "VALUE_W": 2, "QUEUE_DEPTH": 1, "FEED_LATENCY": 1,
            "INNER": 1, "LAST_LINE": 1,
        },
        {
            "LINES": 3, "WINDOW": 4, "VALUE_W": 8, "QUEUE_DEPTH": 2, "FEED_LATENCY": 2,
            "INNER": 0, "LAST_LINE": 0,
        },
        {
            "LINES": 2, "WINDOW": 3, "VALUE_W": 9, "QUEUE_DEPTH": 5, "FEED_LATENCY": 3,
            "INNER": 1, "LAST_LINE": 0,
        },
        {
            "LINES": 4, "WINDOW": 64, "VALUE_W": 2, "QUEUE_DEPTH": 5, "FEED_LATENCY": 4,
            "INNER": 0, "LAST_LINE": 1,
        },
    ],
)  # fmt: skip
def test_sparsesim_feeder(simulate, parameters):
    simulate("sparsesim_feeder", parameters)
