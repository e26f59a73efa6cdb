"""The arrays that machines say are worth trying: some for every scheme, whatever the budget."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from toy import Sparse, Toy

from sparsesim.area.resources import Resources
from sparsesim.choice.space import budget_of
from sparsesim.errors import SpecError
from sparsesim.machines import machine_named, machine_names
from sparsesim.machines.array_space import sizes
from sparsesim.spec import Accelerator, Device
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.metrics import STATIC
from sparsesim.synth.families import family_of

MACHINES = [*map(machine_named, machine_names()), Toy(), Sparse()]
WITH_SPACE = [one for one in MACHINES if one.space(Resources(), "xc7") is not None]
DEVICES = ("xc7z020", "xcvu9p")
MANY = 40_000


def arrays(machine, device):
    """Tables of its space with the schemes that conditions leave each, resources unseen."""
    space = machine.space(budget_of(device, 0.75), family_of(device).name)
    names = ("skipping", *machine.Array.model_fields, *STATIC, *Accelerator.model_fields)
    conditions = [Expression.read(text, names) for text in space.conditions]
    for values in product(*space.axes.values()):
        table = dict(zip(space.axes, values, strict=True))
        whole = machine.Array().model_dump() | table
        schemes = [
            scheme
            for scheme in machine.scheme_names
            if all(one.holds(whole | {"skipping": scheme}) for one in conditions)
        ]
        if schemes:
            yield table, schemes


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("machine", WITH_SPACE, ids=lambda machine: machine.name)
def test_every_scheme_has_some_and_none_has_too_many(machine, device):
    found = dict.fromkeys(machine.scheme_names, 0)
    for table, schemes in arrays(machine, Device.named(device)):
        try:
            machine.Array(**table)
        except SpecError:  # keys that don't go together
            continue
        for scheme in schemes:
            found[scheme] += 1
    assert all(found.values()), found
    assert sum(found.values()) <= MANY, found


@pytest.mark.parametrize("machine", WITH_SPACE, ids=lambda machine: machine.name)
def test_there_is_a_least_array_whatever_the_budget(machine):
    """Of nothing, too: it is what a device that is too small is told of."""
    space = machine.space(Resources(), "xc7")
    assert set(space.axes) <= set(machine.Array.model_fields)
    assert all(space.axes.values())
    taken = []
    for values in product(*space.axes.values()):
        with suppress(SpecError):  # keys that don't go together
            taken.append(machine.Array(**dict(zip(space.axes, values, strict=True))))
    assert min(map(machine.slots, taken)) <= 64


def test_sizes_rise_by_a_quarter_or_so():
    assert sizes(40) == (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40)
    assert sizes(40, 9) == (10, 12, 14, 16, 20, 24, 28, 32, 40)
    assert sizes(3, 8) == (8,)  # the least is always there
