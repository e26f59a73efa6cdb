"""Where a broken Verilog leaves the model: the place named must be that of the bug."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from broken_verilog import (
    MACHINE,
    WRONG_RESULTS,
    WRONG_TIMES,
    broken,
    epilogue_of,
    harmless,
    operands_of,
)

from sparsesim.cosim.alone import model_of, timeline_of
from sparsesim.cosim.locate import Difference, cycle_limit, first_difference, run_alone
from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.simulator import PassRun, SimulationError, Simulator, Verilog


@pytest.fixture(scope="module")
def healthy() -> Verilog:
    return Verilog(MACHINE, max_filters=16, trace=True)


@pytest.fixture(scope="module")
def wrong_results(tmp_path_factory: pytest.TempPathFactory) -> Verilog:
    return broken(tmp_path_factory.mktemp("results") / "hdl", WRONG_RESULTS)


@pytest.fixture(scope="module")
def wrong_times(tmp_path_factory: pytest.TempPathFactory) -> Verilog:
    return broken(tmp_path_factory.mktemp("times") / "hdl", WRONG_TIMES)


def difference(operands: PassOperands, verilog: Verilog) -> Difference | None:
    """As co-simulation asks for it."""
    found: PassRun | str
    try:
        found = run_alone(operands, verilog)
    except SimulationError as error:
        found = str(error)
    return first_difference(operands, found, model_of(operands, MACHINE), verilog)


# Three filter tiles and two position tiles: (0,0) (1,0) (2,0) (0,1) (1,1) (2,1).
def three_by_two(reduction: int = 22, **given) -> PassOperands:
    return operands_of(harmless(4, reduction, 1), harmless(5, reduction, 2), **given)


def test_a_healthy_pass_has_no_difference(healthy):
    random = np.random.default_rng(5)
    act, weight = random.integers(-255, 256, (4, 22)), random.integers(-128, 128, (5, 22))
    assert difference(operands_of(act, weight, epilogue=epilogue_of(5)), healthy) is None
    assert difference(operands_of(act[:2], weight[:2], drains=False), healthy) is None


@pytest.mark.parametrize("name", ["wrong_results", "wrong_times"])
def test_operands_are_harmless_unless_a_test_says_otherwise(request, name):
    # Else a test below might see another bug than its own.
    verilog = request.getfixturevalue(name)
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2), drains=False)
    ends = run_alone(operands, verilog, ends=True).ends
    assert np.array_equal(ends, timeline_of(operands, MACHINE).ends)
    found = run_alone(three_by_two(), verilog)
    assert np.array_equal(found.sums, model_of(three_by_two(), MACHINE).sums)


def wrong_sign(positions=(1, 2)) -> PassOperands:
    """Pair 2 of window 3 in filter 2, of windows 1 and 4 in filter 4; at some positions."""
    operands = three_by_two(first=(6, 4, 10))
    for filter_, window in ((2, 3), (4, 1), (4, 4)):
        operands.weights[filter_, 4 * window + 2] = 5
        for position in positions:
            operands.activations[position, 4 * window + 2] = 7
    return operands


def test_a_wrong_product_is_found_to_the_window(wrong_results):
    operands = wrong_sign()
    # Filter 2 is row 0 of the pass's tile (1, 0), the layer's (4, 2); position 1 is column 1.
    sums = operands.weights.astype(int) @ operands.activations.T.astype(int)
    right = int(sums[2, 1])
    up_to_there = int(operands.weights[2, :16].astype(int) @ operands.activations[1, :16])
    found = difference(operands, wrong_results)
    assert str(found) == (
        "conv2, image 0, pass 3: result differs in tile (4, 2), PE (0, 1), window 13: "
        f"model {right}, Verilog {right - 70} "
        f"(its sum up to there: model {up_to_there}, Verilog {up_to_there - 70})"
    )
    assert found == Difference(
        *("conv2", 0, 3, "result"),
        tile=(4, 2),
        place=(0, 1),
        step=13,
        words=("PE", "window"),
        model=right,
        verilog=right - 70,
        note=found.note,
    )


def test_the_first_wrong_tile_follows_the_order_of_the_pass(healthy):
    operands = three_by_two()
    expected = model_of(operands, MACHINE)
    sums = expected.sums.copy()
    sums[3, 2] += 1  # tile (1, 1), behind the next
    sums[4, 1] += 1
    found = PassRun(expected.cycles, expected.classes, sums, expected.overflow, None, 0)
    where = first_difference(operands, found, expected, healthy)
    assert str(where) == (
        f"conv2, image 0, pass 3: result differs in tile (2, 0), PE (0, 1): "
        f"model {sums[4, 1] - 1}, Verilog {sums[4, 1]} (the tile alone agrees)"
    )


def test_sums_that_stayed_of_earlier_passes_are_searched_too(wrong_results):
    whole = operands_of(harmless(2, 24, 1), harmless(2, 24, 2))
    whole.weights[1, 6] = 5
    whole.activations[0, 6] = 7
    parts = [
        replace(
            whole,
            first_element=4 * first,
            activations=whole.activations[:, 4 * first : 4 * last],
            weights=whole.weights[:, 4 * first : 4 * last],
            drains=last == 6,
        )
        for first, last in ((0, 3), (3, 6))
    ]
    simulator = Simulator(wrong_results)
    for part in parts:
        found = simulator.run(part.activations, part.weights, 1000, part.drains)
    expected = replace(model_of(parts[1], MACHINE), sums=model_of(whole, MACHINE).sums)
    where = first_difference(parts[1], found, expected, wrong_results, earlier=parts[:1])
    assert (where.what, where.place, where.step) == ("result", (1, 0), 1)
    assert where.verilog == where.model - 70
    without = first_difference(parts[1], found, expected, wrong_results)
    assert (without.place, without.step) == ((1, 0), None)
    assert without.note == "the tile alone agrees"


def test_a_forgotten_overflow_is_found_to_the_window(wrong_results):
    operands = three_by_two()
    # Filter 3, position 2: 2 * 127 * 255 in window 2 is more than 2^15, and gone in window 4.
    operands.weights[3] = operands.activations[2] = 0
    operands.weights[3, [8, 9, 16, 17]] = [127, 127, -127, -127]
    operands.activations[2, [8, 9, 16, 17]] = 255
    assert str(difference(operands, wrong_results)) == (
        "conv2, image 0, pass 3: overflow differs in tile (1, 1), PE (1, 0), window 4: "
        "model 1, Verilog 0 (its overflow up to there: model 1, Verilog 0)"
    )


def test_a_wrong_output_blames_the_post_processing(wrong_results):
    operands = three_by_two(epilogue=epilogue_of(5))
    operands.weights[:] = np.abs(operands.weights)
    operands.activations[:] = np.abs(operands.activations)
    operands.weights[4] *= -1
    outputs = model_of(operands, MACHINE).values
    # The first negative one, by position tile, then position: filter 4 is row 0 of tile 2.
    position = int(np.flatnonzero(outputs[4] < 0)[0])
    assert str(difference(operands, wrong_results)) == (
        f"conv2, image 0, pass 3: output differs in tile (2, {position // 2}), "
        f"PE (0, {position % 2}): model {outputs[4, position]}, Verilog 0 "
        "(its sum agrees: the post-processing is to blame)"
    )


def test_a_pass_that_hangs_is_cut_until_it_does_not(wrong_results):
    operands = three_by_two()
    operands.weights[3, 11] = operands.activations[2, 11] = 1  # pair 3 of window 2
    assert str(difference(operands, wrong_results)) == (
        "conv2, image 0, pass 3: the Verilog hangs in tile (1, 1), window 2"
    )


def test_a_pass_that_hangs_as_a_whole_only_says_so(healthy):
    operands = three_by_two()
    said = "the Verilog hangs: it is busy after 9 cycles"
    assert str(first_difference(operands, said, model_of(operands, MACHINE), healthy)) == (
        "conv2, image 0, pass 3: the Verilog hangs "
        "(it is busy after 9 cycles; each tile alone comes to its end)"
    )
    said = "the Verilog gives fewer results than the pass has"
    assert str(first_difference(operands, said, model_of(operands, MACHINE), healthy)) == (
        "conv2, image 0, pass 3: the Verilog gives fewer results than the pass has "
        "(each tile alone comes to its end)"
    )


def test_a_missing_credit_is_found_to_the_window(wrong_times):
    # Windows with all harmless pairs or none: PEs wait for each other, and queues fill up.
    lines = np.random.default_rng(4).integers(0, 2, (4, 20)).repeat(4, axis=1)
    lines[:, np.arange(80) % 4 >= 2] = 0
    act, weight = lines[:2], lines[2:]
    operands = operands_of(act, weight, drains=False, first=(2, 0, 20))
    # With one credit less, a queue of 4 is one of 3.
    model = timeline_of(operands, MACHINE)
    fewer = timeline_of(operands, MACHINE.with_(queue_depth=3))
    _, w, i, j = np.argwhere(model.ends != fewer.ends)[0].tolist()
    assert fewer.cycles > model.cycles and w > 4
    assert str(difference(operands, wrong_times)) == (
        f"conv2, image 0, pass 3: cycles differ in tile (1, 0), PE ({i}, {j}), window {20 + w}: "
        f"model {model.ends[0, w, i, j]}, Verilog {fewer.ends[0, w, i, j]} "
        f"(where its work ends; the pass takes {model.cycles}, in the Verilog {fewer.cycles})"
    )


def test_a_late_drain_is_to_blame_where_all_work_ends_in_time(wrong_times):
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2))
    cycles = model_of(operands, MACHINE).cycles
    assert str(difference(operands, wrong_times)) == (
        f"conv2, image 0, pass 3: cycles differ: model {cycles}, Verilog {cycles + 1} "
        "(every PE ends its windows in time: the drain is to blame)"
    )


def test_a_late_drain_is_found_where_a_window_waits_for_it(wrong_times):
    # One window a tile and no pair: work in cycle 1, drains in 4 (row 0) and 5; then the next
    # tile's in cycle 5 and 6, drains in 8 and 9, 10 cycles. One cycle late: 5, 6; 6, 7; 10, 11.
    nothing = operands_of(np.zeros((2, 4)), np.zeros((4, 4)))
    assert str(difference(nothing, wrong_times)) == (
        "conv2, image 0, pass 3: cycles differ in tile (1, 0), PE (0, 0), window 0: "
        "model 5, Verilog 6 (where its work ends; the pass takes 10, in the Verilog 12; "
        "its tile's last: it also waits for the drain of the PE's last result)"
    )


def test_wrong_classes_blame_the_counters_where_all_work_ends_in_time(wrong_times):
    operands = operands_of(harmless(2, 11, 1), harmless(1, 11, 2), drains=False)
    # Row 1 has no filter: two PEs, a cycle for each of three windows.
    assert str(difference(operands, wrong_times)) == (
        "conv2, image 0, pass 3: inactive differs: model 6, Verilog 0 "
        "(every PE ends its windows in time: the class counters are to blame)"
    )


def test_wrong_cycles_that_do_not_come_again_are_told(healthy):
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2), drains=False)
    expected = model_of(operands, MACHINE)
    later = PassRun(
        expected.cycles + 2, expected.classes, expected.sums, expected.overflow, None, 0
    )
    assert str(first_difference(operands, later, expected, healthy)) == (
        f"conv2, image 0, pass 3: cycles differ: model {expected.cycles}, "
        f"Verilog {expected.cycles + 2} (the pass alone agrees)"
    )


def test_results_of_a_pass_that_does_not_drain_are_not_compared(healthy):
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2), drains=False)
    expected = model_of(operands, MACHINE)
    found = PassRun(
        expected.cycles, expected.classes, expected.sums + 1, expected.overflow, None, 0
    )
    assert first_difference(operands, found, expected, healthy) is None


def test_the_limit_leaves_room_for_work_behind_the_end():
    # Row 1 is inactive in the second tile, and works on its windows when all results have gone.
    weights = np.zeros((3, 32), np.int16)
    weights[1] = 1
    operands = operands_of(np.ones((1, 32)), weights)
    timeline = timeline_of(operands, MACHINE.with_(cols=1, queue_depth=16))
    assert timeline.ends.max() >= timeline.cycles
    assert cycle_limit(timeline) == 2 * timeline.ends.max() + 2_000
