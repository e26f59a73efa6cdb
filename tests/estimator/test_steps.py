"""The steps of an estimate by themselves: what is shared, the setting, sums over runs."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.estimator.count import count, timed
from sparsesim.estimator.operands import lower
from sparsesim.estimator.prepare import prepare
from sparsesim.estimator.setting import setting
from sparsesim.estimator.shared import MOST, Shared
from sparsesim.estimator.sums import SchemeSums, Sums
from sparsesim.lowering import product
from sparsesim.lowering.bits import pack
from sparsesim.machines.inner_join import InnerJoin
from sparsesim.machines.product_shape import ProductShape
from sparsesim.memory import ValueBits

EIGHT = ValueBits(8, 8, 8)
DEVICE = ss.Device.named("xczu9eg")


def test_what_was_used_the_longest_ago_is_given_up():
    shared = Shared()
    for key in range(MOST):
        assert shared.put(key, str(key)) == str(key)
    assert shared.get(0) == "0"  # used now, so 1 is the oldest
    shared.put(MOST, "more")
    assert len(shared) == MOST
    assert shared.get(1) is None
    assert [shared.get(key) for key in (0, 2, MOST)] == ["0", "2", "more"]
    assert shared.get("nothing") is None


def test_a_setting_reads_accelerator_and_device_once():
    accelerator = ss.Accelerator(rows=3, clock_mhz=100.0)
    on = setting(accelerator, DEVICE)
    assert isinstance(on.rules, InnerJoin)
    assert on.array is accelerator.array
    assert [scheme.name for scheme in on.schemes] == ["none", "activation", "weight", "two_sided"]
    assert on.bits_per_cycle == Fraction("1365.12")  # 17.064 GB/s at 100 MHz
    (only,) = setting(accelerator, DEVICE, "weight").schemes
    assert (only.name, only.skips) == ("weight", {"weight"})


def test_a_setting_without_dram_is_refused():
    with pytest.raises(SpecError) as error:
        setting(ss.Accelerator(clock_mhz=1e12), DEVICE)
    assert str(error.value) == (
        "clock_mhz 1000000000000.0 with dram_gb_per_s 17.064 gives 1.4e-07 DRAM bits a cycle; "
        "use 1e-06 or more"
    )


def layer():
    """Operands of a product of 20 filters, 9 positions and K = 70, two in five non-zero."""
    geometry = product(2, 20, 9, 70)
    random = np.random.default_rng(5)
    counts = geometry.activation_elements, geometry.weight_elements, geometry.output_elements
    return lower(geometry, *(pack(random.random(count) < 0.4) for count in counts))


def test_what_does_not_change_with_the_accelerator_is_shared():
    operands = layer()
    base = prepare("fc", operands, EIGHT, setting(ss.Accelerator(rows=4, cols=4), DEVICE))
    deeper = ss.Accelerator(rows=4, cols=4, queue_depth=9, lanes=2, skipping="weight")
    again = prepare("fc", operands, EIGHT, setting(deeper, DEVICE))
    assert again.plan is base.plan and again.pairs is base.pairs
    assert again.activations is base.activations and again.weights is base.weights
    taller = prepare("fc", operands, EIGHT, setting(ss.Accelerator(rows=5, cols=4), DEVICE))
    assert taller.plan is not base.plan
    assert taller.activations is base.activations and taller.weights is not base.weights
    smaller = ss.Accelerator(rows=4, cols=4, weight_buffer_kib=0.5)
    cut = prepare("fc", operands, EIGHT, setting(smaller, DEVICE))
    assert len(cut.passes) > len(base.passes)
    assert cut.weights is base.weights


def test_weights_that_were_prepared_are_taken():
    on = setting(ss.Accelerator(), DEVICE)
    first = prepare("fc", layer(), EIGHT, on)
    assert prepare("fc", layer(), EIGHT, on, first.weights).weights is first.weights


def test_classes_sum_to_slots_and_multiplied_pairs_to_what_is_left():
    on = setting(ss.Accelerator(rows=4, cols=4, weight_buffer_kib=0.5), DEVICE)
    prepared = prepare("fc", layer(), EIGHT, on)
    pairs = prepared.pairs
    left = {
        "none": pairs.all,
        "activation": pairs.activation,
        "weight": pairs.weight,
        "two_sided": pairs.effectual,
    }
    for scheme in on.schemes:
        counted = count(prepared, scheme, on)
        assert (counted.slots.sum(axis=1) == 16 * counted.cycles).all()
        assert (counted.multiplied == left[scheme.name]).all()
        times = timed(prepared, counted, scheme, on)
        assert times.compute_cycles == counted.cycles.sum()
        moved = sum(prepared.plan.moved(scheme.is_dense).totals)
        assert times.memory_cycles >= moved / on.bits_per_cycle


def scheme_sums(one: int) -> SchemeSums:
    """Numbers that differ from field to field."""
    return SchemeSums(
        compute=one,
        memory=2 * one,
        total=3 * one,
        slots=np.array([one, 0]),
        multiplied=4 * one,
        dram=np.array([one, one, one]),
        read=np.array([one, 5]),
        paces={"drain": one},
    )


def test_sums_add_up_by_scheme():
    shape = ProductShape(1, 2, 3, 4)
    first = Sums({"a": scheme_sums(1)}, Counter([shape]), 5, 6, 7, 8, 9, 10)
    both = first + Sums({"a": scheme_sums(10), "b": scheme_sums(2)}, Counter([shape]), *[1] * 6)
    a = both.schemes["a"]
    assert (a.compute, a.memory, a.total, a.multiplied) == (11, 22, 33, 44)
    assert (a.slots.tolist(), a.dram.tolist(), a.read.tolist()) == ([11, 0], [11] * 3, [11, 10])
    assert a.paces == {"drain": 11}
    assert both.schemes["b"].compute == 2
    assert both.runs == {shape: 2}
    assert (both.effectual, both.activation_storage, both.activation_nonzeros) == (6, 7, 8)
    assert (both.output_nonzeros, both.lowered_nonzeros, both.passes) == (9, 10, 11)
    assert (Sums() + first).schemes["a"].compute == 1


def test_no_run_sums_to_nothing():
    none = SchemeSums.none(7)
    assert none.slots.tolist() == [0] * 7
    assert (none.compute, none.dram.tolist(), none.read.tolist()) == (0, [0, 0, 0], [0, 0])
