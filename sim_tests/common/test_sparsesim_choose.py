"""sparsesim_choose.v: the value at an index, in the form for simulation and in that for
synthesis.
"""

from __future__ import annotations

import cocotb
import pytest
import simulation
from bench import DENSITIES, generator, pack, parameters, random_values
from cocotb.triggers import Timer

from sparsesim.rtl.sources import hdl_folder


@cocotb.test()
async def every_index_gives_its_value(dut):
    told, random = parameters(), generator()
    window, bits = told["WINDOW"], told["VALUE_W"]
    for density in [*DENSITIES.values()] * 8:
        values = random_values(random, (window,), density, bits)
        dut.values_i.value = pack(values, bits)
        for index in range(window):
            dut.index_i.value = index
            await Timer(1, "ns")
            got = dut.value_o.value.to_signed()
            assert got == values[index], f"value {index} of {values}: {got}"


@cocotb.test()
async def a_value_changes_no_other(dut):
    told = parameters()
    window, bits = told["WINDOW"], told["VALUE_W"]
    for which in range(window):
        dut.values_i.value = pack([-(k == which) for k in range(window)], bits)
        for index in range(window):
            dut.index_i.value = index
            await Timer(1, "ns")
            assert dut.value_o.value.to_signed() == -(index == which), (which, index)


@pytest.mark.parametrize(
    "parameters", [{"WINDOW": 4}, {"WINDOW": 1, "VALUE_W": 2}, {"WINDOW": 13, "VALUE_W": 16}]
)
def test_sparsesim_choose(simulate, parameters):
    simulate("sparsesim_choose", parameters)


@pytest.mark.parametrize("parameters", [{"WINDOW": 6}, {"WINDOW": 1, "VALUE_W": 3}])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_choose_as_synthesised(simulator, parameters, tmp_path):
    if simulator == "icarus":
        simulation.skip_without_icarus()
    hdl = tmp_path / "hdl"
    hdl.mkdir()
    text = (hdl_folder() / "common" / "sparsesim_choose.v").read_text(encoding="utf-8")
    assert "`ifdef SYNTHESIS" in text
    (hdl / "sparsesim_choose.v").write_text("`define SYNTHESIS\n" + text, encoding="utf-8")
    simulation.run(
        simulator, "sparsesim_choose", parameters, "test_sparsesim_choose", tmp_path, hdl=hdl
    )
