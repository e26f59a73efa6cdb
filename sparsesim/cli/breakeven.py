"""`sparsesim breakeven`: how sparse each layer must be for skipping to beat a dense array."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.opening import opened
from sparsesim.cli.progress import progress
from sparsesim.cli.reading import Reading


def breakeven(
    model: options.ModelOrTrace,
    feeding: Feeding,
    reading: Reading,
    images: Annotated[
        int | None,
        typer.Option(
            "--images",
            help="Count the first N images; each run costs up to 30 estimates. Default: one run.",
        ),
    ] = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: options.Quantize = False,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """The density at which each scheme starts to beat a dense array of the same resources."""
    from dataclasses import asdict

    from sparsesim.files import refuse_existing

    if output:
        refuse_existing(output, force)
    chosen = options.front_accelerator_of(accelerator, settings, device)
    board = options.device_of(device, chosen)

    from sparsesim.estimator.break_even import break_even
    from sparsesim.report.break_even import break_even_text

    one = opened(
        model, reading, feeding, images, None, 0, thresholds, quantize, seed, cuts_images=True
    )
    trace = one.trace
    if one.made is not None:  # as many as were opened
        images = trace.source.images
    with progress("thinning", len(trace.layers)) as show:
        found = break_even(trace, chosen, board, images=images, seed=seed, progress=show)
    options.report(break_even_text(found), output, asdict(found), force)
