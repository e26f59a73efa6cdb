"""What ONNX Runtime's own operators do to a batch, and those that pick elements by position."""

from __future__ import annotations

from sparsesim.graph.batch.place import LostError, MixesError, Place
from sparsesim.graph.batch.view import View


def quantised_data(view: View) -> Place:
    """QLinearSigmoid, QLinearLeakyRelu: behind the first operand are scales and zero points."""
    return view.data()


def quantised_softmax(view: View) -> Place:
    """Over one axis, or over all from it on where it stands for an operator before opset 13."""
    place, axis = view.data(), view.axis(-1, len(view.shape(0)))
    if axis == place.axis or (axis < place.axis and view.attribute("opset", 13) < 13):
        raise MixesError
    return place


def quantised_concat(view: View) -> Place:
    """Scale and zero point of the output, then tensor, scale and zero point of each operand."""
    tensors = range(2, len(view.node.input), 3)
    if not set(tensors).issuperset(view.placed):
        raise LostError("takes it as a parameter")
    place = view.together([found for i in view.placed if (found := view.place(i))])
    if view.axis(0, len(view.made())) == place.axis:
        raise MixesError
    for i in tensors:
        if view.place(i) is None:
            view.must_be_alike(i, place.axis)
    return place


def quantised_where(view: View) -> Place:
    """QLinearWhere: a condition, and two tensors with scales and zero points behind each."""
    if not {0, 1, 4}.issuperset(view.placed):
        raise LostError("takes it as a parameter")
    return view.broadcast([0, 1, 4])


def skip_normalising(view: View) -> list[Place | None]:
    """SkipLayerNormalization and its like: of a sum, which may be the fourth output."""
    if not {0, 1}.issuperset(view.placed):
        raise LostError("takes it as a parameter")
    place = view.broadcast([0, 1])
    if place.axis == len(view.shape(0)) - 1:
        raise MixesError
    return [place, None, None, place][: len(view.node.output)]


def at_elements(view: View) -> Place:
    """GatherElements, ScatterElements: positions along one axis; the others stay apart."""
    place = view.together([found for i in view.placed if (found := view.place(i))])
    if view.axis(0, len(view.shape(0))) == place.axis:
        raise MixesError
    for i in range(len(view.node.input)):
        if view.place(i) is None:
            view.must_be_alike(i, place.axis)
    return place


def at_positions(view: View) -> Place:
    """GatherND: the axes that `batch_dims` counts stay apart."""
    place = view.together([found for i in view.placed if (found := view.place(i))])
    if place.axis < view.attribute("batch_dims", 0):
        for i in (0, 1):
            if view.place(i) is None:
                view.must_be_alike(i, place.axis)
        return place
    if view.placed == [1]:  # each row of positions picks by itself
        if place.axis == len(view.shape(1)) - 1:
            raise MixesError
        return place
    if place.is_whole(view.shape(0)):
        raise MixesError
    raise LostError("picks some of it")
