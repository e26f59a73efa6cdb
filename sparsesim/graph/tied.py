"""Tied weights: constants that a model makes of one stored tensor by turning and reshaping it.

An autoencoder that reads W and its transpose stores W. It goes by nodes, not by values: two weights
that happen to be equal are two; and by values behind a rewrite, where only one of them may have
changed. Not layers that read the same constant, nor nodes that make the same (`share.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import Any

import numpy as np
import onnx

from sparsesim.graph.notes import note, noted

METADATA_KEY = "sparsesim.tied"
_SHAPES = ("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze")

# Tensor -> what it is made of: name, lengths, and the order in which a Transpose takes its axes.
Origins = dict[str, tuple[str, list[int], list[int]]]


def origins_of(model: onnx.ModelProto) -> Origins:
    """What nodes make of stored tensors by at most one Transpose, before all that only reshapes.

    Args:
        model: not folded; its nodes in an order in which they can run.
    """
    lengths = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    found: Origins = {}
    for node in model.graph.node:
        if node.domain:
            continue
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                lengths[node.output[0]] = list(attribute.t.dims)
        source = node.input[0] if node.input else ""
        if source not in lengths and source not in found:
            continue
        before = found.get(source) or (source, lengths[source], list(range(len(lengths[source]))))
        if node.op_type in _SHAPES:
            found[node.output[0]] = before
        elif node.op_type == "Transpose" and source in lengths:
            axes = [list(a.ints) for a in node.attribute if a.name == "perm"] or [before[2][::-1]]
            found[node.output[0]] = before[0], before[1], axes[0]
    return found


def note_tied(model: onnx.ModelProto, origins: Origins, constants: Collection[str]) -> None:
    """Let a folded model say what its constants came from, in place; what it says already stays."""
    known = {**noted(model, METADATA_KEY), **origins}
    note(model, METADATA_KEY, {name: known[name] for name in known if name in constants})


def stored_in(
    model: onnx.ModelProto, constants: Mapping[str, np.ndarray], names: Iterable[str]
) -> dict[str, str]:
    """Constant -> the first of them that holds the same elements of the same stored tensor.

    Args:
        model: folded; what it notes may be anything.
        constants: by name.
        names: of some of them, as `Layer.weight`.
    """
    notes = noted(model, METADATA_KEY)
    first: dict[str, list[tuple[str, np.ndarray]]] = {}
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        found[name] = name
        if not notes or name not in constants:
            continue
        root, values = _as_stored(name, constants[name], notes.get(name))
        tied = first.setdefault(root, [])
        for other, held in tied:
            if held.dtype == values.dtype and np.array_equal(held, values):
                found[name] = other
                break
        else:
            tied.append((name, values))
    return found


def _as_stored(name: str, values: np.ndarray, origin: Any) -> tuple[str, np.ndarray]:
    """The stored tensor's name, and its elements in the order in which it stores them."""
    if not _says(origin, values.size):
        return name, values.reshape(-1)
    root, lengths, axes = origin
    turned = values.reshape([lengths[axis] for axis in axes])
    return root, turned.transpose(np.argsort(axes)).reshape(-1)


def _says(origin: Any, elements: int) -> bool:
    """Whether a note is one: a name, lengths of so many elements, and an order of their axes."""
    if not isinstance(origin, list) or len(origin) != 3 or not isinstance(origin[0], str):
        return False
    lengths, axes = origin[1:]
    if not isinstance(lengths, list) or not isinstance(axes, list):
        return False
    if not all(type(number) is int and number >= 0 for number in [*lengths, *axes]):
        return False
    return sorted(axes) == list(range(len(lengths))) and prod(lengths) == elements
