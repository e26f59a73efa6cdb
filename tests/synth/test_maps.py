"""The multiplexer maps: Yosys proves that they do what they stand for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sparsesim.synth.tools import find_yosys, run_tool

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("pyosys"), reason="pip install 'sparsesim[synth]'"
)

MUX = "module top(input [{0}:0] d, input [{1}:0] s, output y); assign y = d[s]; endmodule\n"
MAPS = Path(__file__).resolve().parents[2] / "sparsesim/synth/maps"


@pytest.mark.parametrize("inputs", [4, 6, 8, 12, 16, 32, 64])
@pytest.mark.parametrize(
    ("name", "cells", "used"),
    [
        ("xilinx_mux", "+/xilinx/cells_sim.v", "MUXF7"),
        ("ecp5_mux", "+/lattice/cells_sim_ecp5.v", "PFUMX"),
    ],
)
def test_mapped_multiplexers_choose_the_same(tmp_path, inputs, name, cells, used):
    bits = (inputs - 1).bit_length()
    (tmp_path / "mux.v").write_text(MUX.format(inputs - 1, bits - 1))
    passes = [
        f"read_verilog -lib {cells}",
        "read_verilog mux.v",
        "hierarchy -top top",
        "proc",
        f'equiv_opt -assert -undef -map {cells} techmap -map "{MAPS / name}.v"',
        f'techmap -map "{MAPS / name}.v"',
        f"tee -o count.txt select -count t:{used}",
    ]
    log = tmp_path / "yosys.log"
    run_tool(find_yosys(), [], log, tmp_path / "kept.log", "top", "\n".join(passes) + "\n")
    is_mapped = inputs > 4 or name == "ecp5_mux"
    assert (int((tmp_path / "count.txt").read_text().split()[0]) > 0) == is_mapped
