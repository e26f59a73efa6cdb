"""Machines are found by name: the package's own, one of a file, one of another package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sparsesim.errors import SpecError
from sparsesim.machines import (
    DEFAULT,
    Machine,
    found,
    machine_named,
    machine_names,
    register_machine,
)
from sparsesim.machines.found import BUILT_IN
from sparsesim.spec import Accelerator

# A machine of two units, of which each test breaks one line.
SOURCE = """
from sparsesim.machines.machine import Machine, Scheme, SlotClass, Tiling
from sparsesim.spec.base import Spec


class PairArray(Spec):
    units: int = 2


class Pair(Machine):
    name = "pair"
    summary = "two multipliers"
    Array = PairArray
    schemes = (Scheme("plain", frozenset(), "#000000"),)
    default_scheme = "plain"
    classes = (SlotClass("work", "work", "work", "#000000", "all of them"),)

    def slots(self, array):
        return array.units

    def tiling(self, array):
        return Tiling(1, array.units, 1)

    def prepare(self, role, words, reduction, array):
        return words

    def count(self, activations, weights, passes, pairs, scheme, array):
        raise NotImplementedError
"""


@pytest.fixture(autouse=True)
def _forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test finds is not known to the next."""
    monkeypatch.setattr(found, "_made", {})
    found._installed.cache_clear()
    yield
    found._installed.cache_clear()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A file with the machine `Pair`."""
    path = tmp_path / "own.py"
    path.write_text(SOURCE)
    return path


def said(name: str) -> str:
    with pytest.raises(SpecError) as error:
        machine_named(name)
    return str(error.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_packages_own_are_of_the_name_that_finds_them(name: str) -> None:
    machine = machine_named(name)
    assert isinstance(machine, Machine)
    assert machine.name == name
    assert machine_named(name) is machine
    assert name in machine_names()
    assert machine.Array() == Accelerator(machine=name).array


def test_the_default_is_one_of_them() -> None:
    assert DEFAULT in BUILT_IN


def test_finding_a_machine_loads_no_library() -> None:
    code = (
        "import sys; from sparsesim.machines import machine_named; machine_named('inner_join');"
        "sys.exit(bool({'numba', 'onnx', 'onnxruntime'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_one_of_a_file(own_file: Path) -> None:
    machine = machine_named(f"{own_file}:Pair")
    assert (machine.name, machine.slots(machine.Array())) == ("pair", 2)
    assert machine_names() == tuple(BUILT_IN)  # it has no name of its own here
    assert Accelerator(machine=f"{own_file}:Pair", units=3).rules is machine


def test_one_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "paired.py").write_text(SOURCE)
    about = tmp_path / "paired-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: paired\nVersion: 1.0\n")
    entries = about / "entry_points.txt"
    entries.write_text(
        "[sparsesim.machines]\n"
        "pair = paired:Pair\ngone = nothing_here:X\nnothing = paired:SlotClass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert machine_names() == (*BUILT_IN, "pair", "gone", "nothing")
    assert machine_named("pair").summary == "two multipliers"
    assert said("gone") == (
        "machine 'gone' of nothing_here:X does not load: No module named 'nothing_here'"
    )
    assert said("nothing") == (
        "machine 'nothing': is made without arguments, which fails: TypeError: "
        "SlotClass.__init__() missing 5 required positional arguments: 'key', 'words', 'bound', "
        "'colour', and 'means'"
    )


def test_one_that_is_made_known_by_hand(own_file: Path) -> None:
    machine = machine_named(f"{own_file}:Pair")
    register_machine(machine)
    assert machine_named("pair") is machine
    assert machine_names() == (*BUILT_IN, "pair")
    assert said("pai") == "machine 'pai' is unknown; did you mean 'pair'?"
    with pytest.raises(SpecError) as error:
        register_machine(machine)
    assert str(error.value) == "machine 'pair' is already registered; use another name"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("inner_joint", "machine 'inner_joint' is unknown; did you mean 'inner_join'?"),
        ("tpu", f"machine 'tpu' is unknown; use one of {', '.join(BUILT_IN)}"),
        ("none/such.py:Pair", "none/such.py: no such file; give the file that defines 'Pair'"),
    ],
)
def test_an_unknown_name_is_refused(name: str, says: str) -> None:
    assert said(name) == says


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("class Pair(Machine)", "class Pair", "gives Pair; give a class derived from "
         "sparsesim.machines.Machine"),
        ("    def slots", "    def slot", "is made without arguments, which fails: TypeError: "
         "Can't instantiate abstract class Pair with abstract method slots"),
        ('(Scheme("plain", frozenset(), "#000000"),)', "()", "its schemes are (); give one or "
         "more, each once"),
        ('(SlotClass("work", "work", "work", "#000000", "all of them"),)',
         '(SlotClass("work", "work", "work", "#000000", "all of them"),) * 2',
         "its classes are ('work', 'work'); give one or more, each once"),
        ('default_scheme = "plain"', 'default_scheme = "plane"', "its default_scheme 'plane' is "
         "none of its schemes; did you mean 'plain'?"),
        ('    name = "pair"\n', "", "has no name"),
        ('(Scheme("plain", frozenset(), "#000000"),)', '("plain",)', "its schemes hold 'plain'; "
         "give each as a Scheme"),
        ("frozenset()", "None", "its scheme 'plain' skips None; give a frozenset"),
        ("weights, passes, pairs, scheme, array", "weights, passes, pairs, array", "its count does "
         "not take (activations, weights, passes, pairs, scheme, array): too many positional "
         "arguments"),
        ('SlotClass("work"', 'SlotClass("stall"', "its class 'stall' has a word of DRAM's; 'stall' "
         "and 'dram' are taken"),
        ('frozenset(), "#000000"', 'frozenset({"sums"}), "#000000"', "its scheme 'plain' skips "
         "'sums'; use activation and weight"),
        ('"work", "#000000", "all', '"work", "black", "all', "colour 'black' is no RGB; write it "
         "as #2a9d5c"),
    ],
)  # fmt: skip
def test_one_that_does_not_hold_together_is_refused(
    tmp_path: Path, line: str, instead: str, says: str
) -> None:
    path = tmp_path / "own.py"
    assert SOURCE.count(line) == 1
    path.write_text(SOURCE.replace(line, instead))
    assert said(f"{path}:Pair") == f"machine '{path}:Pair': {says}"
    path.write_text(SOURCE)  # mended, it is found
    assert machine_named(f"{path}:Pair").name == "pair"


def test_a_file_without_it_says_what_it_has(own_file: Path) -> None:
    says = f"{own_file}: has no class 'Pear'; did you mean 'Pair'?"
    assert said(f"{own_file}:Pear") == says


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("units: int = 2", "batch: int = 2", "its Array has 'batch', a key of every accelerator"),
        ("units: int = 2", "units: int", "its Array has no default for 'units'; give one"),
        ("Array = PairArray", "Array = dict", "its Array is no class derived from "
         "sparsesim.spec.base.Spec"),
        ("Array = PairArray", 'Array = PairArray; curve_keys = ("unit",)', "its curve_keys have "
         "'unit', no key of its Array; did you mean 'units'?"),
    ],
)  # fmt: skip
def test_an_array_that_can_be_none_is_refused(
    tmp_path: Path, line: str, instead: str, says: str
) -> None:
    path = tmp_path / "own.py"
    path.write_text(SOURCE.replace(line, instead))
    with pytest.raises(SpecError) as error:
        Accelerator(machine=f"{path}:Pair")
    assert str(error.value) == f"machine 'pair': {says}"
