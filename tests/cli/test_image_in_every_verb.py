"""An image is the same in every verb: of a fixed batch of four each has a quarter of the run."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

# Conv 2 -> 3, 3x3 on 6x6: 3 * 16 * 18 MACs; pooled to 3x2x2; Conv 3 -> 2, 2x2: 2 * 1 * 12.
MACS = 864 + 24
BATCH, IMAGES = 4, 10


def network(batch):
    """Two convolutions with a pool between them, the batch fixed."""
    draw = np.random.default_rng(0)
    weights = {
        "w": draw.normal(size=(3, 2, 3, 3)).astype(np.float32),
        "v": draw.normal(size=(2, 3, 2, 2)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p", "v"], ["y"], name="last"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 2, 1, 1])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture
def fixed(run):
    """`m.onnx` takes four images a run, `one.onnx` one; `x.npz` holds ten."""
    onnx.save(network(BATCH), "m.onnx")
    onnx.save(network(1), "one.onnx")
    images = np.random.default_rng(1).normal(size=(IMAGES, 2, 6, 6)).astype(np.float32)
    np.savez("x.npz", x=images)


LEFT = "2 of 10 images left out: the model's batch is fixed at 4"


def written(run, verb, *words, model="m.onnx", inputs="x.npz"):
    """What a verb writes and prints."""
    ran = run(verb, model, "--inputs", inputs, *words, "-o", f"{verb}.json", "--force")
    assert ran.code == 0, ran.err
    with open(f"{verb}.json") as file:
        return json.load(file), " ".join(ran.out.split())


def test_show(run, fixed):
    out = run("show", "m.onnx", "-o", "show.json").out
    assert f"{MACS} MACs an image" in out
    with open("show.json") as file:
        facts = json.load(file)
    assert (facts["macs"], facts["images_per_run"]) == (MACS, 4)
    assert [layer["macs"] for layer in facts["layers"]] == [864, 24]
    out = run("show", "m.onnx", "--batch-axis", "none").out
    assert f"{4 * MACS:,} MACs an image" in out


def test_estimate(run, fixed):
    result, out = written(run, "estimate")
    inputs, totals = result["inputs"], result["totals"]
    assert (inputs["runs"], inputs["images_per_run"]) == (2, 4)
    assert inputs["source"] == "x.npz (8 of 10 images, 2 left out)"
    assert LEFT in result["warnings"]
    assert result["per_image"]["images"] == [4, 4]
    assert totals["macs"] == 8 * MACS
    for scheme, cycles in totals["cycles"].items():
        assert result["images"][scheme]["mean"] == pytest.approx(cycles["total"] / 8)
        runs = result["per_image"]["total"][scheme]
        assert sum(runs) == cycles["total"]
        assert result["images"][scheme]["worst"] == max(runs) / 4
    assert f"{MACS} an image" in out
    assert "m.onnx, 2 runs of 4 images from x.npz (8 of 10 images, 2 left out)" in out
    none = totals["cycles"]["none"]["total"] / 8
    assert f"none 1.00x baseline {none:,.0f} " in out


def test_estimate_of_a_stack_for_a_model_without_a_batch(run, fixed):
    """`--batch-axis none`: an array of the input's own shape is one run, a stack is several."""
    images = np.random.default_rng(1).normal(size=(3, 4, 2, 6, 6)).astype(np.float32)
    np.savez("stack.npz", x=images)
    result, _ = written(run, "estimate", "--batch-axis", "none", inputs="stack.npz")
    assert (result["inputs"]["runs"], result["inputs"]["images_per_run"]) == (3, 1)
    assert result["totals"]["macs"] == 3 * 4 * MACS
    assert result["images"]["none"]["mean"] == result["totals"]["cycles"]["none"]["total"] / 3


def test_images_counts_images(run, fixed):
    result, _ = written(run, "estimate", "--images", 8)
    assert (result["inputs"]["runs"], result["warnings"]) == (2, [])
    result, out = written(run, "estimate", "--images", 6)
    assert result["inputs"]["runs"] == 1
    assert "4 of 10 images, 2 left out" in out
    ran = run("estimate", "m.onnx", "--inputs", "x.npz", "--images", 3)
    assert (ran.code, ran.err) == (
        2,
        "error: images 3 is out of range; use 4 to 10, all of x.npz; the model's batch is fixed at "
        "4\n",
    )


@pytest.mark.parametrize("kind", ["markdown", "html", "csv"])
def test_reports(run, fixed, kind):
    result, _ = written(run, "estimate")
    out = run("report", "estimate.json", "--as", kind, "-o", "report.txt").out
    with open("report.txt") as file:
        text = file.read()
    each = result["totals"]["cycles"]["two_sided"]["total"] / 8
    if kind == "csv":
        head, row = (line.split(",") for line in text.splitlines()[:2])
        assert dict(zip(head, row, strict=True))["images"] == "8", out
    else:
        assert f"{each:,.0f}" in text
        assert "2 runs of 4 images" in text
        assert LEFT in text.replace("&#x27;", "'")


def test_cut(run, fixed):
    found, out = written(run, "cut")
    assert (found["images"], found["images_per_run"], found["warnings"]) == (8, 4, [LEFT])
    assert "2 runs of 4 images" in out
    assert LEFT in out
    # Dense, at 8 bits a value: 2 * 6 * 6 at the input; 3 * 4 * 4 before the pool, 3 * 2 * 2 behind.
    assert found["given"]["elements"] == 72
    assert found["given"]["raw_bytes"] == 4 * 72
    assert found["given"]["bytes"]["dense"] == {"mean": 72, "p95": 72, "worst": 72}
    behind = {cut["behind"]: cut["sent"]["bytes"]["dense"]["mean"] for cut in found["cuts"]}
    assert behind == {"first": 48, "pool": 12}


def test_queues_and_balance(run, fixed):
    found, out = written(run, "queues", "--balance")
    assert (found["images"], found["images_per_run"], found["warnings"]) == (8, 4, [LEFT])
    assert (found["balance"]["images"], found["balance"]["images_per_run"]) == (8, 4)
    point = next(one for one in found["curve"] if one["depth"] is None)
    assert f"unbounded {point['total_cycles'] / 8:,.0f} " in out
    assert out.count("2 runs of 4 images") == 2


def test_breakeven(run, fixed):
    found, out = written(run, "breakeven")
    assert (found["images"], found["images_per_run"]) == (4, 4)
    assert "1 run of 4 images" in out
    found, _ = written(run, "breakeven", "--images", 8)
    assert (found["images"], found["warnings"]) == (8, [])
    left = ["3 of 7 images left out: the model's batch is fixed at 4"]
    found, _ = written(run, "breakeven", "--images", 7)
    assert (found["images"], found["warnings"]) == (4, left)
    # A saved trace has whole runs, of which it takes the first.
    saved = run("estimate", "m.onnx", "--inputs", "x.npz", "--save-trace", "t.trace")
    assert saved.code == 0
    for words, images, more in (((), 4, []), (("--images", 8), 8, []), (("--images", 7), 4, left)):
        assert run("breakeven", "t.trace", *words, "-o", "b.json", "--force").code == 0
        with open("b.json") as file:
            found = json.load(file)
        assert (found["images"], found["warnings"]) == (images, [LEFT, *more])
    for images in (3, 9):
        ran = run("breakeven", "t.trace", "--images", images)
        assert ran.err == f"error: images {images} is out of range; use 4 to 8\n"


def test_emulate(run, fixed):
    found, out = written(run, "emulate", "--set", "acc_bits=24")
    assert (found["images"], found["images_per_run"], found["warnings"]) == (8, 4, [LEFT])
    assert "2 runs of 4 images" in out


def test_export(run, fixed):
    assert run("export", "m.onnx", "--inputs", "x.npz", "--to", "onnx", "-o", "e.onnx").code == 0
    made = {entry.key: entry.value for entry in onnx.load("e.onnx").metadata_props}
    assert made["sparsesim.images"] == "8"
    assert "; 2 x 4 images of x.npz (8 of 10 images, 2 left out)" in made["sparsesim.source"]


def test_sweep(run, fixed):
    """A point's numbers are those of `estimate`, an image."""
    space = '[space]\nrows = [4]\ncols = [4]\nwindow = [4]\nskipping = ["two_sided"]\n'
    head = (
        'devices = ["xc7z020"]\nclock = "given"\n[[networks]]\nmodel = "m.onnx"\ninputs = "x.npz"\n'
    )

    def points(more):
        with open("s.toml", "w") as file:
            file.write(head + more + space)
        ran = run("sweep", "s.toml", "-o", "s", "--workers", 1)
        if ran.code:
            return ran.err
        rows = run("report", "s", "--as", "csv").out.splitlines()
        return [dict(zip(rows[0].split(","), row.split(","), strict=True)) for row in rows[1:]]

    settings = [word for key in ("rows=4", "cols=4", "window=4") for word in ("--set", key)]
    settings += ["--accelerator", "default"]
    for more, images in (("", 4), ("images = 8\n", 8)):
        (point,) = points(more)
        device = ("--device", "xc7z020", "--images", images)
        result, _ = written(run, "estimate", *settings, *device)
        total = result["totals"]["cycles"]["two_sided"]["total"]
        assert int(point["images"]) == images
        assert float(point["cycles"]) == pytest.approx(total / images)
        assert float(point["images_per_s"]) == pytest.approx(200e6 / (total / images))
        bits = result["totals"]["schemes"]["two_sided"]["dram_bits"]
        assert float(point["dram_bytes"]) == pytest.approx(sum(bits.values()) / 8 / images)
    assert points("images = 10\n") == (
        "error: networks.images 10 is no multiple of 4, at which the batch of m.onnx is fixed\n"
    )


def test_a_sweep_says_what_it_assumes(run):
    """24 rows that no operator calls a batch: one run is one image, said in every report."""
    weight = numpy_helper.from_array(np.ones((8, 5), np.float32), "w")
    values = [helper.make_tensor_value_info(n, 1, [24, k]) for n, k in (("x", 8), ("y", 5))]
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="layer")
    graph = helper.make_graph([node], "g", values[:1], values[1:], [weight])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "rows.onnx")
    np.savez("rows.npz", x=np.ones((24, 8), np.float32))
    spec = '[[networks]]\nmodel = "rows.onnx"\ninputs = "rows.npz"\n{}[space]\nrows = [4]\n'
    said = "its first axis is fixed to 24, and no operator has its batch there"
    for more, images, warns in (("", "1", True), ("batch_axis = 0\n", "24", False)):
        with open("s.toml", "w") as file:
            file.write(spec.format(more))
        ran = run("sweep", "s.toml", "-o", "s", "--workers", 1)
        assert (said in " ".join(ran.out.split())) == warns
        page = run("report", "s", "--as", "markdown").out
        assert (said in page) == warns
        rows = [line.split(",") for line in run("report", "s", "--as", "csv").out.splitlines()]
        assert dict(zip(rows[0], rows[1], strict=True))["images"] == images


def test_accuracy_and_error_are_of_images(run, fixed):
    """Labelled images are judged one by one, in whatever runs they come."""
    with np.load("x.npz") as held:
        images = held["x"][:8]
    np.savez("y.npz", x=images, labels=np.arange(8) % 2)
    with open("t.toml", "w") as file:
        file.write("[weights]\nfirst = 0.8\n")
    found = [
        written(run, "estimate", "--thresholds", "t.toml", model=model, inputs="y.npz")[0]
        for model in ("m.onnx", "one.onnx")
    ]
    for result in found:
        assert result["accuracy"]["images"] == 8
        assert result["output_error"]["worst"] > 0
    for key in ("accuracy", "output_error"):
        assert found[0][key] == pytest.approx(found[1][key], rel=1e-5)
    emulated = [
        written(run, "emulate", "--set", "acc_bits=10", model=model, inputs="y.npz")[0]
        for model in ("m.onnx", "one.onnx")
    ]
    assert emulated[0]["accuracy"]["images"] == 8
    for key in ("accuracy", "outputs"):
        assert emulated[0][key] == pytest.approx(emulated[1][key], rel=1e-5)


def test_a_run_of_four_is_four_runs_of_one(run, fixed):
    """MACs, zeros and bytes an image are the same however the file fixes its batch."""
    four, _ = written(run, "estimate", "--images", 8)
    one, _ = written(run, "estimate", "--images", 8, model="one.onnx")
    assert (one["inputs"]["runs"], one["inputs"]["images_per_run"]) == (8, 1)
    for key in ("macs", "effectual_macs", "padding_macs", "activation_sparsity"):
        assert four["totals"][key] == pytest.approx(one["totals"][key])
    cut_four, _ = written(run, "cut", "--images", 8)
    cut_one, _ = written(run, "cut", "--images", 8, model="one.onnx")
    for a, b in zip(cut_four["cuts"], cut_one["cuts"], strict=True):
        assert a["sent"]["bytes"]["dense"]["mean"] == b["sent"]["bytes"]["dense"]["mean"]
        assert a["macs_in_front"] == pytest.approx(b["macs_in_front"])
