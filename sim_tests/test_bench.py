"""bench.py and simulation.py themselves: what a fault looks like to whoever runs pytest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import simulation
from bench import DENSITIES, mask, pack, random_values, signed, unpack

from sparsesim.errors import SparseSimError

HERE = Path(__file__).parent

# By hand: words 0 to 11 go through bench_slice.v, whose faults hit the word 5 or one that waits.
FAILURES = [
    "a_change_while_waiting_is_seen: {'value': 1} was offered, not taken, "
    "and became {'value': 254}",
    "a_withdrawal_is_seen: {'value': 0} was offered, not taken, and withdrawn",
    "a_lost_word_is_seen: words: beat 5, value: got 6, expected 5",
    "a_word_sent_twice_is_seen: words: beat 6, value: got 5, expected 6",
    "a_word_too_many_is_seen: words: beat 0 is one too many: {'value': 0}",
    "what_never_comes_is_seen: words: 2 of 2 beats did not come within 10 cycles; "
    "next: {'value': 0}",
    "a_wait_ends: valid_o is 1 did not hold within 7 cycles",
    "a_beat_that_is_never_taken_is_seen: {'value': 1} was not taken within 5 cycles",
]


@pytest.fixture(params=["verilator", "icarus"])
def simulator(request) -> str:
    if request.param == "icarus":
        simulation.skip_without_icarus()
    return request.param


def message(simulator: str, test_module: str, folder: Path, **parameters: int) -> str:
    """What pytest says of these cocotb tests."""
    with pytest.raises(pytest.fail.Exception) as caught:
        simulation.run(simulator, "bench_slice", parameters, test_module, folder, hdl=HERE)
    return str(caught.value.msg)


def test_every_fault_is_named(simulator, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSESIM_SEED", "1")
    place, *failures = message(simulator, "bench_faults", tmp_path, WIDTH=8).splitlines()
    assert place == (
        f"bench_slice in {simulator}, seed 1, {{'WIDTH': 8}}; "
        f"the log is {tmp_path / 'simulation.log'}"
    )
    assert [line for line in failures if not line.startswith(" ")] == FAILURES
    assert any("bench_faults.py" in line for line in failures)


def test_a_file_without_cocotb_tests_fails(simulator, tmp_path, monkeypatch):
    (tmp_path / "no_tests_here.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    told = message(simulator, "no_tests_here", tmp_path)
    assert "the simulation ended without results:" in told
    assert "No tests were discovered in module: no_tests_here" in told


def test_a_simulator_that_stops_says_why(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(HERE / "common")  # where the module's tests are
    simulation.skip_without_icarus()
    with pytest.raises(pytest.fail.Exception) as caught:
        simulation.run(
            "icarus", "sparsesim_delay", {"CYCLES": 65}, "test_sparsesim_delay", tmp_path
        )
    own = str(caught.value.msg).splitlines()[1]
    assert own.endswith(
        ": sparsesim_delay.u_cycles_range.g_stop: cycles 65 is out of range; use 0 to 64"
    )


def test_a_parameter_out_of_range_says_so(tmp_path):
    with pytest.raises(SparseSimError) as caught:
        simulation.build("verilator", "sparsesim_delay", {"CYCLES": 65})
    assert str(caught.value) == "sparsesim_delay: cycles 65 is out of range; use 0 to 64"


def test_a_word_of_elements_by_hand():
    # 3, -1 and 0 in 4 bits each: 0b0000_1111_0011; elements 0 and 1 are not zero.
    assert pack([3, -1, 0], 4) == 0b0000_1111_0011
    assert unpack(0b0000_1111_0011, 4, 3) == [3, 15, 0]
    assert [signed(n, 4) for n in (0, 7, 8, 15)] == [0, 7, -8, -1]
    assert mask([3, -1, 0]) == 0b011


@pytest.mark.parametrize("density", DENSITIES.values())
@pytest.mark.parametrize("bits", [2, 9, 16])
def test_random_operands_have_their_density_and_their_extremes(density, bits):
    values = random_values(np.random.default_rng(1), (400, 16), density, bits)
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    assert abs(np.count_nonzero(values) / values.size - density) < 0.02
    assert values.dtype == np.int64
    assert density == 0 or (values.min(), values.max()) == (low, high)
