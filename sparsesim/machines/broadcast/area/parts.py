"""The parts of an accelerator on `broadcast`: one list for the area model and for synthesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.common import decoder, encoder, postprocess_unit
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.common.encoder import Encoder
from sparsesim.area.common.postprocess_unit import PostprocessUnit
from sparsesim.area.resources import Resources
from sparsesim.area.selection import index_bits
from sparsesim.machines.broadcast.area import around as around_model
from sparsesim.machines.broadcast.area import pe as pe_model
from sparsesim.machines.broadcast.area.around import Around
from sparsesim.machines.broadcast.area.buffers import buffer_bram36, line_entries
from sparsesim.machines.broadcast.area.pe import Pe
from sparsesim.machines.broadcast.parameters import array_of
from sparsesim.machines.part import Module, Part, Placed

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_PE, _ARRAY = "broadcast_pe", "broadcast_array"
_PE_PARAMETERS = ("QUEUE_DEPTH", "ENTRY_RUN_BITS", "PE_SUMS", "ACT_W", "WEIGHT_W", "ACC_W")
_WIDEST_BLOCK = 64
"""Elements of an encoded block of activations, of which a row is one or more."""
# Of a multiplier's name in a flat array; the Verilog's generate blocks and instances.
_IN_A_PE = r"(?P<row>)g_pe\[(?P<col>\d+)\]\.u_pe\."


def parts(accelerator: Accelerator, family: str) -> tuple[Part, ...]:
    """PEs, what is around them, post-processing a unit, decoders of rows, and the buffers.

    Raises:
        KeyError: a family that was never synthesised.
    """
    a = array_of(accelerator)
    pe = pe_model.MODEL.resources(pe_of(accelerator, family))
    rest = around_model.MODEL.resources(around_of(accelerator, family))
    around = around_module(accelerator)
    found = [
        Part("PE", a.pes, pe, Module(around.top, around.parameters, inside=_PE)),
        Part("finder, sender, drain", 1, rest, around),
        postprocess_unit.part(
            "post-processing, a unit", a.units, PostprocessUnit(family, accelerator.acc_bits)
        ),
    ]
    if accelerator.activation_format != "dense":
        block = min(a.pes, _WIDEST_BLOCK)
        rows = Decoder(family, block, accelerator.act_bits)
        found.append(decoder.part("activation decoder", -(-a.pes // block), rows))
        written = Encoder(family, block)
        found.append(encoder.part("output encoder, a unit", a.units, written))
    buffers = Resources(bram36=buffer_bram36(accelerator))
    return (*found, Part("on-chip buffers, computed", 1, buffers))


def placed(accelerator: Accelerator) -> dict[str, Placed]:
    """What can be placed for a clock: one PE by itself, or the array."""
    return {
        "pe": Placed("one PE", pe_module(accelerator)),
        "array": Placed("the array", around_module(accelerator)),
    }


def pe_module(accelerator: Accelerator) -> Module:
    """A PE by itself."""
    whole = accelerator.rtl_parameters()
    own = {name: whole[name] for name in _PE_PARAMETERS}
    return Module(_PE, own | {"ENTRY_ADDRESS_W": address_bits(accelerator)})


def around_module(accelerator: Accelerator) -> Module:
    """The array, its PEs taken off."""
    bits = address_bits(accelerator)
    own = accelerator.rtl_parameters() | {"COLUMN_W": bits, "ENTRY_ADDRESS_W": bits}
    return Module(_ARRAY, own, without=(_PE,))


def address_bits(accelerator: Accelerator) -> int:
    """Of an entry in a PE's line of the weight buffer."""
    return index_bits(line_entries(accelerator))


def pe_of(accelerator: Accelerator, family: str) -> Pe:
    """An accelerator's PE, to be priced."""
    a = array_of(accelerator)
    return Pe(
        family,
        a.queue_depth,
        a.entry_run_bits,
        a.pe_sums,
        accelerator.act_bits,
        accelerator.weight_bits,
        accelerator.acc_bits,
        address_bits(accelerator),
    )


def around_of(accelerator: Accelerator, family: str) -> Around:
    """What is around an accelerator's PEs, to be priced."""
    a = array_of(accelerator)
    return Around(family, a.pes, a.pe_sums, a.units, accelerator.act_bits, accelerator.acc_bits)
