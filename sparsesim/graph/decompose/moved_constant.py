"""A constant moved by an operator when the model is loaded, and where its channels lie then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

Constant = Callable[[str], np.ndarray | None]


def moved_constant(
    node: onnx.NodeProto, array: np.ndarray, axis: int | None, constant: Constant
) -> tuple[np.ndarray, int | None] | None:
    """Identity, Transpose, Flatten, Reshape, Squeeze or Unsqueeze of a constant.

    Args:
        node: the operator; its first input is the constant.
        array: that.
        axis: of its channels, None where they don't matter.
        constant: other tensors by name, where they are constant.
    Returns:
        the result and its channels' axis; None where that can't be said here.
    """
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    if node.op_type == "Identity":
        return array, axis
    if node.op_type == "Transpose":
        order = attributes.get("perm", list(range(array.ndim))[::-1])
        if sorted(order) != list(range(array.ndim)):
            return None
        moved = np.ascontiguousarray(array.transpose(order))
        return moved, None if axis is None else order.index(axis)
    shape = _shape(node, attributes, array, constant)
    if shape is None:
        return None
    moved = array.reshape(shape)
    if axis is None:
        return moved, None
    before = int(np.prod(array.shape[:axis]))
    places = [
        place
        for place, length in enumerate(shape)
        if length == array.shape[axis] and int(np.prod(shape[:place])) == before
    ]
    return (moved, places[0]) if places else None


def _shape(
    node: onnx.NodeProto, attributes: Mapping[str, Any], array: np.ndarray, constant: Constant
) -> tuple[int, ...] | None:
    """The shape that Flatten, Reshape, Squeeze or Unsqueeze gives a constant."""
    if node.op_type == "Flatten":
        cut = attributes.get("axis", 1)
        cut = cut + array.ndim if cut < 0 else cut
        if not 0 <= cut <= array.ndim:
            return None
        return int(np.prod(array.shape[:cut])), int(np.prod(array.shape[cut:]))
    given = constant(node.input[1]) if len(node.input) > 1 and node.input[1] else None
    listed = given.reshape(-1).tolist() if given is not None else attributes.get("axes")
    if len(node.input) > 1 and node.input[1] and given is None:
        return None
    if node.op_type == "Reshape" and listed is not None and not attributes.get("allowzero"):
        return _reshaped(array, listed)
    if node.op_type == "Squeeze":
        every = [i for i, length in enumerate(array.shape) if length == 1]
        gone = every if listed is None else [axis % max(array.ndim, 1) for axis in listed]
        if not set(gone) <= set(every):
            return None
        return tuple(n for i, n in enumerate(array.shape) if i not in gone)
    if node.op_type == "Unsqueeze" and listed:
        rank = array.ndim + len(listed)
        new = {axis % rank for axis in listed}
        if len(new) != len(listed):
            return None
        lengths = iter(array.shape)
        return tuple(1 if i in new else next(lengths) for i in range(rank))
    return None


def _reshaped(array: np.ndarray, listed: list[int]) -> tuple[int, ...] | None:
    if any(n == 0 and i >= array.ndim for i, n in enumerate(listed)) or listed.count(-1) > 1:
        return None
    shape = [array.shape[i] if n == 0 else n for i, n in enumerate(listed)]
    known = int(np.prod([n for n in shape if n != -1]))
    if min(shape, default=1) < -1 or (-1 in shape and (known == 0 or array.size % known)):
        return None
    whole = tuple(array.size // known if n == -1 else n for n in shape)
    return whole if int(np.prod(whole)) == array.size else None
