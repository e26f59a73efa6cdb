"""`load`: from an ONNX file to a `Graph`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx

from sparsesim.errors import ModelError
from sparsesim.graph import qonnx
from sparsesim.graph.constants import evaluate
from sparsesim.graph.decompose import decompose, reasons_of_rest
from sparsesim.graph.endless import refuse_endless
from sparsesim.graph.fix import Fixed, fix_inputs, settle_initialisers
from sparsesim.graph.fold import fold, resolve_branches
from sparsesim.graph.infer import infer
from sparsesim.graph.layers import Graph
from sparsesim.graph.limits import check_sizes
from sparsesim.graph.names import printable
from sparsesim.graph.partition import partition
from sparsesim.graph.read import normalise, read_model
from sparsesim.graph.recurrent import internal
from sparsesim.graph.session import libraries
from sparsesim.graph.shapes import with_shapes
from sparsesim.graph.share import share_constants
from sparsesim.graph.steps_first import has_batch_first, steps_first
from sparsesim.graph.texts import check_texts
from sparsesim.graph.tied import note_tied, origins_of
from sparsesim.graph.widths import of_constants, value_bits, with_value_bits


def load(
    model: str | Path | onnx.ModelProto,
    *,
    raw_weights: bool = False,
    shapes: Mapping[str, Sequence[int]] | None = None,
    fixed: Mapping[str, Fixed] | None = None,
    custom_ops: Sequence[str | Path] = (),
) -> Graph:
    """Read a model, fold its constants and find its MAC layers.

    Args:
        model: an ONNX file, or a model in memory (external data loaded).
        raw_weights: leave batch normalisation beside the weights, on the host: thresholds then mean
            the weights of the file, as the paper's do, not those that the hardware would hold.
        shapes: sizes of inputs that leave some free, by name.
        fixed: inputs that become constants, a number or numbers each, as `{"sr": 16000}`. An
            initialiser that is an input has its stored value unless it is fixed here.
        custom_ops: shared libraries of operators that ONNX Runtime is to know.
    Returns:
        the graph.
    Raises:
        ModelError: not a valid model, or one that ONNX Runtime does not take; NaN or infinity in
            the weights of a layer; a loop that can't end; shapes that its inputs do not take; an
            input that can't be fixed so; a library that is none.
    """
    source = str(model) if not isinstance(model, onnx.ModelProto) else model.graph.name or "model"
    try:
        known = libraries(custom_ops)
        return _load(model, source, raw_weights, shapes or {}, fixed or {}, known)
    except UnicodeError as error:
        raise ModelError(f"{source}: not a valid ONNX model: a text in it is no UTF-8") from error
    except MemoryError as error:
        raise ModelError(f"{source}: its tensors do not fit into memory") from error


def _load(
    model: str | Path | onnx.ModelProto,
    source: str,
    raw_weights: bool,
    shapes: Mapping[str, Sequence[int]],
    fixed: Mapping[str, Fixed],
    custom_ops: tuple[str, ...],
) -> Graph:
    if isinstance(model, onnx.ModelProto):
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        octets = copy.SerializeToString()
        original: str | bytes = octets
        sha256 = hashlib.sha256(octets).hexdigest()
        check_texts(copy, source)
        proto = normalise(copy, source)
    else:
        original = source
        proto, sha256 = read_model(model)
    if qonnx.is_lowered(proto):
        original = proto.SerializeToString()
    if has_batch_first(proto):
        proto = steps_first(proto)
        original = proto.SerializeToString()
    values = fix_inputs(proto, fixed, source)
    settled = settle_initialisers(proto)
    refuse_endless(proto.graph, source)
    if shapes:
        proto = with_shapes(proto, shapes, source)
        check_sizes(proto, source)
    proto = decompose(resolve_branches(proto, source, custom_ops), custom_ops)
    share_constants(proto)
    narrow, origins = of_constants(proto), origins_of(proto)
    folded, constants = fold(proto, source, raw_weights, custom_ops)
    with_value_bits(folded, {name: bits for name, bits in narrow.items() if name in constants})
    note_tied(folded, origins, constants)
    return build(
        *evaluate(folded, constants, custom_ops),
        source,
        sha256,
        tuple(f"{printable(name)} fixed at {value.tolist()}" for name, value in values.items()),
        original,
        fixed=values,
        custom_ops=custom_ops,
        defaults=tuple(name for name in settled if name not in values),
    )


def rebuilt(
    graph: Graph,
    model: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    rewrites: Sequence[str],
) -> Graph:
    """A graph of a changed model, which came from where another did.

    Args:
        graph: as it was.
        model: folded, without initialisers.
        constants: these, by name.
        rewrites: what was done, in words, behind those of `graph`.
    """
    return build(
        model,
        constants,
        graph.source,
        graph.sha256,
        (*graph.rewrites, *rewrites),
        graph.original,
        graph.fixed,
        graph.custom_ops,
        graph.as_loaded,
    )


def build(
    model: onnx.ModelProto,
    constants: Mapping[str, np.ndarray],
    source: str,
    sha256: str,
    rewrites: tuple[str, ...] = (),
    original: str | bytes = "",
    fixed: Mapping[str, np.ndarray] | None = None,
    custom_ops: tuple[str, ...] = (),
    loaded: Graph | None = None,
    defaults: tuple[str, ...] = (),
) -> Graph:
    """A graph from a folded model without initialisers, and these by name."""
    shapes, types = infer(model, constants, custom_ops)
    layers, steps, reasons = partition(model, constants, types)
    reasons = {**reasons_of_rest(model, constants, shapes, types), **reasons}
    more_shapes, more_types = internal(layers, shapes, constants)
    shapes, types = {**shapes, **more_shapes}, {**types, **more_types}
    graph = Graph(
        model=model,
        constants=constants,
        layers=layers,
        steps=steps,
        reasons=reasons,
        shapes=shapes,
        types=types,
        source=source,
        sha256=sha256,
        rewrites=rewrites,
        original=original,
        fixed=fixed or {},
        custom_ops=custom_ops,
        value_bits=value_bits(model),
        loaded=loaded,
        defaults=defaults,
    )
    for layer in layers:
        for role in ("weight", "bias", "activation_scale", "weight_scale", "output_scale"):
            values = constants.get(getattr(layer, role))
            if values is not None and values.dtype.kind == "f" and not np.isfinite(values).all():
                raise ModelError(
                    f"{source}: {layer.name}: its {role.replace('_', ' ')} holds NaN or infinity; "
                    "use finite numbers"
                )
    return graph
