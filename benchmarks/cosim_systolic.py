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

from benchmarks.cosim_models import NETWORKS, RESNET50, ROOT, Network, opened
from sparsesim.cosim.run import cosimulate
from sparsesim.spec import Accelerator

PAGE = ROOT / "docs/results/cosimulation-systolic.md"
WORKERS = 2


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
    rows = [_row(network) for network in networks if network.inputs.exists()]
    PAGE.write_text("\n\n".join(_sections(rows)) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    if not all(row.endswith(" 0 |") for row in rows):
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


def _row(network: Network) -> str:
    graph, inputs = opened(network)
    run = passes = work = results = differ = 0
    layers: set[str] = set()
    for machine in MACHINES:
        found = cosimulate(
            graph,
            inputs,
            machine.with_(weight_bits=network.weight_bits),
            most_passes=network.passes or None,
            workers=WORKERS,
        )
        print(network.name, machine.rules.describe(machine.array), found.seconds, flush=True)
        if found.failure is not None:
            print(found.failure.found, flush=True)
        for check in found.checks:
            layers.add(check.name)
            run += check.passes_run
            passes += check.passes
            work += check.cycles_verilog * machine.rules.slots(machine.array)
            results += check.results
            differ += not check.agrees
        differ += found.failure is not None or not all(found.outputs_equal)
    row = (
        f"| {network.name} | {len(layers)} | {len(MACHINES)} | {run:,} of {passes:,} | {work:,} "
        f"| {results:,} | {differ} |"
    )
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
