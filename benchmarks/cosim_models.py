"""Real networks through the Verilog: every scheme, machines of every kind, no difference.

    python -m benchmarks.cosim_models [--whole]

Six machines, the four schemes on each; of the two small networks every pass, of the larger ones a
few passes of each layer, evenly spread. `--whole` adds all of ResNet-50 on 16x16 PEs, which takes
minutes on two cores. Writes docs/results/cosimulation.md; exits with 1 where anything differs. The
models and images are development data beside the repository, but for LeNet.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sparsesim as ss
from sparsesim.cosim.run import cosimulate
from sparsesim.graph import Graph
from sparsesim.graph.quantize import quantize
from sparsesim.inputs import Inputs
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.rtl.simulator import Verilog
from sparsesim.spec import Accelerator

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/results/cosimulation.md"
DATA = ROOT.parent / "shared/data"
WORKERS = 2

# Square and not, one element a window to 32, one lane to four, shallow queues, both loop orders,
# registers on the way, and buffers so small that K is cut.
MACHINES = [
    Accelerator(rows=8, cols=8),
    Accelerator(rows=4, cols=4, window=4, queue_depth=1),
    Accelerator(rows=3, cols=5, window=8, lanes=2, queue_depth=2, loop_order="positions_inner"),
    Accelerator(rows=5, cols=3, window=5, lanes=3, queue_depth=3, feed_latency=2),
    Accelerator(rows=2, cols=8, window=32, lanes=4, feed_latency=3),
    Accelerator(rows=6, cols=6, window=1, queue_depth=2, acc_bits=24, weight_buffer_kib=2.0),
]


@dataclass(frozen=True)
class Network:
    """A network and what is run of it: at most so many passes of each layer, 0 for all.

    Unsigned weights of 8 bits need 9 with their zero point subtracted. Weights of all layers are
    pruned to n of every m first, where it says so.
    """

    name: str
    model: Path
    inputs: Path
    preprocess: str | None
    passes: int
    is_float: bool
    weight_bits: int = 8
    n_of_m: tuple[int, int] | None = None


@dataclass(frozen=True)
class Ran:
    """What was run of a network, over all accelerators.

    Attributes:
        layers: of the network.
        arrays: accelerators that it was run on.
        run, passes: passes that were run, and all there are.
        cycles, work: of the Verilog, and of all its multipliers or PEs.
        results: sums and output values compared.
        differ: layers of which a result, a cycle or a class is not the model's, and accelerators on
            which a pass failed.
        seconds: of co-simulation, builds not included.
    """

    name: str
    layers: int
    arrays: int
    run: int
    passes: int
    cycles: int
    work: int
    results: int
    differ: int
    seconds: float


NETWORKS = [
    Network(
        "LeNet",
        ROOT / "models_onnx/lenet.onnx",
        ROOT / "models_onnx/mnist_test_300.npz",
        None,
        0,
        True,
    ),
    Network(
        "ResNet-8, int8",
        DATA / "models/mlperf-tiny/pretrainedResnet_quant.onnx",
        DATA / "cifar10-test",
        "int8",
        0,
        False,
    ),
    Network(
        "ResNet-20",
        DATA / "models/resnet20-cifar10/resnet20_cifar10.onnx",
        DATA / "cifar10-test",
        "cifar10-imagenet-stats",
        2,
        True,
    ),
    Network(
        "MobileNet v2, uint8",
        DATA / "models/coral-int8/mobilenet_v2_1.0_224_quant.onnx",
        DATA / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip",
        str(ROOT / "benchmarks/crop224.toml"),
        1,
        False,
        weight_bits=9,
    ),
    Network(
        "SqueezeNet, pruned",
        DATA / "models/squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx",
        DATA / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip",
        "imagenet-bgr-mean",
        1,
        True,
    ),
]
RESNET50 = Network(
    "ResNet-50",
    DATA / "models/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
    DATA / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip",
    "imagenet",
    0,
    True,
)


def main() -> None:
    """Run all, write the page."""
    every = [machine.with_(skipping=scheme) for machine in MACHINES for scheme in SCHEMES]
    rows = [ran(network, every, pes) for network in NETWORKS if network.inputs.exists()]
    if "--whole" in sys.argv[1:] and RESNET50.inputs.exists():
        rows.append(ran(RESNET50, [Accelerator()], pes))
    PAGE.write_text("\n\n".join(_sections(rows)) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    if any(row.differ for row in rows):
        sys.exit(1)


def _sections(rows: list[Ran]) -> Iterator[str]:
    yield "# Co-simulation"
    yield (
        "Written by `python -m benchmarks.cosim_models --whole`. One image through each network, "
        "its MAC layers through the Verilog in Verilator; every sum, every output value, every "
        "pass's cycles and its seven classes of lane-slots are compared with the model. Float "
        "models are quantised to 8 bits first; MobileNet's unsigned weights take `weight_bits` 9."
    )
    yield "\n".join(
        [
            "| network | layers | machines, by scheme | passes run, of all | PE-cycles | results "
            "compared | layers that differ |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *(
                f"| {row.name} | {row.layers} | {row.arrays} | {row.run:,} of {row.passes:,} "
                f"| {row.work:,} | {row.results:,} | {row.differ} |"
                for row in rows
            ),
        ]
    )
    yield "The machines, each in all four schemes (ResNet-50: 16x16 PEs, `two_sided`, all passes):"
    yield "\n".join(f"- {in_words(machine)}" for machine in MACHINES)
    yield "One of them by hand:"
    yield (
        "    sparsesim cosim ../shared/data/models/mlperf-tiny/pretrainedResnet_quant.onnx \\\n"
        "        --inputs ../shared/data/cifar10-test --preprocess int8 --schemes all \\\n"
        "        --set rows=8 --set cols=8 --chained"
    )


def multipliers(machine: Accelerator) -> int:
    """Of its array."""
    return machine.rules.slots(machine.array)


def pes(machine: Accelerator) -> int:
    """Of an array of `inner_join`, whose PEs have a multiplier a lane."""
    return int(machine.rows * machine.cols)


def ran(
    network: Network,
    machines: Sequence[Accelerator],
    parts: Callable[[Accelerator], int] = multipliers,
) -> Ran:
    """A network through the Verilog of accelerators, each under its scheme.

    Args:
        parts: of an accelerator, whose cycles are summed: `multipliers` or `pes`.
    """
    graph, inputs = opened(network)
    run = passes = cycles = work = results = differ = 0
    seconds = 0.0
    layers: set[str] = set()
    for machine in machines:
        accelerator = machine.with_(weight_bits=network.weight_bits)
        Verilog(accelerator).build()
        most = network.passes or None
        found = cosimulate(graph, inputs, accelerator, most_passes=most, workers=WORKERS)
        what = machine.rules.describe(machine.array)
        print(network.name, what, machine.skipping, found.seconds, flush=True)
        if found.failure is not None:
            print(found.failure.found, flush=True)
        seconds += found.seconds
        for check in found.checks:
            layers.add(check.name)
            run += check.passes_run
            passes += check.passes
            cycles += check.cycles_verilog
            work += check.cycles_verilog * parts(machine)
            results += check.results
            differ += not check.agrees
        differ += found.failure is not None or not all(found.outputs_equal)
    counts = (run, passes, cycles, work, results, differ, seconds)
    row = Ran(network.name, len(layers), len(machines), *counts)
    print(row, flush=True)
    return row


def opened(network: Network, number: int = 1) -> tuple[Graph, Inputs]:
    """The network, pruned and quantised where it says so, and its first images."""
    graph = ss.load(network.model)
    if network.n_of_m is not None:
        n, m = network.n_of_m
        rule = {"sparsifier": "n_m", "n": n, "m": m}
        graph = ss.sparsify(graph, ss.Thresholds(weights={"*": rule}))

    def images(number: int) -> Inputs:
        specs = ss.input_specs(graph)
        return ss.open_inputs(network.inputs, specs, network.preprocess, None, number)

    inputs = images(number)
    return (quantize(graph, images(20).feeds()) if network.is_float else graph), inputs


def in_words(accelerator: Accelerator) -> str:
    """The keys that are not those its machine starts with."""
    start = Accelerator(machine=accelerator.machine).flat()
    keys = accelerator.flat().items()
    return ", ".join(f"{key} {value}" for key, value in keys if value != start[key]) or "defaults"


if __name__ == "__main__":
    main()
