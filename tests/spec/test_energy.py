"""Energy: the packaged table, interpolation between memories, a sum by hand."""

from __future__ import annotations

import pytest

from sparsesim.spec import Accelerator
from sparsesim.spec.energy import DEFAULT_ENERGY_TABLE, EnergyCounts, EnergyTable, energy_pj

TABLE = EnergyTable.named(DEFAULT_ENERGY_TABLE)


@pytest.mark.parametrize("name", EnergyTable.names())
def test_every_figure_has_a_source(name: str) -> None:
    table = EnergyTable.from_toml(name)
    assert table.name == name
    assert set(table.sources) == set(EnergyTable.figures())
    described = set(EnergyTable.model_fields) - {"name", "process", "sources"}
    assert described == set(EnergyTable.figures())


def test_the_process_says_that_it_is_no_fpga() -> None:
    assert TABLE.process == "45 nm ASIC at 0.9 V; relative, not an FPGA's energy"


@pytest.mark.parametrize(
    ("capacity_kib", "access_pj"),
    [
        (1.0, 10.0),  # below the table: its smallest memory
        (8.0, 10.0),
        (16.0, 200**0.5),  # halfway between 8 and 32 in logarithms: the geometric mean
        (32.0, 20.0),
        (128.0, 20.0 * 5 ** (2 / 5)),  # two of the five doublings from 32 to 1024
        (1024.0, 100.0),
        (4096.0, 100.0),  # above the table: its largest memory
    ],
)
def test_sram_energy(capacity_kib: float, access_pj: float) -> None:
    assert TABLE.sram_pj_per_bit(capacity_kib) == pytest.approx(access_pj / 64, rel=1e-12)


def test_one_memory_serves_all_capacities() -> None:
    table = TABLE.with_(sram=TABLE.sram[:1])
    assert [table.sram_pj_per_bit(c) for c in (1.0, 8.0, 99.0)] == [10 / 64] * 3


def test_energy_by_hand() -> None:
    accelerator = Accelerator(activation_buffer_kib=8, weight_buffer_kib=32, output_buffer_kib=1024)
    counts = EnergyCounts(
        multiplies=10,
        additions=20,
        activation_buffer_bits=64,
        weight_buffer_bits=128,
        output_buffer_bits=192,
        dram_bits=640,
    )
    assert energy_pj(TABLE, counts, accelerator) == {
        "multiply": pytest.approx(2.0),  # 10 x 0.2 pJ
        "add": pytest.approx(2.0),  # 20 x 0.1 pJ
        "activation_buffer": pytest.approx(10.0),  # one access of 10 pJ
        "weight_buffer": pytest.approx(40.0),  # two of 20 pJ
        "output_buffer": pytest.approx(300.0),  # three of 100 pJ
        "dram": pytest.approx(13000.0),  # ten of 1300 pJ
    }


def test_nothing_costs_nothing() -> None:
    counts = EnergyCounts(0, 0, 0, 0, 0, 0)
    assert set(energy_pj(TABLE, counts, Accelerator()).values()) == {0.0}
