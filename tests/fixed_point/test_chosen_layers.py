"""Some layers in fixed point, all others in the engine: floats elsewhere don't matter."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.helper as make
import pytest
from onnx.reference import ReferenceEvaluator

import sparsesim as ss
from sparsesim.cosim.tile import tile_operands
from sparsesim.errors import ModelError
from sparsesim.fixed_point.compare import compare
from sparsesim.fixed_point.execute import FixedPoint
from sparsesim.inputs.memory import feed_memory

MACHINE = ss.Accelerator(rows=2, cols=2, window=4)


def mixed(seed: int) -> onnx.ModelProto:
    """Floats, an integer layer, floats: as dynamically quantised transformers are."""
    draw = np.random.default_rng(seed)
    weights = {
        "before": draw.standard_normal((12, 16)).astype(np.float32),
        "inside": draw.integers(-99, 99, (16, 8)).astype(np.int8),
        "behind": draw.standard_normal((8, 4)).astype(np.float32),
    }
    nodes = [
        make.make_node("MatMul", ["x", "before"], ["a"], "first"),
        make.make_node("DynamicQuantizeLinear", ["a"], ["q", "s", "z"]),
        make.make_node("MatMulInteger", ["q", "inside", "z"], ["i"], "integer"),
        make.make_node("Cast", ["i"], ["c"], to=1),
        make.make_node("MatMul", ["c", "behind"], ["y"], "last"),
    ]
    tensor = make.make_tensor_value_info
    graph = make.make_graph(
        nodes,
        "mixed",
        [tensor("x", 1, [3, 12])],
        [tensor("y", 1, [3, 4])],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)


def fed(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(100 + seed)
    return {"x": draw.standard_normal((3, 12)).astype(np.float32)}


@pytest.mark.parametrize("seed", range(5))
def test_the_layer_has_the_operands_that_onnx_gives_it(seed):
    proto = mixed(seed)
    probe = onnx.ModelProto.FromString(proto.SerializeToString())
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in ("q", "z", "i"))
    y, q, z, i = ReferenceEvaluator(probe).run(None, fed(seed))
    seen = []
    graph = ss.load(proto)
    fixed = FixedPoint(graph, MACHINE, layers=["integer"])
    (made,) = fixed.run(fed(seed), lambda product, computed, output: seen.append((product, output)))
    ((product, output),) = seen
    assert product.name == "integer"
    assert list(fixed.layers) == ["integer"]
    centred = q.astype(np.int64) - int(z)
    assert np.array_equal(product.activations.reshape(3, 16), centred)
    weights = onnx.numpy_helper.to_array(proto.graph.initializer[1]).astype(np.int64)
    assert np.array_equal(output, centred @ weights)
    assert np.array_equal(output, i)
    assert np.allclose(made, y, rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_comparison_tells_of_the_chosen_ones(seed):
    found = compare(ss.load(mixed(seed)), [fed(seed)], MACHINE, layers=["integer"])
    assert [(part.name, part.elements, part.differing) for part in found.layers] == [
        ("integer", 24, 0)
    ]
    assert [(part.name, part.differing) for part in found.outputs] == [("y", 0)]


def test_a_tile_of_it():
    graph = ss.load(mixed(0))
    inputs = feed_memory(fed(0), ss.input_specs(graph))
    operands = tile_operands(graph, inputs, MACHINE, "integer", "1,0")
    assert (operands.first_filter, operands.weights.shape) == (2, (2, 16))


@pytest.mark.parametrize("names", [["first"], ["integer", "last"], None])
def test_floats_among_the_chosen_are_refused(names):
    graph = ss.load(mixed(0))
    which = "last" if names == ["integer", "last"] else "first"
    with pytest.raises(ModelError) as error:
        FixedPoint(graph, MACHINE, layers=names)
    assert str(error.value) == (
        f"mixed: layer '{which}' multiplies floats; the fixed-point execution takes integers: "
        "quantise the model first (--quantize)"
    )
