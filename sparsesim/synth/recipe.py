"""The passes that Yosys runs for a module and a family. Text only: nothing runs here.

Two changes to Yosys's own `synth_xilinx`, `synth_ecp5`: wide multiplexers go onto the multiplexers
behind the LUTs (`maps/`), and for AMD's families ABC maps for the fewest LUTs, as nothing here
places them and a faster netlist could not be told from a slower one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sparsesim.synth.families import Family

MAPS = tuple(sorted((Path(__file__).parent / "maps").glob("*.v")))
"""Files that the passes read beside the Verilog."""

# ABC's own order of steps for LUTs, with area as the goal of mapping and resynthesis, twice over.
_MAPPED = ("strash", "dch,-f", "if,-a", "mfs2,-a")
_FEWEST_LUTS = ("strash", "ifraig", "scorr", "dc2", *_MAPPED, *_MAPPED, "lutpack,-S,1")


def recipe(
    family: Family,
    top: str,
    parameters: Mapping[str, int],
    verilog: Sequence[str],
    netlist: str,
    kept: Sequence[str] = (),
) -> list[str]:
    """Yosys's passes from Verilog to a netlist of the family's cells.

    Args:
        family: whose cells.
        top: the top module.
        parameters: its Verilog parameters; those left out have their defaults.
        verilog: names of the files, which lie with `MAPS` in the folder that Yosys runs in: names
            of cells, and so ABC's choices, must not hang on where a repository is.
        netlist: name of the JSON file to write.
        kept: modules that stay modules in it: many equal ones, so each is synthesised once and
            counted often.
    """
    values = "".join(f" -chparam {name} {value}" for name, value in sorted(parameters.items()))
    start = [
        "read_verilog -defer " + " ".join(verilog),
        f"hierarchy -check -top {top}{values}",
        *(rf"setattr -mod -set keep_hierarchy 1 *\{name} $paramod\{name}\*" for name in kept),
    ]
    body = _lattice(top) if family.name == "ecp5" else _amd(top, family.name)
    return [*start, *body, "autoname", "blackbox =A:whitebox", f"write_json {netlist}"]


def _amd(top: str, name: str) -> list[str]:
    steps = f"synth_xilinx -family {name} -top {top} -flatten -noiopad -noclkbuf -run "
    # Yosys packs registers and adders into a DSP48E1 alone. A DSP48E2 has all of one and more, so
    # its family takes that step from the 7 series, and a DSP48E1 counts as one.
    packing = f"synth_xilinx -family xc7 -top {top} -run "
    # But for a factor of 26 or 27 bits, which only a DSP48E2 takes.
    wide = ["techmap -map xcup_wide_product.v", "opt_clean"] if name == "xcup" else []
    return [
        steps + "begin:map_dsp",
        *wide,
        packing + "map_dsp:coarse",
        steps + "coarse:fine",
        "techmap -map xilinx_mux.v",
        steps + "fine:map_luts",
        # From here as synth_xilinx does, but for ABC's prices: every LUT is one.
        "opt_expr -mux_undef -noclkinv",
        f"abc -luts 1,1,1,1,1,1 -script +{';'.join(_FEWEST_LUTS)}",
        "opt_merge",  # ABC leaves an inverter for each of its outputs that needs one
        "clean",
        "xilinx_srl -fixed -minlen 3",
        "techmap -map +/xilinx/lut_map.v -map +/xilinx/cells_map.v -D LUT_WIDTH=6",
        "xilinx_dffopt",
        "opt_lut_ins -tech xilinx",
        "clean",
    ]


def _lattice(top: str) -> list[str]:
    steps = f"synth_ecp5 -top {top} -run "
    return [
        steps + "begin:map_ram",
        "techmap -map ecp5_mux.v",
        steps + "map_ram:check",
    ]


FLATTEN = ("setattr -mod -unset keep_hierarchy *", "flatten", "opt_clean")
"""Passes before `blackbox` that leave one module, for nextpnr."""
