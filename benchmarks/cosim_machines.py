"""Real networks through the Verilog of the other machines: arrays of every kind, no difference.

    python -m benchmarks.cosim_machines systolic|stream|broadcast [--large] [--resnet50] [--whole]

Six or seven arrays of a machine; of LeNet and ResNet-8 every pass, of ResNet-20 a few of each
layer; `--large` adds a pass of each layer of MobileNet and SqueezeNet, `--resnet50` of ResNet-50,
`--whole` all of its passes, on one array. Writes docs/results/cosimulation-MACHINE.md; exits with 1
where anything differs. Models and images are those of `cosim_models`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from benchmarks import n_of_m
from benchmarks.cosim_models import (
    DATA,
    NETWORKS,
    RESNET50,
    ROOT,
    Network,
    Ran,
    in_words,
    opened,
    ran,
)
from sparsesim.cosim.run import cosimulate
from sparsesim.errors import SpecError
from sparsesim.rtl.simulator import Verilog
from sparsesim.spec import Accelerator

RESNET14 = Network(
    "ResNet-14",
    ROOT / "models_onnx/paper/resnet14-cifar10-l1.onnx",
    DATA / "cifar10-test",
    "cifar10-imagenet-stats",
    0,
    True,
)
N_OF_M = ((2, 4), (1, 4))  # weights that systolic alone can tell from others
PRUNED = [
    replace(network, name=f"{network.name}, {n}:{m}", n_of_m=(n, m))
    for network in (NETWORKS[0], RESNET14)
    for n, m in N_OF_M
]


def _arrays(machine: str, *every: Mapping[str, object]) -> list[Accelerator]:
    return [Accelerator.model_validate({"machine": machine, **keys}) for keys in every]


MACHINES = {
    # What stays and what is overlapped; square and not, columns with a unit of their own and
    # columns that share one, narrow sums, buffers so small that K is cut, and n of m weights.
    "systolic": _arrays(
        "systolic",
        {"rows": 8, "cols": 8},
        {"rows": 4, "cols": 6, "units": 6, "depth": 32, "preload": "serial"},
        {"rows": 5, "cols": 3, "units": 2, "depth": 100, "acc_bits": 24, "weight_buffer_kib": 2.0},
        {"rows": 6, "cols": 4, "units": 3, "dataflow": "output_stationary"},
        {
            "rows": 4,
            "cols": 8,
            "units": 1,
            "dataflow": "output_stationary",
            "preload": "serial",
        },
        {"rows": 4, "cols": 4, "units": 2, "n_of_m": "2:4", "skipping": "structured"},
        {
            "rows": 8,
            "cols": 2,
            "units": 1,
            "n_of_m": "1:4",
            "skipping": "structured",
            "preload": "serial",
        },
    ),
    # Either operand as the stream, with its zeros and without; many rows of few lanes and few of
    # many; stores from 16 words, stashes from 1 to 64 sums, narrow sums, a unit a row and one for
    # all, lanes that share multipliers, an odd one with its own, and buffers so small that K is cut
    # between passes.
    "stream": _arrays(
        "stream",
        {"rows": 8, "lanes": 8},
        {"rows": 12, "lanes": 2, "depth": 16, "stash": 1, "units": 12, "skipping": "activation"},
        {
            "rows": 2,
            "lanes": 12,
            "depth": 64,
            "stash": 64,
            "units": 1,
            "feed_latency": 3,
            "skipping": "activation",
            "acc_bits": 24,
            "weight_buffer_kib": 2.0,
        },
        {
            "rows": 5,
            "lanes": 7,
            "depth": 32,
            "stash": 2,
            "units": 2,
            "feed_latency": 2,
            "activation_buffer_kib": 2.0,
        },
        {"rows": 4, "lanes": 4, "depth": 128, "stash": 4, "units": 3, "skipping": "none"},
        {
            "rows": 3,
            "lanes": 16,
            "stash": 8,
            "units": 3,
            "skipping": "none",
            "dense_streams": "activation",
        },
        {"rows": 6, "lanes": 6, "units": 2, "lanes_per_dsp": 2, "skipping": "activation"},
        {"rows": 5, "lanes": 7, "depth": 64, "stash": 2, "units": 2, "lanes_per_dsp": 2},
    ),
    # One PE and many; queues of 1 to 63, sums of 1 to 256, runs of 1 to 8 bits, a unit a PE and one
    # for all, narrow sums, and buffers so small that K is cut.
    "broadcast": _arrays(
        "broadcast",
        {"pes": 64},
        {"pes": 16, "queue_depth": 2, "entry_run_bits": 1, "pe_sums": 1, "units": 16},
        {"pes": 7, "queue_depth": 3, "entry_run_bits": 2, "pe_sums": 5, "units": 2},
        {"pes": 32, "queue_depth": 64, "entry_run_bits": 8, "pe_sums": 256, "units": 4},
        {
            "pes": 24,
            "queue_depth": 16,
            "entry_run_bits": 3,
            "pe_sums": 4,
            "units": 3,
            "acc_bits": 24,
            "weight_buffer_kib": 8.0,
        },
        {"pes": 1, "queue_depth": 4, "pe_sums": 64},
    ),
}
NARROW = _arrays("broadcast", {"pes": 64, "pe_sums": 16})  # for filters of 2,048, unpruned
IN_WHOLE = "ResNet-50, all passes"
WHOLE = {
    "systolic": {"rows": 16, "cols": 16},
    "stream": {"rows": 12, "lanes": 16},
    "broadcast": {"pes": 64, "pe_sums": 16},
}


def main() -> None:
    """Run a machine's arrays, write its page."""
    machine, *options = sys.argv[1:]
    arrays = MACHINES[machine]
    networks = [*NETWORKS[:3], *(PRUNED if machine == "systolic" else [])]
    if "--large" in options:
        networks += NETWORKS[3:]
    rows = [ran(one, _with_room(arrays, one)) for one in networks if one.inputs.exists()]
    if "--resnet50" in options:
        fitting = [*NARROW, *arrays[1:]] if machine == "broadcast" else arrays
        rows.append(ran(replace(RESNET50, passes=1), fitting))
    if "--whole" in options:
        rows.append(ran(replace(RESNET50, name=IN_WHOLE), _arrays(machine, WHOLE[machine])))
    page = ROOT / f"docs/results/cosimulation-{machine}.md"
    command = " ".join(["python -m benchmarks.cosim_machines", *sys.argv[1:]])
    page.write_text("\n\n".join(_sections(machine, command, rows)) + "\n", encoding="utf-8")
    print(f"Wrote {page.relative_to(ROOT)}")
    if any(row.differ for row in rows):
        sys.exit(1)


def _with_room(arrays: Sequence[Accelerator], network: Network) -> list[Accelerator]:
    """Those that take the network's weights: lanes that share multipliers may lack the bits."""
    found = []
    for one in arrays:
        with suppress(SpecError):
            found.append(one.with_(weight_bits=network.weight_bits))
    return found


def _sections(machine: str, command: str, rows: list[Ran]) -> Iterator[str]:
    classes = len(MACHINES[machine][0].rules.classes)
    yield f"# Co-simulation of {machine}"
    yield (
        f"Written by `{command}`. As in [the page of inner_join](cosimulation.md): every sum, "
        f"every output value, every pass's cycles and its {classes} classes of slots are compared "
        "with the model. Seconds are those of co-simulation on two cores beside other work, "
        "Verilog built before."
    )
    yield "\n".join(
        [
            "| network | layers | arrays | passes run, of all | cycles | multiplier-cycles "
            "| results compared | layers that differ | seconds |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            *map(_line, rows),
        ]
    )
    yield "The arrays:"
    yield "\n".join(f"- {in_words(one)}" for one in MACHINES[machine])
    for row in rows:
        if row.name != IN_WHOLE and row.arrays < len(MACHINES[machine]):
            yield (
                f"{row.name} has weights of 9 bits, for which the lanes of the others have no room "
                f"in a shared multiplier: it runs on {row.arrays} of them."
            )
    if machine == "broadcast" and any(row.name == RESNET50.name for row in rows):
        yield f"ResNet-50 does not fit the buffers of the first, and runs on {in_words(NARROW[0])}."
    if any(row.name == IN_WHOLE for row in rows):
        (one,) = _arrays(machine, WHOLE[machine])
        yield f"{IN_WHOLE}: {in_words(one)}."
    yield _speed(Accelerator(machine=machine))
    if machine == "systolic":
        yield (
            "LeNet and ResNet-14 are bundled, trained without a thought of n:m. `n_m` prunes the "
            "weights of all their layers; no training follows, only the quantisation to 8 bits. "
            f"Cycles of an image, with stalls for DRAM, and top-1 of {n_of_m.IMAGES} test images "
            f"on {n_of_m.ROWS}x{n_of_m.COLS} PEs. `structured` moves weights encoded, all pairs "
            "dense ones; nothing else differs where a network is as trained."
        )
        yield "\n".join(n_of_m.table((NETWORKS[0], RESNET14), N_OF_M))


def _speed(start: Accelerator) -> str:
    graph, inputs = opened(NETWORKS[1])
    Verilog(start).build()
    seconds = []
    for _ in range(3):
        began = time.process_time()
        cosimulate(graph, inputs, start)
        seconds.append(time.process_time() - began)
    return (
        f"All layers of {NETWORKS[1].name}, on {start.rules.describe(start.array)}, take "
        f"{min(seconds):.1f} s of one processor, the Verilog built: the least of three."
    )


def _line(row: Ran) -> str:
    return (
        f"| {row.name} | {row.layers} | {row.arrays} | {row.run:,} of {row.passes:,} "
        f"| {row.cycles:,} | {row.work:,} | {row.results:,} | {row.differ} | {row.seconds:,.0f} |"
    )


if __name__ == "__main__":
    main()
