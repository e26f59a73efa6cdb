"""Tensors to and from ONNX Runtime, also of the types that numpy itself lacks.

bfloat16, the 8-bit floats and the types below a byte are numpy arrays of ml_dtypes here; ONNX
Runtime takes and gives these only as bytes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

# What ONNX Runtime's Python interface converts by itself.
_PLAIN = ("float", "double", "int", "uint", "bool", "string")
_BELOW_A_BYTE = ("int4", "int2")


def run_session(session, names: Sequence[str], feed: Mapping[str, Any]) -> list[Any]:
    """Outputs of a session, as numpy arrays, or lists of them for sequences.

    Args:
        session: an `onnxruntime.InferenceSession`.
        names: of the outputs.
        feed: values of all its inputs by name.
    """
    kinds = {output.name: output.type for output in session.get_outputs()}
    if all(_is_plain(value) for value in feed.values()) and all(
        _is_plain_kind(kinds[name]) for name in names
    ):
        return session.run(list(names), dict(feed))
    import onnxruntime as ort

    values = {
        name: _given(value) if not _is_plain(value) else ort.OrtValue.ortvalue_from_numpy(value)
        for name, value in feed.items()
    }
    return [_taken(value) for value in session.run_with_ort_values(list(names), values)]


def _is_plain(value: Any) -> bool:
    return not isinstance(value, np.ndarray) or value.dtype.isbuiltin == 1


def _is_plain_kind(kind: str) -> bool:
    """`kind`: as ONNX Runtime writes it: `tensor(float)`."""
    if not kind.startswith("tensor("):
        return True
    name = kind[len("tensor(") : -1]
    return name.startswith(_PLAIN) and "float8" not in name and not name.endswith(_BELOW_A_BYTE)


def _given(array: np.ndarray) -> Any:
    import onnxruntime as ort

    tensor = numpy_helper.from_array(array)
    value = ort.OrtValue.ortvalue_from_shape_and_type(list(array.shape), tensor.data_type)
    ctypes.memmove(value.data_ptr(), tensor.raw_data, len(tensor.raw_data))
    return value


def _taken(value: Any) -> Any:
    if not value.is_tensor() or _is_plain_kind(value.data_type()):
        return value.numpy()
    octets = ctypes.string_at(value.data_ptr(), value.tensor_size_in_bytes())
    return numpy_helper.to_array(
        onnx.TensorProto(data_type=value.element_type(), dims=value.shape(), raw_data=octets)
    )
