"""`sparsesim sparsify`: apply thresholds and save plain ONNX."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.reading import Reading


def sparsify(
    model: options.Model,
    reading: Reading,
    thresholds: Annotated[str, typer.Option("--thresholds", help="A TOML file of sparsifiers.")],
    output: Annotated[str, typer.Option("-o", "--output", help="The ONNX file to write.")],
    force: options.Force = False,
) -> None:
    """Rewrite a model by thresholds; any runtime can run the result."""
    from sparsesim.files import refuse_existing

    refuse_existing(output, force)

    import sparsesim as ss

    wanted = ss.Thresholds.from_toml(thresholds)
    graph = ss.sparsify(reading.load(model), wanted)
    ss.save(graph, output, force)
    for rewrite in graph.rewrites:
        typer.echo(rewrite)
    options.said(output, f"sparsesim estimate {output} --inputs …")
