"""Folding: constants computed, batch normalisation folded into the layer before it.

ONNX Runtime's basic optimisation level does it: it is the host anyhow, keeps node names, and knows
every operator and type (docs/decisions/folding.md). Rewrites that would rename, merge or split MAC
layers, or move their operands about, are switched off.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from sparsesim.errors import ModelError
from sparsesim.graph.branches import branches_of, note_names, restore_names
from sparsesim.graph.half import is_widened, narrowed
from sparsesim.graph.session import open_session, runtime_message, session_options

# Basic-level rewrites that change which layers there are, or what their operands are.
_OFF = [
    "MatMulAddFusion",
    "MatmulBNFusion",
    "MatMulBNFusion",
    "GemmSumFusion",
    "GemmTransposeFusion",
    "CommonSubexpressionElimination",
    "ConstantSharing",
    "GeluFusion",
    "LayerNormFusion",
    "ReshapeFusion",
    "QDQPropagationTransformer",
    "WeightBiasQuantization",
    "DoubleQDQPairsRemover",
    "TransposeOptimizer",
]

# Activations without a kernel of their own in ONNX Runtime, which it would replace by two or three
# other nodes, so that they could not be fused behind a layer; and one of the same type and shape
# that stands for them meanwhile.
_APART = ("HardSwish", "Mish")
_VEIL = "Softsign"


# Those that put a normalisation into the weights before it.
_INTO_WEIGHTS = ["ConvBNFusion", "ConvMulFusion", "ConvAddFusion"]


def fold(
    model: onnx.ModelProto,
    where: str,
    raw_weights: bool = False,
    custom_ops: Sequence[str] = (),
) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """Fold constants and batch normalisation.

    Args:
        model: as `read_model` gives it.
        where: the model's name in errors.
        raw_weights: leave weights as they are: batch normalisation stays a node.
        custom_ops: libraries of its operators.
    Returns:
        the folded model without its initialisers, and these as arrays by name. Inputs, outputs
        and the names of surviving nodes are as before.
    Raises:
        ModelError: ONNX Runtime does not take the model.
    """
    off = [*_OFF, *_INTO_WEIGHTS] if raw_weights else _OFF
    folded = _folded(model, where, off, custom_ops)
    if is_widened(folded):
        folded = narrowed(folded, model, custom_ops)
    constants = {}
    for tensor in folded.graph.initializer:
        constants[tensor.name] = numpy_helper.to_array(tensor)
        tensor.ClearField("raw_data")
    del folded.graph.initializer[:]
    _restore_interface(folded, model)
    bare = onnx.ModelProto()
    bare.CopyFrom(folded)  # a protobuf message keeps the memory of what was deleted from it
    return bare, constants


def resolve_branches(
    model: onnx.ModelProto, where: str, custom_ops: Sequence[str] = ()
) -> onnx.ModelProto:
    """A model in which every If whose condition is constant is the branch that is taken.

    Args:
        model: as `read_model` gives it.
        where: the model's name in errors.
        custom_ops: libraries of its operators.
    Returns:
        another model, or the same where no If is resolved.
    """
    if not branches_of(model):
        return model
    found = _folded(model, where, [*_OFF, *_INTO_WEIGHTS], custom_ops)
    if branches_of(found) == branches_of(model):
        return model
    _restore_interface(found, model)
    return narrowed(found, model, custom_ops) if is_widened(found) else found


def widened(model: onnx.ModelProto, where: str, custom_ops: Sequence[str] = ()) -> onnx.ModelProto:
    """A float16 model with what ONNX Runtime computes in float32 in that, casts around it."""
    made = _folded(model, where, _OFF, custom_ops)
    _restore_interface(made, model)
    return made


def _folded(
    model: onnx.ModelProto, where: str, off: list[str], custom_ops: Sequence[str]
) -> onnx.ModelProto:
    noted = onnx.ModelProto()
    noted.CopyFrom(model)
    note_names(noted)
    folded = _optimise_whole(noted, where, off, custom_ops)
    if _constant_casts(folded):
        # float16 products run in float32: ONNX Runtime adds casts behind its own folding.
        folded = _optimise_whole(folded, where, off, custom_ops)
    restore_names(folded, {node.name for node in model.graph.node})
    return folded


def _optimise_whole(
    model: onnx.ModelProto, where: str, off: list[str], custom_ops: Sequence[str]
) -> onnx.ModelProto:
    """Optimised, with the operators that ONNX Runtime would take apart left whole."""
    apart = {
        node.name: node.op_type
        for node in model.graph.node
        if node.op_type in _APART and not node.domain
    }
    if not apart:
        return _optimise(model, where, off, custom_ops)
    veiled = onnx.ModelProto()
    veiled.CopyFrom(model)
    for node in veiled.graph.node:
        if node.name in apart:
            node.op_type = _VEIL
    try:
        folded = _optimise(veiled, where, off, custom_ops)
    except ModelError:  # a type that the stand-in does not take
        return _optimise(model, where, off, custom_ops)
    left = [node for node in folded.graph.node if node.name in apart]
    if len(left) < len(apart):  # one was constant: it must be computed as what it is
        return _optimise(model, where, off, custom_ops)
    for node in left:
        node.op_type = apart[node.name]
    return folded


def _optimise(
    model: onnx.ModelProto, where: str, off: list[str], custom_ops: Sequence[str]
) -> onnx.ModelProto:
    import onnxruntime as ort

    try:
        octets = model.SerializeToString()
    except Exception as error:  # protobuf's own, of another type in each of its versions
        raise ModelError(f"{where}: larger than 2 GiB; use a smaller model") from error
    options = session_options(custom_ops)
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        target = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(target)
        try:
            open_session(octets, options, off)
        except Exception as error:
            said = runtime_message(error)
            if "serialization failed" in said.lower():
                raise ModelError(
                    f"{where}: its folded copy cannot be written to {tempfile.gettempdir()}; make "
                    "room there, or set TMPDIR"
                ) from error
            if "find an implementation" in said and _holds_bfloat16(model):
                said += "; it has few operators for bfloat16: make the model float16 or float32"
            if "is not a registered function/op" in said and not custom_ops:
                said += "; is it in a library? Give that as --custom-ops FILE.so"
            raise ModelError(f"{where}: ONNX Runtime does not take it: {said}") from error
        return onnx.load(target)


def _holds_bfloat16(model: onnx.ModelProto) -> bool:
    kinds = {tensor.data_type for tensor in model.graph.initializer}
    kinds |= {value.type.tensor_type.elem_type for value in model.graph.input}
    return onnx.TensorProto.BFLOAT16 in kinds


def _constant_casts(model: onnx.ModelProto) -> bool:
    constants = {tensor.name for tensor in model.graph.initializer}
    return any(node.op_type == "Cast" and node.input[0] in constants for node in model.graph.node)


def _restore_interface(folded: onnx.ModelProto, model: onnx.ModelProto) -> None:
    """Drop the opsets that ONNX Runtime adds unasked, and initialisers listed as inputs."""
    used = {node.domain or "" for node in folded.graph.node} | {""}
    wanted = {entry.domain or "": entry.version for entry in model.opset_import}
    kept = [entry for entry in folded.opset_import if (entry.domain or "") in used | set(wanted)]
    del folded.opset_import[:]
    folded.opset_import.extend(kept)
    folded.producer_name, folded.ir_version = "sparsesim", min(folded.ir_version, 10)
