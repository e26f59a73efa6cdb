"""`sparsesim choose`: from a network and a device to the accelerator worth building."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.opening import opened
from sparsesim.cli.progress import labelled_progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.choice.record import Choice
    from sparsesim.spec import Device
    from sparsesim.sweeps.spec import Network
    from sparsesim.trace import Trace

Goal = Annotated[
    str,
    typer.Option(
        "--goal",
        help="latency; throughput: several images may lie side by side; or energy (by a 45 nm "
        "ASIC's table).",
    ),
]
Within = Annotated[
    str,
    typer.Option("--within", help="The most that it may take of each resource, as 75% or 0.75."),
]
Machines = Annotated[
    list[str] | None,
    typer.Option(
        "--machine",
        help="One to choose among (see 'list machines'), or file.py:NAME; may be repeated. "
        "Default: all.",
        show_default=False,
    ),
]


def choose(
    model: options.ModelOrTrace,
    feeding: Feeding,
    reading: Reading,
    images: options.Images = None,
    labels: options.LabelsOption = None,
    label_offset: options.LabelOffset = 0,
    device: options.DeviceOption = None,
    goal: Goal = "latency",
    within: Within = "75%",
    machine: Machines = None,
    one_clock: Annotated[
        bool | None,
        typer.Option(
            "--one-clock/--own-clocks",
            help="All accelerators at 200 MHz, or each as it was placed on ECP5. Default: one "
            "clock, but on ECP5.",
            show_default=False,
        ),
    ] = None,
    thresholds: options.ThresholdsOption = None,
    quantize: options.Quantize = False,
    seed: options.Seed = 0,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write what was found as JSON.")
    ] = None,
    save: Annotated[
        str | None,
        typer.Option("--save", help="Write the best accelerator as TOML, for --accelerator."),
    ] = None,
    save_sweep: Annotated[
        str | None,
        typer.Option(
            "--save-sweep", help="Write a sweep of all arrays of the best one's machine as TOML."
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", help="Processes that measure; 1: this one, on all cores.")
    ] = 1,
    force: options.Force = False,
) -> None:
    """The best accelerator of each machine for a network on a device; stopped, it goes on."""
    from sparsesim.choice.choosing import choose as chosen_for
    from sparsesim.choice.file import save_choice
    from sparsesim.errors import InputError, SpecError
    from sparsesim.files import refuse_existing, write_text
    from sparsesim.report.choice import choice_text
    from sparsesim.report.choice_words import saved

    if output and save and Path(output).resolve() == Path(save).resolve():
        raise InputError(
            f"{output}: is to hold both the choice and the accelerator; name two files"
        )
    for path in (output, save, save_sweep):
        if path:
            refuse_existing(path, force)
    if workers < 1:
        raise SpecError(f"--workers {workers} is out of range; use 1 and up")
    share, network = _share(within), None
    if save_sweep:
        network = _network(
            save_sweep, model, reading, feeding, images, labels, label_offset, thresholds, quantize
        )
    board = options.device_of(device)
    trace = opened(
        model, reading, feeding, images, labels, label_offset, thresholds, quantize, seed
    ).trace
    try:
        with labelled_progress() as show:
            found = chosen_for(
                trace,
                board,
                goal=goal,
                within=share,
                machines=machine,
                one_clock=one_clock,
                seed=seed,
                workers=workers,
                progress=show,
            )
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on", err=True)
        sys.exit(130)
    if output:
        save_choice(found, output, force)
    if save:
        write_text(save, saved(found), force)
    options.show(choice_text(found))
    if output:
        options.said(output, f"sparsesim report {output} --as html -o {Path(output).stem}.html")
    if save_sweep and network is not None:
        _write_sweep(save_sweep, network, device, found, board, share, force)
    given = {
        **reading.given(),
        **feeding.given(),
        "--images": images,
        "--labels": labels,
        "--label-offset": label_offset or None,
        "--thresholds": thresholds,
        "--quantize": quantize,
    }
    _say_next(found, trace, shlex.quote(model) + _words(given), device, save)


def _say_next(
    found: Choice, trace: Trace, network: str, device: str | None, save: str | None
) -> None:
    """Commands that go on with the best one, ready to paste; on stderr."""
    if save is None:
        typer.echo("next: the same with --save best.toml writes the accelerator; then", err=True)
    else:
        typer.echo(f"Wrote {save}; next:", err=True)
    accelerator = f" --accelerator {shlex.quote(save or 'best.toml')}"
    on = f" --device {shlex.quote(device)}" if device else ""
    typer.echo(f"  sparsesim estimate {network}{accelerator}{on}", err=True)
    is_float = any(trace.tensors[one.activation].is_float for one in trace.layers)
    best = found.to_build.accelerator
    if best.rules.rtl is not None and not _is_file_of_a_trace(network):
        needs = " --quantize" if is_float and "--quantize" not in network else ""
        typer.echo(f"  sparsesim cosim {network}{needs}{accelerator}", err=True)


def _network(
    sweep: str,
    model: str,
    reading: Reading,
    feeding: Feeding,
    images: int | None,
    labels: str | None,
    label_offset: int,
    thresholds: str | None,
    quantize: bool,
) -> Network:
    """What was run, in the words of a sweep, whose files are found from its own.

    Raises:
        SpecError: a saved trace, or an option that a sweep does not have.
    """
    from sparsesim.errors import SpecError
    from sparsesim.inputs.random import is_random
    from sparsesim.sweeps.spec import Network

    def file(name: str) -> str:
        return os.path.relpath(name, Path(sweep).parent)

    if _is_file_of_a_trace(shlex.quote(model)) or feeding.inputs is None:
        raise SpecError(f"--save-sweep: a sweep runs a model; {model} is a trace")
    for option in ("--resize", "--crop", "--batch-axis"):
        if feeding.given()[option] is not None:
            raise SpecError(f"--save-sweep: a sweep's file has no {option}; leave one of them out")
    preprocess = feeding.preprocess
    if preprocess is not None and preprocess.endswith(".toml"):
        preprocess = file(preprocess)
    named = labels if labels in (None, "none", "file-names") else file(str(labels))
    inputs = str(feeding.inputs)
    return Network(
        name=Path(model).stem,
        model=file(model),
        inputs=inputs if is_random(inputs) else file(inputs),
        preprocess=preprocess,
        labels=named,
        label_offset=label_offset,
        images=None if images is None else (images,),
        thresholds=(file(thresholds) if thresholds else "none",),
        quantize=quantize,
        fix=reading.fixed(),
        shapes={name: list(sizes) for name, sizes in reading.shapes().items()},
        custom_ops=tuple(file(library) for library in reading.custom_ops or ()),
    )


def _write_sweep(
    path: str,
    network: Network,
    device: str | None,
    found: Choice,
    board: Device,
    share: float,
    force: bool,
) -> None:
    from sparsesim.choice.space import budget_of, longer_spec
    from sparsesim.files import write_text
    from sparsesim.report.sweep_tables import spec_toml
    from sparsesim.synth.families import family_of

    named = device if device is not None else board.name
    if named.endswith(".toml"):
        named = os.path.relpath(named, Path(path).parent)
    best = found.best.accelerator
    budget = budget_of(board, share)
    spec = longer_spec(network, board.name, best, budget, family_of(board).name)
    spec = spec.model_copy(update={"devices": (named,)})
    write_text(path, spec_toml(spec), force)
    options.said(path, f"sparsesim sweep {path} -o {network.name}-{best.rules.name}")


def _is_file_of_a_trace(network: str) -> bool:
    from sparsesim.trace.store import is_trace

    return is_trace(shlex.split(network)[0])


def _share(text: str) -> float:
    """`75%` or `0.75` as a share.

    Raises:
        SpecError: it is neither, or out of range.
    """
    from sparsesim.errors import SpecError

    number = text.strip()
    try:
        share = float(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    except ValueError:
        raise SpecError(f"--within {text}: is no share; write 75% or 0.75") from None
    if not 0 < share <= 1:
        raise SpecError(f"--within {text} is out of range; use above 0%, up to 100%")
    return share


def _words(given: dict[str, object]) -> str:
    """Options as they were given, with their values, behind a blank."""
    said = []
    for name, value in given.items():
        if value is True:
            said.append(name)
        elif value not in (None, False):
            values = value if isinstance(value, list) else [value]
            said += [f"{name} {shlex.quote(str(one))}" for one in values]
    return "".join(f" {word}" for word in said)
