"""Integer models in whole numbers: what ONNX defines, whatever a runtime's fast path makes of it.

Node by node: products of integers are summed exactly (in float64, which holds every sum of 8- and
16-bit products here), also where DequantizeLinear stands before them; a QuantizeLinear behind such
a sum requantises it once, in float32, as ONNX Runtime's own kernels do on a processor where they
are exact. All other operators are those of onnx.reference. Nothing of sparsesim computes here; it
is only asked which of ONNX Runtime's products saturate on this processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

F = np.float32
_MOVES = ("Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity")


@dataclass(frozen=True)
class Scaled:
    """Whole numbers times a scale (float32, shaped to broadcast); is_sum: they are a product's."""

    whole: np.ndarray
    scale: np.ndarray
    is_sum: bool = False

    @property
    def real(self) -> np.ndarray:
        return self.whole.astype(F) * self.scale


def expected(whole: onnx.ModelProto, feed: Mapping[str, Any], fused: bool = True) -> list[list]:
    """What a model's outputs must be, by one witness or two.

    Args:
        whole: a model.
        feed: its inputs.
        fused: take ONNX Runtime's optimised model.
    Returns:
        outputs by ONNX Runtime where it is exact on this processor, and by whole numbers where
        the model multiplies integers.
    """
    found = []
    integer = multiplies_integers(whole)
    if integer:
        found.append(exact_outputs(whole, feed))
    if not integer or runtime_is_exact(whole):
        found.append(runtime_outputs(whole, feed, fused))
    return found


def runtime_outputs(
    whole: onnx.ModelProto, feed: Mapping[str, Any], fused: bool = True
) -> list[Any]:
    """ONNX Runtime's outputs, by itself; `fused`: with its optimisations."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    if not fused:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(
        whole.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, dict(feed))


def multiplies_integers(whole: onnx.ModelProto) -> bool:
    """Whether any node multiplies integers, or floats that come from them."""
    ops = {node.op_type for node in whole.graph.node}
    whole_ops = {"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "QGemm"}
    whole_ops |= {"MatMulIntegerToFloat", "DynamicQuantizeMatMul"}
    products = {"Conv", "ConvTranspose", "MatMul", "Gemm"}
    return bool(ops & whole_ops) or ("DequantizeLinear" in ops and bool(ops & products))


def runtime_is_exact(whole: onnx.ModelProto) -> bool:
    """Whether ONNX Runtime computes all of a model's products exactly on this processor."""
    from sparsesim.engine.runtime_products import saturating
    from sparsesim.graph import load

    return not saturating(load(whole))


def exact_outputs(whole: onnx.ModelProto, feed: Mapping[str, Any]) -> list[np.ndarray]:
    """A model's outputs in whole numbers."""
    values: dict[str, Any] = {"": None, **feed}
    values |= {tensor.name: numpy_helper.to_array(tensor) for tensor in whole.graph.initializer}
    opsets = {entry.domain: entry.version for entry in whole.opset_import}
    for node in whole.graph.node:
        given = [values[name] for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        made = _EXACT[node.op_type](given, attributes) if node.op_type in _EXACT else None
        results = [made] if made is not None else _plain(node, given, opsets)
        values |= dict(zip(node.output, results, strict=True))
    return [_real(values[output.name]) for output in whole.graph.output]


def _real(value: Any) -> Any:
    return value.real if isinstance(value, Scaled) else value


def _plain(node: onnx.NodeProto, given: list[Any], opsets: Mapping[str, int]) -> list[Any]:
    """Any operator by onnx.reference; one that only moves elements moves whole numbers."""
    first = given[0] if given else None
    moved = isinstance(first, Scaled) and first.scale.size == 1 and node.op_type in _MOVES
    arrays = [_real(value) for value in given]
    if moved:
        arrays[0] = first.whole
    names = [f"x{i}" if array is not None else "" for i, array in enumerate(arrays)]
    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    del alone.input[:]
    alone.input.extend(names)
    told = [onnx.ValueInfoProto(name=name) for name in names if name]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = helper.make_graph([alone], "alone", told, outputs)
    feed = {name: array for name, array in zip(names, arrays, strict=True) if name}
    results = iter(ReferenceEvaluator(graph, opsets=dict(opsets)).run(None, feed))
    made = [next(results) if name else None for name in node.output]
    return [Scaled(made[0], first.scale, first.is_sum)] if moved else made


def _less_zero(x: np.ndarray, zero: np.ndarray | None, shape=(-1,)) -> np.ndarray:
    """Whole numbers with a zero point subtracted; a vector of them lies along `shape`'s -1."""
    whole = x.astype(np.int64)
    if zero is None:
        return whole
    zero = zero.astype(np.int64)
    return whole - (zero.reshape(shape) if zero.size > 1 else zero.reshape(()))


def _sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A matrix product of whole numbers, exact below 2^53."""
    made = a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(made).max(initial=0) < 2**53
    return made.astype(np.int64)


def _convolved(x: np.ndarray, w: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray:
    """A convolution of whole numbers, padded with zero, in any number of dimensions."""
    rank, groups = x.ndim - 2, attributes.get("group", 1)
    pads = attributes.get("pads", [0] * 2 * rank)
    assert attributes.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
    strides, steps = (attributes.get(key, [1] * rank) for key in ("strides", "dilations"))
    x = np.pad(x, [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:], strict=True)])
    spans = [(k - 1) * step + 1 for k, step in zip(w.shape[2:], steps, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(2, x.ndim)))
    cut = tuple(slice(None, None, stride) for stride in strides)
    taps = tuple(slice(None, None, step) for step in steps)
    windows = windows[(slice(None), slice(None), *cut, *taps)]
    windows = np.moveaxis(windows, 1, 1 + rank)  # batch, positions, channels, kernel
    per, made = x.shape[1] // groups, []
    for g in range(groups):
        part = windows[(slice(None),) * (1 + rank) + (slice(g * per, (g + 1) * per),)]
        filters = np.split(w, groups)[g]
        rows = part.reshape(*part.shape[: 1 + rank], -1)
        made.append(_sum(rows, filters.reshape(len(filters), -1).T))
    return np.moveaxis(np.concatenate(made, axis=-1), -1, 1)


def _transposed(x: np.ndarray, w: np.ndarray, attributes: Mapping[str, Any]) -> np.ndarray:
    """A transposed convolution: one of the input with zeros between, by the turned kernel."""
    rank, groups = x.ndim - 2, attributes.get("group", 1)
    axes = range(rank)
    strides, steps = (attributes.get(key, [1] * rank) for key in ("strides", "dilations"))
    pads = attributes.get("pads", [0] * 2 * rank)
    more = attributes.get("output_padding", [0] * rank)
    wide = np.zeros((*x.shape[:2], *((x.shape[2 + i] - 1) * strides[i] + 1 for i in axes)), int)
    wide[(..., *(slice(None, None, stride) for stride in strides))] = x
    turned = w.reshape(groups, -1, *w.shape[1:]).swapaxes(1, 2)
    turned = np.flip(turned, tuple(range(3, 3 + rank))).reshape(-1, *turned.shape[2:])
    reach = [(w.shape[2 + i] - 1) * steps[i] for i in axes]
    whole = [*reach, *(reach[i] + more[i] for i in axes)]
    made = _convolved(wide, turned, {"group": groups, "dilations": steps, "pads": whole})
    kept = (slice(pads[i], made.shape[2 + i] - pads[rank + i]) for i in axes)
    return made[(..., *kept)]


def _along(scale: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return scale.reshape(shape) if scale.size > 1 else scale.reshape(())


def _requantised(whole: np.ndarray, factor: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """Whole numbers times a float32 factor, rounded half to even, shifted, saturated."""
    zero = zero.reshape(-1)[0]
    info = np.iinfo(zero.dtype)
    rounded = np.rint(whole.astype(F) * factor.astype(F)) + F(zero)
    return np.clip(rounded, info.min, info.max).astype(zero.dtype)


def _wrapped(whole: np.ndarray) -> np.ndarray:
    return whole.astype(np.int32)


def _padded(given: list[Any], count: int) -> list[Any]:
    return [*given, *[None] * (count - len(given))]


def _qlinear_conv(given, attributes):
    x, sx, zx, w, sw, zw, sy, zy, bias = _padded(given, 9)
    lead = (1, -1, *[1] * (x.ndim - 2))
    sums = _convolved(_less_zero(x, zx), _less_zero(w, zw, (-1, *[1] * (w.ndim - 1))), attributes)
    if bias is not None:
        sums = sums + bias.astype(np.int64).reshape(lead)
    return _requantised(sums, sx.reshape(()) * _along(sw, lead) / sy.reshape(()), zy)


def _qlinear_matmul(given, _):
    a, sa, za, b, sb, zb, sy, zy = given
    sums = _sum(_less_zero(a, za, (-1, 1)), _less_zero(b, zb))
    return _requantised(sums, _along(sa, (-1, 1)) * _along(sb, (-1,)) / sy.reshape(()), zy)


def _conv_integer(given, attributes):
    x, w, zx, zw = _padded(given, 4)
    filters = (-1, *[1] * (w.ndim - 1))
    return _wrapped(_convolved(_less_zero(x, zx), _less_zero(w, zw, filters), attributes))


def _matmul_integer(given, _):
    a, b, za, zb = _padded(given, 4)
    return _wrapped(_sum(_less_zero(a, za, (-1, 1)), _less_zero(b, zb)))


def _matmul_integer_to_float(given, _):
    a, b, sa, sb, za, zb, bias = _padded(given, 7)
    made = _sum(_less_zero(a, za), _less_zero(b, zb)).astype(F) * (_along(sb, (-1,)) * sa)
    return made if bias is None else made + bias


def _dynamic_quantize_matmul(given, _):
    x, w, sw, zw, bias = _padded(given, 5)
    low, high = min(x.min(), 0), max(x.max(), 0)
    scale = F((high - low) / F(255))
    zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
    integers = np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8)
    return _matmul_integer_to_float([integers, w, scale, sw, zero, zw, bias], {})


def _qgemm(given, attributes):
    a, sa, za, b, sb, zb, bias, sy, zy = _padded(given, 9)
    turned = attributes.get("transB", 0)
    x = _less_zero(a, za)
    w = _less_zero(b, zb, (-1, 1) if turned else (-1,))
    sums = _sum(x.T if attributes.get("transA", 0) else x, w.T if turned else w)
    sums = sums if bias is None else sums + bias.astype(np.int64)
    scale = F(attributes.get("alpha", 1.0)) * sa.reshape(()) * _along(sb, (-1,))
    return sums.astype(F) * scale if sy is None else _requantised(sums, scale / sy, zy)


def _dequantised(given, attributes):
    x, scale, zero = _padded(given, 3)
    if scale.dtype != F or attributes.get("block_size", 0):
        return None
    axis = attributes.get("axis", 1) % max(1, x.ndim)
    lead = tuple(-1 if i == axis else 1 for i in range(x.ndim))
    return Scaled(_less_zero(x, zero, lead), _along(scale, lead))


def _are_scaled(given) -> bool:
    return all(isinstance(value, Scaled) for value in given[:2])


def _biased(sums: Scaled, bias: Any, shape: tuple[int, ...] = (-1,)) -> Any:
    """Sums and a bias: whole numbers where it is in their units."""
    if bias is None:
        return sums
    if isinstance(bias, Scaled) and (bias.scale.ravel() == sums.scale.ravel()).all():
        return Scaled(sums.whole + bias.whole.reshape(shape), sums.scale, True)
    return sums.real + _real(bias).reshape(shape)


def _conv(given, attributes):
    x, w, bias = _padded(given, 3)
    if not _are_scaled(given) or x.scale.size > 1:
        return None
    lead = (1, -1, *[1] * (x.whole.ndim - 2))
    sums = Scaled(_convolved(x.whole, w.whole, attributes), _along(x.scale * w.scale, lead), True)
    return _biased(sums, bias, lead)


def _conv_transpose(given, attributes):
    x, w, bias = _padded(given, 3)
    if not _are_scaled(given) or x.scale.size > 1:
        return None
    lead = (1, -1, *[1] * (x.whole.ndim - 2))
    groups = attributes.get("group", 1)  # a scale serves the same filter of every group
    scale = np.tile((x.scale * w.scale).reshape(-1), groups if w.scale.size > 1 else 1)
    sums = Scaled(_transposed(x.whole, w.whole, attributes), _along(scale, lead), True)
    return _biased(sums, bias, lead)


def _matmul(given, _):
    if not _are_scaled(given):
        return None
    a, b = given
    return Scaled(_sum(a.whole, b.whole), np.asarray(a.scale * b.scale), True)


def _gemm(given, attributes):
    a, b, bias = _padded(given, 3)
    if not _are_scaled(given) or {attributes.get(k, 1.0) for k in ("alpha", "beta")} != {1.0}:
        return None
    a, b = (
        Scaled(x.whole.T, x.scale.T) if attributes.get(key, 0) else x
        for x, key in ((a, "transA"), (b, "transB"))
    )
    sums = Scaled(_sum(a.whole, b.whole), np.asarray(a.scale * b.scale), True)
    return _biased(sums, bias)


def _add(given, _):
    """A bias in the units of the sums behind a product."""
    first, second = given
    if not _are_scaled(given) or first.is_sum == second.is_sum:
        return None
    sums, bias = (first, second) if first.is_sum else (second, first)
    made = _biased(sums, bias, bias.whole.shape)
    return made if isinstance(made, Scaled) else None


def _relu(given, _):
    x = given[0]
    return Scaled(np.maximum(x.whole, 0), x.scale, x.is_sum) if isinstance(x, Scaled) else None


def _quantised(given, attributes):
    x, scale, zero = _padded(given, 3)
    if not isinstance(x, Scaled) or not x.is_sum or scale.size > 1:
        return None
    zero = np.zeros((), np.uint8) if zero is None else zero
    return _requantised(x.whole, x.scale / scale.reshape(()), zero)


_EXACT = {
    "QLinearConv": _qlinear_conv,
    "QLinearMatMul": _qlinear_matmul,
    "ConvInteger": _conv_integer,
    "MatMulInteger": _matmul_integer,
    "MatMulIntegerToFloat": _matmul_integer_to_float,
    "DynamicQuantizeMatMul": _dynamic_quantize_matmul,
    "QGemm": _qgemm,
    "DequantizeLinear": _dequantised,
    "QuantizeLinear": _quantised,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Add": _add,
    "Relu": _relu,
}
