"""Synthesis of a grid of designs: the tables of the area model, and docs/results/synthesis.md.

    python -m benchmarks.synthesis             # counts (an hour on two cores), then the page
    python -m benchmarks.synthesis --clocks    # placements for ECP5 too (hours), then the page

What was synthesised once is kept in the cache, so that a second run takes seconds. The tables are
part of the package, each beside its part: sparsesim/area/common, sparsesim/machines/NAME/area.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from benchmarks.synthesis_page import write_page
from benchmarks.synthesis_runs import counted, placements, run_of
from sparsesim.area.common import decoder, encoder, postprocess, postprocess_unit
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.common.encoder import Encoder
from sparsesim.area.common.postprocess import Postprocess
from sparsesim.area.common.postprocess_unit import PostprocessUnit
from sparsesim.area.part_model import PartModel
from sparsesim.area.runs import Run, write_rows, write_runs
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.inner_join.area import array, packed_sums, pe
from sparsesim.machines.inner_join.area.array import Surround
from sparsesim.machines.inner_join.area.clock import TABLE, PlacedRow
from sparsesim.machines.inner_join.area.packed_sums import PackedSums
from sparsesim.machines.inner_join.area.parts import (
    pe_module,
    pe_of,
    placed,
    surround_module,
    surround_of,
)
from sparsesim.machines.inner_join.area.pe import Pe
from sparsesim.machines.part import Module
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES
from sparsesim.synth.run import synthesise

Design = Pe | Surround | PackedSums | Postprocess | PostprocessUnit | Encoder | Decoder

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
_UNITS = (24, 32, 48, 64)  # sum bits
_ENCODERS = (1, 8, 16, 32)  # elements
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
        for model, designs in (
            (pe.MODEL, _pes()),
            (array.MODEL, _arrays()),
            (postprocess.MODEL, _postprocessing()),
            (postprocess_unit.MODEL, _units()),
            (encoder.MODEL, _encoders()),
            (decoder.MODEL, _decoders()),
        ):
            _write(model, pool.map(counted, *zip(*designs, strict=True)))
        _write(packed_sums.MODEL, pool.map(_packed, _pairs()))
        if "--clocks" in sys.argv[1:]:
            _place(pool)
    write_page()


def _write(model: PartModel, runs: Iterator[Run]) -> None:
    known = list(runs)
    write_runs(known, model.table)
    print(f"{len(known)} runs of {model.name}")


def _pes() -> Iterator[tuple[Design, Module]]:
    for family in FAMILIES:
        for scheme in SCHEMES:
            more = {"two_sided": _MORE_PES, "none": _DENSE_PES}.get(scheme, [])
            for window, lanes, *rest in _PES + more:
                one = _accelerator(scheme, window, lanes, *rest)
                yield pe_of(one, family), pe_module(one)
        for lanes, *rest in _DOTS:
            one = _accelerator("none", lanes, lanes, *rest)
            yield pe_of(one, family), pe_module(one)


def _arrays() -> Iterator[tuple[Design, Module]]:
    """What their PEs skip and multiply makes no difference to the rest."""
    for family in FAMILIES:
        for scheme, grid in (("two_sided", _ARRAYS), ("none", _DENSE_ARRAYS)):
            for rows, cols, window, depth, latency, *bits in grid:
                one = _accelerator(scheme, window, 1, depth, *bits)
                one = one.with_(rows=rows, cols=cols, feed_latency=latency)
                yield surround_of(one, family), surround_module(one)


def _postprocessing() -> Iterator[tuple[Design, Module]]:
    for family in FAMILIES:
        for elements, acc in _POSTPROCESSING:
            unit = Postprocess(family, elements, acc)
            yield unit, postprocess.module_of(unit)


def _units() -> Iterator[tuple[Design, Module]]:
    for family in FAMILIES:
        for acc in _UNITS:
            unit = PostprocessUnit(family, acc)
            yield unit, postprocess_unit.module_of(unit)


def _encoders() -> Iterator[tuple[Design, Module]]:
    for family in FAMILIES:
        for elements in _ENCODERS:
            line = Encoder(family, elements)
            yield line, encoder.module_of(line)


def _decoders() -> Iterator[tuple[Design, Module]]:
    for family in FAMILIES:
        for elements, bits in _DECODERS:
            line = Decoder(family, elements, bits)
            yield line, decoder.module_of(line)


def _pairs() -> Iterator[PackedSums]:
    for family in FAMILIES:
        yield from (PackedSums(family, 0, acc) for acc in (24, 32, 48))
        if family == "xcup":  # the only one that packs
            yield from (PackedSums(family, lanes, 32) for lanes in (2, 4, 8))


def _accelerator(
    scheme: str, window: int, lanes: int, depth: int, act: int, weight: int, acc: int
) -> Accelerator:
    keys = {"window": window, "lanes": lanes, "queue_depth": depth, "acc_bits": acc}
    return Accelerator(skipping=scheme, act_bits=act, weight_bits=weight, **keys)


def _packed(pair: PackedSums) -> Run:
    """What two PEs take more where they share their multipliers."""
    sums = {"ACC_W": pair.acc_bits}
    if pair.lanes <= 1:
        return run_of(pair, synthesise("packed_sums", sums, pair.family, [_PACKED_SUMS]).counts)
    plain, packed = (
        synthesise(
            "packed_tree",
            sums | {"LANES": pair.lanes, "PACKED": number},
            pair.family,
            [_PACKED_TREE],
        ).counts
        for number in (0, 1)
    )
    return run_of(pair, packed + plain * -1)


def _place(pool: Executor) -> None:
    """Place PEs and arrays, and write their table."""
    rows = [row for rows in pool.map(_placed, *zip(*_to_place(), strict=True)) for row in rows]
    write_rows(rows, TABLE)
    print(f"{len(rows)} placements")


def _to_place() -> Iterator[tuple[str, Accelerator]]:
    for scheme, window, lanes in _PLACED_PES:
        depth = 2 if window == 1 else 4
        yield "pe", _accelerator(scheme, window, lanes, depth, 9, 8, 32)
    for rows, cols, window, depth, latency in _PLACED_ARRAYS:
        one = _accelerator("two_sided", window, 1, depth, 9, 8, 32)
        yield "array", one.with_(rows=rows, cols=cols, feed_latency=latency)


def _placed(word: str, one: Accelerator) -> list[PlacedRow]:
    what, a = placed(one)[word], one.array
    size = (a.feed_latency, a.rows, a.cols) if word == "array" else (0, 0, 0)
    key = (word, one.skipping, a.window, a.lanes, a.queue_depth, *size)
    return placements(what, (word, a), lambda *found: PlacedRow(*key, *found))


if __name__ == "__main__":
    main()
