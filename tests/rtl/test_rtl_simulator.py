"""The Verilog in Verilator against the model: worked vectors and random passes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.fixed_point.requantise import requantise, scale_of
from sparsesim.rtl.simulator import Epilogue, SimulationError, Simulator, Verilog

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "array_cycles.json").read_text())
FIELDS = (
    "rows",
    "cols",
    "lanes",
    "queue_depth",
    "window",
    "feed_latency",
    "skipping",
    "loop_order",
)
SCALE = int(os.environ.get("SPARSESIM_EXAMPLES", "1"))
RANDOM_PASSES = 30 * SCALE

# Beside those of the vectors: narrow and wide operands, every scheme, both orders.
MACHINES = [
    ss.Accelerator(rows=3, cols=2, window=5, skipping="none", loop_order="positions_inner"),
    ss.Accelerator(rows=2, cols=3, window=4, lanes=3, skipping="weight", act_bits=16),
    ss.Accelerator(rows=3, cols=3, window=7, skipping="activation", weight_bits=2, feed_latency=2),
    ss.Accelerator(rows=2, cols=5, window=33, queue_depth=1, acc_bits=64, weight_bits=16),
]


def by_machine() -> dict[tuple, list[dict]]:
    """Vectors that one build serves."""
    found: dict[tuple, list[dict]] = {}
    for case in VECTORS:
        found.setdefault(tuple(case[name] for name in FIELDS), []).append(case)
    return found


def bits_of(rows: list[str]) -> np.ndarray:
    """A mask that the vectors write as rows of digits."""
    return np.array([[digit == "1" for digit in row] for row in rows])


def values_of(mask: np.ndarray, bits: int, rng: np.random.Generator) -> np.ndarray:
    """Random values that are zero where the mask is."""
    top = 1 << (bits - 1)
    values = rng.integers(-top, top, mask.shape)
    values[values == 0] = -top
    return np.where(mask, values, 0).astype(np.int16)


@pytest.mark.parametrize("key", by_machine(), ids=lambda key: "-".join(map(str, key)))
def test_the_worked_vectors_agree(key):
    machine = ss.Accelerator(**dict(zip(FIELDS, key, strict=True)))
    simulator, rng = Simulator(Verilog(machine)), np.random.default_rng(1)
    for case in by_machine()[key]:
        act = values_of(bits_of(case["act_mask"]), machine.act_bits, rng)
        weight = values_of(bits_of(case["weight_mask"]), machine.weight_bits, rng)
        run = simulator.run(act, weight, 10**6)
        assert run.cycles == case["cycles"], case["name"]
        assert dict(zip(case["classes"], run.classes, strict=True)) == case["classes"]
        assert np.array_equal(run.sums, weight.astype(np.int64) @ act.T.astype(np.int64))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: f"{m.rows}x{m.cols}-{m.skipping}")
def test_random_passes_agree(machine, record_property):
    record_property("random cases", RANDOM_PASSES)
    simulator, rng = Simulator(Verilog(machine)), np.random.default_rng(2)
    for _ in range(RANDOM_PASSES):
        filters, positions = rng.integers(1, 3 * np.array([machine.rows, machine.cols]) + 2)
        reduction = rng.integers(1, 4 * machine.window + 2)
        density = rng.choice([0, 0.1, 0.5, 1], 2)
        act = values_of(rng.random((positions, reduction)) < density[0], machine.act_bits, rng)
        weight = values_of(rng.random((filters, reduction)) < density[1], machine.weight_bits, rng)
        model = ss.array_cycles(act != 0, weight != 0, machine)
        sums = weight.astype(np.int64) @ act.T.astype(np.int64)
        epilogue = random_epilogue(filters, rng)
        run = simulator.run(act, weight, 2 * model.cycles + 2000, epilogue=epilogue)
        assert run.cycles == model.cycles
        assert run.classes == tuple(model.classes.values())
        wrapped = np.left_shift(sums, 64 - machine.acc_bits) >> (64 - machine.acc_bits)
        assert np.array_equal(run.sums, wrapped)
        wanted = requantise(
            wrapped,
            epilogue.bias,
            epilogue.multiplier,
            epilogue.shift,
            epilogue.relu,
            epilogue.threshold,
            epilogue.zero_point,
            epilogue.low,
            epilogue.high,
        )
        assert np.array_equal(run.values, wanted)


def random_epilogue(filters: int, rng: np.random.Generator) -> Epilogue:
    multiplier, shift = scale_of(rng.uniform(1e-6, 1e-2, filters))
    low = int(rng.choice([-128, 0]))
    return Epilogue(
        bias=rng.integers(-(2**31), 2**31, filters) // int(rng.choice([1, 2**16])),
        multiplier=multiplier,
        shift=shift,
        relu=bool(rng.random() < 0.5),
        threshold=int(rng.choice([0, 3, 40])),
        zero_point=int(rng.integers(low, low + 256)),
        low=low,
        high=low + 255,
    )


def test_sums_stay_over_a_pass_that_does_not_drain():
    machine = ss.Accelerator(rows=4, cols=4, window=8, queue_depth=2)
    simulator, rng = Simulator(Verilog(machine)), np.random.default_rng(3)
    for _ in range(10):
        act, weight = (values_of(rng.random((3, 50)) < 0.5, 8, rng) for _ in range(2))
        for part, drains in ((slice(0, 24), False), (slice(24, 50), True)):
            model = ss.array_cycles(act[:, part] != 0, weight[:, part] != 0, machine, drains)
            run = simulator.run(act[:, part], weight[:, part], 10**5, drains)
            assert (run.cycles, run.classes) == (model.cycles, tuple(model.classes.values()))
        assert np.array_equal(run.sums, weight.astype(np.int64) @ act.T.astype(np.int64))


def test_overflow_is_seen_and_the_sum_wraps():
    machine = ss.Accelerator(rows=4, cols=4, window=8, queue_depth=2, acc_bits=12)
    simulator = Simulator(Verilog(machine))
    act, weight = np.full((1, 20), 20, np.int16), np.full((2, 20), 10, np.int16)
    weight[1] = 10 * (-1) ** np.arange(20)  # never far from zero
    run = simulator.run(act, weight, 10**5)
    assert run.overflow.tolist() == [[True], [False]]
    assert run.sums.tolist() == [[4000 - 4096], [0]]


def test_a_limit_of_cycles_ends_what_hangs():
    machine = ss.Accelerator(rows=4, cols=4, window=8, queue_depth=2)
    simulator = Simulator(Verilog(machine))
    ones = np.ones((4, 64), np.int16)
    with pytest.raises(SimulationError) as error:
        simulator.run(ones, ones, 10)
    assert str(error.value) == (
        "the Verilog hangs: it is busy after 10 cycles, where the model is done after fewer than "
        "half"
    )
    simulator.reset()
    assert simulator.run(ones, ones, 10**4).sums.tolist() == [[64] * 4] * 4
