"""Tables of a sweep, for its page and for Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparsesim.figures import bits, count, percent, plural
from sparsesim.report.facts import file_name, source_name
from sparsesim.report.sweep import cut_lines, parameter, parameter_of, setting, shown
from sparsesim.report.sweep_axes import titled
from sparsesim.report.sweep_coverage import coverages
from sparsesim.report.sweep_points import Group, best, groups, is_free, spreads
from sparsesim.spec import writing
from sparsesim.sweeps.for_all import ForAll, best_for_all, cost_of
from sparsesim.sweeps.machine_axes import own_tables
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.spec import IMAGES, PLACES, SweepSpec
from sparsesim.sweeps.store import Row

LISTED = 200  # rows of a table
_BESIDE = ("ms", "cycles", "speedup", "iso_speedup", "output_error", "lut", "dsp", "bram36",
           "share", "energy_uj", "dram_bytes")  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A cell; one with a `value` is a number, and is sorted by it."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        section: where it stands on the page.
        title, said: a heading, and what to know.
        head: of the columns; empty: there is none.
        rows: cells.
        keys: the point of each row; empty where rows are no points.
    """

    section: str
    title: str
    said: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[str, ...] = ()


def sweep_sheets(result: SweepResult) -> Iterator[Sheet]:
    """All tables of a sweep but the appendix."""
    for group in groups(result):
        yield front_sheet(group)
        if len(group.answers.parameter("device").values) > 1:
            yield _devices(group)
        if group.facts is not None:
            yield _formats(group, group.facts)
    if found := best_for_all(result):
        yield _for_all(result, found)
    if result.cut:
        yield _left_out(result)
    if result.failed:
        yield _failed(result)


def front_sheet(group: Group) -> Sheet:
    """The points of the front."""
    result = group.result
    objectives = result.spec.objectives
    others = [name for name in _BESIDE if name not in objectives]
    rows = list(group.front[:LISTED])
    cells = tuple(
        (
            Cell(str(index), index),
            *(_metric(name, row.metrics.get(name)) for name in objectives),
            *(_parameter(row, name) for name in result.varying),
            *(_metric(name, row.metrics.get(name)) for name in others),
        )
        for index, row in enumerate(rows, 1)
    )
    more = "" if len(group.front) <= LISTED else f", the first {LISTED}"
    return Sheet(
        "front",
        titled_for(group, "The front"),
        f"{plural(len(group.front), 'point')}{more}: no other point on the same images is as good "
        "in all objectives and better in one.",
        ("#", *map(titled, objectives), *result.varying, *map(titled, others)),
        cells,
        tuple(row.key for row in rows),
    )


def _devices(group: Group) -> Sheet:
    """On each device, the best point of each objective."""
    result = group.result
    devices = group.answers.parameter("device")
    others = [name for name in result.varying if name != "device"]
    cells, keys = [], []
    for code, device in enumerate(devices.values):
        mine = group.answers.where(devices.codes == code)
        for metric in result.spec.objectives:
            row = best(mine, metric)
            if row is not None:
                word = "least" if METRICS[metric].better == "less" else "most"
                cells.append(
                    (
                        Cell(device),
                        Cell(f"{word} {metric}"),
                        *(_metric(n, row.metrics.get(n)) for n in result.spec.objectives),
                        *(_metric(n, row.metrics.get(n)) for n in ("speedup", "share")),
                        *(_parameter(row, name) for name in others),
                    )
                )
                keys.append(row.key)
    return Sheet(
        "devices",
        titled_for(group, "The best point a device"),
        "Of each objective alone.",
        ("device", "best", *map(titled, result.spec.objectives), "speedup", "share", *others),
        tuple(cells),
        tuple(keys),
    )


def _for_all(result: SweepResult, found: Sequence[ForAll]) -> Sheet:
    """Arrays by what they make of all networks."""
    objective, cost = result.spec.objectives[0], cost_of(result)
    own = [name for name in result.varying if name not in IMAGES]
    networks = [row.parameters["network"] for row in found[0].rows]
    cells = tuple(
        (
            _metric(objective, one.mean),
            _metric(cost, one.rows[0].metrics[cost]),
            *(_metric(objective, row.metrics[objective]) for row in one.rows),
            *(
                _parameter(one.rows[0], name)
                if name != "thresholds"
                else Cell(", ".join(row.parameters[name] for row in one.rows))
                for name in own
            ),
        )
        for one in found[:LISTED]
    )
    return Sheet(
        "all",
        "One array for all networks",
        f"The best trade-offs of the geometric mean of {objective} over the networks, and {cost}.",
        (f"mean {titled(objective)}", titled(cost), *networks, *own),
        cells,
        tuple(one.rows[0].key for one in found[:LISTED]),
    )


def _formats(group: Group, facts: Mapping[str, Any]) -> Sheet:
    """The smallest format of each layer's operands."""
    rows = []
    for layer in facts["layers"]:
        cells = [Cell(layer["name"])]
        for operand in ("weight", "activation"):
            sizes: dict[str, float] = layer[operand]
            name = min(sizes, key=sizes.__getitem__)
            over = sizes[name] / sizes["dense"] if sizes["dense"] else 1.0
            cells += [Cell(name), Cell(bits(sizes[name]), sizes[name]), Cell(percent(over), over)]
        rows.append(tuple(cells))
    head = (
        "layer",
        *(f"{o}{w}" for o in ("weights", "activations") for w in ("", "' bits", " / dense")),
    )
    return Sheet(
        "formats",
        titled_for(group, "The smallest format a layer"),
        f"Each operand whole, in one block; activations of an image. {_thresholds(group)}",
        head,
        tuple(rows),
    )


def _thresholds(group: Group) -> str:
    return f"Thresholds: {group.front[0].parameters['thresholds']}."


def _left_out(result: SweepResult) -> Sheet:
    said = next(iter(cut_lines(result.combinations, result.cut))).rstrip(":") + "."
    rows = [
        (Cell(count(number), number), Cell(what))
        for what, number in sorted(result.cut.items(), key=lambda item: -item[1])
    ]
    return Sheet("left", "Left out", said, ("points", "by"), tuple(rows))


def _failed(result: SweepResult) -> Sheet:
    rows = [(Cell(setting(row, result)), Cell(row.error)) for row in result.failed[:LISTED]]
    said = plural(len(result.failed), "point") + "."
    return Sheet("failed", "Failed", said, ("point", "error"), tuple(rows))


def made_from(result: SweepResult) -> Sheet:
    """What the numbers hang on: files with their digests, versions, what all points share."""
    pairs = []
    for workload, facts in result.workloads.items():
        name = f"{workload.network}, {plural(workload.images, 'image')}"
        if workload.sample != "first":
            name += f" drawn by seed {workload.sample}"
        if workload.thresholds != "none":
            name += f", {workload.thresholds}"
        text = (
            f"{file_name(facts['model'])} sha256 {facts['model_sha256'][:16]} on "
            f"{source_name(facts['inputs'])} sha256 {facts['inputs_sha256'][:16]}"
        )
        pairs.append((name, "; ".join([text, *facts["rewrites"][:1]])))
    pairs += [
        (f"MAC coverage of {network}", f"{share} of the MACs ran on the array")
        for network, share in coverages(result).items()
    ]
    pairs += [
        (name, parameter(one.values[0]))
        for name, one in result.table.parameters.items()
        if name not in result.varying and name not in PLACES and is_free(result, name)
    ]
    versions = result.versions
    pairs.append(("sparsesim", f"{versions['sparsesim']}, code {versions['code'][:16]}"))
    rows = tuple((Cell(a), Cell(b)) for a, b in pairs)
    return Sheet(
        "made", "Made from", "What all points share, and the file that runs it again.", (), rows
    )


def sensitivity_lines(group: Group) -> Iterator[tuple[str, ...]]:
    """(parameter, value, best, median, points) of the first objective, for Markdown."""
    metric = group.objective
    for name in group.result.varying:
        if is_free(group.result, name) and group.answers.parameter(name).is_varied:
            for one in spreads(group.answers, name, metric):
                both = (shown(metric, number) for number in (one.best, one.median))
                yield name, str(one.value), *both, count(one.points)


def spec_toml(spec: SweepSpec) -> str:
    """The sweep as TOML, less what is as by default; files as they were named."""
    values = spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    networks, space = values.pop("networks"), values.pop("space", {})
    own = {name: space.pop(name) for name in own_tables(space)}
    text = writing.spec_toml(values)
    for network in networks:
        text += f"\n[[networks]]\n{writing.keys_toml(network)}"
    text += f"\n[space]\n{writing.keys_toml(space)}" if space else ""
    for name, table in own.items():
        text += f"\n[space.{writing.key_toml(name)}]\n{writing.keys_toml(table)}"
    return text


def accelerator_toml(row: Row, folder: str) -> str:
    """A point's accelerator as TOML, to estimate with or to build.

    Args:
        row: of the point.
        folder: of the sweep, for its comment.
    """
    metrics = ", ".join(f"{shown(n, row.metrics[n])} {n}" for n in ("ms", "lut", "dsp", "bram36"))
    said = (
        f"Point {row.key[:12]} of the sweep in {folder}: {row.parameters['network']}, "
        f"{row.parameters['thresholds']}, on {row.parameters['device']}.",
        f"{metrics}.",
    )
    return writing.accelerator_toml(Point.of(row.parameters).accelerator, said)


def titled_for(group: Group, title: str) -> str:
    """A title that says which network is meant, where there are several."""
    return title if group.alone else f"{title}: {group.network}"


def _parameter(row: Row, name: str) -> Cell:
    value = row.parameters.get(name)
    if isinstance(value, str) or value is None:
        return Cell(parameter_of(row, name))
    return Cell(parameter(value), float(value))


def _metric(name: str, value: float | None) -> Cell:
    return Cell(shown(name, value), value)
