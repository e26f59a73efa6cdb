"""Workloads: which images and thresholds a trace is made from."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from small_sweeps import DIGITS, LENET, small

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.inputs.feed import picked
from sparsesim.spec import Device
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import load_sweep_result
from sparsesim.sweeps.sweeping import sweep_into


def test_points_on_other_images_are_no_rivals(tmp_path):
    network = {"model": str(LENET), "inputs": str(DIGITS), "images": [1, 3], "sample": ["first", 5]}
    sweep_into(small(networks=[network], space={"rows": [4, 8], "cols": 8}), tmp_path / "out")
    result = load_sweep_result(tmp_path / "out")
    assert len(result.rows) == 8
    places = ("images", "sample")
    for images in ({"images": n, "sample": s} for n in (1, 3) for s in ("first", 5)):
        rows, front = (
            [r for r in some if all(r.parameters[name] == images[name] for name in places)]
            for some in (result.rows, result.front)
        )
        assert len(rows) == 2
        for row in rows:
            beaten = any(
                all(one.metrics[name] < row.metrics[name] for name in ("ms", "lut")) for one in rows
            )
            assert (row.key in {one.key for one in front}) != beaten
    # Those of seed 5 are drawn from all, and so other ones than the first.
    graph = ss.load(LENET)
    whole = ss.open_inputs(DIGITS, ss.input_specs(graph))
    places = sorted(np.random.default_rng(5).permutation(300)[:3].tolist())
    feeds = [feed for index, feed in enumerate(whole.feeds()) if index in places]
    arrays = {name: np.concatenate([feed[name] for feed in feeds]) for name in feeds[0]}
    trace = ss.execute(graph, arrays)
    row = next(r for r in result.rows if (r.parameters["images"], r.parameters["sample"]) == (3, 5))
    accelerator = Point.of(row.parameters).accelerator
    estimated = ss.estimate(trace, accelerator, Device.named(row.parameters["device"]))
    assert row.metrics["cycles"] == estimated.images[accelerator.skipping].mean


def test_thresholds_of_a_loss_are_searched_once_on_images_that_no_point_sees(tmp_path):
    network = {
        "model": str(LENET),
        "inputs": str(DIGITS),
        "images": 20,
        "thresholds": "none",
        "losses": [0, 0.05],
        "search": {"what": "weights", "grid": "quantiles:4", "images": 60},
    }
    spec = small(networks=[network], space={"rows": [4, 8]}, objectives=["accuracy", "cycles"])
    said = []
    sweep_into(spec, tmp_path / "out", progress=lambda label, done, total: said.append(label))
    assert any("loss 0.05: searching" in label for label in said)
    graph = ss.load(LENET)
    whole = ss.open_inputs(DIGITS, ss.input_specs(graph))
    search = picked(whole, range(150, 210), "")
    rows = load_sweep_result(tmp_path / "out").rows
    cycles = {r.parameters["thresholds"]: r.metrics["cycles"] for r in rows}
    assert cycles["none"] > cycles["loss 0"] >= cycles["loss 0.05"]
    maps = sorted((tmp_path / "out" / "traces").glob("*.toml"))
    assert len(maps) == 2
    needed = {}
    for path in maps:
        sparse = ss.sparsify(graph, ss.Thresholds.from_toml(path))
        trace = ss.execute(sparse, search)
        right = sum(int(i.outputs[0].argmax()) == i.label for i in trace.images)
        needed[path.read_text().split("loss ")[1].split(",")[0]] = right
    base = sum(int(i.outputs[0].argmax()) == i.label for i in ss.execute(graph, search).images)
    assert needed["0"] >= base and needed["0.05"] >= 0.95 * base
    said.clear()
    again = sweep_into(spec, tmp_path / "out", progress=lambda label, *_: said.append(label))
    assert again.measured == 0 and not any("searching" in label for label in said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"losses": [1.5]}, "networks.losses 1.5 is out of range; use 0 up to below 1"),
        ({"losses": [0.1, 0.1]}, "networks.losses: has 0.1 twice"),
        ({"thresholds": "loss 0.1"}, "networks.thresholds 'loss 0.1': give losses = [0.1]"),
        ({"sample": -1}, "networks.sample -1 is out of range; use 'first', or 0 and up"),
        ({"inputs": "random", "sample": 1}, "drawn images take no losses and no sample"),
        ({"losses": 0, "images": 151}, "networks.images 151 is out of range; use 1 to 150, all of"),
        ({"sample": 1, "images": 301}, "networks.images 301 is out of range; use 1 to 300, all of"),
        ({"search": {"what": "biases"}}, "what"),
    ],
)
def test_wrong_workloads_are_refused(changes, said, tmp_path):
    network = {"model": str(LENET), "inputs": str(DIGITS), "images": 1} | changes
    with pytest.raises(SpecError) as caught:
        sweep_into(small(networks=[network]), tmp_path / "out")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_networks_fixed_inputs_are_its_own(tmp_path):
    """Two networks of one file, an input fixed at 0 in one: so all its activations are zero."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "factor"], ["a"]),
            helper.make_node("MatMul", ["a", "w"], ["y"], name="fc"),
        ],
        "factor",
        [value("x", TensorProto.FLOAT, [1, 64]), value("factor", TensorProto.FLOAT, [1])],
        [value("y", TensorProto.FLOAT, [1, 8])],
        [numpy_helper.from_array(np.ones((64, 8), np.float32), "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", np.ones((2, 64), np.float32))
    both = [
        {
            "name": name,
            "model": str(tmp_path / "m.onnx"),
            "inputs": str(tmp_path / "x.npy"),
            "fix": {"factor": factor},
        }
        for name, factor in (("zero", 0), ("one", 1))
    ]
    space = {"rows": 8, "cols": 8, "skipping": "activation"}
    sweep_into(small(networks=both, space=space), tmp_path / "out")
    rows = {
        row.parameters["network"]: row.metrics for row in load_sweep_result(tmp_path / "out").rows
    }
    assert set(rows) == {"zero", "one"}
    for name, factor in (("zero", 0), ("one", 1)):
        graph = ss.load(tmp_path / "m.onnx", fixed={"factor": factor})
        trace = ss.execute(graph, {"x": np.ones((1, 64), np.float32)})
        cycles = ss.estimate(trace, ss.Accelerator(rows=8, cols=8, skipping="activation")).totals
        assert rows[name]["cycles"] == cycles.cycles["activation"].total
    assert rows["zero"]["cycles"] < rows["one"]["cycles"]
