"""Reading an ONNX file: every way in which it can be no model is one line for a person.

It does not simplify or interpret: see fold.py and partition.py.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from sparsesim.errors import ModelError
from sparsesim.graph import qonnx
from sparsesim.graph.check import check_model
from sparsesim.graph.domains import one_domain, onnx_opset
from sparsesim.graph.limits import check_sizes
from sparsesim.graph.names import name_nodes, printable
from sparsesim.graph.order import put_in_order
from sparsesim.graph.session import one_line
from sparsesim.graph.sparse import densify
from sparsesim.graph.tensors import check_tensors, tensors
from sparsesim.graph.texts import check_texts

LOWEST_OPSET = 7


def read_model(path: str | Path) -> tuple[onnx.ModelProto, str]:
    """Read, check and normalise a model: external data loaded, functions inlined, nodes named.

    Args:
        path: an ONNX file.
    Returns:
        the model, and the sha256 of the file and of its external data, hex.
    Raises:
        ModelError: no such file, not ONNX, truncated, cyclic, invalid, an opset below 7, external
            data that is missing or lies outside the model's folder.
    """
    path = Path(path)
    octets = _read_file(path)
    digest = hashlib.sha256(octets)
    model = parse(octets, str(path))
    check_texts(model, str(path))
    _load_external(model, path, digest)
    return normalise(model, str(path)), digest.hexdigest()


def parse(octets: bytes, where: str) -> onnx.ModelProto:
    """A model from bytes; ModelError where they are none."""
    if not octets:
        raise ModelError(f"{where}: an empty file; give an ONNX file")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(octets)
    except (DecodeError, RecursionError, ValueError) as error:
        raise ModelError(f"{where}: not an ONNX file, or a truncated one") from error
    if not model.HasField("graph") or not model.ir_version:
        raise ModelError(f"{where}: not an ONNX model: it holds no graph")
    return model


def normalise(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """Check a parsed model whose texts are such, inline its functions and name its nodes.

    Nodes are sorted, sparse tensors become dense ones, `ai.onnx` its other name, '', and QONNX
    plain ONNX.
    """
    for tensor in tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ModelError(f"{where}: external data of '{printable(tensor.name)}' is not loaded")
    densify(model, where)
    check_tensors(model, where)
    one_domain(model, where)
    opset = _opset(model, where)
    if opset is not None and opset < LOWEST_OPSET:
        raise ModelError(f"{where}: opset {opset} is out of range; use {LOWEST_OPSET} and up")
    put_in_order(model.graph, where)
    model = qonnx.lowered(model, where)
    check_model(model, where, opset)
    if model.functions:
        from onnx import inliner

        try:
            model = inliner.inline_local_functions(model)
        except Exception as error:
            raise ModelError(f"{where}: its functions do not inline: {one_line(error)}") from error
    name_nodes(model.graph)
    _free_lengths(model.graph)
    check_sizes(model, where)
    return model


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ModelError(f"{path}: a folder; give an ONNX file") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a null character
        raise ModelError(f"{str(path)!r}: no name of a file") from error


def _opset(model: onnx.ModelProto, where: str) -> int | None:
    opset = onnx_opset(model)
    if opset is None:
        if any(not node.domain for node in model.graph.node):
            raise ModelError(f"{where}: not a valid ONNX model: it imports no ONNX opset")
        return None
    known = onnx.defs.onnx_opset_version()
    if opset > known:
        raise ModelError(f"{where}: opset {opset} is unknown; use {LOWEST_OPSET} to {known}")
    return opset


def _load_external(model: onnx.ModelProto, path: Path, digest: hashlib._Hash) -> None:
    folder = path.parent.resolve()
    for tensor in tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        where = f"{path}: external data of '{printable(tensor.name)}'"
        if not location or "\0" in location:
            raise ModelError(f"{where} is missing: {location!r} is no name of a file")
        file = (folder / location).resolve()
        if os.path.isabs(location) or not file.is_relative_to(folder):
            raise ModelError(
                f"{where} lies outside the model's folder: '{printable(location)}'; refused"
            )
        if not _is_file(file):
            raise ModelError(
                f"{where} is missing: no file '{printable(location)}' beside the model"
            )
        try:
            offset = int(entries.get("offset", 0))
            length = int(entries.get("length", file.stat().st_size - offset))
        except ValueError:
            raise ModelError(f"{where}: offset and length must be whole numbers") from None
        if offset < 0 or length < 0 or offset + length > file.stat().st_size:
            raise ModelError(
                f"{where}: bytes {offset} to {offset + length} of '{printable(location)}', "
                f"which has {file.stat().st_size}"
            )
        try:
            with open(file, "rb") as handle:
                handle.seek(offset)
                tensor.raw_data = handle.read(length)
        except OSError as error:
            raise ModelError(f"{where} cannot be read: {error.strerror}") from error
        digest.update(tensor.raw_data)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _free_lengths(graph: onnx.GraphProto) -> None:
    """Some exporters write -1 for a length that is free."""
    for value in [*graph.input, *graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.ClearField("dim_value")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long
        return False
