"""Inputs fixed at a number: they become constants, and what hangs on them is folded.

Not what a run is fed with: that comes by `engine.run.Engine.run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import ml_dtypes
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from sparsesim.errors import ModelError, nearest
from sparsesim.graph.names import printable
from sparsesim.graph.shapes import declared_shape

FIRST_WITHOUT_LISTED_INITIALISERS = 4  # IR version
Number = bool | int | float
Fixed = Number | Sequence[Number] | NDArray[Any]


def fix_inputs(
    model: onnx.ModelProto, fixed: Mapping[str, Fixed], where: str
) -> dict[str, NDArray[Any]]:
    """Make inputs constants, in place; an initialiser that is an input may be fixed, too.

    Args:
        model: as `read_model` gives it.
        fixed: by name a number, or numbers in the order of the input's elements.
        where: the model's name in errors.
    Returns:
        the constants by name.
    Raises:
        ModelError: no such input, or one of another type, range or length.
    """
    inputs = {value.name: value for value in model.graph.input}
    made = {}
    for name, value in fixed.items():
        if name not in inputs:
            hint = nearest(name, map(printable, inputs)) if inputs else "the model takes none"
            raise ModelError(f"{where}: no input '{printable(name)}' to fix; {hint}")
        made[name] = _array(inputs[name], value, f"{where}: input '{printable(name)}'")
    if not made:
        return {}  # most models: their weights need not be copied
    kept = [tensor for tensor in model.graph.initializer if tensor.name not in made]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in made.items())
    return made


def settle_initialisers(model: onnx.ModelProto) -> tuple[str, ...]:
    """Make initialisers that are listed as inputs plain constants, in place.

    Before IR version 4 all had to be listed; since then a listed one is a default that a run might
    override, which ONNX Runtime folds nothing of.

    Returns:
        their names.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name not in constants]
    settled = tuple(value.name for value in model.graph.input if value.name in constants)
    if settled:
        del model.graph.input[:]
        model.graph.input.extend(kept)
    model.ir_version = max(model.ir_version, FIRST_WITHOUT_LISTED_INITIALISERS)
    return settled


def _array(value: onnx.ValueInfoProto, given: Fixed, what: str) -> NDArray[Any]:
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or tensor.elem_type in (
        onnx.TensorProto.UNDEFINED,
        onnx.TensorProto.STRING,
    ):
        raise ModelError(f"{what} holds no numbers; only tensors of numbers can be fixed")
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    numbers = np.asarray(given)
    if numbers.dtype.kind not in "biuf" and kind != numbers.dtype:
        raise ModelError(f"{what} is fixed at {given!r}; give numbers")
    cast = _cast(numbers, kind, what)
    shape = declared_shape(value)
    if shape is None:
        return cast
    return cast.reshape(_shape(numbers, shape, what))


def _cast(numbers: NDArray[Any], kind: np.dtype, what: str) -> NDArray[Any]:
    """The numbers in the input's type, where it holds each of them."""
    if kind == numbers.dtype:
        return numbers
    real = numbers.astype(np.float64)
    if not np.isfinite(real).all():
        raise ModelError(f"{what} is fixed at {numbers.tolist()}; use finite numbers")
    allowed = ""
    if kind == np.bool_:
        allowed = "0 to 1"
        fits = np.isin(real, (0, 1)).all()
    elif kind.kind in "iu" or kind.name.startswith(("int", "uint")):
        limits = np.iinfo(kind) if kind.isbuiltin else ml_dtypes.iinfo(kind)
        allowed = f"whole numbers from {limits.min} to {limits.max}"
        low, high = min(numbers.reshape(-1).tolist()), max(numbers.reshape(-1).tolist())
        fits = (real == np.rint(real)).all() and limits.min <= low and high <= limits.max
    elif kind.kind == "c":
        raise ModelError(f"{what} is of type {kind}; only real numbers can be fixed")
    else:
        with np.errstate(over="ignore"):
            fits = np.isfinite(real.astype(kind).astype(np.float64)).all()
        allowed = f"numbers that {kind} holds"
    if not fits:
        raise ModelError(f"{what} is {kind}; it is fixed at {numbers.tolist()}; use {allowed}")
    return numbers.astype(kind)


def _shape(numbers: NDArray[Any], shape: Sequence[int | None], what: str) -> tuple[int, ...]:
    """The shape that so many numbers take of one with free lengths."""
    if numbers.ndim > 1 or numbers.size == 0:
        have = list(numbers.shape)
        free = len(have) != len(shape) or any(
            w not in (None, h) for w, h in zip(shape, have, strict=True)
        )
        if not free:
            return numbers.shape
    else:
        known = prod(length for length in shape if length is not None)
        open_axes = [axis for axis, length in enumerate(shape) if length is None]
        full = [1 if length is None else length for length in shape]
        if known and numbers.size % known == 0:
            if open_axes:  # the last free axis takes all numbers
                full[open_axes[-1]] = numbers.size // known
            if prod(full) == numbers.size:
                return tuple(full)
    wanted = ", ".join("any" if length is None else str(length) for length in shape)
    came = list(numbers.shape) if numbers.ndim > 1 else f"{numbers.size} numbers"
    raise ModelError(f"{what} is fixed at {came}; the model takes [{wanted}]")
