"""`sparsesim export`: what is known of a network, in files that other tools read."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.opening import opened
from sparsesim.cli.progress import progress
from sparsesim.cli.reading import Reading


def export(
    model: options.ModelOrTrace,
    feeding: Feeding,
    reading: Reading,
    to: Annotated[str, typer.Option("--to", help="What to make: see 'list exports'.")],
    output: Annotated[str, typer.Option("-o", "--output", help="The file or folder to write.")],
    images: options.Images = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: options.Quantize = False,
    layer: Annotated[
        str | None, typer.Option("--layer", help="Of a timeline; default: the slowest.")
    ] = None,
    seed: options.Seed = 0,
    force: options.Force = False,
) -> None:
    """Files for other tools: Timeloop, SCALE-Sim, ZigZag, Perfetto, Netron."""
    from dataclasses import replace

    from sparsesim.errors import InputError, SpecError
    from sparsesim.exports import Request, exporter, kind_named
    from sparsesim.exports.write import refuse_path, write

    kind = kind_named(to)
    given = (
        ("--accelerator", "accelerator", accelerator),
        ("--set", "accelerator", settings),
        ("--device", "device", device),
        ("--layer", "layer", layer),
    )
    for option, word, value in given:
        if value and word not in kind.takes:
            raise SpecError(f"{option}: an export to {to} takes no {word}; leave it out")
    refuse_path(kind, output, force)
    chosen = options.accelerator_of(accelerator, settings)
    board = options.device_of(device, chosen)

    from sparsesim.figures import plural
    from sparsesim.trace.doubtful_values import Noted
    from sparsesim.trace.prepare import watched
    from sparsesim.trace.store import is_trace

    if kind.needs_model and is_trace(model):
        raise InputError(f"{model}: is a trace, which has no model in it; give the ONNX file")
    found = opened(model, reading, feeding, images, None, 0, thresholds, quantize, seed)
    with progress("exporting", found.trace.source.runs) as show:
        noted = Noted(found.trace.images)
        trace = watched(replace(found.trace, images=noted), show)
        made = exporter(kind)(
            Request(trace, found.made and found.made[0], chosen, board, layer or "")
        )
    for warning in (*made.warnings, *noted.warnings()):
        typer.echo(f"warning: {warning}", err=True)
    write(made, kind, output, force)
    many = f" ({plural(len(made.files), 'file')})" if kind.is_folder else ""
    options.said(f"{output}{many}", made.then.replace("{path}", output))
