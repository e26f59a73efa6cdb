"""Calibration: the range of every tensor over some images, the same on every processor.

ONNX Runtime's calibrator runs the model. Its unsigned-by-signed 8-bit products saturate on some
processors, so layers that are integer already run as floats meanwhile; and its float sums differ in
their last bits from one processor to the next, so ranges are rounded outward to twelve bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper

from sparsesim.errors import ModelError
from sparsesim.graph.names import printable
from sparsesim.graph.session import open_session, session_options

if TYPE_CHECKING:
    from onnxruntime.quantization.calibrate import TensorsData

# A range grows by less than this share of itself: far below a step of 8 bits.
_SIGNIFICANT_BITS = 12


class NotFiniteError(ModelError):
    """Calibration met NaN or infinity, which have no range."""


def ranges(
    model: onnx.ModelProto,
    operators: list[str],
    feeds: Iterable[Mapping[str, np.ndarray]],
    folder: Path,
    custom_ops: Sequence[str] = (),
) -> TensorsData:
    """Least and greatest value of the operands and outputs of these operators.

    Args:
        model: plain ONNX.
        operators: whose tensors are wanted.
        feeds: images.
        folder: for files while it runs.
        custom_ops: libraries of its operators.
    Returns:
        by tensor name, float32, as ONNX Runtime's quantiser takes them.
    Raises:
        NotFiniteError: a tensor holds NaN or infinity.
    """
    from onnxruntime.quantization.calibrate import (
        CalibrationDataReader,
        CalibrationMethod,
        MinMaxCalibrater,
        TensorsData,
    )

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.feeds = iter(feeds)

        def get_next(self):
            return next(self.feeds, None)

    source = folder / "calibrated.onnx"
    onnx.save(as_floats(model), source)
    augmented = str(folder / "augmented.onnx")
    calibrator = MinMaxCalibrater(source, operators, augmented)
    calibrator.augment_graph()
    options = session_options(custom_ops, optimised=False)
    calibrator.infer_session = open_session(augmented, options)
    calibrator.collect_data(Reader())
    found = calibrator.compute_data()
    inputs = [value.name for value in model.graph.input]
    for name in (*inputs, *(name for node in model.graph.node for name in node.output)):
        if name in found and not np.isfinite(found[name].range_value).all():
            raise NotFiniteError(
                f"calibration meets NaN or infinity in '{printable(name)}'; quantising takes "
                "images of finite values"
            )
    return TensorsData(
        CalibrationMethod.MinMax,
        {
            name: (outward(low, -np.inf), outward(high, np.inf))
            for name, (low, high) in ((name, found[name].range_value) for name in found)
        },
    )


def outward(value: np.ndarray, to: float) -> np.ndarray:
    """A bound rounded to twelve significant bits, away from the values inside.

    Args:
        value: float32 or float16, any shape.
        to: minus infinity for a least value, infinity for a greatest.

    >>> float(outward(np.float32(1.0001), np.inf)), float(outward(np.float32(-0.75), -np.inf))
    (1.00048828125, -0.75)
    """
    value = np.asarray(value)
    mantissa, exponent = np.frexp(value.astype(np.float64))
    steps = mantissa * 2.0**_SIGNIFICANT_BITS
    whole = np.ceil(steps) if to > 0 else np.floor(steps)
    return np.ldexp(whole, exponent - _SIGNIFICANT_BITS).astype(value.dtype)


def as_floats(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its integer products written as products of floats between quantisers.

    Sums of integers are exact in float32 up to 2^24, and beyond that as near as a range needs.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    nodes = [new for node in made.graph.node for new in _MAKERS.get(node.op_type, _same)(node)]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made


def _same(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    return [node]


def _quantised(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """QLinearConv or QLinearMatMul: x, scale, zero, w, scale, zero, scale, zero, bias."""
    own = [f"{node.output[0]}/{part}" for part in ("x", "w", "scale", "bias", "sum")]
    x, w, unit, bias, total = own
    names = [*node.input, ""]
    axis = 0 if node.op_type == "QLinearConv" else 1
    operands = [x, w]
    nodes = [
        helper.make_node("DequantizeLinear", names[0:3], [x]),
        helper.make_node("DequantizeLinear", names[3:6], [w], axis=axis),
    ]
    if names[8]:  # int32 in units of both scales
        nodes += [
            helper.make_node("Mul", [names[1], names[4]], [unit]),
            helper.make_node("DequantizeLinear", [names[8], unit], [bias], axis=0),
        ]
        operands.append(bias)
    product = helper.make_node(node.op_type.removeprefix("QLinear"), operands, [total])
    product.attribute.extend(node.attribute)
    last = helper.make_node("QuantizeLinear", [total, *names[6:8]], list(node.output))
    return [*nodes, product, last]


def _integer(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """ConvInteger or MatMulInteger: x, w, and their zero points."""
    nodes: list[onnx.NodeProto] = []
    operands = []
    names = [*node.input, "", ""]
    for part, name, zero in (("x", names[0], names[2]), ("w", names[1], names[3])):
        real = f"{node.output[0]}/{part}"
        nodes.append(helper.make_node("Cast", [name], [real], to=TensorProto.FLOAT))
        if zero:
            nodes += [
                helper.make_node("Cast", [zero], [f"{real}/zero"], to=TensorProto.FLOAT),
                helper.make_node("Sub", [real, f"{real}/zero"], [f"{real}/shifted"]),
            ]
            real = f"{real}/shifted"
        operands.append(real)
    total = f"{node.output[0]}/sum"
    product = helper.make_node(node.op_type.removesuffix("Integer"), operands, [total])
    product.attribute.extend(node.attribute)
    last = helper.make_node("Cast", [total], list(node.output), to=TensorProto.INT32)
    return [*nodes, product, last]


_MAKERS = {
    "QLinearConv": _quantised,
    "QLinearMatMul": _quantised,
    "ConvInteger": _integer,
    "MatMulInteger": _integer,
}
