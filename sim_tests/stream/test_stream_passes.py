"""Hundreds of random passes on the accelerator as a library: every sum, value, cycle and class.

The same comparison as under cocotb, a thousand times as fast; driver.cpp is in it.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
import simulation
from stream_passes import FIELDS, Case, accelerator_of

from sparsesim.cosim.alone import timeline_of
from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.simulator import Epilogue, SimulationError, Simulator, Verilog

CASES = round(60 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
WIDTHS = {"ACT_W": 9, "WEIGHT_W": 8, "ACC_W": 32}
# Rows, lanes, depth, stash, units, feed latency, lanes a DSP; whether activations are streamed,
# zeros skipped.
SETS = [
    ((4, 3, 16, 4, 2, 1, 1), 0, 1),
    ((3, 6, 16, 4, 3, 3, 2), 1, 1),
    ((5, 4, 16, 1, 2, 2, 1), 0, 0),
    ((2, 17, 32, 16, 1, 16, 2), 1, 0),
    ((16, 16, 16, 2, 5, 1, 1), 1, 1),
    ((7, 1, 64, 8, 7, 1, 1), 0, 1),
    ((1, 8, 16, 8, 1, 2, 1), 1, 1),
    ((5, 9, 16, 2, 3, 1, 2), 0, 1),
]


MOST_VECTORS = 65_536  # streamed in a pass


def told_of(numbers, streams: int, skips: int) -> dict[str, int]:
    """Parameters of the Verilog."""
    keys = {key.upper(): number for key, number in zip(FIELDS, numbers, strict=True)}
    return {**keys, **WIDTHS, "STREAMS_ACTIVATIONS": streams, "SKIPS": skips}


def epilogue_of(case: Case) -> Epilogue | None:
    if case.epilogue is None:
        return None
    layer = case.epilogue["layer"]
    return Epilogue(
        *(case.epilogue[name] for name in ("bias", "multiplier", "shift")),
        bool(layer["relu"]),
        *(layer[name] for name in ("threshold", "zero_point", "low", "high")),
    )


@pytest.mark.parametrize(("numbers", "streams", "skips"), SETS)
def test_random_passes_are_the_models(numbers, streams, skips):
    told = told_of(numbers, streams, skips)
    accelerator = accelerator_of(told)
    simulator = Simulator(Verilog(accelerator, max_filters=256))
    random = np.random.default_rng([simulation.seed(), *numbers])
    for number in range(CASES):
        case = Case.random_one(random, told, post=number % 2 == 0)
        counted, made = case.counted(accelerator), epilogue_of(case)
        for n, (one, activations, weights) in enumerate(case.passes()):
            limit = 2 * int(counted.cycles[n]) + 2_000
            given = made if one.drains else None
            found = simulator.run(activations, weights, limit, bool(one.drains), given)
            where = number, n, one
            assert found.cycles == counted.cycles[n], where
            assert list(found.classes) == counted.slots[n].tolist(), where
            if one.drains:
                assert np.array_equal(found.sums, case.sums(told["ACC_W"])), where
                assert not found.overflow.any()
                if made is not None:
                    assert np.array_equal(found.values, case.values(told["ACC_W"])), where


@pytest.mark.parametrize(("numbers", "streams", "skips"), SETS[:3])
def test_work_ends_in_the_models_cycles(numbers, streams, skips):
    told = told_of(numbers, streams, skips)
    accelerator = accelerator_of(told)
    simulator = Simulator(Verilog(accelerator, max_filters=256))
    random = np.random.default_rng([simulation.seed(), 1])
    for _ in range(CASES // 4):
        case = Case.random_one(random, told, post=False)
        operands = case.activations, case.weights
        whole = PassOperands("", 0, 0, 0, 0, 0, 0, *operands, drains=True, epilogue=None)
        timeline = timeline_of(whole, accelerator)
        limit = 2 * timeline.rest + 2_000
        found = simulator.run(*operands, limit, ends=timeline.ends.shape)
        assert np.array_equal(found.ends, timeline.ends)


@pytest.mark.parametrize(("numbers", "streams", "skips"), SETS[4:6])
def test_a_pass_has_as_many_vectors_as_the_counters_hold(numbers, streams, skips):
    told = told_of(numbers, streams, skips)
    accelerator = accelerator_of(told)
    simulator = Simulator(Verilog(accelerator, max_filters=256))
    random = np.random.default_rng(simulation.seed())
    streamed = random.integers(-2, 3, (MOST_VECTORS + 1, 3)).astype(np.int16)
    held = np.array([[3, -1, 5]], np.int16)
    for vectors in (MOST_VECTORS, MOST_VECTORS + 1):
        operands = (streamed[:vectors], held) if streams else (held, streamed[:vectors])
        case = Case(*operands, cuts=(3,))
        counted = case.counted(accelerator)
        limit = 2 * int(counted.cycles[0])
        if vectors > MOST_VECTORS:
            with pytest.raises(SimulationError, match="has no counters for so many vectors"):
                simulator.run(*operands, limit)
            continue
        found = simulator.run(*operands, limit)
        assert found.cycles == counted.cycles[0]
        assert list(found.classes) == counted.slots[0].tolist()
        assert np.array_equal(found.sums, case.sums(told["ACC_W"]))
