"""Devices: every figure has a source, the sums in the sources hold, bits a cycle."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from sparsesim.spec import Accelerator, Device
from sparsesim.spec.device import DEFAULT_DEVICE, dram_bits_per_cycle

NAMES = ("lfe5u-85f", "xc7z020", "xcvu9p", "xczu3eg", "xczu9eg")


def test_names() -> None:
    assert Device.names() == NAMES
    assert Device.named(DEFAULT_DEVICE).board == "ZCU102"
    assert Device.named("LFE5U-85F").name == "lfe5u-85f"


def test_figures_are_the_numbers() -> None:
    numbers = [
        key for key, field in Device.model_fields.items() if field.annotation in (int, float)
    ]
    assert list(Device.figures()) == numbers


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_source(name: str) -> None:
    device = Device.from_toml(name)
    assert device.name == name
    assert set(device.sources) == set(Device.figures())
    assert all(len(source) > 20 for source in device.sources.values())
    assert all((device.vendor, device.family, device.part, device.board))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["lut", "ff", "dsp", "bram_blocks"])
def test_sources_say_the_figure(name: str, key: str) -> None:
    device = Device.named(name)
    if (name, key) == ("lfe5u-85f", "lut"):
        assert "84 K LUTs; exactly 83,640" in device.sources[key]
    assert re.search(rf"\b{getattr(device, key):,}\b", device.sources[key])


@pytest.mark.parametrize("name", NAMES)
def test_bandwidth_is_width_times_rate(name: str) -> None:
    device = Device.named(name)
    found = re.search(
        r"(?:(\d) x )?(\d+) bit x (\d+) MT/s / 8 = ([\d.]+) GB/s", device.sources["dram_gb_per_s"]
    )
    assert found is not None
    channels, bits, rate, total = found.groups()
    assert int(channels or 1) * int(bits) * int(rate) / 8000 == float(total)
    assert float(total) == device.dram_gb_per_s


@pytest.mark.parametrize(
    ("name", "bram_mbit", "uram_mbit"),
    [  # the data sheets' own totals, in units of 2^20 bits, rounded to a tenth
        ("xc7z020", 4.9, 0.0),
        ("xczu3eg", 7.6, 0.0),
        ("xczu9eg", 32.1, 0.0),
        ("xcvu9p", 75.9, 270.0),
        ("lfe5u-85f", 3.7, 0.0),  # 3744 Kb
    ],
)
def test_memory_totals(name: str, bram_mbit: float, uram_mbit: float) -> None:
    device = Device.named(name)
    assert round(device.bram_bits / 2**20, 1) == bram_mbit
    assert round(device.uram_bits / 2**20, 1) == uram_mbit


def test_bits_a_cycle() -> None:
    # 17.064 GB/s = 136,512 Mbit/s; at 200 MHz 136,512 / 200 = 682.56 = 17064 / 25
    device = Device.named("xczu9eg")
    assert dram_bits_per_cycle(device, Accelerator()) == Fraction(17064, 25)
    # 0.334 GB/s = 2672 Mbit/s; at 33.4 MHz 80, which floats miss: 0.334 * 8000 / 33.4 != 80
    slow = Accelerator(clock_mhz=33.4)
    assert dram_bits_per_cycle(Device.named("lfe5u-85f"), slow) == 80


def test_equal_devices_are_one_key() -> None:
    assert len({Device.named("xczu9eg"), Device.named("xczu9eg"), Device.named("xcvu9p")}) == 2
