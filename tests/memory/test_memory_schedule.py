"""Overlap of transfers and work, by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from sparsesim.machines.columns import GROUP
from sparsesim.machines.passes import Passes
from sparsesim.memory import Plan, schedule, transfer_cycles
from sparsesim.memory.choose import Choice
from sparsesim.memory.plan import Moved


def plan_of(group: list[int], loads: list[int], stores: list[int]) -> Plan:
    """A plan with these transfers; dense ones are twice as large."""
    table = np.zeros((len(group), 8), np.int64)
    table[:, GROUP] = group
    bits, stored = np.array(loads, np.int64), np.array(stores, np.int64)
    encoded = Moved(bits - bits // 2, bits // 2, stored)
    return Plan(Choice.of_nothing(1), Passes(table), encoded, Moved(bits, bits, 2 * stored))


def test_transfers_hide_behind_work():
    # 8 bits a cycle: loads of 3, 1 and 2 cycles, stores of 1, 0 and 2.
    # 3 + max(5, 1 + 0) + max(1, 2 + 1) + max(4, 0 + 0) + 2 = 17.
    plan = plan_of([0, 0, 0], [20, 8, 16], [5, 0, 9])
    times = schedule(plan, np.array([5, 1, 4]), Fraction(8), dense=False)
    assert times.compute_cycles == 10
    assert times.memory_cycles == 3 + 1 + 2 + 1 + 0 + 2
    assert times.total_cycles == 17
    assert times.stall_cycles == 7


def test_dense_transfers_are_their_own():
    # Loads of 5, 2 and 4 cycles, stores of 2, 0 and 3: 5 + max(5, 2) + max(1, 4 + 2) + 4 + 3.
    plan = plan_of([0, 0, 0], [20, 8, 16], [5, 0, 9])
    times = schedule(plan, np.array([5, 1, 4]), Fraction(8), dense=True)
    assert times.total_cycles == 5 + 5 + 6 + 4 + 3
    assert times.memory_cycles == 16


def test_groups_do_not_overlap():
    # Each group is one pass: load, work, store, one after the other.
    plan = plan_of([0, 1], [16, 24], [8, 8])
    times = schedule(plan, np.array([10, 20]), Fraction(8), dense=False)
    assert times.total_cycles == (2 + 10 + 1) + (3 + 20 + 1)


def test_no_passes_take_no_time():
    times = schedule(plan_of([], [], []), np.zeros(0, np.int64), Fraction(8), dense=False)
    assert (times.compute_cycles, times.memory_cycles, times.total_cycles) == (0, 0, 0)


def test_transfers_are_rounded_up_exactly():
    bits = np.array([0, 1, 63, 64, 65, 128])
    assert transfer_cycles(bits, Fraction(64)).tolist() == [0, 1, 1, 1, 2, 2]
    # 7/3 bits a cycle: 7 bits in 3 cycles, 8 in 4.
    assert transfer_cycles(np.array([7, 8]), Fraction(7, 3)).tolist() == [3, 4]


def test_transfers_are_exact_where_int64_would_overflow():
    # 4.27 GB/s over 200 MHz as floats: a denominator of 2^45.
    bits_per_cycle = Fraction(21.3125 + 2**-45)
    bits = np.array([10**12])
    expected = -(-(10**12) * bits_per_cycle.denominator // bits_per_cycle.numerator)
    assert transfer_cycles(bits, bits_per_cycle).tolist() == [expected]
    assert transfer_cycles(bits, bits_per_cycle).dtype == np.int64
