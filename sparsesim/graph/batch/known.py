"""A graph with sizes for the lengths that it leaves free, folded: what is computed from shapes is
then constant, and every shape is known.

It is only looked at, never run: the sizes are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.batch.walk import Known
from sparsesim.graph.batch_first import batch_first
from sparsesim.graph.domains import onnx_opset
from sparsesim.graph.fold import fold
from sparsesim.graph.infer import declare_constants, infer
from sparsesim.graph.layers import Graph

# Larger constants say no shape: they are declared, not copied.
_FOLDED_ELEMENTS = 4096
# Of first axes, one a name: primes, so that none is taken for another length.
_FIRST = ((13, 23, 29, 37, 41, 47, 53, 61, 67, 73), (17, 31, 43, 59, 71, 79, 83, 89, 97, 101))
_OTHER = 64  # lengths of other axes are multiples of it, which pooling and the like take


def known(graph: Graph) -> Known:
    """The graph with all lengths known, and which constants change with the free first ones."""
    lengths = free_lengths(graph)
    if not any(lengths.values()):
        return _known(graph.model, graph.shapes, graph.constants)
    one, other = (_sized(graph, free_lengths(graph, which)) for which in (0, 1))
    return replace(one, varying=_varying(one.constants, other.constants))


def free_lengths(graph: Graph, which: int = 0) -> dict[str, dict[int, int]]:
    """The sizes that free lengths are given: input -> axis -> size.

    Args:
        graph: a loaded model.
        which: 0 or 1, for one set of sizes of first axes or another.
    """
    dims = {value.name: value.type.tensor_type.shape.dim for value in graph.inputs}
    first = dict.fromkeys(axes[0].dim_param for axes in dims.values() if axes and _is_free(axes[0]))
    primes = {name: _FIRST[which][i % len(_FIRST[which])] for i, name in enumerate(first)}
    others: dict[str, int] = {}
    found: dict[str, dict[int, int]] = {}
    for name, axes in dims.items():
        sizes: dict[int, int] = {}
        for axis, dim in enumerate(axes):
            if not _is_free(dim):
                continue
            if (axis == 0 or dim.dim_param) and dim.dim_param in primes:
                sizes[axis] = primes[dim.dim_param]
            else:
                symbol = dim.dim_param or f"{name}/{axis}"
                sizes[axis] = others.setdefault(symbol, _OTHER * (len(others) + 1))
        found[name] = sizes
    return found


def _is_free(dim: onnx.TensorShapeProto.Dimension) -> bool:
    return not dim.HasField("dim_value")


def _sized(graph: Graph, lengths: Mapping[str, Mapping[int, int]]) -> Known:
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    names: dict[str, int] = {}
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        for axis, size in lengths.get(value.name, {}).items():
            if dims[axis].dim_param:
                names[dims[axis].dim_param] = size
            dims[axis].dim_value = size
    for value in model.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_value = names[dim.dim_param]
    large = {n: a for n, a in graph.constants.items() if a.size > _FOLDED_ELEMENTS}
    try:
        whole = onnx.ModelProto()
        whole.CopyFrom(model)
        declare_constants(whole, graph.constants, _FOLDED_ELEMENTS)
        folded, computed = fold(whole, graph.source, custom_ops=graph.custom_ops)
    except (ModelError, TypeError, ValueError):  # made-up sizes may contradict the model's own
        shapes, _ = infer(model, graph.constants, graph.custom_ops)
        return _known(model, shapes, graph.constants)
    constants = {**computed, **large}
    return _known(folded, infer(folded, constants, graph.custom_ops)[0], constants)


def _known(model: onnx.ModelProto, shapes: Mapping, constants: Mapping[str, np.ndarray]) -> Known:
    return Known(
        nodes=tuple(model.graph.node),
        outputs=tuple(value.name for value in model.graph.output),
        opset=onnx_opset(model) or 1,
        shapes=shapes,
        constants=constants,
        batch_first=batch_first(model),
    )


def _varying(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Constants that change with the sizes, and are not merely repeated more often."""
    return {
        name: f"'{name}' is computed from its length"
        for name, array in one.items()
        if name in other and other[name] is not array and not _is_alike(array, other[name])
    }


def _is_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal, or equal but for the length of axes along which nothing changes."""
    if one.ndim != other.ndim:
        return False
    for axis in range(one.ndim):
        if one.shape[axis] != other.shape[axis]:
            first = one.take([0], axis)
            if not np.array_equal(one, np.broadcast_to(first, one.shape)):
                return False
            one, other = first, other.take([0], axis)
    return np.array_equal(one, other)
