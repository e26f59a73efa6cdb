"""The accelerator where none is named: the device's, but for what only the default machine has."""

from __future__ import annotations

import pytest

from sparsesim.cli.options import front_accelerator_of
from sparsesim.errors import SpecError
from sparsesim.spec import Accelerator, Device, front
from sparsesim.spec.sizes import device_of_name
from sparsesim.spec.toml import read_toml


@pytest.fixture
def stream(monkeypatch, tmp_path):
    """As if a middle array of `stream` were the best on one device."""
    made = Accelerator(machine="stream", rows=4, name="xc7z020-stream-middle")
    path = tmp_path / "front.toml"
    path.write_text('xc7z020 = "xc7z020-stream-middle"\n')
    monkeypatch.setattr(front, "FRONT", path)
    monkeypatch.setattr(Accelerator, "named", classmethod(lambda cls, name: made))
    return made


def test_every_entry_is_a_middle_one_of_its_device():
    for device, name in read_toml(front.FRONT).items():
        assert device in Device.names() and name in Accelerator.names()
        assert device_of_name(name, [device]) == device and name.endswith("-middle")


def test_a_device_without_an_entry_has_all_defaults(stream):
    assert front_accelerator_of(None, None, "xczu3eg") == Accelerator()
    assert front_accelerator_of(None, ["rows=8"], "xczu3eg") == Accelerator(rows=8)


@pytest.mark.parametrize("settings", [[], ["rows=8"], ["lanes=4"], ["skipping=activation"]])
def test_what_the_devices_machine_has_is_changed_on_it(stream, settings):
    changes = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        changes[key] = int(value) if value.isdecimal() else value
    assert front_accelerator_of(None, settings, "xc7z020") == stream.with_(**changes)


@pytest.mark.parametrize(
    "settings",
    [
        ["window=4"],
        ["rows=8", "cols=8"],
        ["skipping=two_sided"],
        ["array.window=4"],
        ["machine=stream"],
    ],
)
def test_what_only_inner_join_has_means_inner_join(stream, settings):
    found = front_accelerator_of(None, settings, "xc7z020")
    assert found.machine == ("stream" if "machine=stream" in settings else "inner_join")
    assert found.rows == (8 if "rows=8" in settings else 16)


def test_what_no_machine_has_is_refused_as_ever(stream):
    with pytest.raises(SpecError) as error:
        front_accelerator_of(None, ["rowz=8"], "xc7z020")
    assert str(error.value) == "unknown key 'rowz'; did you mean 'rows'?"


def test_a_named_accelerator_is_taken_as_it_is(stream):
    assert front_accelerator_of("default", None, "xc7z020") == stream  # `named` is patched
    assert Accelerator().machine == "inner_join"


def test_a_key_of_another_machine_is_said_to_be_its():
    with pytest.raises(SpecError) as error:
        Accelerator(machine="stream", window=4)
    assert str(error.value).startswith("unknown key 'window': inner_join has it; use one of name, ")
    with pytest.raises(SpecError) as error:
        Accelerator(machine="stream", pes=4)
    assert str(error.value).startswith("unknown key 'pes': broadcast has it; ")


def test_a_verb_about_queues_begins_with_a_machine_that_has_some(stream):
    assert front_accelerator_of(None, None, "xc7z020", "queues") == Accelerator()
    assert front_accelerator_of(None, ["lanes=4"], "xc7z020", "queues") == Accelerator(lanes=4)
    assert front_accelerator_of(None, None, "xc7z020") == stream
