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


def table(network: Network, pruned: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Lines of a table: the network as it was trained, and pruned to n of every m."""
    yield (
        f"| weights of {network.name} | zero weights | held | cycles, all pairs "
        "| cycles, `structured` | speedup | top-1 |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|"
    for held in pruned:
        for kept in (None, held):
            yield _line(replace(network, n_of_m=kept), "{}:{}".format(*held))


def _line(network: Network, held: str) -> str:
    keys = {"rows": ROWS, "cols": COLS, "n_of_m": held, "skipping": "structured"}
    array = Accelerator.model_validate({"machine": "systolic", **keys})
    result = ss.estimate(ss.execute(*opened(network, IMAGES)), array)
    every, some = (np.mean(result.per_image.total[name]) for name in ("none", "structured"))
    said = "{}:{}".format(*network.n_of_m) if network.n_of_m else "as trained"
    assert result.accuracy is not None, "the images have labels"
    line = (
        f"| {said} | {result.totals.weight_sparsity:.1%} | {held} | {every:,.0f} | {some:,.0f} "
        f"| {every / some:.2f}x | {result.accuracy.top1_after:.1%} |"
    )
    print(line, flush=True)
    return line
