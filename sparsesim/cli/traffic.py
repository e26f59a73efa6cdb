"""`sparsesim traffic`: what a training's gradients cost on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options

if TYPE_CHECKING:
    from sparsesim.train.history import History


def traffic(
    training: Annotated[
        Path,
        typer.Argument(help="A folder of 'train', or its history.npz.", show_default=False),
    ],
    workers: Annotated[int, typer.Option("--workers", help="How many train together.")] = 4,
    value_bits: Annotated[
        int, typer.Option("--value-bits", help="Bits of a gradient's value.")
    ] = 32,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write every layer and format as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Bytes of gradients a step and a layer under each format, against a dense all-reduce."""
    from dataclasses import asdict

    from sparsesim.files import refuse_existing
    from sparsesim.report.traffic import traffic_text
    from sparsesim.train.history import load_history
    from sparsesim.train.traffic import traffic as traffic_of

    if output:
        refuse_existing(output, force)
    is_folder = training.is_dir()
    history = load_history(training / "history.npz" if is_folder else training)
    model = training / "model.onnx"
    rows = _rows(model, history) if is_folder and model.exists() else {}
    found = traffic_of(history, workers, value_bits, rows)
    content = {"history": str(training), **asdict(found)}
    options.report(traffic_text(found, str(training)), output, content, force)


def _rows(model: Path, history: History) -> dict[str, int]:
    """Rows of the weights of the layers that the model has in the same size."""
    import sparsesim as ss

    graph = ss.load(model)
    weights = {layer.name: graph.weight(layer) for layer in graph.layers}
    found = {}
    for name, elements in zip(history.layers, history.elements, strict=True):
        weight = weights.get(name)
        if weight is not None and weight.size == elements:
            found[name] = weight.shape[0]
    return found
