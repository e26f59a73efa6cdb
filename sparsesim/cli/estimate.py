"""`sparsesim estimate`: the main job, from an ONNX file to an exact estimate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.opening import opened
from sparsesim.cli.progress import progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def estimate(
    model: options.ModelOrTrace,
    feeding: Feeding,
    reading: Reading,
    images: options.Images = None,
    labels: options.LabelsOption = None,
    label_offset: options.LabelOffset = 0,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: options.Quantize = False,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write the result as JSON.")
    ] = None,
    save_trace: Annotated[
        str | None,
        typer.Option("--save-trace", help="Keep the trace: later estimates need no execution."),
    ] = None,
    force: options.Force = False,
) -> None:
    """Exact cycles, memory and energy of a network on a sparse accelerator."""
    from sparsesim.errors import InputError
    from sparsesim.files import refuse_existing

    if output and save_trace and Path(output).resolve() == Path(save_trace).resolve():
        raise InputError(f"{output}: is to hold both the result and the trace; name two files")
    for path in (output, save_trace):
        if path:
            refuse_existing(path, force)
    chosen = options.front_accelerator_of(accelerator, settings, device)
    board = options.device_of(device, chosen)

    import sparsesim as ss
    from sparsesim.trace.prepare import watched

    trace = opened(
        model, reading, feeding, images, labels, label_offset, thresholds, quantize, seed
    ).trace
    runs = trace.source.runs
    if save_trace:
        with progress("executing", runs) as show:
            ss.save_trace(watched(trace, show), save_trace, force)
        options.said(save_trace, f"sparsesim estimate {save_trace}{_larger(chosen)}")
        trace = ss.load_trace(save_trace)
    with progress("estimating", runs) as show:
        result = ss.estimate(trace, chosen, board, seed=seed, iso_resource=True, progress=show)
    from sparsesim.report.text import text as render_text

    if output:
        ss.save_result(result, output, force)
    options.show(render_text(result))
    if output:
        html = Path(output).with_suffix(".html")
        options.said(output, f"sparsesim report {output} --as html -o {html}")


def _larger(accelerator: Accelerator) -> str:
    """What may be tried next: the array's first key, doubled, as ` --set rows=32`."""
    for key, value in accelerator.array:
        if type(value) is int:
            return f" --set {key}={2 * value}"
    return ""
