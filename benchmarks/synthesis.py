"""Synthesis of a grid of designs: the tables of `sparsesim.area`, and docs/results/synthesis.md.

    python -m benchmarks.synthesis             # counts (an hour on two cores), then the page
    python -m benchmarks.synthesis --clocks    # placements for ECP5 too (hours), then the page

What was synthesised once is kept in the cache, so that a second run takes seconds. The tables are
part of the package: sparsesim/area/runs.csv and clocks.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.synthesis_page import write_page
from sparsesim.area.clock import Placed, write_clocks
from sparsesim.area.table import Design, Run, write_table
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.synth.families import FAMILIES
from sparsesim.synth.place import SEEDS, place
from sparsesim.synth.run import Synthesis, synthesise

_PACKED_SUMS = Path(__file__).with_name("packed_sums.v")
_PACKED_TREE = Path(__file__).with_name("packed_tree.v")
_PROCESSES = 2

# (window, lanes, queue depth, activation bits, weight bits, sum bits) of PEs of every scheme, and
# those that only `two_sided` is synthesised with.
_PES = [
    *((window, 1, 4, 9, 8, 32) for window in (2, 4, 8, 12, 16, 32, 64)),
    *((window, lanes, 4, 9, 8, 32) for window, lanes in ((8, 2), (16, 2), (16, 4), (32, 4))),
    *((16, 1, depth, 9, 8, 32) for depth in (2, 16, 64)),
    *((16, 1, 4, act, weight, 32) for act, weight in ((8, 8), (5, 4), (16, 16))),
    *((8, 1, 4, 9, 8, acc) for acc in (24, 48, 64)),
    (4, 2, 8, 12, 6, 40),
]
_MORE_PES = [
    *((window, 1, 4, 9, 8, 32) for window in (3, 6, 24, 48)),
    *((window, lanes, 4, 9, 8, 32) for window, lanes in ((8, 8), (16, 8), (32, 2), (64, 4))),
    *((window, 1, depth, 9, 8, 32) for window, depth in ((16, 8), (16, 32), (8, 2), (8, 16))),
    *((window, 1, 8, 9, 4, 24) for window in (4, 8, 32)),
    (32, 2, 8, 8, 8, 32),
    (16, 1, 1, 9, 8, 32),
]
_DENSE_PES = [
    *((1, 1, depth, 9, 8, 32) for depth in (2, 4, 8, 16, 64)),
    *((1, 1, 2, act, weight, 32) for act, weight in ((8, 8), (5, 4), (16, 16))),
    *((1, 1, 2, 9, 8, acc) for acc in (24, 48, 64)),
]
# (lanes, queue depth, activation bits, weight bits, sum bits) of dense PEs that take a whole window
# a cycle: those of the dense arrays that an accelerator is held against.
_DOTS = [
    *((lanes, 4, 9, 8, 32) for lanes in (2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)),
    *((lanes, depth, 9, 8, 32) for depth in (2, 6) for lanes in (2, 4, 8, 16)),
    *((lanes, depth, 9, 8, 32) for lanes, depth in ((4, 16), (8, 16), (4, 64))),
    *(
        (lanes, 4, act, weight, 32)
        for lanes in (4, 8)
        for act, weight in ((8, 8), (5, 4), (16, 16))
    ),
    *((lanes, 4, 9, 8, acc) for lanes in (4, 8) for acc in (24, 48, 64)),
]
# (rows, columns, window, queue depth, feed latency, activation bits, weight bits, sum bits).
_ARRAYS = [
    *((side, side, 16, 4, 1, 9, 8, 32) for side in (2, 4, 8)),
    (16, 16, 16, 4, 1, 9, 8, 32),
    *((rows, cols, 8, 4, 1, 9, 8, 32) for rows, cols in ((4, 8), (8, 4), (2, 12), (12, 2))),
    *((6, 6, 8, depth, 1, 9, 8, 32) for depth in (2, 16)),
    *((4, 4, 16, 4, latency, 9, 8, 32) for latency in (2, 4)),
    *((8, 8, 8, 4, latency, 9, 8, 32) for latency in (2, 3)),
    *((4, 4, window, 4, 1, 9, 8, 32) for window in (4, 32)),
    (5, 7, 4, 8, 2, 16, 16, 48),
    (4, 6, 8, 4, 1, 5, 4, 24),
]
_DENSE_ARRAYS = [
    (4, 4, 1, 2, 1, 9, 8, 32),
    (16, 16, 1, 2, 1, 9, 8, 32),
    (8, 16, 1, 4, 2, 9, 8, 32),
    (16, 4, 1, 2, 1, 8, 8, 32),
]
_POSTPROCESSING = [(window, 32) for window in (1, 4, 8, 16, 32, 64)] + [
    (16, acc) for acc in (16, 24, 40, 48, 64)
]
_DECODERS = [
    *((window, 9) for window in (1, 2, 4, 8, 12, 16, 32, 64)),
    *((window, 8) for window in (1, 4, 8, 16, 32)),
]

# Placed for ECP5: PEs as above, arrays as (rows, columns, window, queue depth, feed latency).
_PLACED_PES = [
    *(("two_sided", window, 1) for window in (2, 4, 8, 16, 32, 64)),
    *(("two_sided", window, lanes) for window, lanes in ((8, 2), (16, 2), (16, 4))),
    *((scheme, window, 1) for scheme in ("activation", "weight") for window in (4, 16)),
    *(("none", window, 1) for window in (1, 4, 16)),
    *(("none", lanes, lanes) for lanes in (2, 3, 4, 5, 6, 8, 12, 16, 24, 32)),
]
_PLACED_ARRAYS = [(8, 8, window, 4, 3) for window in (4, 8)]  # as in _ARRAYS, without the bits


def main() -> None:
    """Write the tables and the page."""
    with ThreadPoolExecutor(_PROCESSES) as pool:
        designs = [design for family in FAMILIES for design in _designs(family)]
        runs = list(pool.map(_counted, designs))
        write_table(runs)
        print(f"{len(runs)} runs")
        if "--clocks" in sys.argv[1:]:
            placed = [row for rows in pool.map(_placed, _to_place()) for row in rows]
            write_clocks(placed)
            print(f"{len(placed)} placements")
    write_page()


def _designs(family: str) -> Iterator[Design]:
    for scheme in SCHEMES:
        more = {"two_sided": _MORE_PES, "none": _DENSE_PES}.get(scheme, [])
        for pe in _PES + more:
            yield _pe(family, scheme, *pe)
    for lanes, *rest in _DOTS:
        yield _pe(family, "none", lanes, lanes, *rest)
    for rows, cols, *pe in _ARRAYS:
        yield _array(family, "two_sided", rows, cols, *pe)
    for rows, cols, *pe in _DENSE_ARRAYS:
        yield _array(family, "none", rows, cols, *pe)
    for window, acc in _POSTPROCESSING:
        yield Design("postprocess", family, window=window, acc_bits=acc)
    for window, bits in _DECODERS:
        yield Design("decoder", family, window=window, act_bits=bits)
    for acc in (24, 32, 48):
        yield Design("packed_sums", family, acc_bits=acc)
    if family == "xcup":  # the only one that packs
        for lanes in (2, 4, 8):
            yield Design("packed_sums", family, lanes=lanes, acc_bits=32)


def _pe(
    family: str, scheme: str, window: int, lanes: int, depth: int, act: int, weight: int, acc: int
) -> Design:
    return Design("pe", family, scheme, window, lanes, depth, 0, act, weight, acc)


def _array(
    family: str,
    scheme: str,
    rows: int,
    cols: int,
    window: int,
    depth: int,
    latency: int,
    act: int,
    weight: int,
    acc: int,
) -> Design:
    return Design("array", family, scheme, window, 1, depth, latency, act, weight, acc, rows, cols)


def synthesised(design: Design) -> Synthesis:
    """The synthesis of a design of the table."""
    modules = {
        "pe": "inner_join_pe",
        "array": "inner_join_array",
        "postprocess": "sparsesim_postprocess",
        "decoder": "sparsesim_bitmask_decoder",
    }
    verilog = [_PACKED_SUMS] if design.part == "packed_sums" else None
    module = modules.get(design.part, design.part)
    return synthesise(module, _parameters(design), design.family, verilog)


def _parameters(design: Design) -> dict[str, int]:
    if design.part == "packed_sums":
        return {"ACC_W": design.acc_bits}
    if design.part == "postprocess":
        return {"WINDOW": design.window, "ACC_W": design.acc_bits}
    if design.part == "decoder":
        return {"WINDOW": design.window, "OPERAND_W": design.act_bits}
    pe = {
        "SKIPPING": SCHEMES.index(design.skipping),
        "WINDOW": design.window,
        "LANES": min(design.lanes, design.window),
        "QUEUE_DEPTH": design.queue_depth,
        "ACT_W": design.act_bits,
        "WEIGHT_W": design.weight_bits,
        "ACC_W": design.acc_bits,
    }
    if design.part == "pe":
        return pe
    return pe | {"ROWS": design.rows, "COLS": design.cols, "FEED_LATENCY": design.feed_latency}


def _shared(design: Design) -> Run:
    """What two PEs of several lanes take more where they share their multipliers."""
    plain, packed = (
        synthesise(
            "packed_tree",
            {"ACC_W": design.acc_bits, "LANES": design.lanes, "PACKED": packed},
            design.family,
            [_PACKED_TREE],
        ).counts
        for packed in (0, 1)
    )
    more = packed + plain * -1
    print(design, more.lut, flush=True)
    return Run(design, more.lut, more.lut_ram, more.ff, more.dsp, more.bram36)


def _counted(design: Design) -> Run:
    if design.part == "packed_sums" and design.lanes > 1:
        return _shared(design)
    found = synthesised(design)
    counts = found.counts
    for part in found.parts.values() if design.part == "array" else ():
        counts = counts + part.counts * -part.instances
    if design.part == "array":  # what its PEs skip and multiply makes no difference to the rest
        design = replace(design, skipping="", lanes=0)
    print(design, counts.lut, flush=True)
    return Run(design, counts.lut, counts.lut_ram, counts.ff, counts.dsp, counts.bram36)


def _to_place() -> Iterator[Design]:
    for scheme, window, lanes in _PLACED_PES:
        depth = 2 if window == 1 else 4
        yield _pe("ecp5", scheme, window, lanes, depth, 9, 8, 32)
    for rows, cols, window, depth, latency in _PLACED_ARRAYS:
        yield _array("ecp5", "two_sided", rows, cols, window, depth, latency, 9, 8, 32)


def _placed(design: Design) -> list[Placed]:
    clock = place(synthesised(design), SEEDS)
    print(design, clock.median_mhz, flush=True)
    return [
        Placed(
            design.part,
            design.skipping,
            design.window,
            design.lanes,
            design.queue_depth,
            design.feed_latency,
            design.rows,
            design.cols,
            found.seed,
            round(found.clock_mhz, 2),
            found.luts,
        )
        for found in clock.placements
    ]


if __name__ == "__main__":
    main()
