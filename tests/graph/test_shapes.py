"""Sizes that a user gives to free inputs: written into the model, or refused in one line."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.errors import ModelError


def model(*inputs, nodes=None, outputs=(("y", ["n", 5, None, None]),)):
    """A convolution of 3 channels to 5, 3x3, unpadded, on `x`."""
    weight = numpy_helper.from_array(np.ones((5, 3, 3, 3), np.float32), "w")
    nodes = nodes or [helper.make_node("Conv", ["x", "w"], ["y"], name="conv")]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs]
    made = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs]
    graph = helper.make_graph(nodes, "g", values, made, [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def sizes(graph, name):
    dims = next(v for v in graph.inputs if v.name == name).type.tensor_type.shape.dim
    return [d.dim_value for d in dims]


def test_a_name_means_one_size_everywhere():
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
        helper.make_node("Mul", ["c", "s"], ["y"], name="mul"),
    ]
    free = model(("x", ["n", 3, "h", "w"]), ("s", ["n", 1, 1, 1]), nodes=nodes)
    graph = ss.load(free, shapes={"x": (2, 3, 4, 5)})
    assert sizes(graph, "x") == [2, 3, 4, 5]
    assert sizes(graph, "s") == [2, 1, 1, 1]
    assert graph.shapes["y"] == (2, 5, 2, 3)
    assert sizes(ss.load(free, shapes={"s": [2, 1, 1, 1]}), "x") == [2, 3, 0, 0]
    with pytest.raises(ModelError) as error:
        ss.load(free, shapes={"x": (2, 3, 4, 5), "s": (3, 1, 1, 1)})
    assert str(error.value) == ("g: 'n' is 2 in input 'x' and 3 in input 's'; give it one size")


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"z": (1,)}, "g: has no input 'z' to give a shape; use one of x"),
        (
            {"x": (1, 3, 4)},
            "g: input 'x' is given [1, 3, 4]; it takes [any, 3, any, any], of as many axes",
        ),
        (
            {"x": (1, 4, 9, 9)},
            "g: input 'x' is given [1, 4, 9, 9]; it takes [any, 3, any, any], and what is fixed "
            "stays",
        ),
        ({"x": (0, 3, 9, 9)}, "g: input 'x' is given [0, 3, 9, 9]; use sizes of 1 and up"),
    ],
)
def test_what_an_input_does_not_take_is_refused(shapes, said):
    with pytest.raises(ModelError) as error:
        ss.load(model(("x", ["n", 3, "h", "w"])), shapes=shapes)
    assert str(error.value) == said
