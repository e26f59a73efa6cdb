"""The netlist that is counted does what the Verilog does: both run side by side in Icarus."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from sparsesim.rtl.sources import sources
from sparsesim.synth.netlist import Netlist
from sparsesim.synth.run import synthesise
from sparsesim.synth.tools import find_yosys, run_tool

pytestmark = [
    pytest.mark.skipif(not importlib.util.find_spec("pyosys"), reason="no pyosys"),
    pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus Verilog is not installed"),
]

# Two queues are filled at random for as long as they have room, results are drained at random; what
# the two PEs say is compared wherever the Verilog says something definite.
BENCH = """
`timescale 1ns/1ps
module bench;
  localparam W = {window}, L = {lanes};
  reg clk = 0, rst_n = 0;
  reg [2:0] weight_tail = 0, act_tail = 0;
  reg weight_push, act_push, drained = 0;
  reg [4:0] weight_flags; reg [1:0] act_flags;
  reg [W-1:0] weight_mask, act_mask;
  reg [8*W-1:0] weights; reg [9*W-1:0] acts;
  integer seed = 7, cycle, k, compared = 0, results = 0;
  wire [2:0] head[0:1]; wire [31:0] sum[0:1];
  wire [1:0] produced, overflow, work, final_row;
`define PORTS(n) .clk_i(clk), .rst_ni(rst_n), .start_i(1'b0), .last_length_i(W), \\
    .weight_push_i(weight_push), .weight_slot_i(weight_tail[1:0]), .weight_tail_i(weight_tail), \\
    .weight_flags_i(weight_flags), .weight_mask_i(weight_mask), .weight_values_i(weights), \\
    .act_push_i(act_push), .act_slot_i(act_tail[1:0]), .act_tail_i(act_tail), \\
    .act_flags_i(act_flags), .act_mask_i(act_mask), .act_values_i(acts), .drained_i(drained), \\
    .head_o(head[n]), .produced_o(produced[n]), .final_o(final_row[n]), .result_o(sum[n]), \\
    .overflow_o(overflow[n]), .work_o(work[n])
  inner_join_pe #(.WINDOW(W), .LANES(L), .SKIPPING({skipping})) verilog (`PORTS(0));
  netlist counted (`PORTS(1));
`define SAME(a, b) if ((^(a)) !== 1'bx) begin compared = compared + 1; \\
    if ((a) !== (b)) begin $display("cycle %0d: %h %h", cycle, a, b); $finish; end end
  initial begin
    for (cycle = 0; cycle < 2500; cycle = cycle + 1) begin
      rst_n = cycle > 3;
      weight_push = rst_n && weight_tail != (head[0] ^ 3'b100) && $random(seed) % 4 != 0;
      act_push = rst_n && act_tail != (head[0] ^ 3'b100) && $random(seed) % 4 != 0;
      weight_flags = {{2'b11, 1'b1, $random(seed) % 4 == 0, $random(seed) % 8 != 0}};
      act_flags = {{1'b1, $random(seed) % 8 != 0}};
      for (k = 0; k < W; k = k + 1) begin
        weight_mask[k] = weight_flags[0] && $random(seed) % 2;
        act_mask[k] = act_flags[0] && $random(seed) % 2;
        weights[8*k+:8] = weight_mask[k] ? $random(seed) | 1 : 0;
        acts[9*k+:9] = act_mask[k] ? $random(seed) | 1 : 0;
      end
      #4;
      `SAME(head[0], head[1]) `SAME(produced[0], produced[1]) `SAME(sum[0], sum[1])
      `SAME(overflow[0], overflow[1]) `SAME(work[0], work[1])
      `SAME(final_row[0], final_row[1])
      #1 clk = 1; #1;
      if (weight_push) weight_tail = weight_tail + 1;
      if (act_push) act_tail = act_tail + 1;
      if (rst_n && produced[0] != drained && $random(seed) % 3 == 0) begin
        drained = produced[0]; results = results + 1;
      end
      #4 clk = 0;
    end
    $display("same %0d %0d", compared, results);
    $finish;
  end
endmodule
"""


@pytest.mark.parametrize(
    ("family", "skipping", "window", "lanes"),
    [
        ("xc7", 3, 8, 1),
        ("xcup", 3, 8, 2),
        ("xc7", 1, 4, 1),
        ("xcup", 2, 6, 1),
        pytest.param("xcup", 3, 16, 2, marks=pytest.mark.wide),
    ],
)
def test_a_pe_and_its_netlist_agree_in_every_cycle(tmp_path, family, skipping, window, lanes):
    parameters = {"WINDOW": window, "LANES": lanes, "SKIPPING": skipping}
    design = synthesise("inner_join_pe", parameters, family)
    passes = [
        f'read_json "{design.netlist}"',
        "rename inner_join_pe netlist",
        "write_verilog -noattr netlist.v",
        "read_verilog +/xilinx/cells_sim.v",  # only to know where it is
    ]
    log = tmp_path / "yosys.log"
    run_tool(
        find_yosys(), [], log, tmp_path / "kept.log", "inner_join_pe", "\n".join(passes) + "\n"
    )
    cells = next(
        Path(line.split("frontend: ")[1])
        for line in log.read_text().splitlines()
        if line.endswith("xilinx/cells_sim.v") and "frontend: " in line
    )
    bench = BENCH.format(window=window, lanes=lanes, skipping=skipping)
    (tmp_path / "bench.v").write_text(bench)
    files = ["bench.v", "netlist.v", str(cells), *map(str, sources("inner_join_pe"))]
    build = ["iverilog", "-g2012", "-s", "bench", "-o", "bench", *files]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    ran = subprocess.run(["vvp", "bench"], cwd=tmp_path, capture_output=True, text=True, check=True)
    said, compared, results = ran.stdout.split()[-3:]
    assert said == "same", ran.stdout[-300:]
    assert int(compared) > 7 * 2000 and int(results) > 50


# A block RAM of ECP5 in its two-port form of 36 bits, written at port A and read at port B, as far
# as a netlist here uses it: all bytes of a word are written, as ADA0 to ADA3 say; FPGA-TN-02204.
MEMORY_MODEL = """
module LUT4(input A, B, C, D, output Z);
  parameter [15:0] INIT = 0;
  assign Z = INIT[{{D, C, B, A}}];
endmodule
module LUT2(input A, B, output Z);
  parameter [3:0] INIT = 0;
  assign Z = INIT[{{B, A}}];
endmodule
module DP16KD(input {inputs}, output {outputs});
  parameter DATA_WIDTH_A = 36, DATA_WIDTH_B = 36;
  parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG", RESETMODE = "ASYNC";
  parameter CLKAMUX = "CLKA", CLKBMUX = "CLKB", GSR = "DISABLED", ASYNC_RESET_RELEASE = "ASYNC";
  parameter CSDECODE_A = "0b000", CSDECODE_B = "0b000";
  reg [35:0] m [0:511]; reg [35:0] read_q, out_q;
  wire [8:0] wa = {{{write}}}, ra = {{{read}}};
  wire [35:0] out = REGMODE_B == "OUTREG" && OCEB ? out_q : read_q;
  assign {{{low}}} = out[17:0], {{{high}}} = out[35:18];
  always @(posedge CLKA) if (CEA && WEA && ADA0) m[wa] <= {{{data_high}, {data_low}}};
  always @(posedge CLKB) begin if (CEB) read_q <= m[ra]; out_q <= read_q; end
endmodule
"""
MEMORY_BENCH = """
`timescale 1ns/1ps
module bench;
  reg clk = 0, we = 0; reg [15:0] wa = 0; reg [8:0] ra = 0; reg [31:0] bias, multiplier;
  reg [5:0] shift; integer seed = 7, cycle, compared = 0;
  wire [31:0] b[0:1], m[0:1]; wire [5:0] s[0:1];
`define PORTS(n) .clk_i(clk), .param_we_i(we), .param_index_i(wa), .param_bias_i(bias), \\
    .param_multiplier_i(multiplier), .param_shift_i(shift), .index_i(ra), \\
    .bias_o(b[n]), .multiplier_o(m[n]), .shift_o(s[n])
  sparsesim_filter_memory verilog (`PORTS(0));
  netlist counted (`PORTS(1));
  initial begin
    for (cycle = 0; cycle < 3000; cycle = cycle + 1) begin
      we = $random(seed); wa = $random(seed) & 1023; ra = $random(seed);
      if (we && wa == ra) ra = ra + 1;
      bias = $random(seed); multiplier = $random(seed); shift = $random(seed);
      #5;
      if (^{b[0], m[0], s[0]} !== 1'bx) begin
        compared = compared + 1;
        if ({b[0], m[0], s[0]} !== {b[1], m[1], s[1]}) begin
          $display("cycle %0d: %h %h", cycle, b[0], b[1]); $finish;
        end
      end
      clk = 1; #5 clk = 0;
    end
    $display("same %0d", compared);
    $finish;
  end
endmodule
"""


def test_an_output_register_inside_a_memory_changes_no_cycle(tmp_path):
    design = synthesise("sparsesim_filter_memory", {}, "ecp5")
    cells = Netlist.read(design.netlist).modules["sparsesim_filter_memory"].cells.values()
    memories = [one for one in cells if one.type == "DP16KD"]
    assert {one.parameters["REGMODE_B"] for one in memories} == {"OUTREG"}
    assert not any(one.type == "TRELLIS_FF" for one in cells)
    passes = [
        f'read_json "{design.netlist}"',
        "rename sparsesim_filter_memory netlist",
        "write_verilog -noattr netlist.v",
    ]
    log = tmp_path / "yosys.log"
    run_tool(find_yosys(), [], log, tmp_path / "kept.log", "memory", "\n".join(passes) + "\n")
    spec = importlib.util.find_spec("pyosys")
    assert spec is not None and spec.origin is not None
    known = Path(spec.origin).parent / "share" / "lattice"
    pins = [f"{kind}{index}" for kind in ("DIA", "DIB") for index in range(18)]
    pins += [f"AD{port}{index}" for port in "AB" for index in range(14)]
    pins += [f"CS{port}{index}" for port in "AB" for index in range(3)]
    pins += [f"{kind}{port}" for port in "AB" for kind in ("CLK", "CE", "OCE", "WE", "RST")]

    def bus(name: str, low: int, high: int) -> str:
        return ", ".join(f"{name}{index}" for index in range(high, low - 1, -1))

    model = MEMORY_MODEL.format(
        inputs=", ".join(pins),
        outputs=", ".join(f"DO{port}{index}" for port in "AB" for index in range(18)),
        write=bus("ADA", 5, 13),
        read=bus("ADB", 5, 13),
        low=bus("DOA", 0, 17),
        high=bus("DOB", 0, 17),
        data_high=bus("DIB", 0, 17),
        data_low=bus("DIA", 0, 17),
    )
    (tmp_path / "bench.v").write_text(MEMORY_BENCH.replace("\\\\", "\\") + model)
    files = ["bench.v", "netlist.v", *map(str, sources("sparsesim_filter_memory"))]
    files.append(str(known / "ccu2c_sim.vh"))
    build = ["iverilog", "-g2012", "-s", "bench", "-o", "bench", *files]
    built = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    ran = subprocess.run(["vvp", "bench"], cwd=tmp_path, capture_output=True, text=True, check=True)
    said, compared = ran.stdout.split()[-2:]
    assert said == "same", ran.stdout[-500:]
    assert int(compared) > 1000
