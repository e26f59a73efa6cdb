"""Every line that a wrong specification can give, from Python and from a file, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sparsesim.errors import SpecError
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.base import Spec
from sparsesim.spec.energy import EnergyTable
from sparsesim.spec.toml import load_spec, read_toml

DEVICE = {
    "lut": 1,
    "ff": 1,
    "dsp": 1,
    "bram_blocks": 1,
    "bram_block_bits": 1,
    "dram_gb_per_s": 1.0,
}
SRAM = {"capacity_kib": 8.0, "access_bits": 64, "access_pj": 10.0}
ENERGY = {
    "process": "test",
    "multiply_8bit_pj": 1.0,
    "add_32bit_pj": 1.0,
    "sram": [SRAM],
    "dram_access_pj": 1.0,
    "dram_access_bits": 1,
}


def message(build: Any, **values: Any) -> str:
    with pytest.raises(SpecError) as caught:
        build(**values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"window": 80}, "window 80 is out of range; use 1 to 64"),
        ({"window": 0}, "window 0 is out of range; use 1 to 64"),
        ({"rowz": 3}, "unknown key 'rowz'; did you mean 'rows'?"),
        ({"rows": 0, "rowz": 3}, "unknown key 'rowz'; did you mean 'rows'?"),
        ({"rows": "16"}, "rows '16' is not a whole number; use 1 to 1024"),
        ({"rows": 16.0}, "rows 16.0 is not a whole number; use 1 to 1024"),
        ({"rows": True}, "rows true is not a whole number; use 1 to 1024"),
        ({"clock_mhz": 0}, "clock_mhz 0 is out of range; use more than 0"),
        ({"clock_mhz": float("inf")}, "clock_mhz inf is not a finite number; use more than 0"),
        ({"clock_mhz": "fast"}, "clock_mhz 'fast' is not a number; use more than 0"),
        ({"batch": 0}, "batch 0 is out of range; use 1 or more"),
        ({"value_bits": 65}, "value_bits 65 is out of range; use 1 to 64"),
        ({"value_bits": "x"}, "value_bits 'x' is not a whole number; use 1 to 64"),
        ({"name": 3}, "name 3 is not text"),
        ({"skipping": "two_side"}, "skipping 'two_side' is unknown; did you mean 'two_sided'?"),
        (
            {"skipping": "all"},
            "skipping 'all' is unknown; use one of none, activation, weight, two_sided",
        ),
        ({"skipping": 2}, "skipping 2 is not text"),
        ({"weight_format": "bitmap"}, "weight_format 'bitmap' is unknown; did you mean 'bitmask'?"),
        (
            {"activation_format": "zip" * 30},
            f"activation_format '{'zip' * 18}zi... is unknown; "
            "use one of dense, bitmask, run_length, csr, coordinate",
        ),
    ],
)
def test_accelerator(values: dict[str, Any], line: str) -> None:
    assert message(Accelerator, **values) == line


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("rows", 1, 1024),
        ("cols", 1, 1024),
        ("window", 1, 64),
        ("lanes", 1, 256),
        ("queue_depth", 1, 4096),
        ("feed_latency", 1, 64),
        ("act_bits", 2, 16),
        ("weight_bits", 2, 16),
        ("acc_bits", 8, 64),
        ("run_bits", 1, 16),
        ("value_bits", 1, 64),
    ],
)
def test_ranges_end_where_they_say(key: str, low: int, high: int) -> None:
    assert getattr(Accelerator().with_(**{key: low}), key) == low
    assert getattr(Accelerator().with_(**{key: high}), key) == high
    for outside in (low - 1, high + 1):
        line = f"{key} {outside} is out of range; use {low} to {high}"
        assert message(Accelerator, **{key: outside}) == line


def test_with_checks_too() -> None:
    assert message(Accelerator().with_, lanes=257) == "lanes 257 is out of range; use 1 to 256"
    assert message(Accelerator().with_, lane=2) == "unknown key 'lane'; did you mean 'lanes'?"


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"lut": 0}, "lut 0 is out of range; use 1 or more"),
        ({"dram_gb_per_s": 0.0}, "dram_gb_per_s 0.0 is out of range; use more than 0"),
        ({"sources": 3}, "sources 3 is not a table"),
        ({"sources": {"lut": 3}}, "sources.lut 3 is not text"),
        ({"sources": {"lutt": "x"}}, "unknown key 'sources.lutt'; did you mean 'lut'?"),
    ],
)
def test_device(values: dict[str, Any], line: str) -> None:
    assert message(Device, **(DEVICE | values)) == line


def test_missing_key() -> None:
    values = {key: value for key, value in DEVICE.items() if key != "dsp"}
    assert message(Device, **values) == "key 'dsp' is missing"


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"sram": 3}, "sram 3 is not a list"),
        ({"sram": [3]}, "sram.0 3 is not a table"),
        (
            {"sram": [SRAM | {"access_bits": 0}]},
            "sram.0.access_bits 0 is out of range; use 1 or more",
        ),
        (
            {"sram": [SRAM | {"access_bit": 1}]},
            "unknown key 'sram.0.access_bit'; did you mean 'sram.0.access_bits'?",
        ),
        (
            {"sram": [SRAM, SRAM]},
            "sram: capacity_kib 8.0 follows 8.0; list capacities rising",
        ),
        ({"sram": []}, "sram [] is too short; give 1 or more"),
        ({"sources": {"dram": "x"}}, "unknown key 'sources.dram'; did you mean 'sram'?"),
    ],
)
def test_energy_table(values: dict[str, Any], line: str) -> None:
    assert message(EnergyTable, **(ENERGY | values)) == line


class Inner(Spec):
    depth: int = 1


class Outer(Spec):
    inner: Inner = Inner()
    flag: bool = False


def test_a_nested_spec_names_the_outer_key() -> None:
    assert message(Outer, inner={"depth": "x"}) == "inner.depth 'x' is not a whole number"
    assert message(Outer, flag=1) == "flag 1 is not true or false"


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    assert message(read_toml, path=path) == f"{path}: no such file"
    assert message(read_toml, path=tmp_path) == f"{tmp_path}: is a folder; give a TOML file"
    path.write_bytes(b"name = '\xff'")
    assert message(read_toml, path=path) == f"{path}: not UTF-8 text at byte 8"
    path.write_text("rows = \n")
    line = f"{path}: not valid TOML: Invalid value (at line 1, column 8)"
    assert message(read_toml, path=path) == line
    below = path / "machine.toml"
    assert message(read_toml, path=below) == f"{below}: cannot be read: Not a directory"
    path.write_text("window = 80\n")
    line = f"{path}: window 80 is out of range; use 1 to 64"
    assert message(load_spec, model=Accelerator, path=path) == line
    path.write_text("rowz = 3\n")
    line = f"{path}: unknown key 'rowz'; did you mean 'rows'?"
    assert message(Accelerator.from_toml, path_or_name=path) == line


@pytest.mark.parametrize(
    ("build", "name", "line"),
    [
        (Accelerator, "smal-8x8", "unknown accelerator 'smal-8x8'; did you mean 'small-8x8'?"),
        (
            Accelerator,
            "tpu",
            "unknown accelerator 'tpu'; see 'list accelerators'",
        ),
        (Device, "XCZU9", "unknown device 'XCZU9'; did you mean 'xczu9eg'?"),
        (EnergyTable, "7nm", "unknown energy table '7nm'; use one of horowitz2014-45nm"),
        (Accelerator, "none/such.toml", "none/such.toml: no such file"),
        (Accelerator, "none/such", "none/such: no such file"),
    ],
)
def test_names(build: Any, name: str, line: str) -> None:
    assert message(build.from_toml, path_or_name=name) == line
