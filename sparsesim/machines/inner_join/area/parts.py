"""The parts of an accelerator on `inner_join`: one list for the area model and for synthesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.common import decoder, postprocess
from sparsesim.area.common.decoder import Decoder
from sparsesim.area.common.postprocess import Postprocess
from sparsesim.area.resources import Resources
from sparsesim.machines.inner_join.area import array as array_model
from sparsesim.machines.inner_join.area import pe as pe_model
from sparsesim.machines.inner_join.area.array import Surround
from sparsesim.machines.inner_join.area.buffers import buffer_bram36
from sparsesim.machines.inner_join.area.pe import Pe
from sparsesim.machines.inner_join.parameters import array_of
from sparsesim.machines.part import Module, Part, Placed

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator

_PE, _ARRAY = "inner_join_pe", "inner_join_array"
_PE_PARAMETERS = ("WINDOW", "LANES", "QUEUE_DEPTH", "SKIPPING", "ACT_W", "WEIGHT_W", "ACC_W")
# Of a cell's name in a flat array; the Verilog's generate blocks and instances.
_IN_A_PE = r"g_col\[(?P<col>\d+)\]\.g_row\[(?P<row>\d+)\]\.u_pe\."


def parts(accelerator: Accelerator, family: str) -> tuple[Part, ...]:
    """PEs, feeders, drains, a decoder a line, post-processing a column, and the buffers.

    Raises:
        KeyError: a family that was never synthesised.
    """
    a = array_of(accelerator)
    pe = pe_model.MODEL.resources(pe_of(accelerator, family))
    rest = array_model.MODEL.resources(surround_of(accelerator, family))
    around = surround_module(accelerator)
    return (
        Part("PE", a.pes, pe, Module(around.top, around.parameters, inside=_PE)),
        Part("feeders, drains, control", 1, rest, around),
        postprocess.part("post-processing, a column", a.cols, postprocess_of(accelerator, family)),
        decoder.part(
            "weight decoder, a row", a.rows, Decoder(family, a.window, accelerator.weight_bits)
        ),
        decoder.part(
            "activation decoder, a column", a.cols, Decoder(family, a.window, accelerator.act_bits)
        ),
        Part("on-chip buffers, computed", 1, Resources(bram36=buffer_bram36(accelerator))),
    )


def placed(accelerator: Accelerator) -> dict[str, Placed]:
    """What can be placed for a clock: one PE by itself, or the array."""
    around = surround_module(accelerator)
    return {
        "pe": Placed("one PE", pe_module(accelerator)),
        "array": Placed("the array", around, _IN_A_PE),
    }


def pe_module(accelerator: Accelerator) -> Module:
    """A PE by itself."""
    whole = accelerator.rtl_parameters()
    own = {name: whole[name] for name in _PE_PARAMETERS}
    return Module(_PE, own | {"LANES": min(own["LANES"], own["WINDOW"])})


def surround_module(accelerator: Accelerator) -> Module:
    """The array, its PEs taken off."""
    return Module(_ARRAY, accelerator.rtl_parameters(), without=(_PE,))


def pe_of(accelerator: Accelerator, family: str) -> Pe:
    """An accelerator's PE, to be priced."""
    a = array_of(accelerator)
    return Pe(
        family,
        accelerator.skipping,
        a.window,
        a.lanes,
        a.queue_depth,
        accelerator.act_bits,
        accelerator.weight_bits,
        accelerator.acc_bits,
    )


def surround_of(accelerator: Accelerator, family: str) -> Surround:
    """What is around an accelerator's PEs, to be priced."""
    a = array_of(accelerator)
    return Surround(
        family,
        a.window,
        a.queue_depth,
        a.feed_latency,
        accelerator.act_bits,
        accelerator.weight_bits,
        accelerator.acc_bits,
        a.rows,
        a.cols,
    )


def postprocess_of(accelerator: Accelerator, family: str) -> Postprocess:
    """A column's post-processing, to be priced."""
    return Postprocess(family, array_of(accelerator).window, accelerator.acc_bits)
