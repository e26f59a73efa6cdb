"""A machine with Verilog of one's own: lanes that share an activation. No step is longer than a
beat, and a tile is one position of as many filters as there are lanes.

    cycles of a pass = tiles * (K + 1), where it drains; else K

Used as `machine = "serial.py:Serial"`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field

from sparsesim.machines import Machine
from sparsesim.machines.counted import Counted
from sparsesim.machines.machine import Scheme, SlotClass, Tiling
from sparsesim.machines.timeline import Timeline
from sparsesim.rtl.bench import part
from sparsesim.spec.base import Spec

HERE = Path(__file__).resolve().parent


class SerialArray(Spec):
    """Its parameters.

    Args:
        lanes: 1 to 64.
    """

    lanes: int = Field(default=2, ge=1, le=64)


class Serial(Machine):
    """Lanes that share an activation."""

    name = "serial"
    summary = "lanes that share an activation"
    Array = SerialArray
    schemes = (Scheme("all", frozenset(), "#8b95a5"),)
    default_scheme = "all"
    classes = (
        SlotClass("useful", "useful", "work", "#2a9d5c", "both operands are non-zero"),
        SlotClass("wasted", "wasted", "work", "#a3b18a", "a zero was multiplied"),
        SlotClass("idle", "idle", "rest", "#4f86c6", "no filter, or sums leave"),
    )
    rtl = property(lambda self: SerialRtl())

    def slots(self, array):
        return array.lanes

    def tiling(self, array):
        return Tiling(filters=array.lanes, positions=1, elements=1)

    def prepare(self, role, words, reduction, array):
        return words

    def count(self, activations, weights, passes, pairs, scheme, array):
        tiles = -(-passes.filters // array.lanes) * passes.positions
        cycles = tiles * (passes.elements + passes.drains)
        taken = passes.filters * passes.positions * passes.elements
        idle = cycles * array.lanes - taken
        slots = np.stack((pairs.effectual, taken - pairs.effectual, idle), axis=1)
        return Counted(cycles, slots, taken, taken, taken)

    def timeline(self, activations, weights, scheme, array, drains=True):
        filters, (positions, reduction) = len(weights), activations.shape
        along = range(-(-filters // array.lanes))
        tiles = tuple((m, p) for p in range(positions) for m in along)
        first = np.arange(len(tiles)) * (reduction + drains)
        ends = first[:, None, None] + np.arange(reduction)[None, :, None]
        filter_ = np.array([m for m, _ in tiles])[:, None] * array.lanes + np.arange(array.lanes)
        ends = np.where(filter_[:, None] < filters, ends, -1)
        cycles = len(tiles) * (reduction + drains)
        return Timeline(cycles, tiles, ends, place="lane", step="beat")


class SerialRtl:
    """Its Verilog."""

    top = "serial"
    driver = HERE / "driver.cpp"
    linted = {}  # noqa: RUF012

    def parameters(self, accelerator):
        return {
            "LANES": accelerator.array.lanes,
            "ACT_W": accelerator.act_bits,
            "WEIGHT_W": accelerator.weight_bits,
            "ACC_W": accelerator.acc_bits,
        }

    def sources(self, folder):
        return [(folder or HERE) / "serial.v"]

    def packed(self, activations, weights, accelerator):
        return weights.astype(np.int32), activations.astype(np.int32)

    def bench(self, dut, replay, seen):
        return SerialBench(dut, replay, seen)


class SerialBench:
    """The ports in a replay."""

    def __init__(self, dut, replay, seen):
        self.dut, self.replay, self.seen = dut, replay, seen
        self.lanes, self.beats = replay.parameters["LANES"], replay.arrays["weights"].shape[1]
        self.tile = self.beat = 0

    def index(self, filter_):
        return filter_

    def begin(self):
        self.dut.beats_i.value = self.beats
        self.dut.tiles_i.value = len(self.replay.tiles)
        self.dut.drains_i.value = int(self.replay.about["drains"])
        self._offer()

    def edge(self, cycle):
        if part(self.dut.take_o, 0, 1):
            there = part(self.dut.there_i, 0, self.lanes)
            for lane in range(self.lanes):
                if there >> lane & 1:
                    self.seen.ends[self.tile, self.beat, lane] = cycle
            self.beat += 1
        if part(self.dut.sum_valid_o, 0, 1):
            bits = self.replay.parameters["ACC_W"]
            for place in self.replay.places():
                if place.tile == self.replay.tiles[self.tile]:
                    lane = place.within[0]
                    self.seen.result[place.at] = (
                        cycle,
                        part(self.dut.sum_o, lane * bits, bits, True),
                    )
                    self.seen.overflow[place.at] = cycle, 0
            self.tile, self.beat = self.tile + 1, 0
        self._offer()

    def end(self):
        if self.replay.about["drains"] and self.tile < len(self.replay.tiles):
            self.seen.wrong.append("tiles did not come")

    def _offer(self):
        if self.tile == len(self.replay.tiles) or self.beat == self.beats:
            return
        m, p = self.replay.tiles[self.tile]
        lines = self.replay.arrays["weights"][m * self.lanes : (m + 1) * self.lanes, self.beat]
        bits = self.replay.parameters["WEIGHT_W"]
        self.dut.there_i.value = (1 << len(lines)) - 1
        self.dut.weight_i.value = sum(
            (int(value) & (1 << bits) - 1) << n * bits for n, value in enumerate(lines)
        )
        act = int(self.replay.arrays["activations"][p, self.beat])
        self.dut.act_i.value = act & (1 << self.replay.parameters["ACT_W"]) - 1
