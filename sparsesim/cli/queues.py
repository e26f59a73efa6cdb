"""`sparsesim queues`: how deep the queues must be for one network."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.estimate import lazy_trace, refuse_execution
from sparsesim.cli.progress import progress


def queues(
    model: Annotated[
        str, typer.Argument(help="An ONNX file, or a saved trace.", show_default=False)
    ],
    inputs: options.InputsOption = None,
    images: options.Images = None,
    preprocess: options.PreprocessOption = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Quantise a float model to 8 bits first.")
    ] = False,
    loss: Annotated[
        str,
        typer.Option("--loss", help="Share of total cycles that may be lost, as 1% or 0.01."),
    ] = "1%",
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """The smallest queue depth within a loss of the unbounded one, by layer and for all."""
    from dataclasses import asdict, replace

    from sparsesim.files import refuse_existing

    allowed = _share(loss)
    if output:
        refuse_existing(output, force)
    chosen = options.accelerator_of(accelerator, settings)
    board = options.device_of(device)

    import sparsesim as ss
    from sparsesim.report.queues import queues_text
    from sparsesim.trace.prepare import watched
    from sparsesim.trace.store import is_trace
    from sparsesim.tuning.queues import size_queues

    if is_trace(model):
        refuse_execution(model, inputs, thresholds, quantize, preprocess, None, images)
        trace = ss.load_trace(model)
    else:
        trace = lazy_trace(model, inputs, images, preprocess, None, 0, thresholds, quantize, seed)
    with progress("executing", trace.source.runs) as show:
        trace = replace(trace, images=tuple(watched(trace, show).images))
    with progress("counting", len(trace.layers)) as show:
        found = size_queues(trace, chosen, board, loss=allowed, progress=show)
    options.show(queues_text(found))
    if output:
        options.write_json(output, asdict(found), force)


def _share(text: str) -> float:
    """`1%` or `0.01`.

    Raises:
        SpecError: no number; what range is allowed is checked where it is used.
    """
    from decimal import Decimal, InvalidOperation

    from sparsesim.errors import SpecError

    number = text.strip()
    try:
        share = Decimal(number.removesuffix("%"))
    except InvalidOperation:
        raise SpecError(f"--loss {text}: is no share; write 1% or 0.01") from None
    return float(share / 100 if number.endswith("%") else share)
