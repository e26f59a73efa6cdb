"""The batch axis: by ONNX's definition, else free and unmixed, else none; or as the user says."""

import pytest
from batch_models import INT64, graph, ints, node

from sparsesim.errors import ModelError
from sparsesim.graph.batch import find_batches


def axes(*args, wanted=None, **kwargs):
    return {
        name: batch.axis for name, batch in find_batches(graph(*args, **kwargs), wanted).items()
    }


def found(name, *args, **kwargs):
    return find_batches(graph(*args, **kwargs))[name]


CONV = [node("Conv", "x w", "y")]


@pytest.mark.parametrize("first", [4, "n", 1, None])
def test_a_convolution_has_it_first(first):
    assert axes(CONV, {"x": [first, 3, 6, 6]}, {"y": None}, w=(5, 3, 3, 3)) == {"x": 0}


@pytest.mark.parametrize(
    ("op", "more", "constants"),
    [
        ("MaxPool", "", {"kernel_shape": [2, 2]}),
        ("GlobalAveragePool", "", {}),
        ("BatchNormalization", "s b m v", {}),
        ("InstanceNormalization", "s b", {}),
    ],
)
def test_pooling_and_normalisation_have_it_first(op, more, constants):
    read = [node(op, f"x {more}", "a", **constants), node("Sigmoid", "a", "y")]
    scales = {name: (3,) for name in more.split()}
    assert axes(read, {"x": [4, 3, 6, 6]}, {"y": None}, **scales) == {"x": 0}


def test_it_is_followed_to_the_first_that_defines_it():
    """NHWC pictures, made NCHW; rows of pixels, made pictures; an axis added behind it."""
    turned = [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w", "y")]
    assert axes(turned, {"x": [4, 6, 6, 3]}, {"y": None}, w=(5, 3, 3, 3)) == {"x": 0}
    last = [node("Transpose", "x", "t", perm=[3, 2, 0, 1]), node("Conv", "t w", "y")]
    assert axes(last, {"x": [6, 6, 3, 4]}, {"y": None}, w=(5, 3, 3, 3)) == {"x": 3}
    flat = [node("Reshape", "x s", "t"), node("Conv", "t w", "y")]
    rows = {"w": (5, 3, 3, 3), "s": ints(-1, 3, 6, 6)}
    assert axes(flat, {"x": ["n", 108]}, {"y": None}, **rows) == {"x": 0}
    assert axes(flat, {"x": [4, 108]}, {"y": None}, **rows) == {"x": 0}
    added = [node("Unsqueeze", "x a", "t"), node("Conv", "t w", "y")]
    assert axes(added, {"x": [4, 6, 6]}, {"y": None}, w=(5, 1, 3, 3), a=ints(1)) == {"x": 0}


@pytest.mark.parametrize("shape", [[3, 16, 16], [3, "h", "w"], ["c", 16, 16]])
def test_a_picture_without_it_is_one_image(shape):
    """The convolution's batch is an axis that the model adds: nothing is left to doubt."""
    read = [node("Unsqueeze", "x a", "t"), node("Conv", "t w", "y")]
    batch = found("x", read, {"x": shape}, {"y": None}, w=(5, 3, 3, 3), a=ints(0))
    assert (batch.axis, batch.doubt) == (None, False)
    assert batch.why == "'conv' (Conv) has its batch along none of its axes"


RECURRENT = {"w": (1, 16, 8), "r": (1, 16, 4)}


def test_recurrent_operators_have_it_second_or_first():
    read = [node("LSTM", "x w r . . h c", "y", hidden_size=4)]
    states = {"h": [1, "n", 4], "c": [1, "n", 4]}
    assert axes(read, {"x": ["t", "n", 8], **states}, {"y": None}, **RECURRENT) == {
        "x": 1,
        "h": 1,
        "c": 1,
    }
    lengths = [node("GRU", "x w r . l", "y", hidden_size=4)]
    read_lengths = {"x": [7, 3, 8], "l": ([3], 6)}
    assert axes(lengths, read_lengths, {"y": None}, w=(1, 12, 8), r=(1, 12, 4)) == {"x": 1, "l": 0}
    first = [node("Transpose", "x", "t", perm=[1, 0, 2]), node("RNN", "t w r", "y", hidden_size=4)]
    assert axes(first, {"x": [3, 7, 8]}, {"y": None}, w=(1, 4, 8), r=(1, 4, 4)) == {"x": 0}


@pytest.mark.parametrize("order", [("x", "h", "c"), ("h", "c", "x")])
def test_time_steps_are_no_images(order):
    """Steps of one sequence: the LSTM's batch is the axis that the model adds."""
    read = [
        node("Unsqueeze", "x a", "s"),
        node("LSTM", "s w r . . h c", "q", hidden_size=4),
        node("Squeeze", "q b", "z"),
        node("MatMul", "z v", "y"),
    ]
    shapes = {"x": ["steps", 8], "h": [1, 1, 4], "c": [1, 1, 4]}
    constants = {**RECURRENT, "v": (4, 2), "a": ints(1), "b": ints(1, 2)}
    assert axes(read, {name: shapes[name] for name in order}, {"y": None}, **constants) == {
        "x": None,
        "h": 1,
        "c": 1,
    }


DENSE = {"w": (8, 5)}


@pytest.mark.parametrize(
    ("nodes", "shape", "constants"),
    [
        ([node("MatMul", "x w", "y")], ["n", 8], DENSE),
        ([node("Gemm", "x w b", "y")], ["n", 8], {**DENSE, "b": (5,)}),
        ([node("Gemm", "x w b", "y", transB=1)], ["n", 5], {**DENSE, "b": (1, 8)}),
        ([node("MatMul", "x w", "a"), node("Softmax", "a", "y")], ["n", 6, 8], DENSE),
        ([node("MatMul", "x w", "a"), node("ReduceMax", "a", "y", axes=[1])], ["n", 6, 8], DENSE),
        ([node("Reshape", "x s", "a"), node("MatMul", "a w", "y")], ["n", 2, 4],
         {**DENSE, "s": ints(-1, 8)}),
        ([node("Reshape", "x s", "a"), node("MatMul", "a w", "b"), node("Reshape", "b t", "y")],
         ["n", 6, 8], {**DENSE, "s": ints(-1, 8), "t": ints(-1, 6, 5)}),  # folded, and unfolded
        ([node("Transpose", "x", "a", perm=[1, 0, 2]), node("MatMul", "a w", "y")], ["n", 6, 8],
         DENSE),
        ([node("MatMul", "w x", "y")], ["n", 5, 3], DENSE),  # a stack of matrices
        ([node("Gather", "w x", "y")], ["n", 4], {"w": (30, 8)}),
        ([node("Flatten", "x", "a"), node("MatMul", "a w", "y")], ["n", 2, 4], DENSE),
        ([node("Concat", "x x", "a", axis=1), node("MatMul", "a w", "y")], ["n", 4], DENSE),
        ([node("Slice", "x s e a", "b"), node("MatMul", "b w", "y")], ["n", 9],
         {**DENSE, "s": ints(1), "e": ints(9), "a": ints(1)}),
        ([node("Einsum", "x w", "y", equation="nk,km->nm")], ["n", 8], DENSE),
    ],
)  # fmt: skip
def test_a_free_first_axis_that_nothing_mixes(nodes, shape, constants):
    kind = INT64 if nodes[0].op_type == "Gather" else 1
    batch = found("x", nodes, {"x": (shape, kind)}, {"y": None}, **constants)
    assert batch.axis == 0, batch.why
    assert batch.why == "its first axis is free, and no operator mixes along it"


@pytest.mark.parametrize(
    ("nodes", "shape", "constants", "hindrance"),
    [
        ([node("ReduceMax", "x", "y", axes=[0])], ["n", 8], {}, "'reducemax' (ReduceMax) mixes"),
        ([node("ReduceMean", "x", "y")], ["n", 8], {}, "'reducemean' (ReduceMean) mixes"),
        ([node("Softmax", "x", "y", axis=0)], ["n", 8], {}, "'softmax' (Softmax) mixes"),
        ([node("Transpose", "x", "t"), node("MatMul", "x t", "y")], ["n", 8], {},
         "'matmul' (MatMul) mixes"),  # of each with each
        ([node("MatMul", "w x", "y")], ["n", 3], {"w": (5, 13)}, "'matmul' (MatMul) mixes"),
        ([node("Concat", "x w", "y", axis=0)], ["n", 8], {"w": (2, 8)}, "'concat' (Concat) mixes"),
        ([node("Gather", "x i", "y")], ["n", 8], {"i": ints(0, 1)}, "'gather' (Gather) mixes"),
        ([node("CumSum", "x i", "y")], ["n", 8], {"i": ints(0)}, "'cumsum' (CumSum) mixes"),
        ([node("TopK", "x k", "y ix", axis=0)], ["n", 8], {"k": ints(2)}, "'topk' (TopK) mixes"),
        ([node("Slice", "x s e", "y")], ["n", 8], {"s": ints(0), "e": ints(3)},
         "'slice' (Slice) mixes"),
        ([node("Slice", "x s e a t", "y")], ["n", 8],
         {"s": ints(-1), "e": ints(-(2**62)), "a": ints(0), "t": ints(-1)},
         "'slice' (Slice) mixes"),
        ([node("Einsum", "x", "y", equation="nk->k")], ["n", 8], {},
         "'einsum' (Einsum) mixes"),
        ([node("NonZero", "x", "y")], ["n", 8], {}, "'nonzero' (NonZero) may mix along it"),
        ([node("Conv", "x w", "c"), node("ReduceMean", "c", "y", axes=[0])], ["n", 3, 6, 6],
         {"w": (5, 3, 3, 3)}, "'reducemean' (ReduceMean) mixes"),  # frames of one film
    ],
)  # fmt: skip
def test_a_free_first_axis_that_is_mixed(nodes, shape, constants, hindrance):
    made = {"y": ([None], INT64)} if nodes[-1].op_type == "NonZero" else {"y": None}
    batch = found("x", nodes, {"x": shape}, made, **constants)
    assert (batch.axis, batch.doubt) == (None, True)
    assert batch.why.removesuffix(" along it").endswith(hindrance.removesuffix(" along it"))


def counted(nodes):
    """The length of x's first axis, as `n`, before some nodes."""
    return [node("Shape", "x", "s"), node("Gather", "s zero", "n"), *nodes]


def test_what_is_computed_from_its_length():
    """A shape for a reshape says nothing of the values; positions and means do."""
    zero = {"zero": ints(0).reshape(()), **DENSE}
    reshaped = counted([
        node("Unsqueeze", "n o", "n1"),
        node("Concat", "n1 rest", "t", axis=0),
        node("Reshape", "x t", "a"),
        node("MatMul", "a w", "y"),
    ])  # fmt: skip
    some = {**zero, "o": ints(0), "rest": ints(3, 8)}
    assert axes(reshaped, {"x": ["n", 24]}, {"y": None}, **some) == {"x": 0}
    places = counted([
        node("Range", "zero n one", "r"),
        node("Cast", "r", "f", to=1),
        node("Unsqueeze", "f o", "p"),
        node("Add", "x p", "a"),
        node("MatMul", "a w", "y"),
    ])  # fmt: skip
    some = {**zero, "o": ints(1), "one": ints(1).reshape(())}
    assert axes(places, {"x": ["t", 8]}, {"y": None}, **some) == {"x": None}
    mean = counted(
        [node("Cast", "n", "f", to=1), node("Div", "x f", "a"), node("MatMul", "a w", "y")]
    )
    assert axes(mean, {"x": ["t", 8]}, {"y": None}, **zero) == {"x": None}
    state = counted([
        node("Unsqueeze", "n o", "n1"),
        node("Concat", "n1 rest", "t", axis=0),
        node("ConstantOfShape", "t", "z"),
        node("Concat", "x z", "a", axis=1),
        node("MatMul", "a w", "y"),
    ])  # fmt: skip
    some = {**zero, "o": ints(0), "rest": ints(2)}
    assert axes(state, {"x": ["n", 6]}, {"y": None}, **some) == {"x": 0}  # zeros, the same for each


def test_a_length_that_an_exporter_has_baked_in():
    """The second axis is free, but the model only takes 6: the first is followed all the same."""
    nodes = counted([
        node("Unsqueeze", "n o", "n1"),
        node("Concat", "n1 rest", "t", axis=0),
        node("Reshape", "x t", "a"),
        node("MatMul", "a w", "y"),
    ])  # fmt: skip
    some = {"zero": ints(0).reshape(()), "o": ints(0), "rest": ints(48), "w": (48, 5)}
    assert axes(nodes, {"x": ["n", "t", 8]}, {"y": ["n", 5]}, **some) == {"x": 0}


def test_an_attention_block_with_computed_shapes():
    """Heads split and joined by shapes that hang on the batch, as exporters write them."""
    nodes = counted([
        node("Unsqueeze", "n o", "n1"),
        node("Concat", "n1 heads", "t", axis=0, name="split"),
        node("MatMul", "x wq", "q", name="query"),
        node("Reshape", "q t", "q4", name="r1"),
        node("Transpose", "q4", "qt", perm=[0, 2, 1, 3], name="t1"),
        node("Transpose", "q4", "kt", perm=[0, 2, 3, 1], name="t2"),
        node("MatMul", "qt kt", "scores", name="scores"),
        node("Softmax", "scores", "p"),
        node("MatMul", "p qt", "v", name="values"),
        node("Transpose", "v", "vt", perm=[0, 2, 1, 3], name="t3"),
        node("Reshape", "vt fold", "flat", name="r2"),
        node("MatMul", "flat wo", "y2", name="out"),
        node("Concat", "n1 back", "t2s", axis=0, name="join"),
        node("Reshape", "y2 t2s", "y", name="r3"),
    ])  # fmt: skip
    some = {"zero": ints(0).reshape(()), "o": ints(0), "heads": ints(6, 2, 4), "fold": ints(-1, 8)}
    some |= {"back": ints(6, 8), "wq": (8, 8), "wo": (8, 8)}
    assert axes(nodes, {"x": ["n", 6, 8]}, {"y": None}, **some) == {"x": 0}
    # Tokens as the first axis: each is scored against each.
    tokens = [
        node("Transpose", "x", "kt", perm=[1, 0]),
        node("MatMul", "x kt", "s", name="scores"),
        node("Softmax", "s", "p"),
        node("MatMul", "p x", "y", name="values"),
    ]
    batch = found("x", tokens, {"x": ["tokens", 8]}, {"y": None})
    assert (batch.axis, batch.why) == (
        None,
        "its first axis is free, but 'scores' (MatMul) mixes along it",
    )


def test_inputs_that_share_a_free_length():
    nodes = [
        node("Gather", "e ids", "a"),
        node("Cast", "mask", "f", to=1),
        node("Unsqueeze", "f two", "m"),
        node("Mul", "a m", "b"),
        node("MatMul", "b w", "y"),
    ]
    inputs = {"ids": (["b", "s"], INT64), "mask": (["b", "s"], INT64)}
    constants = {"e": (30, 8), "two": ints(2), "w": (8, 2)}
    assert axes(nodes, inputs, {"y": None}, **constants) == {"ids": 0, "mask": 0}
    assert axes(nodes, dict(reversed(inputs.items())), {"y": None}, **constants) == {
        "ids": 0,
        "mask": 0,
    }


def test_free_lengths_of_several_names():
    """Atoms and bonds of one molecule: neither is a batch."""
    nodes = [node("MatMul", "atoms a", "p", name="m1"), node("MatMul", "bonds b", "q", name="m2")]
    inputs = {"atoms": ["atoms", 8], "bonds": ["bonds", 3]}
    made = {"p": None, "q": None}
    batches = find_batches(graph(nodes, inputs, made, a=(8, 4), b=(3, 4)))
    assert {(batch.axis, batch.doubt) for batch in batches.values()} == {(None, True)}
    # A picture beside a list of points: the picture's batch is the only one.
    nodes = [node("Conv", "x w", "p"), node("MatMul", "points b", "q")]
    inputs = {"points": ["k", 3], "x": ["n", 3, 6, 6]}
    batches = find_batches(graph(nodes, inputs, made, w=(5, 3, 3, 3), b=(3, 4)))
    assert (batches["x"].axis, batches["points"].axis, batches["points"].doubt) == (0, None, True)
    # And beside what is said of each picture.
    inputs = {"points": ["n", 3], "x": ["n", 3, 6, 6]}
    assert axes(nodes, inputs, made, w=(5, 3, 3, 3), b=(3, 4)) == {"points": 0, "x": 0}


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ([24, 8], "its first axis is fixed to 24, and no operator has its batch there"),
        ([196, 3, 8], "its first axis is fixed to 196, and no operator has its batch there"),
    ],
)
def test_a_fixed_first_axis_that_nothing_defines(shape, why):
    batch = found("x", [node("MatMul", "x w", "y")], {"x": shape}, {"y": None}, **DENSE)
    assert (batch.axis, batch.why, batch.doubt) == (None, why, True)


def test_a_fixed_batch_beside_that_of_others():
    """Of each of four pictures five numbers are known: four rows, joined to the pictures'."""
    nodes = [
        node("Conv", "x w", "c"),
        node("GlobalAveragePool", "c", "g"),
        node("Flatten", "g", "f"),
        node("Gemm", "m v", "h"),
        node("Concat", "f h", "y", axis=1),
    ]
    constants = {"w": (5, 3, 3, 3), "v": (6, 2)}
    for inputs in ({"m": [4, 6], "x": [4, 3, 6, 6]}, {"x": [4, 3, 6, 6], "m": [4, 6]}):
        assert axes(nodes, inputs, {"y": None}, **constants) == {"x": 0, "m": 0}
    # Four anchors that are scored against each picture are none of them.
    nodes[3:] = [node("Transpose", "m", "t"), node("MatMul", "f t", "y")]
    scored = {"x": [4, 3, 6, 6], "m": [4, 5]}
    batches = find_batches(graph(nodes, scored, {"y": None}, w=(5, 3, 3, 3)))
    assert (batches["x"].axis, batches["m"].axis, batches["m"].doubt) == (0, None, True)
    # Nor is what has another length.
    nodes[3:] = [node("ReduceMean", "m", "h"), node("Add", "f h", "y")]
    other = {"x": [4, 3, 6, 6], "m": [3, 5]}
    assert axes(nodes, other, {"y": None}, w=(5, 3, 3, 3)) == {"x": 0, "m": None}


def test_an_axis_of_length_one_and_a_scalar():
    nodes = [node("Cast", "r", "f", to=1), node("Mul", "x f", "a"), node("MatMul", "a w", "y")]
    batches = find_batches(graph(nodes, {"r": ([], INT64), "x": [1, 8]}, {"y": None}, **DENSE))
    assert (batches["x"].axis, batches["x"].doubt) == (0, False)
    assert (batches["r"].axis, batches["r"].doubt) == (None, False)


def test_what_the_user_says_goes_before_all():
    two = [node("MatMul", "x w", "a"), node("Add", "a s", "y")]
    inputs = {"x": [24, 8], "s": [1, 5]}
    assert axes(two, inputs, {"y": None}, wanted=0, **DENSE) == {"x": 0, "s": 0}
    assert axes(two, inputs, {"y": None}, wanted="none", **DENSE) == {"x": None, "s": None}
    assert axes(two, inputs, {"y": None}, wanted={"x": 0}, **DENSE) == {"x": 0, "s": 0}
    assert axes(two, inputs, {"y": None}, wanted={"x": 1, "s": None}, **DENSE) == {
        "x": 1,
        "s": None,
    }
    assert axes(CONV, {"x": [4, 3, 6, 6]}, {"y": None}, wanted="none", w=(5, 3, 3, 3)) == {
        "x": None
    }


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"z": 0}, "g: has no input 'z' to give a batch axis; use one of x"),
        (2, "g: batch axis 2 of input 'x' is out of range; use 0 to 1, or none"),
        ({"x": -1}, "g: batch axis -1 of input 'x' is out of range; use 0 to 1, or none"),
        ({"x": "some"}, "g: batch axis some of input 'x' is out of range; use 0 to 1, or none"),
    ],
)
def test_axes_that_are_none(wanted, said):
    with pytest.raises(ModelError) as error:
        axes([node("MatMul", "x w", "y")], {"x": [24, 8]}, {"y": None}, wanted=wanted, **DENSE)
    assert str(error.value) == said


def attention(inputs, before=(), opset: int = 23, **more):
    """An Attention of queries, keys and values `q k v`, which may be made by nodes before it."""
    nodes = [*before, node("Attention", "q k v", "y", "attn", **more)]
    return graph(nodes, inputs, {"y": None}, opset=opset)


def test_attention_has_it_first_whatever_it_becomes():
    shape = [3, 2, 5, 8]
    made = attention({"q": shape, "k": shape, "v": shape})
    assert [layer.name for layer in made.layers] == ["attn/scores", "attn/values"]
    batches = find_batches(made)
    assert {name: batch.axis for name, batch in batches.items()} == dict.fromkeys("qkv", 0)
    assert batches["q"].why == "'attn' (Attention) has its batch there"


def test_attention_behind_a_transpose_has_it_there():
    before = [node("Transpose", "x", "q", perm=[1, 0, 2])]
    shape = [3, 5, 8]
    heads = {"q_num_heads": 2, "kv_num_heads": 2}
    made = attention({"x": [4, 3, 8], "k": shape, "v": shape}, before, **heads)
    assert {name: batch.axis for name, batch in find_batches(made).items()} == {
        "x": 1,
        "k": 0,
        "v": 0,
    }


@pytest.mark.parametrize("listed", ["[1]", "no json", '{"q": 3}'])
def test_metadata_that_say_nothing_are_passed_over(listed):
    from sparsesim.graph.batch_first import METADATA_KEY, batch_first

    made = graph([node("MatMul", "q w", "y")], {"q": [3, 8]}, {"y": [3, 8]}, w=(8, 8))
    made.model.metadata_props.add(key=METADATA_KEY, value=listed)
    assert batch_first(made.model) == {}
    assert find_batches(made)["q"].axis is None
