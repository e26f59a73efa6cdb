"""`sparsesim cut`: where to split a network over devices."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.progress import progress
from sparsesim.cli.reading import Reading


def cut(
    model: options.Model,
    feeding: Feeding,
    reading: Reading,
    images: options.Images = None,
    thresholds: options.ThresholdsOption = None,
    format_: Annotated[
        str,
        typer.Option("--format", help="Rank by one format (see 'list formats'); 'all': the best."),
    ] = "all",
    value_bits: Annotated[
        int | None,
        typer.Option(
            "--value-bits", help="Price a value at so many bits. Default: its type's; 8 for floats."
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="Show so many of the cheapest cuts.")] = 15,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write all cuts as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Rank the cuts of a network by the bytes that cross them, on real images."""
    from dataclasses import asdict

    from sparsesim.errors import SpecError
    from sparsesim.files import refuse_existing

    if output:
        refuse_existing(output, force)
    if top < 1:
        raise SpecError(f"top {top} is out of range; use 1 and up")

    import sparsesim as ss
    from sparsesim.cuts import rank_cuts
    from sparsesim.report.cuts import cuts_text
    from sparsesim.trace.prepare import rewritten

    graph = reading.load(model)
    opened = feeding.open(graph, images, seed)
    wanted = ss.Thresholds.from_toml(thresholds) if thresholds else None
    graph, named_blocks = rewritten(graph, opened, wanted)
    with progress("executing", opened.count) as show:
        found = rank_cuts(
            graph,
            opened,
            formats=format_,
            value_bits=value_bits,
            named_blocks=named_blocks,
            progress=show,
        )
    options.report(cuts_text(found, top), output, asdict(found), force)
