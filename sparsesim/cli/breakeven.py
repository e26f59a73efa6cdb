"""`sparsesim breakeven`: how sparse each layer must be for skipping to beat dense PEs."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.estimate import lazy_trace, refuse_execution
from sparsesim.cli.progress import progress


def breakeven(
    model: Annotated[
        str, typer.Argument(help="An ONNX file, or a saved trace.", show_default=False)
    ],
    inputs: options.InputsOption = None,
    images: Annotated[
        int, typer.Option("--images", help="Count N images; each costs up to 30 estimates.")
    ] = 1,
    preprocess: options.PreprocessOption = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Quantise a float model to 8 bits first.")
    ] = False,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """The density at which each scheme starts to beat dense PEs of the same resources."""
    from dataclasses import asdict

    from sparsesim.files import refuse_existing

    if output:
        refuse_existing(output, force)
    chosen = options.accelerator_of(accelerator, settings)
    board = options.device_of(device)

    import sparsesim as ss
    from sparsesim.estimator.break_even import break_even
    from sparsesim.report.break_even import break_even_text
    from sparsesim.trace.store import is_trace

    if is_trace(model):
        refuse_execution(model, inputs, thresholds, quantize, preprocess, None, None)
        trace = ss.load_trace(model)
    else:
        trace = lazy_trace(model, inputs, images, preprocess, None, 0, thresholds, quantize, seed)
    with progress("thinning", len(trace.layers)) as show:
        found = break_even(trace, chosen, board, images=images, seed=seed, progress=show)
    options.show(break_even_text(found))
    if output:
        options.write_json(output, asdict(found), force)
