"""The HTML page of an estimate."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from sparsesim.figures import (
    bits,
    count,
    kib,
    milliseconds,
    percent,
    plural,
    signed_percent,
    times,
)
from sparsesim.report.charts import CHARTS, caption, spec
from sparsesim.report.classes import bounds
from sparsesim.report.facts import (
    accuracy_in_words,
    baseline,
    coverage_in_words,
    dense,
    dram_bits,
    images,
    images_in_words,
    inputs_name,
    iso_resource_in_words,
    machine,
    model_name,
    output_error_in_words,
    own_scheme,
    speedup,
)
from sparsesim.report.naming import fitted
from sparsesim.report.notes import notes
from sparsesim.report.on_device import (
    other_warnings,
    scarcest,
    shares_in_words,
    shortage,
)
from sparsesim.report.page import number, page, section, table, tiles
from sparsesim.report.palette import GREY
from sparsesim.report.summary import Pairs, host, outcome, provenance, setting, speedups
from sparsesim.result.model import BlockRecord, LayerRecord, Result

_LONGEST_NAME = 80  # in tables; the whole name shows where a pointer rests on it
_PAIRED = (("sparsity", "density"), ("balance", "dram"))
"""Charts side by side where the screen is wide."""


def html(result: Result) -> str:
    """The page of a result."""
    charts = {which: made for which in CHARTS if (made := spec(result, which)) is not None}
    parts = [*_shortage(result), _header(result), *_banners(result), _tiles(result)]
    parts.append(_section("speedup", result, charts, _speedups(result)))
    parts.append(_section("cycles", result, charts, _notes(result)))
    parts.append(_layers(result))
    for pair in _PAIRED:
        drawn = "".join(_section(which, result, charts) for which in pair)
        parts.append(f'<div class="pair">{drawn}</div>' if drawn else "")
    parts.append(_section("images", result, charts))
    parts += [_blocks(result), _host(result)]
    parts.append(_pairs_section("All figures", f"Under {own_scheme(result)}.", outcome(result)))
    parts.append(_pairs_section("The machine", "", setting(result)))
    parts.append(_pairs_section("Made from", "Hashes and versions.", provenance(result)))
    return page(
        f"{model_name(result)} on a sparse accelerator", [part for part in parts if part], charts
    )


def _header(result: Result) -> str:
    clock, device = result.accelerator.clock_mhz, result.device
    lines = [
        "; ".join(
            (f"{images_in_words(result)} from {inputs_name(result)}", *result.model.rewrites)
        ),
        machine(result),
        f"{device['name']}, DRAM {device['dram_gb_per_s']} GB/s; clock {clock:g} MHz "
        "(an assumption)",
    ]
    said = "".join(f'<p class="setting">{escape(line)}</p>' for line in lines)
    return f"<header><h1>{escape(model_name(result))}</h1>{said}</header>"


def _shortage(result: Result) -> Iterable[str]:
    short = shortage(result)
    if short is not None:
        yield f'<p class="banner loud"><b>DOES NOT FIT</b>{escape(short)}</p>'


def _banners(result: Result) -> Iterable[str]:
    for warning in other_warnings(result):
        if result.inputs.random and warning.startswith("inputs are random"):
            yield f'<p class="banner loud"><b>RANDOM INPUTS</b>{escape(warning)}</p>'
        else:
            yield f'<p class="banner">{escape(warning)}</p>'


def _tiles(result: Result) -> str:
    scheme, totals, n = own_scheme(result), result.totals, images(result)
    cycles, record = totals.cycles[scheme].total / n, totals.schemes[scheme]
    clock = result.accelerator.clock_mhz
    error, accuracy, all_dense = result.output_error, result.accuracy, dense(result)
    stored = totals.weight_storage
    resource, taken = scarcest(result)
    densities = [
        (
            "Mean densities are off by",
            signed_percent(record.density.error),
            f"they say {count(record.density.compute / n)} compute cycles an image",
        )
    ]
    if not result.accelerator.rules.skips_zeros:
        densities = []
    found = [
        *_compared(result),
        (
            "Output error",
            "none" if error is None else f"{error.mean * 100:.2f} %",
            output_error_in_words(result).removeprefix("none: "),
        ),
        ("Top-1", percent(accuracy.top1_after) if accuracy else "unknown", _top1(result)),
        ("Time an image", milliseconds(cycles, clock), f"at an assumed {clock:g} MHz"),
        (
            "Cycles an image",
            count(cycles),
            f"p95 {count(result.images[scheme].p95)}, worst {count(result.images[scheme].worst)}",
        ),
        *densities,
        ("Utilisation", percent(record.utilisation), "of multiplier slots are effectual MACs"),
        (f"{resource} of the device", taken, shares_in_words(result)),
        (
            "DRAM an image",
            bits(dram_bits(record) / n),
            f"dense: {bits(dram_bits(all_dense) / n)}" if all_dense else "",
        ),
        (
            "Weights stored",
            bits(stored.encoded),
            f"{kib(stored.encoded)}; dense {bits(stored.dense)}",
        ),
        ("MAC coverage", coverage_in_words(result), "of the MACs ran on the array"),
    ]
    return tiles(found, _mood(result))


def _compared(result: Result) -> Iterable[tuple[str, str, str]]:
    """Tiles of the speedups that there are."""
    scheme = own_scheme(result)
    if result.baseline is not None:
        interval = result.speedup_interval[scheme]
        between = f"{interval.low:.2f}-{times(interval.high)} (95 %), " if interval else ""
        said = f"{between}{baseline(result)}"
        yield f"Speedup, {scheme}", times(result.speedup[scheme]), said
    equal = result.iso_resource
    if equal is not None:
        against = iso_resource_in_words(result).partition(" ")[2]
        yield "At equal resources", times(equal.speedup), against


def _mood(result: Result) -> str:
    """Of the first tile: whether it is faster than what it is compared with."""
    if result.baseline is not None:
        faster = result.speedup[own_scheme(result)]
    elif result.iso_resource is not None:
        faster = result.iso_resource.speedup
    else:
        return ""
    return " faster" if faster >= 1 else " slower"


def _top1(result: Result) -> str:
    found = result.accuracy
    if found is None:
        return accuracy_in_words(result)
    before = "" if result.output_error is None else f"{percent(found.top1_before)} before; "
    return f"{before}of {plural(found.images, 'labelled image')}"


def _section(which: str, result: Result, charts: dict[str, dict], after: str = "") -> str:
    """A chart with its heading; nothing where there is nothing to draw."""
    if which not in charts:
        return section(CHARTS[which].title, caption(result, which), after) if after else ""
    drawn = f'<div class="chart" id="chart-{which}"></div>{after}'
    return section(CHARTS[which].title, caption(result, which), drawn)


def _speedups(result: Result) -> str:
    rows = []
    for scheme, *numbers in speedups(result):
        own = ' class="own"' if scheme == own_scheme(result) else ""
        rows.append(f"<tr{own}><td>{scheme}</td>{''.join(number(text) for text in numbers)}</tr>")
    headings = ("speedup", "95 % interval", "cycles an image", "time an image")
    head = "<th>scheme</th>" + "".join(f'<th class="number">{name}</th>' for name in headings)
    return table(f"<tr>{head}</tr>", rows) + (
        f'<p class="caption">Output error {escape(output_error_in_words(result))}. '
        f"MAC coverage {coverage_in_words(result)}.</p>"
    )


def _notes(result: Result) -> str:
    said = "".join(f"<li>{escape(note)}</li>" for note in notes(result))
    return f'<ul class="notes">{said}</ul>' if said else ""


def _layers(result: Result) -> str:
    if not result.layers:
        return ""
    headings = (
        *("share", "speedup", "total", "compute", "memory", "weight zeros", "input zeros"),
        *("effectual", "MACs", "utilisation", "density est.", "DRAM", "passes"),
    )
    head = "<th>layer</th><th>op</th><th>bound by</th>"
    head += "".join(f'<th class="number">{name}</th>' for name in headings)
    names = fitted([layer.name for layer in result.layers], _LONGEST_NAME)
    rows = [_layer(result, layer, names[layer.name]) for layer in result.layers]
    said = (
        f"Under {own_scheme(result)}; cycles, MACs and DRAM are an image, speedups "
        f"{baseline(result)}. Press a heading to sort."
    )
    return section("Layers", said, table(f"<tr>{head}</tr>", rows, "layers"))


def _layer(result: Result, layer: LayerRecord, name: str) -> str:
    scheme, n = own_scheme(result), images(result)
    cycles, record = layer.cycles[scheme], layer.schemes[scheme]
    share = cycles.total / (result.totals.cycles[scheme].total or 1)
    effectual = layer.effectual_macs / (layer.macs or 1)
    dram = dram_bits(record) / n
    faster = speedup(result, layer, scheme)
    numbers = [
        number(percent(share), share),
        number(times(faster), faster),
        number(count(cycles.total / n), cycles.total),
        number(count(cycles.compute / n), cycles.compute),
        number(count(cycles.memory / n), cycles.memory),
        number(percent(layer.weight_sparsity), layer.weight_sparsity),
        number(percent(layer.activation_sparsity), layer.activation_sparsity),
        number(percent(effectual), effectual),
        number(count(layer.macs / n), layer.macs),
        number(percent(record.utilisation), record.utilisation),
        number(signed_percent(record.density.error), record.density.error),
        number(bits(dram), dram),
        number(count(layer.passes.count / n), layer.passes.count),
    ]
    colour = bounds(result.accelerator.rules).get(record.bound, GREY)
    return (
        f'<tr><td title="{escape(layer.name)}">{escape(name)}</td><td>{escape(layer.op)}</td>'
        f'<td><span class="chip" style="background:{colour}">{escape(record.bound)}</span></td>'
        f"{''.join(numbers)}</tr>"
    )


def _blocks(result: Result) -> str:
    """Blocks of more than one layer; where each is a layer the table of layers says it all."""
    if all(len(block.layers) < 2 for block in result.blocks):
        return ""
    headings = ("layers", "weight zeros", "leaving zeros", "total cycles", "share")
    head = "<th>block</th>" + "".join(f'<th class="number">{name}</th>' for name in headings)
    names = fitted([block.name for block in result.blocks], _LONGEST_NAME, strip=False)
    rows = [_block(result, block, names[block.name]) for block in result.blocks]
    return section(
        "Blocks",
        "Activation zeros are those of the tensor that leaves the block.",
        table(f"<tr>{head}</tr>", rows, "layers"),
    )


def _block(result: Result, block: BlockRecord, name: str) -> str:
    scheme = own_scheme(result)
    cycles = block.total_cycles[scheme]
    share = cycles / (result.totals.cycles[scheme].total or 1)
    return (
        f'<tr><td title="{escape(block.name)}">{escape(name)}</td>'
        f"{number(count(len(block.layers)), len(block.layers))}"
        f"{number(percent(block.weight_sparsity), block.weight_sparsity)}"
        f"{number(percent(block.activation_sparsity), block.activation_sparsity)}"
        f"{number(count(cycles / images(result)), cycles)}{number(percent(share), share)}</tr>"
    )


def _host(result: Result) -> str:
    coverage = coverage_in_words(result)
    said = f"Run by ONNX Runtime; not in the cycles. MAC coverage {coverage}."
    return _pairs_section("On the host", said, host(result) or [("nothing", "")])


def _pairs_section(title: str, said: str, pairs: Pairs) -> str:
    rows = [f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in pairs]
    return section(title, said, table("", rows, "plain"))
