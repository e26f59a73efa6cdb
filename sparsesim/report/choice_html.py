"""The HTML page of a choice: for a meeting. Bars first, then what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from sparsesim.choice.record import Choice, Chosen
from sparsesim.figures import count, joules, mac_share, octets, percent, thousandths, times
from sparsesim.report import choice_words as words
from sparsesim.report.choice_charts import LAYERS_LABEL, LAYERS_STEP, choice_charts, label
from sparsesim.report.facts import (
    accuracy_in_words,
    file_name,
    output_error_in_words,
    source_name,
)
from sparsesim.report.heading import images_and_runs
from sparsesim.report.page import number, page, section, table, tiles
from sparsesim.result.resources import NAMES


def choice_html(choice: Choice) -> str:
    """The page of a choice."""
    charts = dict(choice_charts(choice))
    parts = [*_header(choice), _tiles(choice)]
    said = (
        "same device: over the fastest dense accelerator of any machine in the same share of the "
        f"device: {words.opponent(choice.dense)}. equal FPGA: over the fastest dense one in each "
        "one's own LUTs, DSPs and BRAM. Dashed: as fast."
    )
    parts.append(_chart("Speedup", said, "speedups", charts))
    parts.append(_table(choice))
    parts.append(
        _chart(
            "Where cycles go",
            "Time an image of the best of each machine and scheme, by what its multipliers did.",
            "where",
            charts,
        )
    )
    parts.append(
        _chart(
            "What each takes of the device",
            f"By the area model; dashed: the {percent(choice.within, 0)} that it may take.",
            "shares",
            charts,
        )
    )
    parts.append(
        _chart(
            "Layers by machine",
            "Milliseconds an image of each layer; green: the fastest there, pale: three times as "
            "long or more.",
            "layers",
            charts,
            LAYERS_LABEL + LAYERS_STEP * len(choice.chosen),
        )
    )
    parts += [_facts(choice), _accelerators(choice)]
    return page(words.title(choice), [part for part in parts if part], charts)


def _header(choice: Choice) -> Iterator[str]:
    inputs = choice.inputs
    lines = [
        words.sought(choice),
        "; ".join(
            (
                f"{images_and_runs(inputs.images, inputs.images_per_run)} from "
                f"{source_name(inputs.source)}",
                *choice.model.rewrites,
            )
        ),
        f"{words.device(choice)}, DRAM {choice.device['dram_gb_per_s']} GB/s",
    ]
    told = "".join(f'<p class="setting">{escape(line)}</p>' for line in lines)
    name = f"{file_name(choice.model.source)} on {words.device(choice)}"
    yield f"<header><h1>{escape(name)}</h1>{told}</header>"
    if inputs.random:
        yield (
            '<p class="banner loud"><b>RANDOM INPUTS</b>zeros of activations mean nothing here</p>'
        )
    for warning in choice.warnings:
        yield f'<p class="banner">{escape(warning)}</p>'


def _tiles(choice: Choice) -> str:
    best = choice.best
    same = f"{label(best)}, {words.size(best)}, in the same share of the device"
    if choice.faster_dense is not None:
        same += "; the dense one is to be built"
    found = [
        ("Over the best dense one", times(best.same_device), same),
        (
            "At equal FPGA",
            times(best.equal_fpga),
            "over the best dense one in its own LUTs, DSPs and BRAM",
        ),
        ("Time an image", f"{thousandths(best.ms)} ms", f"at {best.accelerator.clock_mhz:g} MHz"),
        ("Images a second", words.rate(best.images_per_s), words.spread(best)),
        ("Bound by", next(iter(best.bounds), "-"), f"{words.bound(best)} of cycles"),
        ("Device", percent(max(s or 0 for s in best.shares.values())), words.shares_in_words(best)),
        ("Energy an image", joules(best.energy_uj * 1e6), "by a 45 nm ASIC's table: relative"),
        ("DRAM an image", octets(best.dram_bytes), "moved"),
    ]
    return tiles(found, " faster" if (best.same_device or 0) > 1 else " slower")


def _chart(
    title: str, said: str, name: str, charts: Mapping[str, object], least_pixels: int = 0
) -> str:
    """A section with a chart; one that has to be so wide at least scrolls on a narrow page."""
    if name not in charts:
        return ""
    if not least_pixels:
        return section(title, said, f'<div class="chart" id="chart-{name}"></div>')
    wide = f'<div class="chart" id="chart-{name}" style="min-width: {least_pixels}px"></div>'
    return section(title, said, f'<div class="scroll">{wide}</div>')


def _table(choice: Choice) -> str:
    headings = (
        *("ms", "images/s", "same device", "equal FPGA", *NAMES.values(), "utilisation"),
        *("multipliers", "MHz", "DRAM", "energy", "tried", "counted"),
    )
    head = "<th>machine</th><th>scheme</th><th>array</th><th>bound by</th>"
    head += "".join(f'<th class="number">{escape(one)}</th>' for one in headings)
    rows = [_row(one, choice) for one in choice.chosen]
    return section(
        "The best of each machine and scheme",
        f"{words.tried(choice)}. Press a heading to sort.",
        table(f"<tr>{head}</tr>", rows, "layers"),
    )


def _row(one: Chosen, choice: Choice) -> str:
    mark = "▸ " if one is choice.to_build else ""
    numbers = [
        number(thousandths(one.ms), one.ms),
        number(words.rate(one.images_per_s), one.images_per_s),
        number(times(one.same_device), one.same_device),
        number(times(one.equal_fpga), one.equal_fpga),
        *(
            number("-" if share is None else percent(share, 0), share)
            for share in (one.shares[key] for key in NAMES)
        ),
        number(percent(one.utilisation), one.utilisation),
        number(count(one.multipliers), one.multipliers),
        number(f"{one.accelerator.clock_mhz:g}", one.accelerator.clock_mhz),
        number(octets(one.dram_bytes), one.dram_bytes),
        number(joules(one.energy_uj * 1e6), one.energy_uj),
        number(count(one.arrays), one.arrays),
        number(count(one.counted), one.counted),
    ]
    cells = (mark + words.rules(one).name, one.scheme, words.size(one), next(iter(one.bounds), "-"))
    return f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in cells)}{''.join(numbers)}</tr>"


def _facts(choice: Choice) -> str:
    best = choice.best
    pairs = [
        ("why", words.why(choice)),
        ("best dense", words.opponent(choice.dense)),
        ("at equal FPGA", words.opponent(best.dense)),
        ("output error", output_error_in_words(choice)),
        ("top-1", accuracy_in_words(choice)),
        (
            "MACs on the array",
            mac_share(choice.mac_coverage, choice.mac_coverage_is_bound),
        ),
        *(("left out", words.left_out(one)) for one in choice.left_out),
        *(("note", note) for note in words.notes(choice)),
        ("energy", choice.energy_table.get("process", "table unknown")),
        ("model sha256", choice.model.sha256),
        ("inputs sha256", choice.inputs.sha256),
        ("sparsesim", choice.versions.get("sparsesim", "")),
    ]
    rows = [f"<tr><td>{escape(name)}</td><td>{escape(said)}</td></tr>" for name, said in pairs]
    return section("All that is to be known", "", table("", rows, "plain"))


def _accelerators(choice: Choice) -> str:
    rows = [
        f"<tr><td>{escape(label(one))}</td><td>{escape(words.described(one))}</td></tr>"
        for one in choice.chosen
    ]
    file = f"<pre>{escape(words.saved(choice))}</pre>"
    said = "The best one as a file, for --accelerator of estimate and cosim."
    return section("The accelerators", said, table("", rows, "plain") + file)
