"""`choose`: the best of each machine and scheme, held against the best dense one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.area.resources import Resources
from sparsesim.choice.choosing import choose
from sparsesim.choice.opponent import DenseSearch, encoded_cycles
from sparsesim.choice.space import budget_of, buffers
from sparsesim.errors import SpecError
from sparsesim.sweeps.result import load_sweep_result

HERE = Path(__file__).resolve().parent
TOY = f"{HERE.parent / 'machines' / 'toy.py'}:Toy"
TOYS = {name: f"{HERE / 'choice_toys.py'}:{name}" for name in ("NoArea", "NoSpace", "OneFilter")}
WITHIN = 0.12


@pytest.fixture(scope="module")
def trace(root):
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:3]
    thresholds = ss.Thresholds.from_toml(root / "models_onnx/lenet_thresholds.toml")
    graph = ss.sparsify(ss.load(root / "models_onnx/lenet.onnx"), thresholds)
    return ss.execute(graph, images)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chosen")


@pytest.fixture(scope="module")
def found(trace, folder):
    machines = ["inner_join", TOY, *TOYS.values()]
    return choose(trace, "xc7z020", within=WITHIN, machines=machines, folder=folder)


def test_there_is_one_of_each_machine_and_scheme_the_best_first(found):
    pairs = {(row.machine, row.scheme) for row in found.chosen}
    assert pairs == {
        *(("inner_join", scheme) for scheme in ("none", "activation", "weight", "two_sided")),
        *((TOY, scheme) for scheme in ("every_pair", "nonzero_weights")),
    }
    ms = [row.ms for row in found.chosen]
    assert ms == sorted(ms) and found.best is found.chosen[0]
    assert found.counted < found.arrays
    assert (found.inputs.images, found.inputs.searched) == (3, 2)


def test_each_is_an_estimate_of_all_images_and_fits(found, trace):
    device = ss.Device.named("xc7z020")
    for row in found.chosen:
        result = ss.estimate(trace, row.accelerator, device)
        total = result.totals.cycles[row.scheme].total / 3
        assert row.cycles == total
        assert row.ms == total / (row.accelerator.clock_mhz * 1e3)
        assert sum(row.classes.values()) == pytest.approx(total)
        assert sum(row.bounds.values()) == pytest.approx(total)
        assert sum(layer.cycles for layer in row.layers) == pytest.approx(total)
        assert row.used == result.on_device.used
        assert max(share for share in row.shares.values() if share is not None) <= WITHIN
        low, high = row.images_per_s_interval.low, row.images_per_s_interval.high
        assert low <= row.images_per_s <= high


def test_the_best_dense_one_is_no_slower_than_any_dense_one_that_was_found(found, trace):
    dense = found.dense
    assert all(row.same_device == dense.ms / row.ms for row in found.chosen)
    assert all(row.same_device <= 1 for row in found.chosen if row.is_dense)
    budget, used = found.budget, dense.used
    assert used.lut <= budget.lut and used.dsp <= budget.dsp and used.bram36 <= budget.bram36
    assert dense.ms <= dense.ms_dense_formats
    device = ss.Device.named("xc7z020")
    cycles = encoded_cycles(trace, dense.accelerator, device) / 3
    assert dense.cycles == cycles


def test_at_equal_fpga_the_opponent_takes_no_more_and_chooses_all(found, trace):
    device = ss.Device.named("xc7z020")
    for row in found.chosen:
        own, used = row.dense, row.used
        assert row.equal_fpga == own.ms / row.ms
        assert own.used.lut <= used.lut
        assert own.used.dsp <= used.dsp
        assert own.used.bram36 <= used.bram36
        assert found.dense.ms <= own.ms <= own.ms_dense_formats
        assert own.cycles == encoded_cycles(trace, own.accelerator, device) / 3
        if row.is_dense:  # it may be its own opponent
            assert row.equal_fpga <= 1


def test_its_speed_is_multipliers_times_clock_times_what_each_does(found):
    for row in found.chosen:
        multipliers = row.multipliers / found.dense.multipliers
        clock = row.accelerator.clock_mhz / found.dense.accelerator.clock_mhz
        each = row.macs_a_slot / found.dense.macs_a_slot
        assert row.same_device == pytest.approx(multipliers * clock * each)


def test_what_cannot_be_chosen_is_said_and_the_others_go_on(found):
    reasons = {(one.machine, one.scheme): one for one in found.left_out}
    assert reasons[TOYS["NoArea"], ""].reason == "its area is not known"
    said = "it names no arrays that are worth trying (Machine.space)"
    assert reasons[TOYS["NoSpace"], ""].reason == said
    for scheme in ("every_pair", "nonzero_weights"):
        one = reasons[TOYS["OneFilter"], scheme]
        assert one.reason == "conv1: more than one position"
        assert one.others == ("inner_join", TOY)


def test_a_scheme_that_does_nothing_on_an_array_is_not_offered(trace, tmp_path):
    idle = f"{HERE / 'choice_toys.py'}:Idle"
    found = choose(trace, "xc7z020", within=WITHIN, machines=[idle], folder=tmp_path)
    assert [(row.machine, row.scheme) for row in found.chosen] == [(idle, "every_pair")]
    (one,) = found.left_out
    assert (one.machine, one.scheme) == (idle, "nonzero_weights")
    assert one.reason == "it multiplies all pairs"
    with pytest.raises(SpecError, match=r"the least .*Idle \(every_pair\) takes"):
        choose(trace, "xc7z020", within=0.001, machines=[idle], folder=tmp_path / "tiny")


def test_systolic_offers_structured_where_it_holds_structured_weights(trace, tmp_path):
    found = choose(trace, "xc7z020", within=WITHIN, machines=["systolic"], folder=tmp_path)
    held = {row.scheme: row.accelerator.array.n_of_m for row in found.chosen}
    assert held == {"none": "none", "structured": "2:4"}


def test_it_goes_on_where_it_was_stopped(found, trace, folder):
    kept = {row.key: row.seconds for row in load_sweep_result(folder).rows}
    machines = ["inner_join", TOY, *TOYS.values()]
    again = choose(trace, "xc7z020", within=WITHIN, machines=machines, folder=folder)
    assert again == found
    rows = load_sweep_result(folder).rows
    assert {row.key: row.seconds for row in rows if not row.error} == {
        key: seconds for key, seconds in kept.items() if key in {r.key for r in rows if not r.error}
    }


def test_opponents_are_the_same_where_the_search_for_them_was_stopped(found, trace, folder):
    """What was found for the first budgets competes in the others, read or sought."""
    files = sorted(folder.glob("*.dense.json"), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) > 3
    for path in files[3:]:
        path.unlink()
    machines = ["inner_join", TOY, *TOYS.values()]
    assert choose(trace, "xc7z020", within=WITHIN, machines=machines, folder=folder) == found


@pytest.mark.parametrize(
    ("goal", "figure", "better"),
    [("energy", "energy_uj", min), ("throughput", "images_per_s", max)],
)
def test_other_goals_order_by_their_own_figure(trace, tmp_path, goal, figure, better):
    found = choose(trace, "xc7z020", goal=goal, within=WITHIN, machines=[TOY], folder=tmp_path)
    figures = [getattr(row, figure) for row in found.chosen]
    assert figures[0] == better(figures)
    sizes = {row.parameters["batch"] for row in load_sweep_result(tmp_path).rows}
    assert sizes == ({1, 2} if goal == "throughput" else {1})


def test_a_device_on_which_nothing_fits_says_what_the_least_needs(trace, tmp_path):
    small = ss.Device.named("xc7z020").with_(name="tiny", lut=300, dsp=4)
    with pytest.raises(SpecError) as error:
        choose(trace, small, machines=[TOY], folder=tmp_path)
    # 8 multipliers of 24 LUT, 150 of control; buffers of 16 + 16 + 8 KiB in blocks of 4 KiB
    assert str(error.value) == (
        f"nothing fits in 75% of tiny: the least {TOY} (every_pair) takes 342 LUT (114.0%), "
        "378 FF (0.4%), 8 DSP (200.0%), 10 BRAM36 (7.1%)"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"goal": "speed"}, "goal 'speed' is unknown; use one of latency, throughput, energy"),
        ({"within": 0}, "within 0 is out of range; use above 0, up to 1"),
        ({"within": 1.5}, "within 1.5 is out of range; use above 0, up to 1"),
        ({"seed": -1}, "seed -1 is out of range; use 0 and up"),
        (
            {"machines": [TOYS["NoArea"]]},
            f"no machine can be chosen: {TOYS['NoArea']}: its area is not known",
        ),
        ({"machines": ["inner_joint"]}, "machine 'inner_joint' is unknown"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(trace, tmp_path, given, message):
    with pytest.raises(SpecError) as error:
        choose(trace, "xc7z020", folder=tmp_path, **given)
    assert str(error.value).startswith(message)


def test_a_family_that_was_never_synthesised_is_refused(trace, tmp_path):
    other = ss.Device.named("xc7z020").with_(name="other", family="Stratix")
    with pytest.raises(SpecError):
        choose(trace, other, machines=[TOY], folder=tmp_path)


def test_a_dense_opponent_may_encode_what_it_moves(trace):
    """Two thirds of LeNet's time is the load of its weights, most of which are zero."""
    device = ss.Device.named("xc7z020")
    budget = budget_of(device, 0.75)
    found = DenseSearch(trace, trace, device, "xc7", ss.Accelerator(), False).best(budget, [1])
    assert found.cycles < 0.8 * found.dense_cycles
    assert found.accelerator.weight_format == "bitmask"
    dense = found.accelerator.with_(activation_format="dense", weight_format="dense")
    result = ss.estimate(trace, dense, device)
    assert found.dense_cycles == result.totals.cycles["none"].total
    middle = dense.with_(**{key: sizes[1] for key, sizes in buffers(budget).items()})
    assert (
        found.dense_cycles <= 1.001 * ss.estimate(trace, middle, device).totals.cycles["none"].total
    )


def test_nothing_dense_in_no_budget(trace):
    device = ss.Device.named("xc7z020")
    search = DenseSearch(trace, trace, device, "xc7", ss.Accelerator(), False)
    assert search.best(Resources(), [1]) is None


def test_at_one_clock_all_have_it(trace, tmp_path):
    found = choose(
        trace, "xc7z020", within=WITHIN, machines=["inner_join"], one_clock=True, folder=tmp_path
    )
    clocks = {row.accelerator.clock_mhz for row in found.chosen}
    clocks |= {row.dense.accelerator.clock_mhz for row in found.chosen}
    assert clocks | {found.dense.accelerator.clock_mhz} == {200.0}


def test_labels_are_not_those_of_a_choice_before(trace, tmp_path):
    """The same images without labels were chosen for in the same folder."""
    how = {"within": WITHIN, "machines": [TOY], "folder": tmp_path}
    assert choose(trace, "xc7z020", **how).accuracy is None
    images = [replace(image, label=at) for at, image in enumerate(trace.images)]
    found = choose(replace(trace, images=images), "xc7z020", **how)
    assert found.accuracy.images == 3
