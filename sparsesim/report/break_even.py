"""Break-even densities on the terminal: layer by layer, the skipping schemes side by side."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.estimator.break_even import BreakEven, BreakEvens
from sparsesim.figures import percent, times
from sparsesim.machines import machine_named
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import dense_in_words, file_name
from sparsesim.report.heading import described, heading
from sparsesim.report.naming import fitted


def break_even_text(found: BreakEvens) -> RenderableType:
    """The report.

    Args:
        found: of `break_even`.
    """
    a = found.accelerator
    parts = heading(
        f"Break-even densities of {file_name(found.model)}",
        f"{described(a)}, clock {a['clock_mhz']:g} MHz (an assumption); {found.device['name']}",
        images=found.images,
        images_per_run=found.images_per_run,
        warnings=found.warnings,
        rewrites=found.rewrites,
        random_inputs=found.random_inputs,
    )
    notes = (Text(line, style="dim") for line in _notes(found))
    return Group(*parts, Text(), _table(found), Text(), *notes)


def _table(found: BreakEvens) -> Table:
    table = plain_table("layer", "input", "weights", *found.rivals, gap=1)
    labels = fitted([layer.name for layer in found.layers], 22)
    for layer in found.layers:
        table.add_row(
            *cells(
                labels[layer.name],
                percent(layer.activation_density),
                percent(layer.weight_density),
                *(_verdict(layer.schemes[scheme]) for scheme in found.rivals),
            )
        )
    return table


def _verdict(one: BreakEven) -> Text:
    """`▸69.1 % 1.58x`; the mark stands where it pays."""
    where = "never" if one.density is None else "always"
    if one.density is not None and one.density < 1:
        where = percent(one.density)
    said = f"{'▸' if one.pays else ' '}{where} {times(one.speedup)}"
    return Text(said, style="green" if one.pays else "dim")


def _notes(found: BreakEvens) -> Iterable[str]:
    yield "input, weights: the measured share that is not zero. By scheme: the highest"
    yield "such share at which the layer is faster than the dense array in the same LUTs,"
    yield f"DSPs and BRAM{_of_both(found)}, and its speed over that as measured."
    yield "▸ it pays as measured. In time; total cycles, DRAM included."
    for scheme, rival in found.rivals.items():
        array = machine_named(rival.machine).Array(**rival.array)
        dense = dense_in_words(rival.machine, array, found.accelerator["machine"])
        yield f"{scheme}: against {dense} at {rival.clock_mhz:.0f} MHz"
        if note := _own_note(found, scheme):
            yield f"{scheme}: {note}"
    yield f"Masks thinned or filled at random, seed {found.seed}, in steps of 1/{found.steps}."


def _own_note(found: BreakEvens, scheme: str) -> str:
    """What the machine says of a scheme on this array."""
    rules = machine_named(found.accelerator["machine"])
    return rules.scheme_note(rules.scheme(scheme), rules.Array(**found.accelerator["array"]))


def _of_both(found: BreakEvens) -> str:
    """Which schemes have one density for both operands."""
    skips = {
        scheme.name: scheme.skips for scheme in machine_named(found.accelerator["machine"]).schemes
    }
    both = [name for name in found.rivals if len(skips[name]) > 1]
    return f" ({', '.join(both)}: of both operands)" if both else ""
