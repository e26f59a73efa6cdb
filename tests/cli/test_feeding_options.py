"""`--batch-axis`, `--resize`, `--crop`: what they do, and what is refused."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from PIL import Image


def written(run, *words):
    ran = run("estimate", *words, "-o", "r.json", "--force")
    assert ran.code == 0, ran.err
    with open("r.json") as file:
        return json.load(file)


@pytest.fixture
def rows(run):
    """`rows.onnx`: 24 rows of 8, which no operator calls a batch, and a state of two parts."""
    weight = numpy_helper.from_array(np.ones((8, 5), np.float32), "w")
    nodes = [
        helper.make_node("ReduceMean", ["state"], ["mean"], name="mean", keepdims=0),
        helper.make_node("Add", ["x", "mean"], ["a"], name="add"),
        helper.make_node("MatMul", ["a", "w"], ["y"], name="layer"),
    ]
    shapes = {"state": [2, 1, 4], "x": [24, 8], "y": [24, 5]}
    values = {name: helper.make_tensor_value_info(name, 1, dims) for name, dims in shapes.items()}
    graph = helper.make_graph(nodes, "g", [values["state"], values["x"]], [values["y"]], [weight])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "rows.onnx")
    draw = np.random.default_rng(0)
    arrays = {name: draw.random(dims).astype(np.float32) for name, dims in shapes.items()}
    np.savez("rows.npz", x=arrays["x"], state=arrays["state"])


def test_what_an_image_is(run, rows):
    """By default one run; 24 where the user says so; the state is fed whole either way."""
    macs = 24 * 8 * 5
    result = written(run, "rows.onnx", "--inputs", "rows.npz")
    assert (result["inputs"]["runs"], result["inputs"]["images_per_run"]) == (1, 1)
    assert result["warnings"][:2] == [
        "input 'state' [2, 1, 4]: its first axis is fixed to 2, and no operator has its batch "
        "there; one run is taken for one image, --batch-axis state=0 says otherwise",
        "input 'x' [24, 8]: its first axis is fixed to 24, and no operator has its batch there; "
        "one run is taken for one image, --batch-axis x=0 says otherwise",
    ]
    said = "x=0,state=none"
    for words in (("--batch-axis", said), ("--batch-axis", "x=0", "--batch-axis", "state=none")):
        result = written(run, "rows.onnx", "--inputs", "rows.npz", *words)
        assert (result["inputs"]["runs"], result["inputs"]["images_per_run"]) == (1, 24)
        assert result["images"]["none"]["mean"] == pytest.approx(
            result["totals"]["cycles"]["none"]["total"] / 24
        )
        assert not any("--batch-axis" in warning for warning in result["warnings"])
    whole = written(run, "rows.onnx", "--inputs", "rows.npz", "--batch-axis", "none")
    assert whole["inputs"]["images_per_run"] == 1
    assert not any("--batch-axis" in warning for warning in whole["warnings"])
    shown = run("show", "rows.onnx", "--batch-axis", said).out
    assert f"{macs // 24} MACs an image" in shown
    shown = run("show", "rows.onnx").out
    assert f"{macs} MACs an image" in shown
    assert "! input 'x' [24, 8]: its first axis is fixed to 24" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("first",), "--batch-axis first: is no axis; write 0 and up, 'none', or by input, as x=1"),
        (("x=-1",), "--batch-axis x=-1: is no axis; write 0 and up, 'none', or by input, as x=1"),
        (
            ("x=0,x=1",),
            "--batch-axis x=1: another was given before; give one for all inputs, or one for each",
        ),
        (
            ("0", "x=1"),
            "--batch-axis x=1: another was given before; give one for all inputs, or one for each",
        ),
        (("z=0",), "rows.onnx: has no input 'z' to give a batch axis; use one of state, x"),
        (
            ("x=2",),
            "rows.onnx: batch axis 2 of input 'x' is out of range; use 0 to 1, or none",
        ),
    ],
)
def test_batch_axes_that_are_none(run, rows, words, said):
    more = [part for word in words for part in ("--batch-axis", word)]
    ran = run("estimate", "rows.onnx", "--inputs", "rows.npz", *more)
    assert (ran.code, ran.err) == (2, f"error: {said}\n")


def test_a_saved_trace_takes_none_of_them(run, rows):
    assert run("estimate", "rows.onnx", "--inputs", "rows.npz", "--save-trace", "t").code == 0
    for option, value in (("--batch-axis", "0"), ("--resize", "8"), ("--crop", "8")):
        ran = run("estimate", "t", option, value)
        assert ran.err == f"error: t: is a trace, executed already; leave {option} out\n"
    saved = run("estimate", "t", "-o", "t.json")
    assert "--batch-axis x=0 says otherwise" in " ".join(saved.out.split()).replace("│ ", "")


@pytest.fixture
def pictures(run):
    """`small.onnx` takes pictures of 3x8x6; `p.png` has 40 by 30 pixels."""
    weight = numpy_helper.from_array(np.ones((2, 3, 3, 3), np.float32), "w")
    values = [
        helper.make_tensor_value_info("x", 1, [1, 3, 8, 6]),
        helper.make_tensor_value_info("y", 1, [1, 2, 6, 4]),
    ]
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv")
    graph = helper.make_graph([node], "g", values[:1], values[1:], [weight])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "small.onnx")
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(pixels).save("p.png")


def test_sizes_in_place_of_a_presets(run, pictures):
    """`imagenet` resizes to 256 and crops 224, which this model does not take."""
    words = ("small.onnx", "--inputs", "p.png", "--preprocess", "imagenet")
    ran = run("estimate", *words)
    assert ran.err == (
        "error: ./p.png: is [3, 224, 224] after preprocessing (imagenet); input 'x' takes "
        "float32 [1, 3, 8, 6]; set resize and crop to fit (--resize, --crop)\n"
    )
    whole = written(run, *words, "--resize", "8,6")
    assert "preprocess imagenet, resize (8, 6), crop None" in whole["inputs"]["source"]
    centre = written(run, *words, "--resize", "10", "--crop", "8,6")
    assert "preprocess imagenet, resize 10, crop (8, 6)" in centre["inputs"]["source"]
    raw = written(run, *words, "--resize", "none", "--crop", "8,6")
    assert "preprocess imagenet, resize None, crop (8, 6)" in raw["inputs"]["source"]
    assert len({r["inputs"]["sha256"] for r in (whole, centre, raw)}) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--resize", "8"),
            "--resize: changes a preprocessing; give --preprocess ('none': pixels as they are)",
        ),
        (
            ("--crop", "8"),
            "--crop: changes a preprocessing; give --preprocess ('none': pixels as they are)",
        ),
        (
            ("--preprocess", "unit", "--resize", "8,6,3"),
            "--resize 8,6,3: is no size; write PIXELS, HEIGHT,WIDTH or 'none'",
        ),
        (
            ("--preprocess", "unit", "--crop", "big"),
            "--crop big: is no size; write PIXELS, HEIGHT,WIDTH or 'none'",
        ),
        (
            ("--preprocess", "unit", "--crop", "0"),
            "preprocess: crop 0 is out of range; use 1 to 65536 pixels",
        ),
    ],
)
def test_sizes_that_are_none(run, pictures, words, said):
    ran = run("estimate", "small.onnx", "--inputs", "p.png", *words)
    assert (ran.code, ran.err) == (2, f"error: {said}\n")


def test_a_search_says_what_it_lacks(run, pictures):
    ran = run("search", "small.onnx", "--inputs", "random")
    assert ran.err == (
        "error: RANDOM uniform values, seed 0, not real data: has no labels, which a "
        "search needs; use real, labelled images\n"
    )
