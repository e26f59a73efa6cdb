"""What holds of every machine: those of the package, and the toys, which it doesn't know.

Each test runs over all of them. A machine of one's own is tried by adding it to `MACHINES`.
"""

from __future__ import annotations

import os
import re
from math import isfinite
from types import SimpleNamespace

import numpy as np
import pytest
from drawn_layers import Case, Layer, array_of, cases, changed, layers, masks, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_array import naive_array_cycles
from naive_broadcast import naive_broadcast
from naive_stream import naive_stream_cycles
from naive_systolic import naive_systolic_cycles
from toy import Sparse, Toy

from sparsesim.machines import Machine, machine_named, machine_names
from sparsesim.machines.passes import Pass
from sparsesim.machines.product_shape import Densities, ProductShape
from sparsesim.machines.scheme import OPERANDS

MACHINES = [*map(machine_named, machine_names()), Toy(), Sparse()]
EXAMPLES = round(40 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))

every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
some = settings(max_examples=EXAMPLES, deadline=None)


# --- plain twins ---------------------------------------------------------------------------------


def naive_inner_join(case: Case, act, weight, one: Pass):
    fields = case.array.model_dump() | {"skipping": case.scheme.name}
    found = naive_array_cycles(act, weight, SimpleNamespace(**fields), bool(one.drains))
    return found.cycles, list(found.classes.values())


def naive_systolic(case: Case, act, weight, one: Pass):
    is_structured = not case.scheme.is_dense
    found = naive_systolic_cycles(act, weight, case.array, is_structured, bool(one.drains))
    return found.cycles, list(found.classes.values())


def naive_stream(case: Case, act, weight, one: Pass):
    scheme, begins = case.scheme.name, one.k0 == 0
    found = naive_stream_cycles(act, weight, case.array, scheme, bool(one.drains), begins)
    return found.cycles, list(found.classes.values())


def naive_of_broadcast(case: Case, act, weight, one: Pass):
    found = naive_broadcast(act, weight, case.array, bool(one.drains))
    return found.cycles, list(found.classes.values())


def naive_toy(case: Case, act, weight, one: Pass):
    """Strip by strip; pairs wait for a multiplier one behind the other."""
    multipliers, width = case.array.multipliers, case.array.width
    waiting, starting = [], 0
    for filter_ in weight:
        for first in range(0, len(act), width):
            starting += case.array.setup_cycles
            for position in act[first : first + width]:
                for a, w in zip(position, filter_, strict=True):
                    bits = {"activation": a, "weight": w}
                    if all(bits[operand] for operand in case.scheme.skips):
                        waiting.append(bool(a and w))
    working = 0
    for _ in range(0, len(waiting), multipliers):
        working += 1
    useful = sum(waiting)
    left_over = working * multipliers - len(waiting)
    return starting + working, [
        useful,
        len(waiting) - useful,
        left_over,
        starting * multipliers,
    ]


TWINS = {
    "inner_join": naive_inner_join,
    "systolic": naive_systolic,
    "stream": naive_stream,
    "broadcast": naive_of_broadcast,
    "toy": naive_toy,
    "toy_sparse": naive_toy,
}
"""Machine -> its plain twin: cycles and classes of a pass from its masks, written from its text."""

ALSO_MULTIPLIES = {"systolic": "zeros among n weights of every m, where there are fewer non-zeros"}
"""Machine -> what it multiplies beside the pairs that a scheme leaves."""


def test_every_machine_has_a_plain_twin():
    assert set(TWINS) == {machine.name for machine in MACHINES}


@every_machine
@some
@given(data=st.data())
def test_the_plain_twin_counts_the_same(machine: Machine, data):
    case = data.draw(cases(machine))
    counted = case.counted()
    for number, one in enumerate(case.passes):
        act = case.layer.activations[one.group, one.p0 : one.p1, one.k0 : one.k1]
        weight = case.layer.weights[one.group, one.m0 : one.m1, one.k0 : one.k1]
        cycles, classes = TWINS[machine.name](case, act, weight, one)
        assert counted.cycles[number] == cycles
        assert counted.slots[number].tolist() == classes


# --- what is counted -----------------------------------------------------------------------------


@every_machine
@some
@given(data=st.data())
def test_classes_sum_to_slots_times_cycles(machine: Machine, data):
    case = data.draw(cases(machine))
    counted, slots = case.counted(), machine.slots(case.array)
    assert slots >= 1
    assert counted.slots.shape == (len(case.passes), len(machine.classes))
    assert (counted.slots >= 0).all()
    assert (counted.slots.sum(axis=1) == slots * counted.cycles).all()


@every_machine
@some
@given(data=st.data())
def test_multiplied_are_at_least_the_pairs_that_a_scheme_leaves(machine: Machine, data):
    case = data.draw(cases(machine))
    counted, layer, skips = case.counted(), case.layer, case.scheme.skips
    for number, one in enumerate(case.passes):
        act = layer.activations[one.group, one.p0 : one.p1, one.k0 : one.k1]
        weight = layer.weights[one.group, one.m0 : one.m1, one.k0 : one.k1]
        act = act if "activation" in skips else np.ones_like(act)
        weight = weight if "weight" in skips else np.ones_like(weight)
        left = int((act.astype(int) @ weight.T.astype(int)).sum())
        multiplied = counted.multiplied[number]
        assert left <= multiplied <= case.pairs().all[number]
        assert multiplied == left or machine.name in ALSO_MULTIPLIES
        assert multiplied <= machine.slots(case.array) * counted.cycles[number]


@every_machine
@some
@given(data=st.data())
def test_reads_are_no_more_than_pairs(machine: Machine, data):
    case = data.draw(cases(machine))
    counted, pairs = case.counted(), case.pairs()
    for reads in (counted.read_activations, counted.read_weights):
        assert (reads >= 0).all() and (reads <= pairs.all).all()


@every_machine
@some
@given(data=st.data())
def test_least_cycles_are_no_more_than_cycles(machine: Machine, data):
    case = data.draw(cases(machine))
    counted, (groups, positions, reduction) = case.counted(), case.layer.activations.shape
    bounds = {one.bound for one in machine.classes}
    for bound, cycles in counted.paces.items():
        assert bound in bounds
        assert (cycles >= 0).all() and (cycles <= counted.cycles).all()
    runs = {ProductShape(groups, case.layer.weights.shape[1], positions, reduction): 1}
    for floor in machine.floors(runs, case.array):
        assert not floor.paces or floor.paces in bounds
        assert 0 <= floor.cycles <= counted.cycles.sum(), floor
    twice = machine.floors({shape: 2 for shape in runs}, case.array)
    once = machine.floors(runs, case.array)
    assert [floor.cycles for floor in twice] == [2 * floor.cycles for floor in once]


@every_machine
@some
@given(data=st.data())
def test_passes_are_counted_each_by_itself(machine: Machine, data):
    case = data.draw(cases(machine))
    counted = case.counted()
    turned = case.with_(passes=case.passes.chosen(np.arange(len(case.passes))[::-1])).counted()
    assert (turned.cycles[::-1] == counted.cycles).all()
    assert (turned.slots[::-1] == counted.slots).all()
    number = data.draw(st.integers(0, len(case.passes) - 1))
    alone = case.with_(passes=case.passes.chosen(np.array([number]))).counted()
    assert alone.cycles.tolist() == [counted.cycles[number]]
    for bound, cycles in counted.paces.items():
        assert alone.paces[bound].tolist() == [cycles[number]]
    assert len(case.with_(passes=case.passes.none()).passes) == 0


@every_machine
@some
@given(data=st.data())
def test_a_cut_of_k_multiplies_the_same_pairs(machine: Machine, data):
    case = data.draw(cases(machine))
    cut, at_once = case.counted(), case.with_(passes=whole(case.layer)).counted()
    multiplied, whole_k = cut.multiplied.sum(), at_once.multiplied.sum()
    assert multiplied == whole_k or (machine.name in ALSO_MULTIPLIES and multiplied < whole_k)
    assert (cut.cycles >= 1).all()


@every_machine
@some
@given(data=st.data())
def test_steps_of_a_recurrent_product_are_groups(machine: Machine, data):
    steps = data.draw(st.integers(2, 3))
    case = data.draw(cases(machine, steps))
    weights = np.repeat(case.layer.weights, steps, axis=0)
    unrolled = case.with_(layer=Layer(case.layer.activations, weights))
    one, other = case.counted(), unrolled.counted()
    assert (one.cycles == other.cycles).all() and (one.slots == other.slots).all()


# --- what may not get cheaper --------------------------------------------------------------------

IN_ORDER = {"stream": lambda array: array.with_(units=array.rows, depth=128)}
"""Machine -> its array so changed that what it does first hangs on no load: its page says by what
else a little more may take a little less."""


def in_order(case: Case) -> Case:
    change = IN_ORDER.get(case.machine.name)
    return case.with_(array=change(case.array)) if change else case


@every_machine
@some
@given(data=st.data())
def test_one_more_of_anything_costs_no_less(machine: Machine, data):
    layer = data.draw(layers(groups=1))
    scheme, array = data.draw(st.sampled_from(machine.schemes)), array_of(data.draw, machine)
    case = in_order(Case(machine, array, layer, whole(layer), scheme))
    act, weight = layer.activations, layer.weights
    less = [
        Layer(act, weight[:, :-1]),
        Layer(act[:, :-1], weight),
        Layer(act[..., :-1], weight[..., :-1]),
    ]
    cycles = case.counted().cycles[0]
    for smaller in less:
        if smaller.activations.size and smaller.weights.size:
            assert case.with_(layer=smaller, passes=whole(smaller)).counted().cycles[0] <= cycles


@every_machine
@some
@given(data=st.data())
def test_more_zeros_cost_no_more_in_the_same_passes(machine: Machine, data):
    """Break-even densities are found by halving, which takes it for granted of every machine."""
    case = in_order(data.draw(cases(machine)))
    act, weight = case.layer.activations, case.layer.weights
    fewer = Layer(
        act & masks(data.draw, *act.shape),
        weight & masks(data.draw, *weight.shape),
    )
    assert (case.with_(layer=fewer).counted().cycles <= case.counted().cycles).all()


@every_machine
@some
@given(data=st.data())
def test_what_a_scheme_does_not_skip_changes_no_cycle(machine: Machine, data):
    case = data.draw(cases(machine))
    act, weight = case.layer.activations, case.layer.weights
    other = Layer(
        act if "activation" in case.scheme.skips else masks(data.draw, *act.shape),
        weight if "weight" in case.scheme.skips else masks(data.draw, *weight.shape),
    )
    one, two = case.counted(), case.with_(layer=other).counted()
    assert (one.cycles == two.cycles).all() and (one.multiplied == two.multiplied).all()


# --- what may be shared --------------------------------------------------------------------------


@every_machine
@some
@given(data=st.data())
def test_arrays_with_equal_keys_share_operands(machine: Machine, data):
    case = data.draw(cases(machine))
    array = changed(data.draw, machine, case.array)
    passes = whole(case.layer)
    counted, shared = case.with_(array=array, passes=passes), {}
    for role in OPERANDS:
        same = machine.operand_key(role, array) == machine.operand_key(role, case.array)
        shared[role] = (case if same else counted).prepared(role)
        hash(machine.operand_key(role, array))
    one = counted.counted()
    two = counted.counted(shared["activation"], shared["weight"])
    assert (one.cycles == two.cycles).all() and (one.slots == two.slots).all()


# --- what it says --------------------------------------------------------------------------------


@every_machine
@some
@given(data=st.data())
def test_mean_densities_say_something_finite(machine: Machine, data):
    array = array_of(data.draw, machine)
    shape = ProductShape(*(data.draw(st.integers(1, 50)) for _ in range(4)))
    share = st.sampled_from((0.0, 0.3, 1.0))
    densities = Densities(data.draw(share), data.draw(share))
    for scheme in machine.schemes:
        expected = machine.expected_cycles({shape: 3}, densities, scheme, array)
        assert isfinite(expected) and expected >= 0
        all_there = machine.expected_cycles({shape: 3}, Densities(1.0, 1.0), scheme, array)
        assert expected <= all_there * (1 + 1e-9)


@every_machine
@some
@given(data=st.data())
def test_steps_of_a_tiling_are_positive(machine: Machine, data):
    tiling = machine.tiling(array_of(data.draw, machine))
    steps = tiling.filters, tiling.positions, tiling.elements
    assert all(isinstance(step, int) and step >= 1 for step in steps)
    assert tiling.tiles(tiling.filters + 1, tiling.positions) == 2


@every_machine
def test_what_it_says_of_itself(machine: Machine):
    array = machine.Array()
    assert "\n" not in machine.describe(array) + machine.summary + machine.size(array)
    assert machine.baseline is None or machine.baseline.is_dense
    for one in (*machine.schemes, *machine.classes):
        assert re.fullmatch("#[0-9a-f]{6}", one.colour), one
    for scheme in machine.schemes:
        assert scheme.skips <= set(OPERANDS)
        assert machine.scheme(scheme.name) is scheme
        order = machine.sums(scheme, array)
        assert order.block >= 1 and order.lanes >= 1 and order.skips <= set(OPERANDS)
    assert len({one.colour for one in machine.classes}) == len(machine.classes)
