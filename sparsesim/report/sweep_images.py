"""The charts of a sweep as files, PNG or SVG, for papers and slides."""

from __future__ import annotations

from collections.abc import Iterator

from sparsesim.report.charts import picture
from sparsesim.report.sweep_chart import Details
from sparsesim.report.sweep_charts import sweep_charts
from sparsesim.sweeps.result import SweepResult


def sweep_images(result: SweepResult, details: Details, kind: str) -> Iterator[tuple[str, bytes]]:
    """(name of a file, its content) for each chart, on a light ground.

    Args:
        result: of the sweep.
        details: gives those of a point by its key.
        kind: `png` or `svg`.
    """
    for chart in sweep_charts(result, details):
        yield f"{chart.name}.{kind}", picture(chart.spec, kind)
