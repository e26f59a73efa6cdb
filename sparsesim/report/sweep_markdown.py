"""A sweep as Markdown, for a repository or a pull request."""

from __future__ import annotations

from sparsesim.report.markdown import safe, table
from sparsesim.report.sweep import outcome
from sparsesim.report.sweep_axes import titled
from sparsesim.report.sweep_points import groups
from sparsesim.report.sweep_tables import (
    Sheet,
    made_from,
    sensitivity_lines,
    spec_toml,
    sweep_sheets,
    titled_for,
)
from sparsesim.report.sweep_warnings import drawn_inputs, sweep_warnings
from sparsesim.sweeps.result import SweepResult


def sweep_markdown(result: SweepResult) -> str:
    """The tables of a sweep (GitHub's)."""
    parts = [f"# {safe(result.spec.name)}", outcome(result) + "."]
    said = [f"{name} {words}" for name, words in drawn_inputs(result)]
    said += [f"{name}: {words}" for name, words in sweep_warnings(result)]
    parts += [f"> **Warning: {safe(words)}**" for words in said]
    for sheet in sweep_sheets(result):
        parts += _sheet(sheet)
    for group in groups(result):
        lines = list(sensitivity_lines(group))
        if lines:
            title = titled_for(group, "What each parameter moves")
            head = ("parameter", "value", "best", "median", "points")
            parts += [f"## {safe(title)}", f"{safe(titled(group.objective))}.", table(head, lines)]
    parts += [*_sheet(made_from(result)), f"```toml\n{spec_toml(result.spec)}```"]
    return "\n\n".join(parts) + "\n"


def _sheet(sheet: Sheet) -> list[str]:
    rows = [[cell.text for cell in row] for row in sheet.rows]
    head = sheet.head or ("",) * len(rows[0] if rows else ())
    return [f"## {safe(sheet.title)}", safe(sheet.said), table(head, rows)]
