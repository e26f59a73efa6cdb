"""`sparsesim cosim`: real layers through the Verilog, compared with the model to the last cycle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsesim.cli import interrupt, options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.progress import cycles_progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.cosim.check import Failure
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs
    from sparsesim.spec import Accelerator


def cosim(
    model: options.Model,
    feeding: Feeding,
    reading: Reading,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", help="A layer's name, or 'all' (the default); may be repeated."),
    ] = None,
    images: Annotated[
        int | None, typer.Option("--images", help="Take the first N images. Default: one run.")
    ] = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    schemes: Annotated[
        str | None,
        typer.Option("--schemes", help="'all', or schemes by comma. Default: the accelerator's."),
    ] = None,
    quantize: options.Quantize = False,
    chained: Annotated[
        bool,
        typer.Option("--chained", help="Feed each layer with the Verilog's own outputs."),
    ] = False,
    passes: Annotated[
        int | None,
        typer.Option("--passes", help="At most N of a layer's passes, evenly spread."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes. Default: one a core.")
    ] = None,
    hdl: Annotated[
        Path | None, typer.Option("--hdl", help="A folder with another version of the Verilog.")
    ] = None,
    cocotb: Annotated[
        bool,
        typer.Option("--cocotb", help="Run one tile of the layer under cocotb, with a waveform."),
    ] = False,
    tile: Annotated[
        str, typer.Option("--tile", help="The tile for --cocotb: filter tile, position tile.")
    ] = "0,0",
    replay: Annotated[
        Path,
        typer.Option("--replay", help="Folder for the replay of a difference or tile."),
    ] = Path("cosim-replay"),
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Run layers through the Verilog; every result and cycle must equal the model's."""
    from sparsesim.cli.inexact_host import tell_inexact_host
    from sparsesim.cosim.replay import refuse_existing_replay
    from sparsesim.errors import SpecError
    from sparsesim.files import refuse_existing
    from sparsesim.rtl.tool_log import stop_tools

    with interrupt.at_once(stop_tools):
        if output:
            refuse_existing(output, force)
        refuse_existing_replay(replay, force)
        chosen = options.front_accelerator_of(accelerator, settings, None)
        chosen.rtl_parameters()  # of a machine that has Verilog
        machines = [chosen.with_(skipping=name) for name in _schemes(schemes, chosen)]
        if workers is not None and workers < 1:
            raise SpecError(f"workers {workers} is out of range; use 1 and up")
        graph, opened = _quantised(model, reading, feeding, images, seed, quantize)
        tell_inexact_host(graph)
        named = None if not layer or "all" in layer else layer
        if cocotb:
            _run_tile(graph, opened, machines[0], named, tile, replay, hdl, force)
            return
        found = []
        for machine in machines:
            found.append(_cosimulated(graph, opened, machine, named, chained, passes, workers, hdl))
            if output:  # before anything is printed
                told = [_record(*pair) for pair in zip(machines, found, strict=False)]
                options.write_json(output, told, force or len(found) > 1)
            _show(machine, found[-1])
            if found[-1].failure is not None:
                break
        failure = found[-1].failure
        if failure is None:
            _show_differences(graph, opened, machines[0], named)
        if output:
            options.said(output)
        if failure is not None:
            _explain(failure, machines[len(found) - 1], replay, hdl, force)
            raise typer.Exit(1)
        if not all(all(one.outputs_equal) for one in found):
            typer.echo("the model's outputs differ from the fixed-point execution's", err=True)
            raise typer.Exit(1)


def _schemes(names: str | None, accelerator: Accelerator) -> list[str]:
    from sparsesim.errors import SpecError, nearest

    known = accelerator.rules.scheme_names
    if names is None:
        return [accelerator.skipping]
    if names == "all":
        return list(known)
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise SpecError(f"scheme '{name}' is unknown; {nearest(name, known)}")
    return wanted


def _quantised(
    model: str,
    reading: Reading,
    feeding: Feeding,
    images: int | None,
    seed: int,
    quantize: bool,
) -> tuple[Graph, Inputs]:
    graph = reading.load(model)
    opened = feeding.open(graph, images, seed, one_run=images is None)
    if quantize:
        from sparsesim.graph.quantize import CALIBRATION_IMAGES
        from sparsesim.graph.quantize import quantize as quantized

        # Calibrated on more than what is simulated, where there is more.
        more = opened
        if feeding.inputs != "random":
            more = feeding.open(graph, None, seed)
        typer.echo(f"quantising on up to {CALIBRATION_IMAGES} images", err=True)
        graph = quantized(graph, more.feeds(), more.images_per_run)
    return graph, opened


def _cosimulated(
    graph: Graph,
    opened: Inputs,
    machine: Accelerator,
    named: list[str] | None,
    chained: bool,
    passes: int | None,
    workers: int | None,
    hdl: Path | None,
) -> Any:
    from sparsesim.cosim.run import cosimulate
    from sparsesim.engine.threads import cores

    with cycles_progress(f"simulating {machine.skipping}") as show:
        return cosimulate(
            graph,
            opened,
            machine,
            layers=named,
            chained=chained,
            most_passes=passes,
            workers=workers or cores(),
            folder=hdl,
            progress=show,
        )


def _show(machine: Accelerator, found: Any) -> None:
    from sparsesim.report.cosim import cosim_table

    options.show(cosim_table(machine, found))


def _show_differences(
    graph: Graph, opened: Inputs, machine: Accelerator, named: list[str] | None
) -> None:
    from sparsesim.fixed_point.compare import compare
    from sparsesim.report.cosim import differences_table

    options.show(differences_table(compare(graph, opened.feeds(), machine, layers=named)))


def _record(machine: Accelerator, found: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "accelerator": machine.model_dump(),
        "layers": [asdict(check) for check in found.checks],
        "images_per_run": found.images_per_run,
        "outputs_equal": list(found.outputs_equal),
        "agree": found.failure is None and all(found.outputs_equal),
        "seconds": found.seconds,
        "workers": found.workers,
        "warnings": list(found.warnings),
    }


def _explain(
    failure: Failure, machine: Accelerator, replay: Path, hdl: Path | None, force: bool
) -> None:
    """Say where the two differ first, and leave a replay.

    Raises:
        SparseSimError: they do not differ in a number: the Verilog hangs, or gives no results.
    """
    from sparsesim.cosim.locate import first_difference
    from sparsesim.cosim.replay import write_replay
    from sparsesim.errors import SparseSimError
    from sparsesim.rtl.simulator import Verilog

    verilog = Verilog(machine, folder=hdl)
    operands, earlier = failure.operands, failure.earlier
    difference = first_difference(operands, failure.found, failure.expected, verilog, earlier)
    typer.echo(str(difference), err=True)
    replayed = write_replay(replay, operands, difference, verilog, earlier, force)
    typer.echo(f"The replay is of {replayed}", err=True)
    options.said(replay, f"python {replay}/test_replay.py")
    if isinstance(failure.found, str):
        where = f"{operands.layer}, image {operands.image}, pass {operands.number}"
        raise SparseSimError(f"{where}: {failure.found}")


def _run_tile(
    graph: Graph,
    opened: Inputs,
    machine: Accelerator,
    named: list[str] | None,
    tile: str,
    replay: Path,
    hdl: Path | None,
    force: bool,
) -> None:
    from sparsesim.cosim.replay import run_cocotb, write_replay
    from sparsesim.cosim.tile import tile_operands
    from sparsesim.errors import SpecError
    from sparsesim.rtl.simulator import Verilog

    if named is None or len(named) != 1:
        raise SpecError("--cocotb runs one tile; name its layer with --layer")
    operands = tile_operands(graph, opened, machine, named[0], tile)
    write_replay(replay, operands, None, Verilog(machine, folder=hdl), force=force)
    code = run_cocotb(replay)
    options.said(replay, f"gtkwave {replay}/replay.vcd")
    raise typer.Exit(code)
