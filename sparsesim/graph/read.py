"""Reading an ONNX file: every way in which it can be no model is one line for a person.

It does not simplify or interpret: see fold.py and partition.py.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from sparsesim.errors import ModelError
from sparsesim.graph.names import name_nodes

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
    _load_external(model, path, digest)
    return normalise(model, str(path)), digest.hexdigest()


def parse(octets: bytes, where: str) -> onnx.ModelProto:
    """A model from bytes; ModelError where they are none."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(octets)
    except (DecodeError, RecursionError, ValueError) as error:
        raise ModelError(f"{where}: not an ONNX file, or a truncated one") from error
    if not model.HasField("graph") or not model.ir_version:
        raise ModelError(f"{where}: not an ONNX model: it holds no graph")
    return model


def normalise(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """Check a parsed model, inline its functions and name its nodes."""
    opset = _opset(model, where)
    if opset is not None and opset < LOWEST_OPSET:
        raise ModelError(f"{where}: opset {opset} is out of range; use {LOWEST_OPSET} and up")
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, UnicodeError, ValueError) as error:
        raise ModelError(f"{where}: not a valid ONNX model: {one_line(error)}") from error
    if model.functions:
        try:
            model = onnx.inliner.inline_local_functions(model)
        except Exception as error:
            raise ModelError(f"{where}: its functions do not inline: {one_line(error)}") from error
    name_nodes(model.graph)
    return model


def one_line(error: BaseException, limit: int = 200) -> str:
    """The first telling line of a library's error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ModelError(f"{path}: a folder; give an ONNX file") from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error


def _opset(model: onnx.ModelProto, where: str) -> int | None:
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions:
        if any(node.domain in ("", "ai.onnx") for node in model.graph.node):
            raise ModelError(f"{where}: not a valid ONNX model: it imports no ONNX opset")
        return None
    known = onnx.defs.onnx_opset_version()
    if max(versions) > known:
        raise ModelError(
            f"{where}: opset {max(versions)} is unknown; use {LOWEST_OPSET} to {known}"
        )
    return max(versions)


def _load_external(model: onnx.ModelProto, path: Path, digest: hashlib._Hash) -> None:
    folder = path.parent.resolve()
    for tensor in _tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        file = (folder / location).resolve()
        where = f"{path}: external data of '{tensor.name}'"
        if not location or os.path.isabs(location) or not file.is_relative_to(folder):
            raise ModelError(f"{where} lies outside the model's folder: '{location}'; refused")
        if not file.is_file():
            raise ModelError(f"{where} is missing: no file '{location}' beside the model")
        try:
            offset = int(entries.get("offset", 0))
            length = int(entries.get("length", file.stat().st_size - offset))
        except ValueError:
            raise ModelError(f"{where}: offset and length must be whole numbers") from None
        if offset < 0 or length < 0 or offset + length > file.stat().st_size:
            raise ModelError(
                f"{where}: bytes {offset} to {offset + length} of '{location}', "
                f"which has {file.stat().st_size}"
            )
        with open(file, "rb") as handle:
            handle.seek(offset)
            tensor.raw_data = handle.read(length)
        digest.update(tensor.raw_data)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
        yield sparse.indices
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _tensors(attribute.g)
            for subgraph in attribute.graphs:
                yield from _tensors(subgraph)
