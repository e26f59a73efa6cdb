"""What co-simulation expects of a machine that flags no overflow."""

from __future__ import annotations

import numpy as np

import sparsesim as ss
from sparsesim.cosim.alone import model_of
from sparsesim.cosim.operands import PassOperands
from sparsesim.machines.inner_join import InnerJoin
from sparsesim.machines.sum_order import SumOrder


def test_no_overflow_is_expected_of_a_machine_that_flags_none(monkeypatch):
    operands = PassOperands(
        layer="layer",
        image=0,
        number=0,
        group=0,
        first_filter=0,
        first_position=0,
        first_element=0,
        drains=True,
        activations=np.full((1, 2), 100, np.int16),
        weights=np.ones((1, 2), np.int16),
        epilogue=None,
    )
    flagging = model_of(operands, ss.Accelerator(acc_bits=8))
    assert (flagging.sums.item(), flagging.overflow.item()) == (-56, True)
    order = SumOrder(block=1, lanes=1, skips=frozenset(), flags=False)
    monkeypatch.setattr(InnerJoin, "sums", lambda self, scheme, array: order)
    silent = model_of(operands, ss.Accelerator(acc_bits=8))
    assert (silent.sums.item(), silent.overflow.item()) == (-56, False)
