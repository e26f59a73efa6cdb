"""`sparsesim sweep`: from one network to the accelerators worth building."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.progress import labelled_progress

if TYPE_CHECKING:
    from sparsesim.sweeps.sweeping import Done


def sweep(
    spec: Annotated[str, typer.Argument(help="A TOML file: networks, space, objectives.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for points and traces; goes on with what it has."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count points, traces and what is left out.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="Processes of one core each; default: the cores."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="A Dask cluster in their place, as tcp://host:8786."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin a sweep of over a million combinations, too.")
    ] = False,
) -> None:
    """Measure every point of a design space exactly; stop it at any time, run it again to go on."""
    from sparsesim.engine.threads import thread_count
    from sparsesim.errors import SpecError
    from sparsesim.report.sweep import sweep_text
    from sparsesim.sweeps.result import load_sweep_result
    from sparsesim.sweeps.spec import load_sweep
    from sparsesim.sweeps.sweeping import refuse_many, sweep_into

    if workers is not None and workers < 1:
        raise SpecError(f"--workers {workers} is out of range; use 1 and up")
    if workers is not None and scheduler is not None:
        raise SpecError("--workers and --scheduler: give one of them")
    if output is None and not dry_run:
        raise SpecError("-o is missing; name a folder for the points, or give --dry-run")
    wanted = load_sweep(spec)
    refuse_many(wanted, yes)
    if dry_run:
        from sparsesim.report.sweep import plan_text
        from sparsesim.sweeps.plan import plan

        options.show(plan_text(plan(wanted)))
        return
    assert output is not None
    try:
        with labelled_progress() as show:
            done = sweep_into(
                wanted,
                output,
                workers=workers or thread_count(),
                scheduler=scheduler,
                progress=show,
            )
    except KeyboardInterrupt:
        typer.echo(f"interrupted; go on: sparsesim sweep {spec} -o {output}", err=True)
        sys.exit(130)
    options.show(sweep_text(load_sweep_result(output)))
    _say(done, output, spec)
    if done.errors:
        sys.exit(1)


def _say(done: Done, folder: Path, spec: str) -> None:
    """What was done now, on stderr."""
    words = [f"{done.measured:,} measured now", f"{done.kept:,} kept"]
    if done.stale:
        words.append(f"{done.stale:,} of other code, model or inputs measured again")
    typer.echo(", ".join(words), err=True)
    if not done.is_whole:
        typer.echo(
            f"{done.missing:,} points are missing; go on: sparsesim sweep {spec} -o {folder}",
            err=True,
        )
    options.said(folder, f"sparsesim report {folder} --as html -o {folder}.html")
