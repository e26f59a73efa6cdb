"""What a verb runs on: names, files and values, and the device that a preset brings."""

from __future__ import annotations

import pytest

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.spec.resolve import resolve
from sparsesim.spec.sizes import device_of_name
from sparsesim.sweeps.spec import SweepSpec

NETWORKS = [{"model": "net.onnx", "inputs": "random"}]


def test_nothing_is_all_defaults():
    accelerator, device = resolve()
    assert accelerator == ss.Accelerator()
    assert device == ss.Device.named("xczu9eg")


@pytest.mark.parametrize("device", ss.Device.names())
def test_a_preset_brings_the_device_of_its_name(device):
    names = [n for n in ss.Accelerator.names() if n.startswith(f"{device}-")]
    assert len(names) >= 12
    for name in names:
        assert resolve(name)[1].name == device
        assert resolve(name.upper())[1].name == device
        assert resolve(ss.Accelerator.named(name).with_(batch=3))[1].name == device


def test_a_device_that_is_named_is_taken(tmp_path):
    assert resolve("xc7z020-none-small", "lfe5u-85f")[1].name == "lfe5u-85f"
    assert resolve("xc7z020-none-small", ss.Device.named("xcvu9p"))[1].name == "xcvu9p"


@pytest.mark.parametrize("name", ["default", "small-8x8", "custom", "xc7z020", "xc7z020-mine"])
def test_another_name_brings_none(name):
    assert resolve(ss.Accelerator(name=name))[1].name == "xczu9eg"


def test_files_are_read(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "lfe5u-85f-none-small"\nrows = 5\n')
    accelerator, device = resolve(str(mine))
    assert (accelerator.rows, device.name) == (5, "lfe5u-85f")
    assert resolve(mine) == (accelerator, device)


def test_an_unknown_name_is_one_line():
    with pytest.raises(SpecError) as error:
        resolve("xc7z020-stream-huge")
    assert str(error.value).startswith("unknown accelerator 'xc7z020-stream-huge'; did you mean")


def test_a_sweep_that_starts_from_a_preset_has_its_device():
    spec = SweepSpec(networks=NETWORKS, accelerator="xc7z020-weight-small")
    assert spec.devices == ("xc7z020",)
    given = SweepSpec(networks=NETWORKS, accelerator="xc7z020-weight-small", devices=["xcvu9p"])
    assert given.devices == ("xcvu9p",)
    assert SweepSpec(networks=NETWORKS).devices == ("xczu9eg",)
    assert SweepSpec(networks=NETWORKS, accelerator={"rows": 2}).devices == ("xczu9eg",)


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("xc7z020-two_sided-middle", "xc7z020"),
        ("xc7z020-stream-weight-large", "xc7z020"),
        ("lfe5u-85f-none-small", "lfe5u-85f"),
        ("xc7z020-small", None),  # no words between
        ("xc7z020--small", None),
        ("xc7z020-two_sided-huge", None),
        ("xc7z02-two_sided-small", None),
        ("xc7z020", None),
    ],
)
def test_a_preset_is_named_by_device_words_and_size(name, device):
    assert device_of_name(name, ss.Device.names()) == device
