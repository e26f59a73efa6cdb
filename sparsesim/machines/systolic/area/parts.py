"""The parts of an accelerator on `systolic`: one list for the area model and for synthesis."""

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
from sparsesim.machines.systolic.area import array as array_model
from sparsesim.machines.systolic.area import pe as pe_model
from sparsesim.machines.systolic.area.array import Surround
from sparsesim.machines.systolic.area.buffers import buffer_bram36
from sparsesim.machines.systolic.area.pe import Pe
from sparsesim.machines.systolic.parameters import array_of

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_ARRAY = "systolic_array"
_PES = {"weight_stationary": "systolic_weight_pe", "output_stationary": "systolic_sum_pe"}
_BEAT = 16
"""Outputs that an encoder takes together, as they lie in the output buffer."""
# Of a cell's name in a flat array; the Verilog's generate blocks and instances.
_IN_A_PE = r"g_row\[(?P<row>\d+)\]\.g_col\[(?P<col>\d+)\]\.u_pe\."


def parts(accelerator: Accelerator, family: str) -> tuple[Part, ...]:
    """PEs, the array around them, post-processing units, decoders, encoders, and the buffers.

    An operand that moves dense has no decoders, outputs that do no encoders.

    Raises:
        KeyError: a family that was never synthesised.
    """
    a = array_of(accelerator)
    around = array_module(accelerator)
    unit = PostprocessUnit(family, accelerator.acc_bits)
    found = [
        Part(
            "PE",
            a.pes,
            _pe_resources(pe_of(accelerator, family)),
            Module(around.top, around.parameters, inside=_PES[a.dataflow]),
        ),
        Part(
            "operands' skew, sums' memories, drains, control",
            1,
            array_model.resources(surround_of(accelerator, family)),
            around,
        ),
        postprocess_unit.part("post-processing, a unit", a.units, unit),
    ]
    for words, lines, encoding, elements, bits in (
        ("weight decoder, a column", a.cols, accelerator.weight_format, 1, accelerator.weight_bits),
        (
            "activation decoder, a row",
            a.rows,
            accelerator.activation_format,
            a.kept_of_block[1],
            accelerator.act_bits,
        ),
    ):
        if encoding != "dense":
            found.append(decoder.part(words, lines, Decoder(family, elements, bits)))
    if accelerator.activation_format != "dense":
        unit_encoder = Encoder(family, _BEAT)
        found.append(encoder.part("output encoder, a unit", a.units, unit_encoder))
    buffers = Resources(bram36=buffer_bram36(accelerator))
    return (*found, Part("on-chip buffers, computed", 1, buffers))


def placed(accelerator: Accelerator) -> dict[str, Placed]:
    """What can be placed for a clock: one PE by itself, or the array."""
    return {
        "pe": Placed("one PE", pe_module(accelerator)),
        "array": Placed("the array", array_module(accelerator), _IN_A_PE),
    }


def pe_module(accelerator: Accelerator) -> Module:
    """A PE by itself."""
    one, dataflow = pe_of(accelerator, ""), array_of(accelerator).dataflow
    widths = {"ACT_W": one.act_bits, "WEIGHT_W": one.weight_bits}
    if array_of(accelerator).keeps_weights:
        own = {"BLOCK": one.block, "SUM_W": one.sum_bits}
    else:
        own = {"ACC_W": one.sum_bits}
    return Module(_PES[dataflow], widths | own)


def array_module(accelerator: Accelerator) -> Module:
    """The array, its PEs taken off."""
    a = array_of(accelerator)
    return Module(_ARRAY, array_parameters(accelerator), without=(_PES[a.dataflow],))


def array_parameters(accelerator: Accelerator) -> dict[str, int]:
    """The Verilog parameters of the array: those of the accelerator."""
    return accelerator.rtl_parameters()


def pe_of(accelerator: Accelerator, family: str) -> Pe:
    """An accelerator's PE, to be priced."""
    a, acc = array_of(accelerator), accelerator.acc_bits
    exact = accelerator.act_bits + accelerator.weight_bits + index_bits(a.rows)
    return Pe(
        family,
        a.dataflow,
        a.kept_of_block[1],
        accelerator.act_bits,
        accelerator.weight_bits,
        min(exact, acc) if a.keeps_weights else acc,
    )


def surround_of(accelerator: Accelerator, family: str) -> Surround:
    """What is around an accelerator's PEs, to be priced."""
    a = array_of(accelerator)
    return Surround(
        family,
        a.dataflow,
        a.rows,
        a.cols,
        a.units,
        a.depth if a.keeps_weights else 1,
        a.kept_of_block[1],
        accelerator.act_bits,
        accelerator.weight_bits,
        accelerator.acc_bits,
    )


@lru_cache(maxsize=256)
def _pe_resources(design: Pe) -> Resources:
    return pe_model.MODEL.resources(design)
