"""`sparsesim synth`: LUTs, flip-flops, DSPs, block RAM and clock of the Verilog."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsesim.cli import options
from sparsesim.cli.progress import progress

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator, Device
    from sparsesim.synth.accelerator import SynthesisedAccelerator
    from sparsesim.synth.place import Clock

_NONE = "none"
_MOST_SEEDS = 100
SCHEMA = "sparsesim.synth/1"


def synth(
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    family: Annotated[
        str | None,
        typer.Option(
            "--family", help="xc7, xcup or ecp5. Default: the device's.", show_default=False
        ),
    ] = None,
    device: options.DeviceOption = None,
    place: Annotated[
        str | None,
        typer.Option(
            "--place",
            help="For ecp5, what to place for the clock: pe, array, ... of the machine, or none.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Placements, each by another seed.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Write the counts as JSON.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Synthesise the Verilog: LUT, FF, DSP and BRAM from Yosys, for ECP5 a clock from nextpnr."""
    from sparsesim.errors import SpecError, nearest
    from sparsesim.files import refuse_existing
    from sparsesim.synth.accelerator import (
        designs,
        parts_to_synthesise,
        synthesise_accelerator,
        synthesise_module,
    )
    from sparsesim.synth.families import family_named, family_of
    from sparsesim.synth.place import place as placed

    if not 1 <= seeds <= _MOST_SEEDS:
        raise SpecError(f"--seeds {seeds} is out of range; use 1 to {_MOST_SEEDS}")
    if output:
        refuse_existing(output, force)
    chosen = options.accelerator_of(accelerator, settings)
    placeable = chosen.rules.placed(chosen)
    words = (*placeable, _NONE)
    if place is not None and place not in words:
        raise SpecError(f"--place '{place}' is unknown; {nearest(place, words)}")
    place = place or words[0]
    board = options.device_of(device, chosen)
    own = family_of(board)
    wanted = family_named(family) if family else own
    if device and wanted is not own:
        raise SpecError(f"--family {wanted.name}: {board.name} is {own.name}; leave one out")
    steps = len(designs(parts_to_synthesise(chosen, wanted.name)))
    with progress("synthesising", steps) as show:
        found = synthesise_accelerator(chosen, wanted.name, show)
    clock, what = None, ""
    if wanted.is_placed and place != _NONE:
        one = placeable[place]
        design, what = synthesise_module(one.module, wanted.name), one.words
        with progress("placing", seeds) as show:
            clock = placed(design, range(1, seeds + 1), show, one.multipliers)
    shown = board if wanted is own else None
    content = _json(found, clock, place, shown)
    if output:
        options.write_json(output, content, force)
    if as_json:
        typer.echo(json.dumps(content, indent=1))
    else:
        options.show(_table(found, shown))
        for line in _clock_lines(chosen, board, clock, what):
            typer.echo(line)
        typer.echo(f"Yosys {found.yosys}; logs beside {found.logs[0]}")
    if output:
        options.said(output)


def _table(found: SynthesisedAccelerator, device: Device | None) -> Any:
    from sparsesim.report.console import cells, plain_table

    chosen = found.accelerator
    table = plain_table("", "", "LUT", "in RAM", "FF", "DSP", "BRAM36")
    table.columns[0].no_wrap, table.columns[0].overflow = False, "fold"  # numbers are never cut
    array = chosen.rules.describe(chosen.array)
    table.title = f"{chosen.name}: {array}, {chosen.skipping}; {found.family}"
    table.title_justify = "left"
    for row in found.rows:
        table.add_row(*cells(row.name, f"x{row.times}", *_numbers(row.counts)))
    table.add_row(*cells("accelerator", "", *_numbers(found.total)))
    if device is not None:
        total = found.total
        shares = (
            _share(total.lut, device.lut),
            "",
            _share(total.ff, device.ff),
            _share(total.dsp, device.dsp),
            _share(total.bram36 * 36864, device.bram_bits),
        )
        table.add_row(*cells(f"of {device.name}", "", *shares))
    return table


def _numbers(counts: Any) -> tuple[str, ...]:
    return (
        f"{counts.lut:,}",
        f"{counts.lut_ram:,}",
        f"{counts.ff:,}",
        f"{counts.dsp:,}",
        f"{counts.bram36:g}",
    )


def _share(used: float, there: int) -> str:
    return f"{100 * used / there:.0f} %" if there else ("0 %" if not used else "none there")


def _clock_lines(
    accelerator: Accelerator, device: Device, clock: Clock | None, what: str
) -> list[str]:
    if clock is None:
        assumed = getattr(device, "clock_mhz", None) or accelerator.clock_mhz
        return [f"Clock: {assumed:g} MHz, an assumption: these parts were not placed."]
    number = len(clock.placements)
    return [
        f"Clock of {what}: {clock.median_mhz:.0f} MHz (median; {clock.low_mhz:.0f} to "
        f"{clock.high_mhz:.0f} over {number} seeds), placed out of context",
        f"on the LFE5U-85F, speed grade 6, by nextpnr {clock.nextpnr}.",
    ]


def _json(
    found: SynthesisedAccelerator, clock: Clock | None, place: str, device: Device | None
) -> dict[str, Any]:
    placements = clock.placements if clock else ()
    return {
        "schema": SCHEMA,
        "accelerator": found.accelerator.model_dump(),
        "family": found.family,
        "device": device.name if device else None,
        "parts": [
            {"name": row.name, "times": row.times, **row.counts.as_json()} for row in found.rows
        ],
        "total": found.total.as_json(),
        "clock": None
        if clock is None
        else {
            "of": place,
            "median_mhz": clock.median_mhz,
            "mhz_by_seed": {str(part.seed): part.clock_mhz for part in placements},
            "luts_placed": [part.luts for part in placements],
            "longest_path": [
                {"kind": step.kind, "to": step.where, "ns": step.delay_ns}
                for step in placements[0].path
            ],
        },
        "versions": {"yosys": found.yosys, "nextpnr": clock.nextpnr if clock else None},
    }
