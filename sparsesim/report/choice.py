"""A choice on the terminal: which accelerator, by how much, and why; at 80 columns."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.choice.record import Choice, Chosen
from sparsesim.figures import mac_share, percent, thousandths, times
from sparsesim.report import choice_words as words
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import accuracy_in_words, output_error_in_words
from sparsesim.report.heading import heading


def choice_text(choice: Choice) -> RenderableType:
    """The report of a choice.

    Args:
        choice: of `choose`.
    """
    first = heading(
        words.title(choice),
        words.sought(choice),
        images=choice.inputs.images,
        images_per_run=choice.inputs.images_per_run,
        rewrites=choice.model.rewrites,
        random_inputs=choice.inputs.random,
        warnings=choice.warnings,
    )
    return Group(*first, Text(), _table(choice), Text(), _lines(choice))


def _table(choice: Choice) -> Table:
    by_energy = choice.goal == "energy"
    table = plain_table(
        *("  machine", "scheme", "array", "uJ" if by_energy else "ms", "images/s"),
        *("LUT/DSP/BRAM %", "same\ndevice", "equal\nFPGA"),
        left=3,
        gap=1,
    )
    dense = choice.faster_dense
    if dense is not None:
        table.add_row(
            *cells(
                f"▸ {words.rules(dense).name}",
                dense.accelerator.skipping,
                words.size(dense),
                thousandths(dense.ms),
                words.rate(1e3 / dense.ms),
                words.shares(dense),
                times(1.0),
                times(1.0),
            ),
            style="bold",
        )
    for row in choice.chosen:
        best = row is choice.to_build
        table.add_row(
            *cells(
                f"{'▸' if best else ' '} {words.rules(row).name}",
                row.scheme,
                words.size(row),
                thousandths(row.energy_uj if by_energy else row.ms),
                words.rate(row.images_per_s),
                words.shares(row),
                times(row.same_device),
                times(row.equal_fpga),
            ),
            style="bold" if best else "",
        )
    return table


def _lines(choice: Choice) -> Table:
    best = choice.best
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True, width=14)
    table.add_column(overflow="fold")

    def line(name: str, said: str) -> None:
        table.add_row(*cells(f"  {name}", said))

    line("the best", words.described(choice.to_build))
    line("why", words.why(choice))
    if choice.to_build is not best:
        line("next to it", words.described(best))
    line("bound by", f"{words.bound(best)} of its cycles; utilisation {percent(best.utilisation)}")
    line("images/s", f"{words.interval(best)}; {_dram(best)}")
    line("same device", f"speed over the best dense one: {words.opponent(choice.dense)}")
    line("equal FPGA", f"over the best dense one in what it takes: {words.opponent(best.dense)}")
    line("output error", output_error_in_words(choice))
    line("top-1", accuracy_in_words(choice))
    line("MACs", f"{mac_share(choice.mac_coverage, choice.mac_coverage_is_bound)} of the model's")
    line("tried", words.tried(choice))
    for one in choice.left_out:
        line("left out", words.left_out(one))
    for note in words.notes(choice):
        line("note", note)
    return table


def _dram(best: Chosen) -> str:
    from sparsesim.figures import octets

    return f"{octets(best.dram_bytes)} an image over DRAM"
