"""QONNX: the files of Brevitas, QKeras, FINN and hls4ml become plain ONNX with quantised layers.

Each `Quant`, `BipolarQuant` and `Trunc` becomes constant integers, or a quantiser, in front of a
DequantizeLinear, one operator a file; the true widths go on in the model's metadata. Where a file
asks for what has no such form (a computed scale, a fractional zero point), it becomes the same
arithmetic in floats.

Source: Pappalardo et al., QONNX: Representing Arbitrary-Precision Quantized Neural Networks, 2022.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import version_converter

from sparsesim.errors import ModelError
from sparsesim.graph.domains import onnx_opset
from sparsesim.graph.names import printable
from sparsesim.graph.qonnx import bipolar_quant, quant, trunc
from sparsesim.graph.qonnx.lowering import Lowering
from sparsesim.graph.session import one_line

DOMAINS = ("onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general")
OPERATORS: dict[str, Callable[[Lowering, onnx.NodeProto], None]] = {
    "Quant": quant.lower,
    "IntQuant": quant.lower,
    "BipolarQuant": bipolar_quant.lower,
    "Trunc": trunc.lower,
}
_LEAST_OPSET = 13  # a scale for each filter
_MARK = "sparsesim.read_as"


def is_lowered(model: onnx.ModelProto) -> bool:
    """Whether a model was a QONNX file: the file itself runs nowhere, what it became does."""
    return any(entry.key == _MARK for entry in model.metadata_props)


def lowered(model: onnx.ModelProto, where: str) -> onnx.ModelProto:
    """The model in plain ONNX; itself where it has no operator of QONNX's domains.

    Args:
        model: parsed, unchecked; files of 2021 import no opset for the domain.
        where: the model's name in errors.
    Raises:
        ModelError: an operator of these domains that is not one of `OPERATORS`, or has a form
            that no numbers are defined for; an opset below 13 that cannot be converted.
    """
    used = {node.domain for node in model.graph.node} & set(DOMAINS)
    if not used:
        return model
    model = _raised(model, used, where)
    work = Lowering(model, where)
    for node in model.graph.node:
        if node.domain not in DOMAINS:
            work.keep(node)
        elif node.op_type in OPERATORS:
            OPERATORS[node.op_type](work, node)
        else:
            raise ModelError(
                f"{where}: {printable(node.op_type)} of {node.domain} is not supported; of its "
                f"operators {', '.join(OPERATORS)} are"
            )
    return work.finish(_MARK, DOMAINS)


def _raised(model: onnx.ModelProto, used: set[str], where: str) -> onnx.ModelProto:
    """With an import for each domain, in an opset that has what takes the operators' place."""
    known = {entry.domain for entry in model.opset_import}
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for domain in sorted(used - known):
        made.opset_import.add(domain=domain, version=1)
    version = onnx_opset(made)
    if version is None or version >= _LEAST_OPSET:
        return made
    try:
        return version_converter.convert_version(made, _LEAST_OPSET)
    except Exception as error:
        raise ModelError(
            f"{where}: opset {version} cannot be converted to {_LEAST_OPSET}, which quantised "
            f"layers need: {one_line(error)}"
        ) from error
