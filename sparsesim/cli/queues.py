"""`sparsesim queues`: how deep queues must be for a network, its filters reordered or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.opening import Opened, opened
from sparsesim.cli.progress import labelled_progress, progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.machines.study import Study
    from sparsesim.spec import Accelerator, Device
    from sparsesim.trace import Trace
    from sparsesim.tuning.balance import Balance


def queues(
    model: options.ModelOrTrace,
    feeding: Feeding,
    reading: Reading,
    images: options.Images = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    thresholds: options.ThresholdsOption = None,
    quantize: options.Quantize = False,
    loss: Annotated[
        str,
        typer.Option("--loss", help="Share of total cycles that may be lost, as 1% or 0.01."),
    ] = "1%",
    reorder: Annotated[
        bool,
        typer.Option(
            "--balance", help="Reorder filters by their work first, so that rows end together."
        ),
    ] = False,
    save: Annotated[
        str | None,
        typer.Option("--save", help="With --balance: write the reordered network as ONNX."),
    ] = None,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """The smallest queue depth within a loss of the unbounded one, by layer and for all."""
    from dataclasses import asdict, replace

    from sparsesim.errors import InputError, SpecError
    from sparsesim.files import refuse_existing

    allowed = _share(loss)
    if save and not reorder:
        raise SpecError("--save writes the reordered network; give --balance, too")
    if output and save and Path(output).resolve() == Path(save).resolve():
        raise InputError(f"{output}: is to hold both the numbers and the network; name two files")
    for path in (output, save):
        if path:
            refuse_existing(path, force)
    chosen = options.front_accelerator_of(accelerator, settings, device, "queues")
    board = options.device_of(device, chosen)

    study = _study(chosen)
    size_queues = study.load()
    one = opened(model, reading, feeding, images, None, 0, thresholds, quantize, seed)
    balanced = None
    if reorder:
        balanced, trace = _balanced(model, one, chosen, board, save, force)
    else:
        trace = _executed(one.trace)
    with progress("counting", len(trace.layers)) as show:
        found = size_queues(trace, chosen, board, loss=allowed, progress=show)
    more = {"balance": asdict(balanced)} if balanced else {}
    said = replace(found, warnings=()) if balanced else found  # the balance has said them
    options.report(study.load_text()(said), output, asdict(found) | more, force)


def _study(accelerator: Accelerator) -> Study:
    """The study of queues that the accelerator's machine has.

    Raises:
        SpecError: it has none.
    """
    from sparsesim.errors import SpecError

    found = accelerator.rules.studies.get("queues")
    if found is None:
        raise SpecError(f"machine '{accelerator.machine}' has no queues; no depth is to be found")
    return found


def _executed(trace: Trace) -> Trace:
    """The trace with all its images in memory."""
    from dataclasses import replace

    from sparsesim.trace.prepare import watched

    with progress("executing", trace.source.runs) as show:
        return replace(trace, images=tuple(watched(trace, show).images))


def _balanced(
    model: str,
    one: Opened,
    accelerator: Accelerator,
    device: Device,
    save: str | None,
    force: bool,
) -> tuple[Balance, Trace]:
    """Reorder a model's filters, show what it gains, save it where asked for."""
    import sparsesim as ss
    from sparsesim.errors import InputError
    from sparsesim.report.balance import balance_text
    from sparsesim.tuning.balance import balance

    if one.made is None:
        raise InputError(f"{model}: is a trace; --balance needs the model")
    graph, inputs, blocks = one.made
    with labelled_progress() as show:
        found, graph, trace = balance(
            graph, inputs, accelerator, device, named_blocks=blocks, progress=show
        )
    if save:
        ss.save(graph, save, force)
    options.show(balance_text(found))
    options.show("")
    if save:
        options.said(save)
    return found, trace


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
