"""`sparsesim show`: a model's layers, which node runs where and why, and what a map gives each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import BatchAxisOption, batch_axes
from sparsesim.cli.one_image import an_image, of_one_image
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.graph import Graph, Layer

_REASON_NAME = 60  # characters of a node's name before the reason why it stays on the host


def show(
    model: options.Model,
    reading: Reading,
    batch_axis: BatchAxisOption = None,
    map_file: Annotated[
        str | None,
        typer.Option(
            "--map",
            help="A TOML file of thresholds: print what each layer gets by it.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[str | None, typer.Option("-o", "--output", help="Write as JSON.")] = None,
    force: options.Force = False,
) -> None:
    """Layers, shapes, MACs and parameters of a model; which node runs where, and why."""
    from sparsesim.figures import mac_share, percent
    from sparsesim.files import refuse_existing
    from sparsesim.report.console import terminal
    from sparsesim.report.naming import fitted
    from sparsesim.report.show import (
        host_lines,
        layers_in_words,
        layers_table,
        map_table,
        run_in_words,
    )

    if output:
        refuse_existing(output, force)
    graph = reading.load(model)
    graph, about_images = of_one_image(graph, batch_axes(batch_axis))
    facts = an_image(describe(graph, map_file), about_images)
    if output:
        options.write_json(output, facts, force)
    console = terminal()
    if facts["layers"]:
        table = layers_table(facts["layers"], console.width)
        terminal(width=max(console.width, table.width or 0)).print(table)
        console.print()
    console.print(
        f"{layers_in_words(facts['layers'])}, "
        f"{facts['weights']:,} weights, {percent(facts['weight_sparsity'])} of them zero"
        if facts["layers"]
        else "no MAC layer: nothing runs on the array"
    )
    for line in run_in_words(facts["images_per_run"]):
        console.print(line)
    for warning in facts["warnings"]:
        console.print(f"! {warning}")
    host = facts["host"]
    listed = ", ".join(f"{count} {op}" for op, count in sorted(host["operators"].items()))
    console.print(f"on the host, by ONNX Runtime: {listed or 'nothing'}")
    said = host_lines(host)
    short = fitted(said, _REASON_NAME, strip=False)
    for node, line in said.items():
        console.print(f"  {short[node]}: {line}")
    if host["mac_coverage"] is not None:
        words = mac_share(host["mac_coverage"], host["mac_coverage_is_bound"])
        console.print(f"MAC coverage {words}")
    if map_file:
        console.print(f"by {map_file}:")
        console.print(map_table(facts["map"]["layers"]))
    if output:
        options.said(output)


def describe(graph: Graph, map_file: str | None = None) -> dict[str, Any]:
    """What `show` prints, as plain values; MACs are None where not all shapes are known.

    Args:
        graph: the model.
        map_file: a file of thresholds; the key `map` says what each layer gets by it.
    """
    from sparsesim.graph.host_work import host_work, mac_share
    from sparsesim.graph.tied import stored_in

    layers = [_layer(graph, layer) for layer in graph.layers]
    work, counts = host_work(graph), [layer["macs"] for layer in layers]
    macs = None if None in counts else sum(counts)
    share = None
    if macs is not None and (macs or work.macs):
        share = mac_share(macs, macs + work.known_macs, bool(work.unknown))
    # A weight that several layers share is there once.
    first = stored_in(graph.model, graph.constants, (layer.weight for layer in graph.layers))
    by_tensor = {first[one.weight]: said for one, said in zip(graph.layers, layers, strict=True)}
    stored = by_tensor.values()
    weights = sum(layer["weights"] for layer in stored)
    zeros = sum(layer["weights"] * layer["weight_sparsity"] for layer in stored)
    mapped = {"map": _mapped(graph, map_file)} if map_file else {}
    return {
        "model": graph.source,
        "sha256": graph.sha256,
        "layers": layers,
        "macs": macs,
        "weights": weights,
        "weight_sparsity": zeros / weights if weights else 0.0,
        "host": {
            "operators": dict(work.operators),
            "macs": {node: None if count < 0 else count for node, count in work.macs.items()},
            "reasons": dict(work.reasons),
            "mac_coverage": share and share.value,
            "mac_coverage_is_bound": bool(share and share.is_bound),
        },
        **mapped,
    }


def _mapped(graph: Graph, map_file: str) -> dict[str, Any]:
    """Of each layer, for each table of a map: the rule in words and its pattern, or None."""
    import sparsesim as ss
    from sparsesim.sparsity import plan
    from sparsesim.sparsity.left import left
    from sparsesim.sparsity.plan import active

    thresholds = ss.Thresholds.from_toml(map_file)
    planned = plan(graph, thresholds)
    passed = {table: left(graph, table, active(found)) for table, found in planned.items()}
    layers: dict[str, dict[str, Any]] = {}
    for layer in graph.layers:
        gets = {table: found.get(layer.name) for table, found in planned.items()}
        layers[layer.name] = {
            table: choice and {"rule": _in_words(choice.rule), "pattern": choice.pattern}
            for table, choice in gets.items()
        }
        for table, reasons in passed.items():
            if layer.name in reasons:
                layers[layer.name][table]["rule"] = f"nothing: {reasons[layer.name]}"
    return {"file": map_file, "sha256": thresholds.sha256(), "layers": layers}


def _in_words(rule: Any) -> str:
    """A rule as one would say it; of a specification only the keys that were set."""
    from sparsesim.spec.base import Spec

    if not isinstance(rule, Spec):
        return str(rule)
    keys = [key for key in type(rule).model_fields if key in rule.model_fields_set]
    return " ".join(f"{key} {getattr(rule, key)}" for key in keys) or "defaults"


def _layer(graph: Graph, layer: Layer) -> dict[str, Any]:
    import numpy as np

    from sparsesim.engine.runner import runner_of
    from sparsesim.engine.weights import weight_zero

    weight = graph.weight(layer)
    weights = zeros = 0
    if weight is not None:
        point = weight_zero(layer, graph.constants, weight.ndim)
        weights = int(weight.size)
        zeros = int(np.count_nonzero(weight == (0 if point is None else point)))
    activation = graph.shapes.get(layer.activation, (None,))
    shape = graph.shapes.get(layer.weight, (None,))
    macs = None
    if None not in activation and None not in shape:
        runner = runner_of(layer, {}, np.dtype(np.float32))
        macs = runner.geometry(activation, shape).macs  # type: ignore[arg-type]
    return {
        "name": layer.name,
        "op": layer.op,
        "output_shape": list(graph.shapes.get(layer.output, (None,))),
        "macs": macs,
        "weights": weights,
        "weight_sparsity": zeros / weights if weights else 0.0,
        "fused": [fused.op for fused in layer.chain],
        "nodes": list(layer.nodes),
    }
