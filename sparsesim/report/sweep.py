"""A sweep on the terminal: the best trade-offs, what was left out, what failed; and as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text

from sparsesim.figures import count, duration, octets, percent, plural, thousandths, times
from sparsesim.machines import machine_named
from sparsesim.report.console import cells, plain_table
from sparsesim.report.naming import distinct
from sparsesim.report.sweep_coverage import coverage_line
from sparsesim.report.sweep_machines import machine_of, machines_of, short_names
from sparsesim.report.sweep_points import is_free
from sparsesim.report.sweep_warnings import drawn_inputs, sweep_warnings
from sparsesim.sweeps.for_all import ForAll, best_for_all
from sparsesim.sweeps.metrics import METRICS
from sparsesim.sweeps.point import Point
from sparsesim.sweeps.result import SweepResult
from sparsesim.sweeps.spec import IMAGES, NO_THRESHOLDS

if TYPE_CHECKING:
    from sparsesim.sweeps.plan import Plan
    from sparsesim.sweeps.point import Workload
    from sparsesim.sweeps.store import Row

_SHOWN = 20  # points of the front
_WIDTH = 80
_NAME_WIDTH = 16
_ARRAY, _ARRAY_WIDTH = "array", 34
"""The column in which arrays of several machines are told, or of one where many keys differ."""
_OWN_WIDTH = 56
"""Columns of characters for what differs among points; the others are for their metrics."""
_SHORT = {
    "skipping": "scheme",
    "activation_format": "act. format",
    "weight_format": "w. format",
    "activation_buffer_kib": "act. KiB",
    "weight_buffer_kib": "weight KiB",
    "output_buffer_kib": "out. KiB",
    "clock_mhz": "MHz",
    "images_per_s": "images/s",
    "iso_speedup": "iso",
    "utilisation": "util.",
    "output_error": "out. error",
    "mac_coverage": "coverage",
    "mac_coverage_is_bound": "at most",
}
# Shown beside the objectives, as far as the width allows.
_BESIDE = ("speedup", "iso_speedup", "ms", "cycles", "lut", "dsp", "bram36")


def sweep_text(result: SweepResult) -> RenderableType:
    """The front of the objectives, and what else there is to know."""
    parts: list[RenderableType] = [
        Text(f"{result.spec.name}: {outcome(result)}", style="bold"),
        Text(),
    ]
    if result.front:
        parts += [*_front(result), Text()]
    if found := best_for_all(result):
        parts += [_for_all(result, found[0]), Text()]
    for network, said in drawn_inputs(result):
        parts.append(Text(f"! {network} {said}", style="bold red"))
    for network, said in sweep_warnings(result):
        parts.append(Text(f"! {network}: {said}", style="yellow"))
    if line := coverage_line(result):
        parts.append(Text(line))
    parts += [Text(line) for line in _left_out(result)]
    for row in result.failed[:5]:
        parts.append(Text(f"failed: {setting(row, result)}: {row.error}", style="red"))
    if len(result.failed) > 5:
        parts.append(Text(f"and {plural(len(result.failed) - 5, 'further point')} failed"))
    return Group(*parts)


def outcome(result: SweepResult) -> str:
    """How many points were measured, in words."""
    said = [f"{plural(len(result.measured), 'point')} measured"]
    if result.failed:
        said.append(f"{count(len(result.failed))} failed")
    if result.missing:
        said.append(f"{count(result.missing)} not measured yet")
    return ", ".join(said)


def _front(result: SweepResult) -> list[RenderableType]:
    objectives = result.spec.objectives
    rows = list(result.front[:_SHOWN])
    better = " and ".join(
        f"{'least' if METRICS[name].better == 'less' else 'most'} {name}" for name in objectives
    )
    first = f", the first {_SHOWN}" if len(result.front) > _SHOWN else ""
    title = f"Best trade-offs of {better}: {plural(len(result.front), 'point')}{first}"
    parts: list[RenderableType] = [Text(title, style="bold")]
    machines = machines_of(result.rows)
    own, alike = _own(result, rows)
    if len(machines) > 1 or _width(own) > _OWN_WIDTH:  # each machine has other keys
        keys = {key for one in machines for key in one.Array.model_fields}
        own, alike = _own(result, rows, keys)
        own.append((_ARRAY, _arrays(result, rows)))
    if alike:
        parts.append(Text(f"All of them: {', '.join(alike)}"))
    metrics = [*objectives, *(name for name in _BESIDE if name not in objectives)]
    columns = own + [
        (_SHORT.get(name, name), [shown(name, r.metrics.get(name)) for r in rows])
        for name in metrics
        if any(row.metrics.get(name) is not None for row in rows)
    ]
    for index, (head, column) in enumerate(columns):
        labels = distinct(column, _ARRAY_WIDTH if head == _ARRAY else _NAME_WIDTH)
        columns[index] = head, [labels[cell] for cell in column]
    columns = _fitting(columns, len(own) + len(objectives))
    table = plain_table(*(head for head, _ in columns), left=0)
    for told in table.columns:
        if str(told.header) == _ARRAY:
            told.justify, told.no_wrap, told.overflow = "left", False, "fold"
    for index in range(len(rows)):
        table.add_row(*cells(*(column[index] for _, column in columns)))
    return [*parts, table]


def _own(
    result: SweepResult, rows: Sequence[Row], apart: Container[str] = ()
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """What differs among points, as columns, and what does not.

    Args:
        result: of the sweep.
        rows: the points.
        apart: parameters that are told elsewhere.
    """
    short = short_names(machines_of(result.rows))
    uses = Counter(short.values())
    own: list[tuple[str, list[str]]] = []
    alike: list[str] = []
    last = ""  # what the last column is called in a narrow table
    for name in filter(partial(is_free, result), result.varying):
        if name in apart:
            continue
        values = [parameter_of(row, name) for row in rows]
        head = short.get(name, name)
        if uses[head] > 1 and head == last:  # one column saves the other
            pairs = zip(own.pop()[1], values, strict=True)
            own.append((head, [f"{high}x{wide}" for high, wide in pairs]))
        elif len(set(values)) > 1:
            own.append((name if uses[head] > 1 else _SHORT.get(head, head), values))
            last = head
        else:
            alike.append(f"{name} {values[0]}")
    return own, alike


def _arrays(result: SweepResult, rows: Sequence[Row]) -> list[str]:
    """Of each point, what differs among the arrays of its machine: `8x8 win. 4`."""
    chosen = result.rows.parameter("machine")
    told: dict[str, tuple[str, ...]] = {}
    for code, name in enumerate(chosen.values):
        mine = result.rows.where(chosen.codes == code)
        told[name] = tuple(
            key
            for key in machine_named(name).Array.model_fields
            if key in result.varying and is_free(result, key) and mine.parameter(key).is_varied
        )
    return [_array(row, told[row.parameters["machine"]]) for row in rows]


def _array(row: Row, keys: Iterable[str]) -> str:
    """An array by some of its keys, as its machine calls them in a narrow table."""
    rules = machine_of(row)
    words: list[str] = []
    last = ""  # what the last key is called
    for key in keys:
        name = rules.short_keys.get(key, key)
        value = parameter_of(row, key)
        if name == last:
            words[-1] = f"{words[-1].removeprefix(f'{name} ')}x{value}"
        else:
            words.append(f"{name} {value}")
        last = name
    return ", ".join(words) or rules.size(Point.of(row.parameters).accelerator.array)


def _for_all(result: SweepResult, best: ForAll) -> Text:
    """The array with the best mean over all networks."""
    metric, first = result.spec.objectives[0], best.rows[0]
    own = [
        f"{name} {parameter_of(first, name)}"
        for name in result.varying
        if is_free(result, name)
        and name in first.parameters
        and name not in (*IMAGES, "thresholds")
    ]
    mean = shown(metric, best.mean)
    networks = len({row.parameters["network"] for row in best.rows})
    return Text(
        f"For all {networks} networks, by geometric mean, {mean} {metric}: " + ", ".join(own)
    )


def _width(columns: list[tuple[str, list[str]]]) -> int:
    """Of a table with these columns."""
    return sum(2 + max(len(head), *map(len, column)) for head, column in columns) - 2


def _fitting(columns: list[tuple[str, list[str]]], least: int) -> list[tuple[str, list[str]]]:
    """As many of the first columns as the width holds, but at least so many."""
    used, kept = 0, []
    for index, (head, column) in enumerate(columns):
        used += max(len(head), *map(len, column)) + 2
        if used - 2 > _WIDTH and index >= least:
            break
        kept.append((head, column))
    return kept


def setting(row: Row, result: SweepResult) -> str:
    """A point by what it does not share with all others."""
    free = [name for name in result.varying if is_free(result, name) and name in row.parameters]
    return ", ".join(f"{name} {parameter_of(row, name)}" for name in free)


def plan_text(plan: Plan) -> RenderableType:
    """What a sweep would take."""
    executions = ", ".join(map(_workload, plan.workloads))
    lines = [
        f"points    {count(plan.points)}",
        f"traces    {count(len(plan.workloads))}: {executions}",
        f"time      about {duration(plan.seconds)} of one core, by a look at a few points",
        f"disk      about {octets(plan.trace_bytes)} traces, {octets(plan.point_bytes)} points",
        *cut_lines(plan.left.all, plan.left.broken),
    ]
    return Group(*(Text(line) for line in lines))


def _workload(workload: Workload) -> str:
    words = [workload.network, plural(workload.images, "image")]
    if workload.sample != "first":
        words.append(f"drawn by seed {workload.sample}")
    if workload.thresholds != NO_THRESHOLDS:
        words.append(workload.thresholds)
    return " ".join(words)


def cut_lines(combinations: int, cut: Mapping[str, int]) -> Iterable[str]:
    """What was left out of a space, the most first."""
    if cut:
        yield f"Left out of {plural(combinations, 'combination')}:"
        for what, number in sorted(cut.items(), key=lambda item: -item[1])[:8]:
            yield f"  {count(number):>9}  {what}"


def _left_out(result: SweepResult) -> Iterable[str]:
    yield from cut_lines(result.combinations, result.cut)
    lost = len(result.measured) - len(result.answers)
    if lost:
        yield f"{plural(lost, 'measured point')} break a constraint."


def parameter(value: Any) -> str:
    """A parameter's value as people read it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def parameter_of(row: Row, name: str) -> str:
    """A point's parameter as people read it; `-`: its machine has no such key."""
    return parameter(row.parameters[name]) if name in row.parameters else "-"


def shown(name: str, value: Any) -> str:
    """A metric's value as people read it."""
    if value is None:
        return "-"
    if name in ("speedup", "iso_speedup"):
        return times(value)
    if name in ("share", "mac_coverage"):
        return percent(value)
    if name == "mac_coverage_is_bound":
        return "yes" if value else "no"
    if METRICS[name].unit in ("cycles", "LUT", "FF", "DSP", "bytes"):
        return count(value)
    if METRICS[name].unit == "BRAM36":
        return f"{value:g}"
    return thousandths(value) if abs(value) < 1000 else count(value)


def sweep_csv(result: SweepResult) -> str:
    """All points, failed ones among them: parameters, metrics, error; one line each."""
    columns = result.columns()
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for values in zip(*columns.values(), strict=True):
        writer.writerow(map(_plain, values))
    return text.getvalue()


def _plain(value: Any) -> Any:
    """Whole numbers without a point; nothing for what a point lacks."""
    if isinstance(value, float):
        return "" if value != value else int(value) if value.is_integer() else float(value)
    return value
