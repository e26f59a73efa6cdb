"""`onnx`: the model with what was estimated in the metadata of its nodes, where Netron shows it.

The model is the one that was run: as loaded where nothing was rewritten, else as `sparsify` saves
it. Its nodes carry the names that reports use; nothing else of it changes, so it computes the same.
Counts are sums over the images, as in a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import onnx

from sparsesim.errors import ModelError
from sparsesim.estimator.estimating import estimate
from sparsesim.exports import Export, Request
from sparsesim.exports.words import origin
from sparsesim.graph import Graph
from sparsesim.graph.read import normalise, parse, read_model
from sparsesim.graph.save import to_model
from sparsesim.graph.session import open_session, session_options
from sparsesim.result.model import LayerRecord, Result

PREFIX = "sparsesim."
_FIRST_WITH_NODE_METADATA = 10  # IR version


def export(request: Request) -> Export:
    """The annotated model."""
    if request.graph is None:
        model = request.trace.source.model
        raise ModelError(f"a trace of {model} has no model in it; give the ONNX file")
    result = estimate(request.trace, request.accelerator, request.device)
    graph = request.graph
    model = annotated(executed_model(graph), result, origin(request.trace), graph.custom_ops)
    try:
        octets = model.SerializeToString()
    except Exception as error:  # protobuf's own, of another type in each of its versions
        raise ModelError(f"{request.graph.source}: larger than 2 GiB; use a smaller model") from (
            error
        )
    return Export({"": octets}, (), "netron {path}")


def executed_model(graph: Graph) -> onnx.ModelProto:
    """The model that a graph runs, whole, its nodes named as layers are."""
    if graph.rewrites:
        return to_model(graph)
    if isinstance(graph.original, bytes):
        whole = normalise(parse(graph.original, graph.source), graph.source)
    else:
        whole = read_model(graph.original)[0]
    # Folding takes layers out of the branch of an If that is always taken.
    named = {node.name for node in whole.graph.node}
    layers = [layer.name for layer in graph.layers]
    there = all(name in named or name.rpartition("/")[0] in named for name in layers)
    return whole if there else to_model(graph)


def annotated(
    model: onnx.ModelProto, result: Result, source: str, custom_ops: Sequence[str] = ()
) -> onnx.ModelProto:
    """The model with facts beside its nodes; beside itself where its nodes can have none.

    Args:
        model: whose nodes are named as the layers are; it stays as it is.
        result: of it.
        source: a line that says where the facts are from.
        custom_ops: libraries of its operators.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    _put(made.metadata_props, {"source": source, "images": _images(result)})
    if made.ir_version < _FIRST_WITH_NODE_METADATA:
        raised = onnx.ModelProto()
        raised.CopyFrom(made)
        raised.ir_version = _FIRST_WITH_NODE_METADATA
        if not is_taken(raised, custom_ops):
            for record in result.layers:
                named = {f"{record.name}.{key}": fact for key, fact in facts(record).items()}
                _put(made.metadata_props, named)
            return made
        made = raised
    nodes = {node.name: node for node in made.graph.node}
    told: dict[str, dict[str, str]] = {}
    for record in result.layers:
        node, part = record.name, ""
        if node not in nodes:  # one of several products of a node
            node, part = node.rsplit("/", 1)
        told.setdefault(node, {}).update(
            {f"{part}.{key}" if part else key: fact for key, fact in facts(record).items()}
        )
    for node, its in told.items():
        _put(nodes[node].metadata_props, its)
    return made


def facts(record: LayerRecord) -> dict[str, str]:
    """What is told of a layer; counts over all images."""
    told = {
        "weight_sparsity": f"{record.weight_sparsity:.6f}",
        "activation_sparsity": f"{record.activation_sparsity:.6f}",
        "output_sparsity": f"{record.output_sparsity:.6f}",
        "macs": str(record.macs),
        "effectual_macs": str(record.effectual_macs),
    }
    for scheme, cycles in record.cycles.items():
        told[f"cycles.{scheme}"] = str(cycles.total)
        told[f"bound.{scheme}"] = record.schemes[scheme].bound
    return told


def is_taken(model: onnx.ModelProto, custom_ops: Sequence[str] = ()) -> bool:
    """Whether ONNX's checker and ONNX Runtime take a model."""
    try:
        octets = model.SerializeToString()
        onnx.checker.check_model(octets)
        open_session(octets, session_options(custom_ops, optimised=False))
    except Exception:  # each library has many of its own
        return False
    return True


def _images(result: Result) -> str:
    return str(sum(result.per_image.images))


def _put(props: Iterable[onnx.StringStringEntryProto], told: Mapping[str, str]) -> None:
    """Set metadata, in place; what was exported before is replaced."""
    ours = {PREFIX + key: value for key, value in told.items()}
    kept = [(entry.key, entry.value) for entry in props if entry.key not in ours]
    del props[:]  # type: ignore[attr-defined]
    for key, value in [*kept, *ours.items()]:
        props.add(key=key, value=value)  # type: ignore[attr-defined]
