"""An accelerator's array: a table of its machine's, whose keys may also stand among the others."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from sparsesim.errors import SpecError
from sparsesim.machines import found, register_machine
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.own_file import load_function
from sparsesim.spec import Accelerator
from sparsesim.spec.accelerator import keys_of

TOY = Path(__file__).resolve().parents[1] / "machines" / "toy.py"
Toy = load_function(f"{TOY}:Toy")


class RingArray(Toy.Array):
    """One parameter more, which inner_join has, too."""

    lanes: int = Field(default=2, ge=1)


class Ring(Toy):
    """The toy with that array."""

    name = "ring"
    Array = RingArray


@pytest.fixture(autouse=True)
def _with_a_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "_made", dict(found._made))
    register_machine(Ring())


def said(build: Any, **values: Any) -> str:
    with pytest.raises(SpecError) as error:
        build(**values)
    return str(error.value)


def test_flat_keys_a_table_and_an_array_are_the_same() -> None:
    flat = Accelerator(rows=8, cols=4)
    assert flat == Accelerator(array={"rows": 8, "cols": 4})
    assert flat == Accelerator(array=InnerJoinArray(rows=8, cols=4))
    assert flat == Accelerator(array={"rows": 8}, cols=4)
    assert flat.array == InnerJoinArray(rows=8, cols=4)
    assert flat.sha256() == Accelerator(array={"rows": 8, "cols": 4}).sha256()
    assert hash(flat) == hash(Accelerator(array={"rows": 8, "cols": 4}))


def test_a_flat_key_goes_before_the_tables() -> None:
    assert Accelerator(array={"rows": 8}, rows=4).array == InnerJoinArray(rows=4)


def test_an_arrays_keys_are_read_flat() -> None:
    accelerator = Accelerator(machine="ring", width=5)
    assert (accelerator.width, accelerator.lanes) == (5, 2)
    with pytest.raises(AttributeError):
        accelerator.rows  # noqa: B018
    assert not hasattr(Accelerator(), "width")


def test_what_is_left_out_is_as_the_machine_has_it() -> None:
    assert Accelerator().array == InnerJoinArray()
    assert Accelerator().skipping == "two_sided"
    ring = Accelerator(machine="ring")
    assert (ring.array, ring.skipping, ring.rules.name) == (RingArray(), "nonzero_weights", "ring")


def test_the_old_key_is_understood() -> None:
    assert Accelerator(datapath="ring") == Accelerator(machine="ring")
    assert Accelerator().with_(datapath="ring") == Accelerator(machine="ring")
    both = "key 'datapath' is now 'machine'; give one of them"
    assert said(Accelerator, datapath="ring", machine="ring") == both


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"machine": "rin"}, "machine 'rin' is unknown; did you mean 'ring'?"),
        ({"machine": "x"}, f"machine 'x' is unknown; use one of {', '.join(found.BUILT_IN)}, ring"),
        ({"machine": 3}, "machine 3 is not text"),
        ({"array": 3}, "array 3 is not a table; write its keys, as array = { ... }"),
        (
            {"array": RingArray()},
            "array is of another machine than 'inner_join'; give a table",
        ),
        ({"array": {"rows": 0}}, "rows 0 is out of range; use 1 to 1024"),
        ({"array": {"rowz": 1}}, "unknown key 'rowz'; did you mean 'rows'?"),
        (
            {"machine": "stream", "array": {"window": 8}},
            "unknown key 'window': inner_join has it; use one of rows, lanes, depth, stash, units, "
            "feed_latency, lanes_per_dsp, dense_streams",
        ),
        (
            {"array": {"batch": 2}},
            "unknown key 'batch'; it is none of the array's; write it outside of that table",
        ),
        ({"rowz": 1}, "unknown key 'rowz'; did you mean 'rows'?"),
        ({"machine": "ring", "widht": 1}, "unknown key 'widht'; did you mean 'width'?"),
        (
            {"machine": "ring", "rows": 8},
            "unknown key 'rows': inner_join, systolic and stream have it; use one of name, "
            "machine, multipliers, width, setup_cycles, lanes, skipping, act_bits, weight_bits, "
            "acc_bits, clock_mhz, activation_format, weight_format, run_bits, value_bits, "
            "activation_buffer_kib, weight_buffer_kib, output_buffer_kib, pass_order, batch",
        ),
        (
            {"machine": "ring", "skipping": "two_sided"},
            "skipping 'two_sided' is unknown on ring: inner_join and broadcast have it; "
            "use one of every_pair, nonzero_weights",
        ),
        ({"machine": "ring", "width": 257}, "width 257 is out of range; use 1 to 256"),
    ],
)
def test_what_is_refused(values: dict[str, Any], says: str) -> None:
    assert said(Accelerator, **values) == says


def test_with_keeps_the_rest_of_the_array() -> None:
    base = Accelerator(rows=8, cols=4, skipping="none")
    assert base.with_(cols=2) == Accelerator(rows=8, cols=2, skipping="none")
    assert base.with_(array={"cols": 2}) == Accelerator(cols=2, skipping="none")
    assert base.with_(batch=3, rows=2) == Accelerator(rows=2, cols=4, skipping="none", batch=3)
    assert base.with_(machine="inner_join") == base


def test_another_machine_starts_from_its_own_array_and_scheme() -> None:
    base = Accelerator(lanes=3, skipping="none", batch=2, name="mine")
    ring = base.with_(machine="ring")
    assert ring == Accelerator(machine="ring", batch=2, name="mine")
    assert ring.with_(width=3).with_(machine="inner_join").array == InnerJoinArray()
    assert base.with_(machine="ring", lanes=5).array == RingArray(lanes=5)


def test_flat_is_one_table_without_the_name() -> None:
    ring = Accelerator(machine="ring", width=5, name="mine").flat()
    assert list(ring)[:4] == ["machine", "multipliers", "width", "setup_cycles"]
    assert ring["width"] == 5 and "name" not in ring and "array" not in ring
    assert ("name", *ring) == keys_of(Ring())
    assert Accelerator(**ring, name="mine") == Accelerator(machine="ring", width=5, name="mine")


@pytest.mark.parametrize("machine", ["inner_join", "ring"])
def test_json_comes_back(machine: str) -> None:
    accelerator = Accelerator(machine=machine, lanes=3, value_bits=4)
    text = accelerator.model_dump_json()
    assert '"lanes":3' in text
    assert Accelerator.model_validate_json(text) == accelerator


@pytest.mark.parametrize("machine", ["inner_join", "ring"])
def test_copies_are_whole(machine: str) -> None:
    accelerator = Accelerator(machine=machine, lanes=3)
    for other in (pickle.loads(pickle.dumps(accelerator)), copy.deepcopy(accelerator)):
        assert other == accelerator
        assert other.array == accelerator.array and other.lanes == 3
        assert other.sha256() == accelerator.sha256()


def test_files_have_a_table_flat_keys_or_the_old_key(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for text in (
        'machine = "ring"\nbatch = 2\n[array]\nwidth = 5\n',
        'machine = "ring"\nwidth = 5\nbatch = 2\n',
        'datapath = "ring"\narray = { width = 5 }\nbatch = 2\n',
        'batch = 2\narray.width = 5\nmachine = "ring"\n',
    ):
        path.write_text(text)
        assert Accelerator.from_toml(path) == Accelerator(
            machine="ring", width=5, batch=2, name="mine"
        )
    path.write_text("[array]\nwidth = 5\n")
    says = f"{path}: unknown key 'width': ring has it; use one of "
    assert said(Accelerator.from_toml, path_or_name=path).startswith(says + "rows, cols, window")


def test_an_accelerator_of_a_file_has_its_machines_table() -> None:
    accelerator = Accelerator(machine=f"{TOY}:Toy", width=3)
    assert accelerator.rules.name == "toy"
    assert accelerator.array == accelerator.rules.Array(width=3)
