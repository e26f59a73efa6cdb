"""Blocks: which layers lie in one, and which tensor leaves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sparsesim.errors import SpecError
from sparsesim.graph import Graph, load
from sparsesim.graph.blocks import Block, blocks, near_misses

CHANNELS = 2


def graph_of(nodes: list[onnx.NodeProto], outputs: list[str]) -> Graph:
    """Every name `w...` that is read is a 1x1 kernel over two channels."""
    weights = {name for node in nodes for name in node.input if name.startswith("w")}
    kernel = np.ones((CHANNELS, CHANNELS, 1, 1), np.float32)
    shape = [1, None, None, None]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, CHANNELS, 4, 4])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        [numpy_helper.from_array(kernel, name) for name in sorted(weights)],
    )
    return load(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


def conv(name: str, source: str) -> onnx.NodeProto:
    return helper.make_node("Conv", [source, f"w_{name}"], [f"{name}.out"], name)


def op(kind: str, inputs: str, output: str, **attributes) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), [output], output, **attributes)


def residual() -> Graph:
    """stem, a unit of two layers around which x passes, a pool, and a last layer."""
    return graph_of(
        [
            conv("stem", "x"),
            op("Relu", "stem.out", "start"),
            conv("unit.a", "start"),
            op("Relu", "unit.a.out", "middle"),
            conv("unit.b", "middle"),
            op("Add", "unit.b.out start", "sum"),
            op("Relu", "sum", "end"),
            op("GlobalAveragePool", "end", "pooled"),
            conv("last", "pooled"),
        ],
        ["last.out"],
    )


def test_default_blocks_are_the_names_up_to_the_last_dot_or_slash() -> None:
    found = blocks(residual())
    assert found == (
        Block("stem", ("stem",), "start"),
        Block("unit", ("unit.a", "unit.b"), "end"),
        Block("last", ("last",), "last.out"),
    )


def test_a_block_of_one_layer_leaves_by_that_layer_s_output() -> None:
    named = {"only": ["unit.b"]}
    assert Block("only", ("unit.b",), "unit.b.out") in blocks(residual(), named)


def test_a_shortcut_computed_on_the_host_belongs_to_the_block() -> None:
    """As in ResNets whose shortcut is sliced and padded, not convolved."""
    pooled = op("MaxPool", "start", "shortcut", kernel_shape=[1, 1])
    nodes = [
        conv("stem", "x"),
        op("Relu", "stem.out", "start"),
        pooled,
        conv("unit.a", "start"),
        conv("unit.b", "unit.a.out"),
        op("Add", "shortcut unit.b.out", "end"),
        conv("last", "end"),
    ]
    assert blocks(graph_of(nodes, ["last.out"]))[1].leaving == "end"


def test_the_region_stops_where_another_layer_joins() -> None:
    nodes = [
        conv("unit.a", "x"),
        conv("unit.b", "unit.a.out"),
        conv("other.c", "x"),
        op("Add", "unit.b.out other.c.out", "sum"),
    ]
    found = blocks(graph_of(nodes, ["sum"]))
    assert [block.leaving for block in found] == ["unit.b.out", "other.c.out"]


def test_the_region_stops_at_a_pool() -> None:
    nodes = [
        conv("unit.a", "x"),
        conv("unit.b", "unit.a.out"),
        op("MaxPool", "unit.b.out", "pooled", kernel_shape=[2, 2]),
    ]
    (block,) = blocks(graph_of(nodes, ["pooled"]))
    assert block.leaving == "unit.b.out"


def test_a_model_output_inside_the_region_leaves_it() -> None:
    nodes = [
        conv("unit.a", "x"),
        conv("unit.b", "unit.a.out"),
        op("Concat", "unit.a.out unit.b.out", "both", axis=1),
        op("Softmax", "both", "y"),
    ]
    (block,) = blocks(graph_of(nodes, ["y", "both"]))
    assert block.leaving == "both"


@pytest.mark.parametrize(
    ("named", "line"),
    [
        (
            {"u": ["unit.*", "unti.a"]},
            "blocks.u: 'unti.a' matches no layer; near misses: unit.a, unit.b",
        ),
        (
            {"u": ["unit.*"], "v": ["*.b"]},
            "blocks.u and blocks.v both hold layer 'unit.b'; a layer lies in one block",
        ),
        (
            {"unit": ["unit.a"]},
            "blocks.unit: layer 'unit.b', which it does not hold, has a default block of that "
            "name; use another name",
        ),
    ],
)
def test_wrong_blocks_are_one_line(named: dict[str, list[str]], line: str) -> None:
    with pytest.raises(SpecError) as caught:
        blocks(residual(), named)
    assert str(caught.value) == line


def test_near_misses_name_a_few() -> None:
    assert near_misses("conv9", ["conv1", "fc", "conv2"]) == "near misses: conv2, conv1"
    assert near_misses("zzz", list("abcd")) == "use one of a, b, c, ..."
    assert near_misses("zzz", ["a"]) == "use one of a"
    assert near_misses("zzz", []) == "the model has no layers"


def leaving(path: Path, named: dict[str, list[str]]) -> dict[str, str]:
    found = {block.name: block.leaving for block in blocks(load(path), named)}
    return {name: found[name] for name in named}


def test_resnet20_units_leave_behind_the_relu_of_their_sum(shared_data: Path) -> None:
    """Units 2.0 and 3.0 have a shortcut that is sliced and padded."""
    units = [(stage, unit) for stage in (1, 2, 3) for unit in (0, 1, 2)]
    named = {f"unit{s}.{u}": [f"/layer{s}/layer{s}.{u}/*"] for s, u in units}
    found = leaving(shared_data / "models/resnet20-cifar10/resnet20_cifar10.onnx", named)
    assert found == {f"unit{s}.{u}": f"/layer{s}/layer{s}.{u}/Relu_1_output_0" for s, u in units}


def test_resnet50_units_leave_behind_the_relu_of_their_sum(shared_data: Path) -> None:
    named = {"first": ["layer1.0.*"], "second": ["layer1.1.*"], "last": ["layer4.2.*"]}
    found = leaving(shared_data / "models/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx", named)
    assert found == {"first": "layer1.0.relu", "second": "layer1.1.relu", "last": "layer4.2.relu"}


def test_fire_modules_leave_by_their_concat(shared_data: Path) -> None:
    named = {"fire2": ["/3/*"], "fire4": ["/5/*"]}
    path = "models/squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx"
    found = leaving(shared_data / path, named)
    assert found == {"fire2": "/3/Concat_output_0", "fire4": "/5/Concat_output_0"}


def test_a_quantised_unit_leaves_by_its_quantised_sum(shared_data: Path) -> None:
    path = shared_data / "models/mlperf-tiny/pretrainedResnet_quant.onnx"
    names = [layer.name for layer in load(path).layers]
    found = leaving(path, {"unit": names[1:3]})
    assert found["unit"].endswith("model/activation_2/Relu;model/add/add")
