"""The multiplexer maps: Yosys proves that they do what they stand for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sparsesim.synth.run import synthesise
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


PRODUCT = """
module top(input clk, input signed [{0}:0] a, input signed [{1}:0] b, output reg signed [44:0] y);
  reg signed [{0}:0] a_q; reg signed [{1}:0] b_q;
  always @(posedge clk) begin a_q <= a; b_q <= b; y <= {2}; end
endmodule
"""


@pytest.mark.parametrize(
    ("wide", "other", "xc7", "xcup"), [(25, 18, 1, 1), (26, 9, 2, 1), (27, 18, 2, 1), (28, 9, 2, 2)]
)
@pytest.mark.parametrize("product", ["a_q * b_q", "b_q * a_q"])
def test_a_wide_product_is_one_block_of_ultrascale(tmp_path, product, wide, other, xc7, xcup):
    """Registers and all, as the flip-flops that are left tell."""
    path = tmp_path / "top.v"
    path.write_text(PRODUCT.format(wide - 1, other - 1, product))
    counts = {family: synthesise("top", {}, family, [path]).counts for family in ("xc7", "xcup")}
    assert (counts["xc7"].dsp, counts["xcup"].dsp) == (xc7, xcup)
    if wide < 28:
        assert counts["xcup"].ff == counts["xcup"].lut == 0
