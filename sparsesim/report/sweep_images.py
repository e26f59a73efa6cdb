"""The charts of a sweep as files, PNG or SVG, for papers and slides."""

from __future__ import annotations

from collections.abc import Iterator

from sparsesim.report.charts import PNG_WIDTH, vega_lite_version
from sparsesim.report.sweep_chart import Details
from sparsesim.report.sweep_charts import sweep_charts
from sparsesim.report.theme import theme
from sparsesim.sweeps.result import SweepResult

_SCALE = 2.0  # pixels for each of a chart's units


def sweep_images(result: SweepResult, details: Details, kind: str) -> Iterator[tuple[str, bytes]]:
    """(name of a file, its content) for each chart, on a light ground.

    Args:
        result: of the sweep.
        details: gives those of a point by its key.
        kind: `png` or `svg`.
    """
    import vl_convert  # lazy: only images need its engine here

    version = vega_lite_version()
    for chart in sweep_charts(result, details):
        spec = chart.spec | {"width": PNG_WIDTH, "config": theme(False)}
        if kind == "png":
            content = vl_convert.vegalite_to_png(spec, vl_version=version, scale=_SCALE)
        else:
            content = vl_convert.vegalite_to_svg(spec, vl_version=version).encode()
        yield f"{chart.name}.{kind}", content
