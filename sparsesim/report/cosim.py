"""Tables of a co-simulation for the terminal; they compute nothing but sums."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from sparsesim.figures import thousandths
from sparsesim.report.console import cells
from sparsesim.report.heading import images_and_runs
from sparsesim.report.naming import fitted

_NAME = 26  # columns that 80 leave for a name


def cosim_table(accelerator: Any, found: Any) -> Table:
    """Layer by layer, runs added up: passes, cycles of both sides, results, agreement.

    Args:
        accelerator: the machine that was simulated.
        found: of `sparsesim.cosim.run.cosimulate`.
    """
    rules = accelerator.rules
    machine = f"{rules.size(accelerator.array)} {rules.name}, {accelerator.skipping}"
    clocked = sum(check.clocked for check in found.checks)
    slots = rules.slots(accelerator.array)
    table = Table(title=f"Model and Verilog, {machine}", title_justify="left", box=None)
    table.add_column("layer", overflow="fold")
    for name in ("passes", "cycles model", "cycles Verilog", "results"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("agree", no_wrap=True)
    for name, label in fitted([check.name for check in found.checks], _NAME).items():
        checks = [check for check in found.checks if check.name == name]
        run, all_ = (sum(getattr(c, key) for c in checks) for key in ("passes_run", "passes"))
        table.add_row(
            *cells(label),
            f"{all_:,}" if run == all_ else f"{run:,} of {all_:,}",
            f"{sum(c.cycles_model for c in checks):,}",
            f"{sum(c.cycles_verilog for c in checks):,}",
            f"{sum(c.results for c in checks):,}",
            "yes" if all(c.agrees for c in checks) else "NO",
        )
    model, verilog, every = (
        sum(getattr(check, key) for check in found.checks)
        for key in ("cycles_model", "cycles_verilog", "cycles_of_all")
    )
    table.add_section()
    table.add_row(
        _runs(len({check.run for check in found.checks}), found.images_per_run),
        "",
        f"{model:,}",
        f"{verilog:,}",
        f"{sum(check.results for check in found.checks):,}",
        "yes" if found.failure is None else "NO",
    )
    rate = clocked * slots / max(found.seconds, 1e-9) / 1e6
    said = [f"{f'{rate:.1f}' if rate >= 0.1 else thousandths(rate)} M multiplier-cycles/s"]
    few = {0: "this process", 1: "1 process"}
    workers = few.get(found.workers, f"{found.workers} processes")
    said.append(f"{found.seconds:.1f} s, build included, {workers}")
    if model < every:
        said.append(f"sampled: {100 * model / every:.1f} % of {every:,} cycles")
    if found.outputs_equal:
        equal = sum(found.outputs_equal)
        said.append(
            f"outputs equal in {equal} of {_runs(len(found.outputs_equal), found.images_per_run)}"
        )
    lines = ["; ".join(said), *(f"! {warning}" for warning in found.warnings)]
    table.caption = Text("\n".join(lines))  # a warning may hold what rich takes for markup
    table.caption_justify = "left"
    return table


def _runs(runs: int, images_per_run: int) -> str:
    return images_and_runs(runs * images_per_run, images_per_run)


def differences_table(comparison: Any) -> Table:
    """Where the fixed-point execution differs from ONNX's.

    Args:
        comparison: of `sparsesim.fixed_point.compare.compare`.
    """
    table = Table(
        title="Fixed-point execution against ONNX's: values that differ",
        title_justify="left",
        box=None,
    )
    table.add_column("tensor", overflow="fold")
    for name in ("elements", "differ", "own rounding", "largest", "overflows"):
        table.add_column(name, justify="right", no_wrap=True)
    parts = (*comparison.layers, *comparison.outputs)
    labels = fitted([part.name for part in parts], _NAME)
    for part in parts:
        table.add_row(
            *cells(labels[part.name]),
            f"{part.elements:,}",
            f"{part.differing:,}",
            f"{part.own:,}",
            f"{part.largest:g}",
            f"{part.overflows:,}",
        )
    return table
