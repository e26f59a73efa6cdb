"""The parts of an accelerator on `stream`: one list for the area model and for synthesis."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sparsesim.area.common import decoder, encoder, postprocess_unit
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.common.encoder import Encoder
from sparsesim.area.common.postprocess_unit import PostprocessUnit
from sparsesim.area.resources import Resources
from sparsesim.area.selection import index_bits
from sparsesim.machines.part import Module, Part, Placed
from sparsesim.machines.stream.area import around as around_model
from sparsesim.machines.stream.area import entries as entries_model
from sparsesim.machines.stream.area import row as row_model
from sparsesim.machines.stream.area.around import Around
from sparsesim.machines.stream.area.buffers import buffer_bram36, formats, has_masks
from sparsesim.machines.stream.area.entries import MASK_BITS, Entries
from sparsesim.machines.stream.area.row import Row
from sparsesim.machines.stream.parameters import array_of, operand_bits, streamed_operand

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_ROW, _ARRAY = "stream_row", "stream_array"
_OWN = ("ROWS", "LANES", "DEPTH", "STASH", "UNITS", "FEED_LATENCY", "LANES_PER_DSP")
_WIDTHS = ("STREAMS_ACTIVATIONS", "ACT_W", "WEIGHT_W", "ACC_W")
# Of a multiplier's name in a flat array; the Verilog's generate blocks and instances. Lanes of a
# row share all but an operand and lie side by side: a floor plan has a row in one place.
_IN_A_ROW = r"g_row\[(?P<row>(?P<col>\d+))\]\.u_row\.g_lane\[\d+\]\."


def parts(accelerator: Accelerator, family: str) -> tuple[Part, ...]:
    """Rows with their stores and stashes, the array around them, units, decoders, and the buffers.

    An operand that moves dense has no decoders, and an output none that encodes it.

    Raises:
        KeyError: a family that was never synthesised.
    """
    a = array_of(accelerator)
    design = array_module(accelerator)
    found = [
        Part(
            "row with its store and stash",
            a.rows,
            row_resources(row_of(accelerator, family)),
            Module(design.top, design.parameters, inside=_ROW),
        ),
        Part(
            "loader, choice among rows, control",
            1,
            _around(around_of(accelerator, family)),
            design,
        ),
        _unit("post-processing, a unit", a.units, PostprocessUnit(family, accelerator.acc_bits)),
    ]
    bits = operand_bits(accelerator)
    if has_masks(accelerator):
        found.append(
            _entries("decoder of entries, a row", a.rows, Entries(family, a.depth, bits[0]))
        )
    if formats(accelerator)[1] != "dense":
        found.append(_words("decoder of words, a lane", a.lanes, Decoder(family, 1, bits[1])))
    if accelerator.activation_format != "dense":
        found.append(_encoder("output encoder, a unit", a.units, Encoder(family, MASK_BITS)))
    buffers = Resources(bram36=buffer_bram36(accelerator))
    return (*found, Part("on-chip buffers, computed", 1, buffers))


def placed(accelerator: Accelerator) -> dict[str, Placed]:
    """What can be placed for a clock: one row by itself, or the array."""
    return {
        "row": Placed("one row", row_module(accelerator)),
        "array": Placed("the array", array_module(accelerator), _IN_A_ROW),
    }


def array_module(accelerator: Accelerator) -> Module:
    """The array, its rows taken off."""
    whole = accelerator.rtl_parameters()
    own = {name: whole[name] for name in (*_OWN, *_WIDTHS)}
    return Module(_ARRAY, own, without=(_ROW,))


def row_module(accelerator: Accelerator) -> Module:
    """A row by itself."""
    design = row_of(accelerator, "")
    return Module(
        _ROW,
        {
            "LANES": design.lanes,
            "DEPTH": design.depth,
            "STASH": design.stash,
            "ROUND_W": design.round_bits,
            "ENTRY_W": design.entry_bits,
            "HELD_W": design.held_bits,
            "ACC_W": design.acc_bits,
            "LANES_PER_DSP": design.lanes_per_dsp,
        },
    )


def round_bits(rows: int) -> int:
    """Bits of a round's number: 12, and as many more as a pass of 65,536 vectors needs."""
    if rows >= 16:
        return 12
    return 16 - index_bits(rows) + (rows & (rows - 1) != 0)


def row_of(accelerator: Accelerator, family: str) -> Row:
    """An accelerator's row, to be priced."""
    a = array_of(accelerator)
    bits, acc = operand_bits(accelerator), accelerator.acc_bits
    return Row(family, a.lanes, a.depth, a.stash, round_bits(a.rows), *bits, acc, a.lanes_per_dsp)


def around_of(accelerator: Accelerator, family: str) -> Around:
    """What is around an accelerator's rows, to be priced."""
    a = array_of(accelerator)
    return Around(
        family,
        streamed_operand(accelerator),
        a.rows,
        a.lanes,
        a.depth,
        a.stash,
        a.units,
        a.feed_latency,
        round_bits(a.rows),
        operand_bits(accelerator)[1],
        accelerator.acc_bits,
    )


# Search asks for thousands of arrays.
_unit, _encoder, _words, _entries = (
    lru_cache(maxsize=256)(model.part)
    for model in (postprocess_unit, encoder, decoder, entries_model)
)


@lru_cache(maxsize=16384)
def row_resources(design: Row) -> Resources:
    """What a row takes."""
    return row_model.MODEL.resources(design)


@lru_cache(maxsize=1024)
def _around(design: Around) -> Resources:
    return around_model.MODEL.resources(design)
