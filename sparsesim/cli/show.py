"""`sparsesim show`: a model's layers, which node runs where and why, and what a map gives each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsesim.cli import options
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.graph import Graph, Layer


def show(
    model: options.Model,
    reading: Reading,
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
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from sparsesim.files import refuse_existing

    if output:
        refuse_existing(output, force)
    graph = reading.load(model)
    facts = describe(graph, map_file)
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, title=None, pad_edge=False)
    table.add_column("layer", overflow="fold", ratio=3)
    table.add_column("op")
    table.add_column("output")
    for name in ("MACs", "weights", "zeros"):
        table.add_column(name, justify="right")
    table.add_column("fused behind", overflow="fold", ratio=1)
    for layer in facts["layers"]:
        table.add_row(
            layer["name"],
            layer["op"],
            "x".join("?" if n is None else str(n) for n in layer["output_shape"]),
            "?" if layer["macs"] is None else f"{layer['macs']:,}",
            f"{layer['weights']:,}",
            f"{layer['weight_sparsity']:.1%}",
            " ".join(layer["fused"]),
        )
    console.print(table)
    console.print(
        f"{len(facts['layers'])} MAC layers on the array: {facts['macs']:,} MACs an image, "
        f"{facts['weights']:,} weights, {facts['weight_sparsity']:.1%} of them zero"
    )
    host = facts["host"]
    listed = ", ".join(f"{count} {op}" for op, count in sorted(host["operators"].items()))
    console.print(f"on the host, by ONNX Runtime: {listed or 'nothing'}", highlight=False)
    for node, reason in host["reasons"].items():
        console.print(f"  {node}: {reason}", highlight=False)
    if map_file:
        console.print(f"by {map_file}:", highlight=False, markup=False)
        console.print(_map_table(facts["map"]["layers"]))
    if output:
        options.write_json(output, facts, force)


def describe(graph: Graph, map_file: str | None = None) -> dict[str, Any]:
    """What `show` prints, as plain values; MACs are None where inference knows no shapes.

    Args:
        graph: the model.
        map_file: a file of thresholds; the key `map` says what each layer gets by it.
    """
    from sparsesim.graph.host_work import host_work

    layers = [_layer(graph, layer) for layer in graph.layers]
    work = host_work(graph)
    # A weight that several layers share is there once.
    stored = {one.weight: facts for one, facts in zip(graph.layers, layers, strict=True)}.values()
    weights = sum(layer["weights"] for layer in stored)
    zeros = sum(layer["weights"] * layer["weight_sparsity"] for layer in stored)
    mapped = {"map": _mapped(graph, map_file)} if map_file else {}
    return {
        "model": graph.source,
        "sha256": graph.sha256,
        "layers": layers,
        "macs": sum(layer["macs"] or 0 for layer in layers),
        "weights": weights,
        "weight_sparsity": zeros / weights if weights else 0.0,
        "host": {
            "operators": dict(work.operators),
            "macs": dict(work.macs),
            "reasons": dict(work.reasons),
        },
        **mapped,
    }


def _mapped(graph: Graph, map_file: str) -> dict[str, Any]:
    """Of each layer, for each table of a map: the rule in words and its pattern, or None."""
    import sparsesim as ss
    from sparsesim.sparsity import plan

    thresholds = ss.Thresholds.from_toml(map_file)
    planned = plan(graph, thresholds)
    layers = {}
    for layer in graph.layers:
        gets = {table: found.get(layer.name) for table, found in planned.items()}
        layers[layer.name] = {
            table: choice and {"rule": _in_words(choice.rule), "pattern": choice.pattern}
            for table, choice in gets.items()
        }
    return {"file": map_file, "sha256": thresholds.sha256(), "layers": layers}


def _in_words(rule: Any) -> str:
    """A rule as one would say it; of a specification only the keys that were set."""
    from sparsesim.spec.base import Spec

    if not isinstance(rule, Spec):
        return str(rule)
    keys = [key for key in type(rule).model_fields if key in rule.model_fields_set]
    return " ".join(f"{key} {getattr(rule, key)}" for key in keys) or "defaults"


def _map_table(layers: dict[str, Any]) -> Any:
    """What each layer gets, a column a table with rules; under a rule the pattern that gave it."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    tables: dict[str, Any] = next(iter(layers.values()), {})
    used = [name for name in tables if any(gets[name] for gets in layers.values())]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("layer", *used):
        table.add_column(name, overflow="fold")
    for layer, gets in layers.items():
        cells = [gets[name] for name in used]
        words = (f'{got["rule"]}\n  by "{got["pattern"]}"' if got else "-" for got in cells)
        table.add_row(*map(Text, (layer, *words)))
    return table


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
