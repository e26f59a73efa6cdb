"""Every way to be wrong is one line on stderr, exit code 2, and no new file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from sparsesim.machines.found import BUILT_IN

F = np.float32


def refused(ran, line: str) -> None:
    """One line, and nothing but it."""
    assert (ran.code, ran.out, ran.err) == (2, "", f"error: {line}\n")


@pytest.fixture
def estimate(run, lenet, digits):
    """Estimates one image, with further words; no file may come of it."""

    def call(*words, model=lenet, inputs=digits):
        before = sorted(os.listdir())
        ran = run("estimate", model, "--inputs", inputs, "--images", 1, "-o", "new.json", *words)
        assert sorted(os.listdir()) == before
        return ran

    return call


# Models


def test_no_model(estimate, lenet, digits):
    refused(estimate(model="none.onnx"), "none.onnx: no such file")
    refused(estimate(model="."), ".: a folder; give an ONNX file")
    Path("empty.onnx").touch()
    refused(estimate(model="empty.onnx"), "empty.onnx: an empty file; give an ONNX file")
    Path("text.onnx").write_text("hello world")
    refused(estimate(model="text.onnx"), "text.onnx: not an ONNX file, or a truncated one")
    octets = lenet.read_bytes()
    Path("half.onnx").write_bytes(octets[: len(octets) // 2])
    refused(estimate(model="half.onnx"), "half.onnx: not an ONNX file, or a truncated one")
    refused(estimate(model=digits), f"{digits}: not an ONNX file, or a truncated one")


@pytest.mark.parametrize(
    ("opset", "line"),
    [
        (5, "m.onnx: opset 5 is out of range; use 7 and up"),
        (999, f"m.onnx: opset 999 is unknown; use 7 to {onnx.defs.onnx_opset_version()}"),
    ],
)
def test_opsets(estimate, lenet, opset, line):
    model = onnx.load(lenet)
    model.opset_import[0].version = opset
    onnx.save(model, "m.onnx")
    refused(estimate(model="m.onnx"), line)


def test_a_cycle(estimate, lenet):
    model = onnx.load(lenet)
    model.graph.node[0].input[0] = model.graph.node[1].output[0]
    onnx.save(model, "m.onnx")
    refused(
        estimate(model="m.onnx"),
        "m.onnx: not a valid ONNX model: nodes 'relu1', 'conv1' form a cycle",
    )


def test_external_data(estimate, lenet):
    model = onnx.load(lenet)
    onnx.save(model, "m.onnx", save_as_external_data=True, location="m.bin", size_threshold=0)
    os.rename("m.bin", "elsewhere.bin")
    refused(
        estimate(model="m.onnx"),
        "m.onnx: external data of 'conv1.weight' is missing: no file 'm.bin' beside the model",
    )
    model = onnx.load("m.onnx", load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../m.bin" if entry.key == "location" else entry.value
    onnx.save(model, "m.onnx")
    refused(
        estimate(model="m.onnx"),
        "m.onnx: external data of 'conv1.weight' lies outside the model's folder: '../m.bin'; "
        "refused",
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(estimate, lenet, value):
    model = onnx.load(lenet)
    weight = next(w for w in model.graph.initializer if w.name == "conv1.weight")
    values = numpy_helper.to_array(weight).copy()
    values[0, 0, 0, 0] = value
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, "m.onnx")
    refused(
        estimate(model="m.onnx"),
        "m.onnx: conv1: its weight holds NaN or infinity; use finite numbers",
    )


# Inputs


def test_no_inputs(run, estimate, lenet, digits):
    refused(
        run("estimate", lenet),
        "--inputs is missing; the model takes 'image' float32 [n, 1, 28, 28]; 'random' draws some",
    )
    refused(estimate(inputs="none.npz"), "none.npz: no such file or folder")
    for images in (0, -1, 301):
        refused(
            estimate("--images", images),
            f"images {images} is out of range; use 1 to 300, all of {digits}",
        )
    refused(
        estimate(inputs="random:even"),
        "random:even: unknown distribution; use one of uniform, normal",
    )
    refused(estimate("--seed", -1), "seed -1 is out of range; use 0 and up")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            np.full((1, 1, 28, 28), np.nan, F),
            "input 'image', image 0: holds a NaN or an infinity; inputs must be finite",
        ),
        (
            np.zeros((2, 1, 27, 28), F),
            "x.npy: is [2, 1, 27, 28]; input 'image' takes float32 [n, 1, 28, 28]",
        ),
        (
            np.zeros((2, 1, 28, 28), np.int64),
            "x.npy: is int64; input 'image' takes float32 [n, 1, 28, 28]; convert it, or give "
            "uint8 pixels and a preprocess table",
        ),
        (np.zeros((0, 1, 28, 28), F), "x.npy: holds no images"),
    ],
)
def test_inputs_that_do_not_fit(estimate, values, line):
    np.save("x.npy", values)
    refused(estimate(inputs="x.npy"), line)


def test_a_model_without_inputs(estimate):
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("RandomNormal", [], ["y"], name="n", shape=[2])],
        "g",
        [],
        [onnx.helper.make_tensor_value_info("y", 1, [2])],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), "m.onnx")
    refused(estimate(model="m.onnx"), "m.onnx: the model takes no inputs; use --inputs random")


# Settings


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("window=80", "window 80 is out of range; use 1 to 64"),
        ("rows=0", "rows 0 is out of range; use 1 to 1024"),
        ("rows=", "rows '' is not a whole number; use 1 to 1024"),
        ("rows=8\nq=1", "rows '8\\nq=1' is not a whole number; use 1 to 1024"),
        ("rows", "--set rows: has no '='; write key=value, as rows=8"),
        ("row=8", "unknown key 'row'; did you mean 'rows'?"),
        ("clock_mhz=nan", "clock_mhz nan is not a finite number; use more than 0"),
        (
            "clock_mhz=1e300",
            "clock_mhz 1e+300 with dram_gb_per_s 17.064 gives 1.4e-295 DRAM bits a cycle; "
            "use 1e-06 or more",
        ),
        (
            "weight_format=zip",
            "weight_format 'zip' is unknown; use one of dense, bitmask, run_length, csr, "
            "coordinate",
        ),
        ("machine=eie", f"machine 'eie' is unknown; use one of {', '.join(BUILT_IN)}"),
        ("datapath=eie", f"machine 'eie' is unknown; use one of {', '.join(BUILT_IN)}"),
        ("array.row=8", "unknown key 'row'; did you mean 'rows'?"),
        ("array.batch=2", "--set array.batch=2: 'batch' is no key of the array; write batch=2"),
        (
            "weight_buffer_kib=0.001",
            "conv1: a slice of 8 elements of 20 filters needs 1440 bits of the weight buffer; "
            "half of weight_buffer_kib is 4; 1 takes it",
        ),
    ],
)
def test_settings(estimate, setting, line):
    refused(estimate("--set", setting), line)


def test_unknown_keys_of_any_name(estimate):
    ran = estimate("--set", "self=1")
    assert ran.code == 2 and ran.err.startswith("error: unknown key 'self'; use one of name, ")


def test_names(run, estimate):
    refused(
        estimate("--device", "nope"),
        "unknown device 'nope'; use one of lfe5u-85f, xc7z020, xcvu9p, xczu3eg, xczu9eg",
    )
    refused(
        estimate("--accelerator", "nope"),
        "unknown accelerator 'nope'; see 'list accelerators'",
    )
    refused(estimate("--accelerator", "none.toml"), "none.toml: no such file")
    refused(
        run("list", "device"),
        "list 'device' is unknown; did you mean 'devices'?",
    )


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            '[weights]\n"nothing*" = 0.1\n',
            "weights: 'nothing*' matches no layer and no block; use one of conv1, conv2, fc3, ...",
        ),
        (
            "[weights\n",
            "t.toml: not valid TOML: Expected ']' at the end of a table declaration "
            "(at line 1, column 9)",
        ),
        ('[weigths]\n"*" = 0.1\n', "t.toml: unknown key 'weigths'; did you mean 'weights'?"),
    ],
)
def test_thresholds(run, estimate, lenet, toml, line):
    Path("t.toml").write_text(toml)
    refused(estimate("--thresholds", "t.toml"), line)
    refused(run("sparsify", lenet, "--thresholds", "t.toml", "-o", "new.onnx"), line)
    assert not Path("new.onnx").exists()


# Outputs


def test_outputs(run, estimate, lenet):
    line = "no/new.json: its folder does not exist"
    refused(estimate("-o", "no/new.json"), line)
    refused(estimate("--save-trace", "no/new.json"), line)
    refused(run("show", lenet, "-o", "no/new.json"), line)
    refused(estimate("-o", "."), ".: is a folder; name a file")
    refused(
        estimate("--save-trace", "./new.json"),
        "new.json: is to hold both the result and the trace; name two files",
    )
    Path("old").write_text("mine")
    refused(estimate("-o", "old"), "old: exists; use --force to overwrite it")
    refused(run("show", lenet, "-o", "old"), "old: exists; use --force to overwrite it")
    assert Path("old").read_text() == "mine"


def test_results_and_traces(run, lenet, digits):
    refused(run("report", "none.json"), "none.json: no such file")
    refused(run("report", lenet), f"{lenet}: not a result: no JSON; make one by 'estimate -o'")
    Path("list.json").write_text("[]")
    refused(
        run("compare", "list.json", "list.json"),
        "list.json: not a result of schema sparsesim.result/2, but of None",
    )
    assert run(
        "estimate", lenet, "--inputs", digits, "--images", 1, "-o", "r.json",
        "--save-trace", "t.trace",
    ).code == 0  # fmt: skip
    refused(run("explain", "r.json", "con1"), "no layer 'con1'; did you mean 'conv1' or 'conv2'?")
    refused(
        run("report", "r.json", "--as", "pdf"),
        "unknown report 'pdf'; use one of text, csv, markdown, html",
    )
    refused(
        run("estimate", "t.trace", "--inputs", digits),
        "t.trace: is a trace, executed already; leave --inputs out",
    )
    octets = bytearray(Path("t.trace").read_bytes())
    octets[2000:2100] = bytes(100)
    Path("t.trace").write_bytes(octets)
    refused(run("estimate", "t.trace"), "t.trace: a damaged trace")
