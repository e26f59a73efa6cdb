"""`sparsesim emulate`: products and sums of layers in narrow fixed point, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.progress import progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.spec.thresholds import Thresholds


def emulate(
    model: options.Model,
    feeding: Feeding,
    reading: Reading,
    map_: Annotated[
        str | None,
        typer.Option("--map", help="A TOML file with a table [intrinsic]; its others apply, too."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change one key of every arithmetic, as acc_bits=16; may be repeated."
        ),
    ] = None,
    images: options.Images = None,
    labels: options.LabelsOption = None,
    label_offset: options.LabelOffset = 0,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Put products and sums of layers into narrow formats; errors and accuracy against float."""
    from sparsesim.files import refuse_existing

    if output:
        refuse_existing(output, force)
    wanted = _wanted(map_, settings)

    import sparsesim as ss
    from sparsesim.cli.inexact_host import tell_inexact_host
    from sparsesim.intrinsic import emulate as emulated
    from sparsesim.report import emulation as report

    graph = reading.load(model)
    opened = feeding.open(graph, images, seed, labels, label_offset)
    graph = ss.sparsify(graph, wanted)
    tell_inexact_host(graph)
    with progress("emulating", opened.count) as show:
        found = emulated(graph, opened, wanted, progress=show)
    options.report(report.text(found), output, report.record(found), force)


def _wanted(path: str | None, settings: list[str] | None) -> Thresholds:
    """The map file with its settings; without one every layer gets the settings' arithmetic."""
    from sparsesim.errors import SpecError
    from sparsesim.spec.arithmetic import Arithmetic
    from sparsesim.spec.thresholds import Thresholds

    if path is None and not settings:
        raise SpecError("--map is missing; give a file with a table [intrinsic], or --set")
    found = Thresholds.from_toml(path) if path else Thresholds(intrinsic={"*": Arithmetic()})
    if not found.intrinsic:
        raise SpecError(f"{path}: has no table [intrinsic]; give a pattern and its arithmetic")
    changed = {
        pattern: options.changed(arithmetic, settings)
        for pattern, arithmetic in found.intrinsic.items()
    }
    return found.with_(intrinsic=changed)
