"""Files that are no model, or no good one: each gives one line, asserted whole."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sparsesim.engine.run import Engine
from sparsesim.errors import InputError, ModelError
from sparsesim.graph import limits, load

W = np.ones((4, 4), "f4")


def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(nodes=None, inputs=None, outputs=None, opset: int = 21, **constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes or [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")],
        "bad",
        inputs or [value("x", 3, 4)],
        outputs or [value("y", 3, 4)],
        [numpy_helper.from_array(array, name) for name, array in (constants or {"w": W}).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = 10
    return made


def saved(folder: Path, proto: onnx.ModelProto) -> Path:
    path = folder / "bad.onnx"
    path.write_bytes(proto.SerializeToString())
    return path


def said(path: Path | onnx.ModelProto, error=ModelError) -> str:
    """The error's line, without the folder."""
    with pytest.raises(error) as caught:
        load(path)
    folder = f"{path.parent}{os.sep}" if isinstance(path, Path) else "\0"
    return str(caught.value).replace(folder, "")


@pytest.mark.parametrize(
    "octets,line",
    [
        (b"", "bad.onnx: an empty file; give an ONNX file"),
        (b"no model at all\n", "bad.onnx: not an ONNX file, or a truncated one"),
        (b"\x89PNG\r\n\x1a\n", "bad.onnx: not an ONNX file, or a truncated one"),
        (b"\x08\x0a", "bad.onnx: not an ONNX model: it holds no graph"),
    ],
)
def test_no_onnx(tmp_path, octets, line):
    path = tmp_path / "bad.onnx"
    path.write_bytes(octets)
    assert said(path) == line


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_truncated(tmp_path, part):
    path = saved(tmp_path, model())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    assert said(path) == "bad.onnx: not an ONNX file, or a truncated one"


def test_no_such_file_and_a_folder(tmp_path):
    assert said(tmp_path / "bad.onnx") == "bad.onnx: no such file"
    (tmp_path / "folder").mkdir()
    assert said(tmp_path / "folder") == "folder: a folder; give an ONNX file"
    (tmp_path / "file").touch()
    assert said(tmp_path / "file" / "x.onnx") == "x.onnx: cannot be read: Not a directory"


def test_a_file_that_may_not_be_read(tmp_path):
    path = saved(tmp_path, model())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file")
    assert said(path) == "bad.onnx: cannot be read: Permission denied"


def test_cycles(tmp_path):
    nodes = [
        helper.make_node("MatMul", ["b", "w"], ["a"], name="one"),
        helper.make_node("Relu", ["a"], ["b"], name="two"),
        helper.make_node("Add", ["b", "x"], ["y"], name="three"),
    ]
    path = saved(tmp_path, model(nodes))
    assert said(path) == "bad.onnx: not a valid ONNX model: nodes 'two', 'one' form a cycle"
    nodes = [helper.make_node("Relu", ["y"], ["y"])]
    path = saved(tmp_path, model(nodes))
    assert said(path) == "bad.onnx: not a valid ONNX model: nodes 'y' form a cycle"


def test_tensors_of_nowhere(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "v"], ["y"], name="fc")]
    assert said(saved(tmp_path, model(nodes))) == (
        "bad.onnx: not a valid ONNX model: node 'fc' reads 'v', which nothing makes"
    )


def test_unknown_operators(tmp_path):
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"], name="fc")]
    line = said(saved(tmp_path, model(nodes)))
    assert line.startswith(
        "bad.onnx: not a valid ONNX model: No Op registered for Frobnicate with domain_version of "
    )
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"], name="fc", domain="acme")]
    proto = model(nodes)
    proto.opset_import.append(helper.make_opsetid("acme", 1))
    assert said(saved(tmp_path, proto)) == (
        "bad.onnx: ONNX Runtime does not take it: Fatal error: acme:Frobnicate(-1) is not a "
        "registered function/op; is it in a library? Give that as --custom-ops FILE.so"
    )


@pytest.mark.parametrize("opset", [0, 1, 6])
def test_old_opsets(tmp_path, opset):
    line = f"bad.onnx: opset {opset} is out of range; use 7 and up"
    assert said(saved(tmp_path, model(opset=opset))) == line


def test_opsets_of_the_future(tmp_path):
    newest = onnx.defs.onnx_opset_version()
    line = f"bad.onnx: opset 999 is unknown; use 7 to {newest}"
    assert said(saved(tmp_path, model(opset=999))) == line


def test_no_opset(tmp_path):
    proto = model()
    proto.ClearField("opset_import")
    line = "bad.onnx: not a valid ONNX model: it imports no ONNX opset"
    assert said(saved(tmp_path, proto)) == line


def test_shapes_that_disagree_while_loading(tmp_path):
    assert said(saved(tmp_path, model(inputs=[value("x", 3, 5)]))) == (
        "bad.onnx: ONNX Runtime does not take it: Node (fc) Op (MatMul) [ShapeInferenceError] "
        "Incompatible dimensions for matrix multiplication"
    )


CONV = [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")]
TURNED = [helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="conv", group=2)]
GEMM = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], name="fc")]


@pytest.mark.parametrize(
    "nodes,shapes,line",
    [
        (
            [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")],
            {"x": (3, 5), "w": (4, 4)},
            "fc: its activation is [3, 5] and its weight [4, 4]; they do not multiply",
        ),
        (
            [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")],
            {"x": (3, 5, 4), "w": (2, 4, 4)},
            "fc: its activation is [3, 5, 4] and its weight [2, 4, 4]; they do not multiply",
        ),
        (
            GEMM,
            {"x": (3, 4), "w": (4, 5), "b": (3, 6)},
            "fc: its bias is [3, 6]; it does not fit the output [3, 5]",
        ),
        (
            CONV,
            {"x": (1, 5, 6, 6), "w": (4, 3, 3, 3)},
            "conv: its activation is [1, 5, 6, 6] and its weight [4, 3, 3, 3] in 1 groups; "
            "they do not fit each other",
        ),
        (
            CONV,
            {"x": (1, 3, 2, 2), "w": (4, 3, 3, 3)},
            "conv: a kernel reaching [3, 3] does not fit its activation [1, 3, 2, 2]",
        ),
        (
            [helper.make_node("Conv", ["x", "w"], ["y"], name="conv", kernel_shape=[5, 5])],
            {"x": (1, 3, 6, 6), "w": (4, 3, 3, 3)},
            "conv: its kernel_shape is [5, 5]; its weight has a [3, 3] one",
        ),
        (
            [helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv")],
            {"x": (1, 3, 6, 6), "w": (4, 3, 3, 3), "b": (5,)},
            "conv: its bias is [5]; it does not fit the output [1, 4, 4, 4]",
        ),
        (
            TURNED,
            {"x": (1, 3, 6, 6), "w": (3, 4, 3, 3)},
            "conv: its weight [3, 4, 3, 3] does not make 2 groups of filters",
        ),
    ],
)
def test_shapes_that_disagree_while_running(nodes, shapes, line):
    free = [value(name, *[f"{name}{i}" for i in range(len(s))]) for name, s in shapes.items()]
    rank = 4 if "conv" in line else max(len(s) for s in shapes.values())
    proto = model(nodes, free, [value("y", *[f"y{i}" for i in range(rank)])], unused=W)
    engine = Engine(load(proto))
    with pytest.raises(ModelError) as caught:
        engine.run({name: np.ones(s, "f4") for name, s in shapes.items()})
    assert str(caught.value) == line


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name,role", [("w", "weight"), ("b", "bias")])
def test_nan_and_infinity_in_a_layer(tmp_path, bad, name, role):
    constants = {"w": W.copy(), "b": np.ones(4, "f4")}
    constants[name].flat[2] = bad
    path = saved(tmp_path, model(GEMM, **constants))
    assert said(path) == f"bad.onnx: fc: its {role} holds NaN or infinity; use finite numbers"


def test_infinity_in_a_mask_on_the_host_is_fine():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="fc"),
        helper.make_node("Add", ["a", "mask"], ["b"]),
        helper.make_node("Softmax", ["b"], ["y"]),
    ]
    mask = np.triu(np.full((3, 4), -np.inf, "f4"), 1)
    given = Engine(load(model(nodes, w=W, mask=mask))).run({"x": np.ones((3, 4), "f4")})[0]
    np.testing.assert_array_equal(given[0], [1, 0, 0, 0])


def external(location: str, **more: int | str) -> onnx.ModelProto:
    proto = model()
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    for key, entry in more.items():
        tensor.external_data.add(key=key, value=str(entry))
    return proto


def test_external_data(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(b"head" + W.tobytes())
    (tmp_path / "link.bin").symlink_to(tmp_path / "sub" / "w.bin")
    for location in ("sub/w.bin", "link.bin", "sub/../sub/w.bin"):
        graph = load(saved(tmp_path, external(location, offset=4, length=64)))
        np.testing.assert_array_equal(graph.constants["w"], W)


def test_external_data_counts_in_the_hash(tmp_path):
    path = saved(tmp_path, external("w.bin"))
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    before = load(path).sha256
    (tmp_path / "w.bin").write_bytes((2 * W).tobytes())
    assert load(path).sha256 != before


@pytest.mark.parametrize("location", ["../w.bin", "a/../../w.bin", "link.bin", "linked/w.bin"])
def test_external_data_outside_the_folder(tmp_path, location):
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.bin").symlink_to(tmp_path / "w.bin")
    (inside / "linked").symlink_to(tmp_path)
    assert said(saved(inside, external(location))) == (
        f"bad.onnx: external data of 'w' lies outside the model's folder: '{location}'; refused"
    )


def test_external_data_with_an_absolute_path(tmp_path):
    file = tmp_path / "w.bin"
    file.write_bytes(W.tobytes())
    with pytest.raises(ModelError) as caught:
        load(saved(tmp_path, external(str(file))))
    assert str(caught.value) == (
        f"{tmp_path / 'bad.onnx'}: external data of 'w' lies outside the model's folder: "
        f"'{file}'; refused"
    )


@pytest.mark.parametrize(
    "location,more,line",
    [
        ("no.bin", {}, " is missing: no file 'no.bin' beside the model"),
        ("", {}, " is missing: '' is no name of a file"),
        ("a\0b", {}, " is missing: 'a\\x00b' is no name of a file"),
        ("w.bin", {"offset": 8, "length": 64}, ": bytes 8 to 72 of 'w.bin', which has 64"),
        ("w.bin", {"offset": -8, "length": 64}, ": bytes -8 to 56 of 'w.bin', which has 64"),
        ("w.bin", {"offset": "x"}, ": offset and length must be whole numbers"),
        ("*/_ORT_MEM_ADDR_/*", {}, " is missing: no file '*/_ORT_MEM_ADDR_/*' beside the model"),
    ],
)
def test_external_data_that_is_not_there(tmp_path, location, more, line):
    (tmp_path / "w.bin").write_bytes(W.tobytes())
    path = saved(tmp_path, external(location, **more))
    assert said(path) == f"bad.onnx: external data of 'w'{line}"


def test_a_model_in_memory_brings_its_external_data():
    assert said(external("w.bin")) == "bad: external data of 'w' is not loaded"


def test_a_text_that_is_no_text(tmp_path):
    path = saved(tmp_path, model())
    path.write_bytes(path.read_bytes().replace(b"fc", b"\xff\xfe"))
    assert said(path) == "bad.onnx: not a valid ONNX model: a text in it is no UTF-8"


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path):
    nodes = [helper.make_node("MatMul", ["x", "v\nv"], ["y"], name="f\nc")]
    assert said(saved(tmp_path, model(nodes))) == (
        "bad.onnx: not a valid ONNX model: node 'f\\nc' reads 'v\\nv', which nothing makes"
    )


def test_a_tensor_too_large_for_any_machine(tmp_path):
    nodes = [helper.make_node("ConstantOfShape", ["s"], ["y"], name="fc")]
    shape = np.array([1 << 20, 1 << 20], "i8")
    path = saved(tmp_path, model(nodes, outputs=[value("y", "a", "b")], s=shape))
    assert said(path) == (
        "bad.onnx: tensor 'y' would have 1,099,511,627,776 elements; use at most 1,073,741,824"
    )


def test_a_layer_whose_output_is_too_large(monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_ELEMENTS", 100)
    proto = model(inputs=[value("x", "n", 4)], outputs=[value("y", "n", 4)])
    engine = Engine(load(proto))
    engine.run({"x": np.ones((25, 4), "f4")})
    with pytest.raises(ModelError) as caught:
        engine.run({"x": np.ones((26, 4), "f4")})
    assert str(caught.value) == "fc: its output would have 104 elements; use at most 100"


@pytest.mark.parametrize(
    "feed,line",
    [
        ({}, "bad: the feed lacks 'x'; the model's inputs: 'x'"),
        ({"x": W, "z": W}, "bad: the feed holds 'z'; the model's inputs: 'x'"),
        ({"x": W.astype("f8")}, "bad: input 'x' is float64 [4, 4]; the model takes float32 [3, 4]"),
        ({"x": W}, "bad: input 'x' is float32 [4, 4]; the model takes float32 [3, 4]"),
        ({"x": W[0]}, "bad: input 'x' is float32 [4]; the model takes float32 [3, 4]"),
    ],
)
def test_feeds_that_do_not_fit(feed, line):
    engine = Engine(load(model()))
    with pytest.raises(InputError) as caught:
        engine.run(feed)
    assert str(caught.value) == line


def test_a_free_length_written_as_minus_one():
    proto = model(inputs=[value("x", -1, 4)], outputs=[value("y", -1, 4)])
    assert Engine(load(proto)).run({"x": np.ones((5, 4), "f4")})[0].shape == (5, 4)
