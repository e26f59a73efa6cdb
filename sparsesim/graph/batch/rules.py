"""What an operator does to a batch: where it lies in the outputs, or that it is none.

A rule takes a `View` of a node that reads a batch and gives its place in all outputs that have one,
or one place for each; where an operator mixes along it, or nothing is known, it raises. Operators
without a rule lose it. The scale that DynamicQuantizeLinear takes from all that it reads does not
count as mixing: it belongs to the arithmetic, not to the network.
"""

from __future__ import annotations

from collections.abc import Callable

from sparsesim.graph.batch.place import LostError, MixesError, Place, reshaped
from sparsesim.graph.batch.products import einsum, gemm, matmul, quantised_matmul
from sparsesim.graph.batch.runtimes import (
    at_elements,
    at_positions,
    quantised_concat,
    quantised_data,
    quantised_softmax,
    quantised_where,
    skip_normalising,
)
from sparsesim.graph.batch.view import View

Rule = Callable[[View], "Place | list[Place | None]"]

_ALIKE = [
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "And",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "BiasGelu",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Cast",
    "CastLike",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "Div",
    "Dropout",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "FastGelu",
    "Floor",
    "Gelu",
    "Greater",
    "GreaterOrEqual",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "IsInf",
    "IsNaN",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "Max",
    "Mean",
    "Min",
    "Mish",
    "Mod",
    "Mul",
    "Neg",
    "Not",
    "Or",
    "PRelu",
    "Pow",
    "QuickGelu",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Where",
    "Xor",
]

_REDUCING = [
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
]


def rule_of(op: str) -> Rule | None:
    """The rule of an operator, whichever domain it is of; None: it has none."""
    return _RULES.get(op)


def _alike(view: View) -> Place:
    return view.broadcast()


def _quantising(view: View) -> list[Place | None]:
    """QuantizeLinear, DequantizeLinear: a scale for each item would be a parameter of its own."""
    place, shape = view.data(), view.shape(0)
    scales = view.shape(1) if view.name(1) else ()
    if max(scales, default=1) > 1 and view.axis(1, len(shape)) == place.axis:
        raise LostError("has a scale for each item")
    return [place, None, None]


def _quantised_alike(view: View) -> Place:
    """QLinearAdd, QLinearMul: operands 0 and 3, the others are scales and zero points."""
    if not {0, 3}.issuperset(view.placed):
        raise LostError("takes it as a parameter")
    return view.broadcast([0, 3])


def _transpose(view: View) -> Place:
    place, rank = view.data(), len(view.shape(0))
    order = list(view.attribute("perm", range(rank)[::-1]))
    return place.along(order.index(place.axis))


def _reshape(view: View) -> Place:
    return reshaped(view.data(), view.shape(0), view.made())


def _squeeze(view: View) -> Place:
    """Squeeze and Unsqueeze, by their axes: lengths of 1 can't be told apart by a reshape."""
    place, shape = view.data(), view.shape(0)
    squeezes = view.node.op_type == "Squeeze"
    axes = view.axes(1, len(shape if squeezes else view.made()))
    if not squeezes:
        kept = [axis for axis in range(len(view.made())) if axis not in (axes or ())]
        return place.along(kept[place.axis])
    gone = [i for i, n in enumerate(shape) if n == 1] if axes is None else list(axes)
    if place.axis in gone:
        raise LostError("drops an axis of length 1")
    return place.along(place.axis - sum(axis < place.axis for axis in gone))


def _reduce(view: View) -> Place:
    place, rank = view.data(), len(view.shape(0))
    axes = view.axes(1, rank)
    if not axes:
        if view.attribute("noop_with_empty_axes", 0):
            return place
        axes = tuple(range(rank))
    if place.axis in axes:
        raise MixesError
    if view.attribute("keepdims", 1):
        return place
    return place.along(place.axis - sum(axis < place.axis for axis in axes))


def _argument(view: View) -> Place:
    """ArgMax, ArgMin."""
    place = view.data()
    axis = view.axis(0, len(view.shape(0)))
    if axis == place.axis:
        raise MixesError
    return place.along(place.axis - (axis < place.axis and not view.attribute("keepdims", 1)))


def _along_an_axis(default: int) -> Rule:
    """Operators that work along one axis and keep the shape, or change it along that axis alone."""

    def rule(view: View) -> Place:
        place = view.data()
        if view.axis(default, len(view.shape(0))) == place.axis:
            raise MixesError
        return place

    return rule


def _softmax(view: View) -> Place:
    """Before opset 13 all axes from `axis` on are one."""
    if view.opset >= 13:
        return _along_an_axis(-1)(view)  # type: ignore[return-value]
    place = view.data()
    if view.axis(1, len(view.shape(0))) <= place.axis:
        raise MixesError
    return place


def _normalising(view: View) -> Place:
    """LayerNormalization and its like: over all axes from `axis` on."""
    place = view.broadcast([i for i in (0,) if view.place(i)])
    if view.placed != [0]:
        raise LostError("takes it as a parameter")
    if view.axis(-1, len(view.shape(0))) <= place.axis:
        raise MixesError
    return place


def _mean_variance(view: View) -> Place:
    place = view.data()
    if place.axis in (view.axes(9, len(view.shape(0))) or (0, 2, 3)):
        raise MixesError
    return place


def _cumulative(view: View) -> Place:
    place, axis = view.data(), view.constant(1)
    if axis is None:
        raise LostError("takes its axis from a computed number")
    if int(axis.reshape(-1)[0]) % len(view.shape(0)) == place.axis:
        raise MixesError
    return place


def _triangular(view: View) -> Place:
    place = view.data()
    if place.axis >= len(view.shape(0)) - 2:
        raise MixesError
    return place


def _concat(view: View) -> Place:
    place = view.together([found for i in view.placed if (found := view.place(i))])
    if view.axis(0, len(view.made())) == place.axis:
        raise MixesError if place.is_whole(view.shape(view.placed[0])) else LostError("joins it")
    for i in range(len(view.node.input)):
        if view.place(i) is None:
            view.must_be_alike(i, place.axis)
    return place


def _kept_along(view: View) -> Place:
    """Slice, Pad, Tile, Resize, Upsample: what keeps the length of an axis leaves it as it is."""
    place, before, after = view.data(), view.shape(0), view.made()
    if before[place.axis] == after[place.axis]:
        return place
    if place.is_whole(before):
        raise MixesError
    raise LostError("takes a part of it")


def _slice(view: View) -> Place:
    """One that is turned round keeps its length, too."""
    place, rank = view.data(), len(view.shape(0))
    steps = view.constant(4)
    axes = view.axes(3, rank)
    if steps is not None and (steps < 0).any():
        turned = axes if axes is not None else tuple(range(steps.size))
        if place.axis in turned:
            raise MixesError
    return _kept_along(view)


def _split(view: View) -> Place:
    return _along_an_axis(0)(view)  # type: ignore[return-value]


def _expand(view: View) -> Place:
    place, before, after = view.data(), view.shape(0), view.made()
    moved = place.along(place.axis + len(after) - len(before))
    if after[moved.axis] != before[place.axis]:
        raise LostError("repeats it")
    return moved


def _gather(view: View) -> Place:
    rank, picks = len(view.shape(0)), len(view.shape(1))
    axis, data, indices = view.axis(0, rank), view.place(0), view.place(1)
    if data is not None and indices is not None:
        raise MixesError
    if indices is not None:
        return indices.along(indices.axis + axis)
    assert data is not None
    if data.axis == axis:
        raise MixesError if data.is_whole(view.shape(0)) else LostError("picks some of it")
    return data if data.axis < axis else data.along(data.axis - 1 + picks)


def _one_hot(view: View) -> Place:
    place, rank = view.data(), len(view.shape(0))
    return place.along(place.axis + (view.axis(-1, rank + 1) <= place.axis))


def _reverse(view: View) -> Place:
    place = view.data()
    if place.axis != view.attribute("batch_axis", 1):
        raise MixesError
    return place


_RULES: dict[str, Rule] = {
    **dict.fromkeys(_ALIKE, _alike),
    **dict.fromkeys(_REDUCING, _reduce),
    "ArgMax": _argument,
    "ArgMin": _argument,
    "Concat": _concat,
    "CumSum": _cumulative,
    "DequantizeLinear": _quantising,
    "DynamicQuantizeLinear": _quantising,
    "Einsum": einsum,
    "Expand": _expand,
    "Flatten": _reshape,
    "Gather": _gather,
    "GatherElements": at_elements,
    "GatherND": at_positions,
    "Gemm": gemm,
    "Hardmax": _softmax,
    "LayerNormalization": _normalising,
    "LogSoftmax": _softmax,
    "LpNormalization": _along_an_axis(-1),
    "MatMul": matmul,
    "MatMulInteger": matmul,
    "MeanVarianceNormalization": _mean_variance,
    "OneHot": _one_hot,
    "Pad": _kept_along,
    "QLinearAdd": _quantised_alike,
    "QLinearConcat": quantised_concat,
    "QLinearLeakyRelu": quantised_data,
    "QLinearMatMul": quantised_matmul,
    "QLinearMul": _quantised_alike,
    "QLinearSigmoid": quantised_data,
    "QLinearSoftmax": quantised_softmax,
    "QLinearWhere": quantised_where,
    "QuantizeLinear": _quantising,
    "RMSNormalization": _normalising,
    "Reshape": _reshape,
    "Resize": _kept_along,
    "ReverseSequence": _reverse,
    "ScatterElements": at_elements,
    "SimplifiedLayerNormalization": _normalising,
    "SkipLayerNormalization": skip_normalising,
    "SkipSimplifiedLayerNormalization": skip_normalising,
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _kept_along,
    "TopK": _along_an_axis(-1),
    "Transpose": _transpose,
    "Trilu": _triangular,
    "Unsqueeze": _squeeze,
    "Upsample": _kept_along,
}
