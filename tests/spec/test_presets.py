"""Accelerators made for a device: all are there, fit, and are what their comments say."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

import sparsesim as ss
from sparsesim.area import estimate as area
from sparsesim.errors import SpecError
from sparsesim.machines import machine_names
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.inner_join.area.clock import pe_period_ns
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.sizes import SIZES, sized_name
from sparsesim.sweeps.axis import axis
from sparsesim.sweeps.spec import SweepSpec, load_sweep
from sparsesim.synth.families import family_of
from sparsesim.trace import Trace

ROOT = Path(__file__).resolve().parents[2]
HERE = {
    sized_name(device, scheme, size): (device, scheme, size)
    for device in Device.names()
    for scheme in SCHEMES
    for size in SIZES
}
OF_OTHERS = {
    sized_name(device, machine, size): (device, machine, size)
    for device in Device.names()
    for machine in machine_names()
    for size in SIZES
}
"""Those of other machines, where there is one: of the scheme that is the best."""
PRESENT_OF_OTHERS = [name for name in OF_OTHERS if name in Accelerator.names()]
PUBLISHED = ("eie", "nullhop", "sparten")
"""Those that stand for a published machine."""
PRESENT = [name for name in HERE if name in Accelerator.names()]


def comment(name: str) -> str:
    """What stands above the keys of an accelerator's file."""
    text = (ROOT / f"sparsesim/accelerators/{name}.toml").read_text(encoding="utf-8")
    return text.partition("\n\nname = ")[0]


def number(pattern: str, text: str) -> float:
    """The one number that a pattern finds."""
    (found,) = re.findall(pattern, text)
    return float(found.replace(",", ""))


def mean_ms(name: str) -> float:
    return number(r"time +([\d.]+) ms an image", comment(name))


def share(name: str) -> float:
    """The largest share of any resource, by the area model."""
    device = Device.named({**HERE, **OF_OTHERS}[name][0])
    taken = area(Accelerator.named(name), family_of(device).name)
    return max(
        taken.lut / device.lut,
        taken.ff / device.ff,
        taken.dsp / device.dsp,
        taken.bram36 / (device.bram_bits / (36 * 1024)),
    )


@pytest.mark.parametrize("device", Device.names())
def test_every_device_has_each_scheme_in_each_size(device: str) -> None:
    missing = [
        name for name, of in HERE.items() if of[0] == device and name not in Accelerator.names()
    ]
    assert not missing, (
        f"{missing[0]} is missing: copy benchmarks/presets/xc7z020.toml for {device}, set rows and "
        f"cols that fill it, then: sparsesim sweep benchmarks/presets/{device}.toml -o {device} "
        f"&& python -m benchmarks.presets {device}"
    )


def test_all_names_are_those_of_devices_or_of_none() -> None:
    others = {"default", "small-8x8", "large-32x32", *PUBLISHED}
    assert set(Accelerator.names()) == {*others, *HERE, *PRESENT_OF_OTHERS}


@pytest.mark.parametrize("name", PRESENT)
def test_it_fits_its_device_within_its_size(name: str) -> None:
    device, scheme, size = HERE[name]
    accelerator = Accelerator.named(name)
    assert (accelerator.name, accelerator.skipping) == (name, scheme)
    assert share(name) <= SIZES[size]
    said = comment(name)
    taken = area(accelerator, family_of(Device.named(device)).name)
    assert number(r"share +([\d.]+) %", said) == pytest.approx(100 * share(name), abs=0.05)
    assert f"{taken.lut:,.0f} LUT, {taken.ff:,.0f} FF, {taken.dsp:,.0f} DSP" in said
    assert f"--accelerator {name} --device {device}" in said


@pytest.mark.parametrize("name", PRESENT_OF_OTHERS)
def test_one_of_another_machine_fits_its_device_within_its_size(name: str) -> None:
    device, machine, size = OF_OTHERS[name]
    accelerator, board = Accelerator.named(name), Device.named(device)
    family = family_of(board).name
    assert (accelerator.name, accelerator.machine) == (name, machine)
    assert share(name) <= SIZES[size]
    said, taken = comment(name), area(accelerator, family)
    assert number(r"share +([\d.]+) %", said) == pytest.approx(100 * share(name), abs=0.05)
    assert f"{taken.lut:,.0f} LUT, {taken.ff:,.0f} FF, {taken.dsp:,.0f} DSP" in said
    assert f"--accelerator {name} --device {device}" in said
    assert f"python -m benchmarks.presets.others FOLDER {device}" in said
    schemes = re.findall(r"(\w+) (\d\.\d\d)x", said.partition("schemes ")[2])
    assert schemes[0] == (accelerator.skipping, "1.00")
    assert {scheme for scheme, _ in schemes} == set(accelerator.rules.scheme_names)
    if family_of(board).is_placed:
        assert accelerator.clock_mhz == accelerator.rules.clock(accelerator, family).mhz


def test_sizes_of_other_machines_rise() -> None:
    for device in Device.names():
        for machine in machine_names():
            names = [sized_name(device, machine, size) for size in SIZES]
            there = [name for name in names if name in PRESENT_OF_OTHERS]
            for less, more in pairwise(there):
                assert mean_ms(less) > mean_ms(more)


@pytest.mark.parametrize("name", PRESENT)
def test_its_clock_is_that_of_its_pe(name: str) -> None:
    array, start = Accelerator.named(name), Accelerator()
    mhz = 1e3 / pe_period_ns(array.skipping, array.window, array.lanes)
    if not family_of(Device.named(HERE[name][0])).is_placed:
        mhz *= 200 * pe_period_ns(start.skipping, start.window, start.lanes) / 1e3
    assert array.clock_mhz == pytest.approx(mhz, abs=0.051)


@pytest.mark.parametrize("name", PRESENT)
def test_its_commands_sweep_a_space_that_it_lies_in(name: str) -> None:
    device = HERE[name][0]
    said = comment(name)
    assert f"sparsesim sweep benchmarks/presets/{device}.toml -o {device}" in said
    assert f"python -m benchmarks.presets {device}" in said
    spec = load_sweep(ROOT / f"benchmarks/presets/{device}.toml")
    accelerator = Accelerator.named(name)
    for key, given in spec.space.items():
        assert getattr(accelerator, key) in axis(key, given), key
    unswept = accelerator.with_(clock_mhz=200.0).flat()
    assert {k: unswept[k] for k in unswept if k not in spec.space} == {
        k: v for k, v in Accelerator().flat().items() if k not in spec.space
    }


@pytest.mark.parametrize("device", Device.names())
def test_sizes_rise(device: str) -> None:
    for scheme in SCHEMES:
        names = [sized_name(device, scheme, size) for size in SIZES]
        for less, more in pairwise(names):
            assert share(less) < share(more)
            assert mean_ms(less) > mean_ms(more)


@pytest.mark.parametrize("name", [name for name in PRESENT if HERE[name][1] != "none"])
def test_its_speedup_is_over_none_of_its_size(name: str) -> None:
    device, _, size = HERE[name]
    plain = sized_name(device, "none", size)
    said = number(rf"speedup +([\d.]+) over {plain}\n", comment(name))
    assert said == pytest.approx(mean_ms(plain) / mean_ms(name), rel=1e-3, abs=0.006)


@pytest.fixture(scope="module")
def lenet() -> Trace:
    """The bundled network as the sweeps have it."""
    network = sweep_of("xc7z020").networks[0]
    graph = ss.sparsify(ss.load(network.model), ss.Thresholds.from_toml(network.thresholds[0]))
    inputs = ss.open_inputs(network.inputs, ss.input_specs(graph), images=network.images[0])
    return ss.execute(graph, inputs)


def sweep_of(device: str) -> SweepSpec:
    return load_sweep(ROOT / f"benchmarks/presets/{device}.toml")


@pytest.mark.parametrize("name", PRESENT)
def test_its_time_on_lenet_is_that_of_an_estimate(name: str, lenet: Trace) -> None:
    device, scheme, _ = HERE[name]
    accelerator = Accelerator.named(name)
    cycles = ss.estimate(lenet, accelerator, Device.named(device)).images[scheme].mean
    said = number(r"lenet ([\d.]+) ms", comment(name))
    assert cycles / accelerator.clock_mhz / 1e3 == pytest.approx(said, rel=1e-3)


def test_its_mean_is_that_of_its_networks() -> None:
    for name in PRESENT:
        times = [float(ms) for ms in re.findall(r"[\w-]+ ([\d.]+) ms[,\n]", comment(name))]
        assert len(times) == 3
        product = times[0] * times[1] * times[2]
        assert product ** (1 / 3) == pytest.approx(mean_ms(name), rel=1e-3)


@pytest.mark.parametrize("device", Device.names())
def test_all_sweeps_ask_for_the_same_but_for_sizes(device: str) -> None:
    spec, other = sweep_of(device), sweep_of("xc7z020")
    assert spec.devices == (device,)
    assert spec.networks == other.networks
    assert spec.conditions == other.conditions
    assert all(f"share <= {most}" in spec.conditions[-1] for most in ("1/8", "1/3", "3/4"))
    sizes = {"rows", "cols", "activation_buffer_kib", "weight_buffer_kib", "output_buffer_kib"}
    for key in set(spec.space) - sizes:
        assert spec.space[key] == other.space[key]


def test_a_name_that_is_nearly_one_is_understood() -> None:
    with pytest.raises(SpecError, match=r"^unknown accelerator 'xc7z020-twosided-middle'; did you"):
        Accelerator.named("xc7z020-twosided-middle")
