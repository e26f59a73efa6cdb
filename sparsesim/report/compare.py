"""`compare`: what changed between two results, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from sparsesim.figures import change, clipped, count, milliseconds, percent, plural, times
from sparsesim.report.console import cells, plain_table
from sparsesim.report.facts import (
    array,
    coverage_in_words,
    images,
    images_in_words,
    labels,
    machine,
    model_name,
    no_baseline,
    output_error_in_words,
    own_scheme,
    speedup,
)
from sparsesim.result.model import LayerRecord, Result


def compare(a: Result, b: Result) -> RenderableType:
    """What changed from one result to another.

    Args:
        a: before.
        b: after.
    Returns:
        for a rich console; `console.plain` makes text of it. Cycles are per image, each under its
        own accelerator's scheme.
    """
    parts: list[RenderableType] = [*_header(a, b), Text(), _settings(a, b), Text(), _totals(a, b)]
    if a.layers or b.layers:
        parts += [Text(), *_layers(a, b)]
    return Group(*parts)


def _header(a: Result, b: Result) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for mark, result in (("A", a), ("B", b)):
        line = Text(f"{mark}  {model_name(result)}", style="bold")
        line.append(f", {images_in_words(result)}: {machine(result)}", style="not bold")
        said = f"   output error {output_error_in_words(result)}"
        lines += [line, Text(said, style="dim")]
        lines.append(Text(f"   MAC coverage {coverage_in_words(result)}", style="dim"))
    for what in ("model", "inputs"):
        hashes = [getattr(result.provenance, f"{what}_sha256") for result in (a, b)]
        if hashes[0] != hashes[1]:
            lines.append(
                Text(f"! the {what} differ{'s' if what == 'model' else ''}", style="bold red")
            )
    if images(a) != images(b):
        lines.append(Text("! the number of images differs; cycles are per image", style="yellow"))
    for warning in dict.fromkeys(a.warnings + b.warnings):
        where = " and ".join(m for m, r in (("A", a), ("B", b)) if warning in r.warnings)
        loud = "bold red" if a.inputs.random or b.inputs.random else "yellow"
        lines.append(Text(f"! {where}: {warning}", style=loud))
    return lines


def _settings(a: Result, b: Result) -> RenderableType:
    """Every parameter that isn't the same."""
    differing = [
        *_differing("accelerator", _accelerator(a), _accelerator(b)),
        *_differing("device", _device(a, b), _device(b, a)),
        *_differing("version", a.provenance.versions, b.provenance.versions),
        *_differing("model", {"rewrites": _rewrites(a)}, {"rewrites": _rewrites(b)}),
    ]
    if not differing:
        return Text("Accelerator, device and versions are the same.")
    table = plain_table("what differs", "A", "B", left=3)
    for name, before, after in differing:
        table.add_row(*cells(name, clipped(before, 24), clipped(after, 24)))
    return table


def _accelerator(result: Result) -> dict[str, object]:
    return {"name": result.accelerator.name, **result.accelerator.flat()}


def _device(mine: Result, other: Result) -> dict[str, object]:
    """All of a device, or of another one just what estimates read of it."""
    if mine.device["name"] == other.device["name"]:
        return dict(mine.device)
    return {key: mine.device[key] for key in ("name", "dram_gb_per_s")}


def _rewrites(result: Result) -> str:
    return "; ".join(result.model.rewrites) or "none"


def _differing(
    what: str, a: Mapping[str, object], b: Mapping[str, object]
) -> list[tuple[str, str, str]]:
    keys = dict.fromkeys([*a, *b])
    return [
        (f"{what} {key}", _value(a, key), _value(b, key))
        for key in keys
        if a.get(key) != b.get(key)
    ]


def _value(settings: Mapping[str, object], key: str) -> str:
    return str(settings[key]) if key in settings else "absent"


def _totals(a: Result, b: Result) -> RenderableType:
    table = plain_table(
        "scheme", "A cycles/image", "B cycles/image", "change", "A speedup", "B speedup"
    )
    for scheme in dict.fromkeys((*a.schemes, *b.schemes)):
        before, after = (_of_all(r, scheme) for r in (a, b))
        table.add_row(
            *cells(
                scheme,
                "-" if before is None else count(before),
                "-" if after is None else count(after),
                _changed(before, after),
                times(a.speedup.get(scheme)),
                times(b.speedup.get(scheme)),
            )
        )
    times_taken = [
        milliseconds(r.totals.cycles[own_scheme(r)].total / images(r), r.accelerator.clock_mhz)
        for r in (a, b)
    ]
    table.add_row(*cells("own, its clock", *times_taken), style="bold")
    against = Text(_against(a, b), style="dim")
    return Group(table, against)


def _changed(before: float | None, after: float | None) -> Text | str:
    return "-" if before is None or after is None else _coloured(change(before, after))


def _of_all(result: Result, scheme: str) -> float | None:
    """Cycles an image under a scheme; None: the machine has no such scheme."""
    found = result.totals.cycles.get(scheme)
    return None if found is None else found.total / images(result)


def _against(a: Result, b: Result) -> str:
    if a.baseline is not None and b.baseline is not None:
        arrays = f"{array(a)} in A, {array(b)} in B"
        return f"Speedups are against the dense scheme on the same array: {arrays}."
    known = [(m, r) for m, r in (("A", a), ("B", b)) if r.baseline is not None]
    arrays = "".join(
        f"Speedups of {m} are against the dense scheme on the same {array(r)} array. "
        for m, r in known
    )
    lacking = [no_baseline(r.accelerator.rules) for r in (a, b) if r.baseline is None]
    return f"{arrays}Without speedups: {' and '.join(dict.fromkeys(lacking))}."


def _layers(a: Result, b: Result) -> list[RenderableType]:
    """Those in both, the largest change first, then those in one."""
    before = {layer.name: layer for layer in a.layers}
    after = {layer.name: layer for layer in b.layers}
    names = labels(a.layers) | labels(b.layers)
    both = [name for name in before if name in after]
    both.sort(key=lambda name: -abs(_cycles(b, after[name]) - _cycles(a, before[name])))
    parts: list[RenderableType] = []
    if both:
        table = plain_table(
            *(plural(len(both), "layer"), "A cycles", "B cycles", "change", "speedup"),
            *("weight 0s", "input 0s"),
            gap=1,
        )
        table.columns[0].no_wrap = False  # long names fold; numbers are never cut
        table.columns[0].overflow = "fold"
        for name in both:
            table.add_row(*cells(names[name], *_row(a, b, name)))
        parts.append(table)
    for mark, mine, other in (("A", before, after), ("B", after, before)):
        alone = [names[name] for name in mine if name not in other]
        if alone:
            parts.append(Text(f"! only in {mark}: {', '.join(alone)}", style="yellow"))
    return parts


def _row(a: Result, b: Result, name: str) -> list[object]:
    x = next(layer for layer in a.layers if layer.name == name)
    y = next(layer for layer in b.layers if layer.name == name)
    before, after = _cycles(a, x), _cycles(b, y)
    faster = [speedup(a, x, own_scheme(a)), speedup(b, y, own_scheme(b))]
    return [
        count(before),
        count(after),
        _coloured(change(before, after)),
        _pair(*(times(ratio) for ratio in faster)),
        _pair(*(percent(layer.weight_sparsity) for layer in (x, y))),
        _pair(*(percent(layer.activation_sparsity) for layer in (x, y))),
    ]


def _cycles(result: Result, layer: LayerRecord) -> float:
    return layer.cycles[own_scheme(result)].total / images(result)


def _pair(before: str, after: str) -> str:
    """One where both say the same."""
    return before if before == after else f"{before.rstrip(' x%')}→{after}"


def _coloured(said: str) -> Text:
    return Text(said, style={"-": "green", "+": "red"}.get(said[0], "dim"))
