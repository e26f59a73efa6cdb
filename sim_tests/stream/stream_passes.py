"""Random passes on the array and the accelerator, with what the model says of them.

The same bench as in a replay of a co-simulation drives them (sparsesim/machines/stream/bench.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from bench import Clock

from sparsesim.fixed_point.requantise import requantise
from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.counted import Counted
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Pass, Passes
from sparsesim.machines.stream.bench import StreamBench
from sparsesim.rtl.bench import Replay, Seen, part
from sparsesim.spec import Accelerator

FIELDS = ("rows", "lanes", "depth", "stash", "units", "feed_latency", "lanes_per_dsp")


def accelerator_of(told: dict[str, int]) -> Accelerator:
    """The machine with these parameters of the Verilog."""
    streams = "activation" if told["STREAMS_ACTIVATIONS"] else "weight"
    keys: dict[str, Any] = {key: told[key.upper()] for key in FIELDS}
    keys |= {"act_bits": told["ACT_W"], "weight_bits": told["WEIGHT_W"], "acc_bits": told["ACC_W"]}
    scheme = streams if told["SKIPS"] else "none"
    return Accelerator(machine="stream", skipping=scheme, dense_streams=streams, **keys)


def drawn(random, shape: tuple[int, int], bits: int, density: float) -> np.ndarray:
    """Integers of so many bits, signed, the extremes among them, a share of them not zero."""
    values = random.integers(-(1 << bits - 1), (1 << bits - 1) - 1, shape, endpoint=True)
    return np.where(random.random(shape) < density, values, 0).astype(np.int16)


@dataclass(frozen=True, eq=False)
class Case:
    """A layer's operands, cut along K into passes that follow each other.

    Attributes:
        cuts: elements of K at which a pass ends, the last one K.
        epilogue: numbers of the layer and vectors of its filters; None: sums leave as they are.
    """

    activations: np.ndarray
    weights: np.ndarray
    cuts: tuple[int, ...]
    epilogue: dict[str, Any] | None = None

    @classmethod
    def random_one(cls, random, told: dict[str, int], post: bool) -> Case:
        single = random.random() < 0.3  # K is cut between passes: one tile
        most = told["LANES"] if single else 2 * told["LANES"] + told["ROWS"] * told["STASH"]
        filters, positions = (int(random.integers(1, most, endpoint=True)) for _ in range(2))
        filters, positions = min(filters, 40), min(positions, 40)
        elements = int(random.integers(1, 4 * told["DEPTH"]))
        cuts = (elements,)
        if single and elements > 1:
            cuts = tuple(sorted({int(random.integers(1, elements)), elements}))
        density = random.choice([0.0, 0.1, 0.4, 1.0], 2)
        activations = drawn(random, (positions, elements), told["ACT_W"], density[0])
        weights = drawn(random, (filters, elements), told["WEIGHT_W"], density[1])
        epilogue = None
        if post:
            epilogue = {
                "layer": {
                    "relu": int(random.integers(2)),
                    "threshold": int(random.integers(20)),
                    "zero_point": int(random.integers(-100, 100)),
                    "low": -128,
                    "high": 127,
                },
                "bias": random.integers(-5000, 5000, filters),
                "multiplier": random.integers(1 << 30, 1 << 32, filters),
                "shift": random.integers(38, 45, filters),
            }
        return cls(activations, weights, cuts, epilogue)

    def passes(self) -> list[tuple[Pass, np.ndarray, np.ndarray]]:
        """Each, with its activations and weights."""
        found, k0 = [], 0
        size = len(self.weights), len(self.activations)
        for k1 in self.cuts:
            drains = int(k1 == self.cuts[-1])
            one = Pass(group=0, m0=0, m1=size[0], p0=0, p1=size[1], k0=k0, k1=k1, drains=drains)
            found.append((one, self.activations[:, k0:k1], self.weights[:, k0:k1]))
            k0 = k1
        return found

    def counted(self, accelerator: Accelerator) -> Counted:
        """What the model says of each pass."""
        rules, array = accelerator.rules, accelerator.array
        act, weight = pack_lines(self.activations[None] != 0), pack_lines(self.weights[None] != 0)
        table = Passes(np.array([one for one, _, _ in self.passes()], dtype=np.int64))
        elements = self.activations.shape[1]
        return rules.count(
            rules.prepare("activation", act, elements, array),
            rules.prepare("weight", weight, elements, array),
            table,
            count_pairs(act, weight, table),
            rules.scheme(accelerator.skipping),
            array,
        )

    def sums(self, bits: int) -> np.ndarray:
        """Modulo 2^bits."""
        wide = self.weights.astype(object) @ self.activations.T.astype(object)
        keep = (wide + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)
        return keep.astype(np.int64)

    def values(self, bits: int) -> np.ndarray:
        """Behind the post-processing."""
        told = self.epilogue
        assert told is not None
        vectors = told["bias"], told["multiplier"].astype(np.uint32), told["shift"].astype(np.uint8)
        return requantise(self.sums(bits), *vectors, *told["layer"].values())


class Stalled(StreamBench):
    """Streams that rest now and then, and units that do.

    Attributes:
        idle: probability that a stream offers nothing in a cycle, or a unit has no room.
    """

    def __init__(self, dut, replay, seen, continues, random, idle: float) -> None:
        super().__init__(dut, replay, seen, continues)
        self._random, self.idle = random, idle

    def edge(self, cycle: int) -> None:
        dut = self._dut
        # What is hidden was not taken.
        super().edge(cycle)
        hidden = [i for i in range(len(self._offered)) if self._random.random() < self.idle]
        self._hidden = hidden
        self._offer_entries()
        self._rests = self._random.random() < self.idle
        self._offer_word()
        units = self._replay.parameters["UNITS"]
        room = [self._random.random() >= self.idle for _ in range(units)]
        dut.out_ready_i.value = sum(ready << n for n, ready in enumerate(room))

    _hidden: list[int] = []  # noqa: RUF012
    _rests = False

    def _taken(self, row: int) -> bool:
        return row not in self._hidden and super()._taken(row)

    def _word_taken(self) -> bool:
        return not self._rests and super()._word_taken()

    def _offer_entries(self) -> None:
        kept = list(self._offered)
        for row in self._hidden:
            self._offered[row] = None
        super()._offer_entries()
        self._offered = kept

    def _offer_word(self) -> None:
        super()._offer_word()
        if self._rests:
            self._dut.word_valid_i.value = 0


async def run_case(
    dut: Any, clock: Clock, told: dict[str, int], case: Case, random=None, idle: float = 0.0
) -> None:
    """All passes of a case; asserts results, and without idling cycles and classes."""
    accelerator = accelerator_of(told)
    counted = case.counted(accelerator)
    names = [one.key for one in accelerator.rules.classes]
    for number, (one, activations, weights) in enumerate(case.passes()):
        epilogue = case.epilogue if one.drains else None
        about = {"drains": one.drains, "epilogue": epilogue and epilogue["layer"]}
        replay = Replay(about, told, {"activations": activations, "weights": weights})
        tiles = -(-len(weights) // told["LANES"]) * -(-len(activations) // told["LANES"])
        blocks = -(-activations.shape[1] // told["DEPTH"])
        seen = Seen(np.full((tiles, blocks, told["LANES"], told["LANES"]), -1))
        given = dut, replay, seen, number > 0
        bench = Stalled(*given, random, idle) if idle else StreamBench(*given)
        if hasattr(dut, "raw_i"):
            await _post_processing(dut, clock, told, bench, epilogue)
        bench.begin()
        dut.start_i.value = 1
        await clock.edge()
        dut.start_i.value = 0
        for cycle in range(20_000):
            await clock.edge()
            bench.edge(cycle)
            if part(dut.busy_o, 0, 1) == 0:
                break
        else:
            raise AssertionError("it hangs")
        bench.end()
        assert seen.wrong == []
        if not idle:
            assert part(dut.cycles_o, 0, 48) == counted.cycles[number]
            classes = {name: part(dut.counters_o, 48 * n, 48) for n, name in enumerate(names)}
            assert classes == dict(zip(names, counted.slots[number].tolist(), strict=True))
        if one.drains:
            _compare(seen.result, case.sums(told["ACC_W"]))
            if epilogue:
                _compare(seen.output, case.values(told["ACC_W"]))


def _compare(seen: dict, wanted: np.ndarray) -> None:
    assert len(seen) == wanted.size
    for at, (cycle, value) in seen.items():
        assert value == wanted[at], (at, cycle)


async def _post_processing(dut, clock, told, bench, epilogue) -> None:
    dut.raw_i.value = int(epilogue is None)
    if epilogue is None:
        return
    for name, value in epilogue["layer"].items():
        getattr(dut, f"{name}_i").value = value & (2 << told["VALUE_W"]) - 1
    dut.param_we_i.value = 1
    for number in range(len(epilogue["bias"])):
        dut.param_index_i.value = bench.index(number)
        for name in ("bias", "multiplier", "shift"):
            port = getattr(dut, f"param_{name}_i")
            port.value = int(epilogue[name][number]) & (1 << len(port)) - 1
        await clock.edge()
    dut.param_we_i.value = 0
