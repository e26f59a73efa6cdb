"""What n of every m weights give on `systolic`: cycles of both schemes, and the network's top-1.

Called by `cosim_machines`, whose page has the table; there the same networks go through Verilog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

import sparsesim as ss
from benchmarks.cosim_models import Network, opened
from sparsesim.spec import Accelerator

IMAGES = 200
ROWS = COLS = 16
UNITS = (4, 16)  # a result of each unit and cycle: few units are what most layers wait for


def table(networks: Sequence[Network], pruned: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Lines of a table: networks as they were trained, and pruned to n of every m."""
    yield (
        "| network | weights | zero weights | top-1 | held | units | cycles, all pairs "
        "| cycles, `structured` | speedup |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for network in networks:
        for held in pruned:
            for kept in (None, held):
                yield from _lines(replace(network, n_of_m=kept), "{}:{}".format(*held))


def _lines(network: Network, held: str) -> Iterator[str]:
    trace = ss.execute(*opened(network, IMAGES))
    said = "{}:{}".format(*network.n_of_m) if network.n_of_m else "as trained"
    for units in UNITS:
        keys = {"rows": ROWS, "cols": COLS, "units": units, "n_of_m": held}
        array = {"machine": "systolic", "skipping": "structured", **keys}
        result = ss.estimate(trace, Accelerator.model_validate(array))
        every, some = (np.mean(result.per_image.total[name]) for name in ("none", "structured"))
        assert result.accuracy is not None, "the images have labels"
        line = (
            f"| {network.name} | {said} | {result.totals.weight_sparsity:.1%} "
            f"| {result.accuracy.top1_after:.1%} | {held} | {units} "
            f"| {every:,.0f} | {some:,.0f} | {every / some:.2f}x |"
        )
        print(line, flush=True)
        yield line
