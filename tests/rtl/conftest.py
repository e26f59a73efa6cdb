"""A small design and its wrapper, and caches that hold nothing but Verilator's run-time library."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparsesim.rtl.build import Options, build_library
from sparsesim.rtl.cache import cache_folder

ADDER = """`default_nettype none
module adder #(
    parameter STEP = 1
) (
    input  wire       clk_i,
    output wire [7:0] sum_o
);
  reg [7:0] sum_q = 0;
  assign sum_o = sum_q;
  always @(posedge clk_i) sum_q <= sum_q + STEP[7:0];
endmodule
`default_nettype wire
"""

WRAPPER = """#include "Vtop.h"
extern "C" int sum_after(int cycles) {
  Vtop top;
  for (int half = 0; half < 2 * cycles; ++half) {
    top.clk_i = half & 1;
    top.eval();
  }
  return top.sum_o;
}
"""


@dataclass(frozen=True)
class Design:
    """Files of a design to build: `adder` counts by STEP, the wrapper says how far."""

    folder: Path

    @property
    def verilog(self) -> Path:
        return self.folder / "adder.v"

    @property
    def wrapper(self) -> Path:
        return self.folder / "wrapper.cpp"

    def build(self, step: int = 1, **options) -> Path:
        """The library; `options` as of `Options`."""
        made = Options(**{"optimise": "-O0", **options})
        return build_library("adder", {"STEP": step}, self.wrapper, made, [self.verilog])


@pytest.fixture
def design(tmp_path: Path) -> Design:
    folder = tmp_path / "design"
    folder.mkdir()
    (folder / "adder.v").write_text(ADDER)
    (folder / "wrapper.cpp").write_text(WRAPPER)
    return Design(folder)


@pytest.fixture
def fresh_cache(design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, but for the run-time library: that takes seconds, and is tried elsewhere."""
    design.build()
    fresh = tmp_path / "cache" / "rtl"
    for folder in cache_folder().glob("runtime-*"):
        if folder.is_dir():
            shutil.copytree(folder, fresh / folder.name)
    monkeypatch.setenv("SPARSESIM_CACHE", str(fresh.parent))
    return fresh
