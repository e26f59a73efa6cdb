"""Queue depths on the terminal: the network's curve, and what each layer asks for."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sparsesim.figures import count, milliseconds, percent
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import file_name
from sparsesim.report.heading import heading
from sparsesim.report.naming import fitted
from sparsesim.tuning.queues.records import DepthPoint, LayerQueues, Queues
from sparsesim.tuning.queues.rules import QueueRules


def queues_text(found: Queues, rules: QueueRules) -> RenderableType:
    """The report.

    Args:
        found: of `sized`.
        rules: of the machine's queues.
    """
    a, outline = found.accelerator, rules.outline(rules.array(**found.accelerator["array"]))
    parts = heading(
        f"Queue depths of {file_name(found.model)}",
        f"{outline}, {found.scheme}, clock {a['clock_mhz']:g} MHz; {found.device['name']}",
        images=found.images,
        images_per_run=found.images_per_run,
        warnings=found.warnings,
        rewrites=found.rewrites,
        random_inputs=found.random_inputs,
    )
    parts += [Text(), Text(_answer(found, rules), style="bold"), _curve(found), Text()]
    parts += [Text("What each layer asks for", style="bold"), _layers(found), Text()]
    return Group(*parts, *(Text(line, style="dim") for line in _notes(found, rules)))


def _answer(found: Queues, rules: QueueRules) -> str:
    own = found.point(int(found.accelerator["array"][rules.key]))
    verb = rules.said(own.depth or 0).rpartition(" ")[2]
    of_own = f"the accelerator's {own.depth} {verb} {_loss(own)}"
    if found.depth is None:
        return f"No depth that can be built is within {_share(found.loss)}; {of_own}"
    said = f"{rules.said(found.depth)} {_loss(found.point(found.depth))} of cycles"
    return f"{said}, within {_share(found.loss)}; {of_own}"


def _curve(found: Queues) -> Table:
    table = plain_table("  depth", "cycles/image", "time/image", "loss", "worst", "LUT", "FF")
    clock = float(found.accelerator["clock_mhz"])
    for point in found.curve:
        mark = "▸" if point.depth is not None and point.depth == found.depth else " "
        depth = "unbounded" if point.depth is None else f"{point.depth:>5}"
        cycles = point.total_cycles / found.images
        table.add_row(
            *cells(
                f"{mark} {depth}",
                count(cycles),
                milliseconds(cycles, clock),
                _loss(point),
                percent(point.worst_loss, 2),
                *("" if luts is None else count(luts) for luts in (point.lut, point.ff)),
            )
        )
    return table


def _layers(found: Queues) -> Table:
    table = plain_table("layer", "cycles/image", "depth", "images", "compute", "longest pass")
    labels = fitted([layer.name for layer in found.layers], 22)
    for layer in found.layers:
        table.add_row(
            *cells(
                labels[layer.name],
                count(layer.total_cycles / found.images),
                _depth(layer.depth),
                _range(layer),
                _depth(layer.compute_depth),
                count(layer.pass_windows),
            )
        )
    return table


def _range(layer: LayerQueues) -> str:
    """Median to worst image: `3-10`."""
    if layer.median_depth == layer.worst_depth:
        return _depth(layer.worst_depth)
    return f"{_depth(layer.median_depth)}-{_depth(layer.worst_depth)}"


def _depth(depth: int | None) -> str:
    return "more" if depth is None else count(depth)


def _loss(point: DepthPoint) -> str:
    return percent(point.loss, 2)


def _share(loss: float) -> str:
    return f"{loss * 100:g} %"


def _notes(found: Queues, rules: QueueRules) -> Iterable[str]:
    yield "loss: of total cycles, DRAM included, against queues that are never full;"
    yield "worst: of the image that loses most. ▸ the smallest depth within the loss."
    if found.point(found.curve[0].depth).lut is None:
        yield f"No area: the parts of {found.device['name']} have no prices."
    else:
        yield "LUT, FF: of the whole array, from the area model."
    yield "By layer: cycles with unbounded queues; the smallest depth within the loss, the"
    first, *others = rules.longest
    yield f"same of the median and the worst image, the same in compute cycles; {first}"
    yield from others
    if found.unbounded_windows is not None:
        yield f"Longer passes: 'unbounded' is a depth of {count(found.unbounded_windows)}."
