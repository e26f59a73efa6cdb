"""Real networks through the Verilog of `systolic`: arrays of every kind, no difference.

    python -m benchmarks.cosim_systolic [--large]

Seven arrays; of LeNet and ResNet-8 every pass, of ResNet-20 a few of each layer; `--large` adds a
pass of each layer of the larger networks. Writes docs/results/cosimulation-systolic.md; exits with
1 where anything differs. Models and images are those of `cosim_models`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.cosim_models import NETWORKS, RESNET50, ROOT, row
from sparsesim.spec import Accelerator

PAGE = ROOT / "docs/results/cosimulation-systolic.md"


def _array(**keys: object) -> Accelerator:
    return Accelerator.model_validate({"machine": "systolic", **keys})


# What stays and what is overlapped; square and not, columns with a unit of their own and columns
# that share one, narrow sums, and buffers so small that K is cut.
MACHINES = [
    _array(rows=8, cols=8),
    _array(rows=4, cols=6, units=6, depth=32, preload="serial"),
    _array(rows=5, cols=3, units=2, depth=100, acc_bits=24, weight_buffer_kib=2.0),
    _array(rows=6, cols=4, units=3, dataflow="output_stationary"),
    _array(rows=4, cols=8, units=1, dataflow="output_stationary", preload="serial"),
    _array(rows=4, cols=4, units=2, n_of_m="2:4", skipping="structured"),
    _array(rows=8, cols=2, units=1, n_of_m="1:8", skipping="structured", preload="serial"),
]


def main() -> None:
    """Run all, write the page."""
    networks = NETWORKS[:3]
    if "--large" in sys.argv[1:]:
        networks = [*NETWORKS, replace(RESNET50, passes=1)]
    rows = [row(one, MACHINES, str(len(MACHINES))) for one in networks if one.inputs.exists()]
    PAGE.write_text("\n\n".join(_sections(rows)) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    if not all(line.endswith(" 0 |") for line in rows):
        sys.exit(1)


def _sections(rows: list[str]) -> Iterator[str]:
    yield "# Co-simulation of systolic"
    yield (
        "Written by `python -m benchmarks.cosim_systolic`. As in [the page of "
        "inner_join](cosimulation.md): every sum, every output value, every pass's cycles and its "
        "six classes of slots are compared with the model."
    )
    yield "\n".join(
        [
            "| network | layers | arrays | passes run, of all | PE-cycles | results compared "
            "| layers that differ |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows,
        ]
    )
    yield "The arrays:"
    yield "\n".join(f"- {machine.rules.describe(machine.array)}" for machine in MACHINES)


if __name__ == "__main__":
    main()
