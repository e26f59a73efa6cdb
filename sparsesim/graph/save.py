"""Saving: a `Graph` becomes plain ONNX again, whatever was rewritten in it.

It saves the folded model, not the file as loaded: batch normalisation is folded in it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx
from onnx import numpy_helper

from sparsesim.errors import SparseSimError
from sparsesim.files import refuse_existing, writing
from sparsesim.graph.layers import Graph

# A protobuf ends at 2 GiB; nodes and names take their share of it.
_LARGEST_INSIDE_BYTES = (1 << 31) - (1 << 26)


def to_model(graph: Graph) -> onnx.ModelProto:
    """The model with its constants as initialisers again.

    Args:
        graph: loaded or rewritten; it stays as it is.
    Returns:
        plain ONNX. Below IR version 4 initialisers had to be listed as inputs, which these are
        not: loading made such a model IR version 4, which has the same operators.
    """
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    for name, array in graph.constants.items():
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    return model


def save(graph: Graph, path: str | Path, force: bool = False) -> None:
    """Write a graph as an ONNX file, whole or not at all.

    A model above 2 GiB keeps its constants in a second file beside it, `NAME.onnx.data`.

    Args:
        graph: loaded or rewritten.
        path: where to.
        force: overwrite a file that exists.
    Raises:
        SparseSimError: the file exists and `force` is not set, or it cannot be written.
    """
    path = Path(path)
    if sum(array.nbytes for array in graph.constants.values()) > _LARGEST_INSIDE_BYTES:
        _save_in_two(to_model(graph), path, force)
        return
    with writing(path, force) as beside:
        beside.write_bytes(to_model(graph).SerializeToString())


def _save_in_two(model: onnx.ModelProto, path: Path, force: bool) -> None:
    constants = path.with_name(f"{path.name}.data")
    refuse_existing(path, force)
    refuse_existing(constants, force)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            beside = Path(folder)
            onnx.save_model(
                model, beside / path.name, save_as_external_data=True, location=constants.name
            )
            os.replace(beside / constants.name, constants)
            os.replace(beside / path.name, path)
    except OSError as error:
        raise SparseSimError(f"{path}: cannot be written: {error.strerror or error}") from error
