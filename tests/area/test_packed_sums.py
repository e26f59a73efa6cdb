"""Two products in one multiplier: the split that `packed_sums` does gives both sums, exactly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

VERILOG = Path(__file__).resolve().parents[2] / "benchmarks" / "packed_sums.v"
BENCH = """
module bench;
  reg clk = 0, first; reg signed [43:0] product; wire signed [31:0] low, high;
  packed_sums dut(.clk_i(clk), .product_i(product), .first_i(first), .low_o(low), .high_o(high));
  reg [44:0] steps[0:{last}]; integer i;
  initial begin
    $readmemh("steps.hex", steps);
    for (i = 0; i <= {last}; i = i + 1) begin
      {{first, product}} = steps[i]; #1 clk = 1; #1 clk = 0;
      $display("%0d %0d", low, high);
    end
  end
endmodule
"""


@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus Verilog is not installed")
def test_both_sums_are_exact(tmp_path):
    draw = np.random.default_rng(20)
    acts = draw.integers(-256, 256, 2000)
    weights = draw.integers(-128, 128, (2, 2000))
    acts[:4], weights[0, :4], weights[1, :4] = -256, [-128, -128, 127, 127], [-128, 127, -128, 127]
    first = draw.random(2000) < 0.05
    first[0] = True
    # The DSP48E2: 18 x 27 bits. The weights side by side fill 26 of the 27, products 44 of 45.
    packed = acts * (weights[1] * 2**18 + weights[0])
    steps = [
        f"{(int(begins) << 44) | (int(product) & (1 << 44) - 1):012x}"
        for begins, product in zip(first, packed, strict=True)
    ]
    (tmp_path / "steps.hex").write_text("\n".join(steps))
    (tmp_path / "bench.v").write_text(BENCH.format(last=len(steps) - 1))
    subprocess.run(
        ["iverilog", "-g2005", "-o", "bench", "bench.v", VERILOG], cwd=tmp_path, check=True
    )
    ran = subprocess.run(["vvp", "bench"], cwd=tmp_path, check=True, capture_output=True, text=True)
    found = np.array([line.split() for line in ran.stdout.splitlines()], dtype=int)
    sums = np.zeros(2, dtype=int)
    for step in range(2000):
        products = acts[step] * weights[:, step]
        sums = products if first[step] else sums + products
        assert found[step].tolist() == sums.tolist()


TREE_BENCH = """
module bench;
  reg clk = 0, first; reg [{width}-1:0] product; wire signed [31:0] low, high;
  packed_tree #(.LANES({lanes})) dut(
    .clk_i(clk), .product_i(product), .first_i(first), .low_o(low), .high_o(high));
  reg [{width}:0] steps[0:{last}]; integer i;
  initial begin
    $readmemh("steps.hex", steps);
    for (i = 0; i <= {last}; i = i + 1) begin
      {{first, product}} = steps[i]; #1 clk = 1; #1 clk = 0;
      $display("%0d %0d", low, high);
    end
  end
endmodule
"""


@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus Verilog is not installed")
@pytest.mark.parametrize("lanes", [2, 3, 4, 8])
def test_sums_of_several_lanes_are_exact(tmp_path, lanes):
    draw = np.random.default_rng(lanes)
    acts = draw.integers(-256, 256, (500, lanes))
    weights = draw.integers(-128, 128, (2, 500, lanes))
    acts[:4], weights[:, :4] = -256, -128
    packed = acts * (weights[1] * 2**18 + weights[0]) & (1 << 36) - 1
    lines = []
    for step in range(500):
        word = sum(int(product) << 36 * lane for lane, product in enumerate(packed[step]))
        lines.append(f"{(int(step == 2) << 36 * lanes) | word:x}")
    (tmp_path / "steps.hex").write_text("\n".join(lines))
    bench = tmp_path / "bench.v"
    bench.write_text(TREE_BENCH.format(last=499, lanes=lanes, width=36 * lanes))
    tree = VERILOG.with_name("packed_tree.v")
    subprocess.run(["iverilog", "-o", tmp_path / "sim", bench, tree], check=True)
    ran = subprocess.run(["vvp", "sim"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [tuple(map(int, line.split())) for line in ran.stdout.splitlines()[2:]]
    sums = np.cumsum((acts * weights).sum(axis=2), axis=1)[:, :-2]  # two registers before the sum
    assert found == list(zip(sums[0].tolist(), sums[1].tolist(), strict=True))
