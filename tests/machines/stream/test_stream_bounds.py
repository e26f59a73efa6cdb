"""Least cycles of dense arrays are bounds: of any pass, and of layers however they are cut."""

from __future__ import annotations

import os

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.area.dense import total_cycles
from sparsesim.area.work import DenseWork
from sparsesim.errors import SpecError
from sparsesim.lowering import product
from sparsesim.machines.stream.area.bounds import least_cycles
from sparsesim.machines.stream.area.dense_arrays import sizes_of
from sparsesim.memory import ValueBits
from sparsesim.spec.device import dram_bits_per_cycle

CASES = round(60 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


@pytest.mark.parametrize("part", range(4))
def test_nothing_takes_less(part: int, record_property) -> None:
    record_property("random cases", CASES // 4)
    for seed in range(part, CASES, 4):
        takes_no_less(seed)


def takes_no_less(seed: int) -> None:
    random = np.random.default_rng([seed, 4])
    rows, stash = int(random.integers(1, 20)), int(random.choice([1, 4, 16]))
    accelerator = ss.Accelerator(
        machine="stream",
        skipping="none",
        rows=rows,
        lanes=int(random.integers(1, min(rows * stash, 40) + 1)),
        units=int(random.integers(1, rows + 1)),
        depth=int(random.choice([16, 64, 256])),
        stash=stash,
        feed_latency=int(random.integers(1, 5)),
        dense_streams=str(random.choice(["weight", "activation"])),
        activation_format="dense",
        weight_format="dense",
        weight_buffer_kib=float(random.choice([4, 256])),
        activation_buffer_kib=float(random.choice([4, 256])),
    )
    filters, positions = (int(n) for n in random.integers(1, 120, 2))
    reduction = int(random.choice([1, 9, 30, 300, 2000]))
    shape = product(1, filters, positions, reduction)
    work = [DenseWork("layer", shape, ValueBits(8, 8, 8), times=3)]
    device = ss.Device.named("xc7z020")
    least = least_cycles(
        work,
        accelerator,
        sizes_of(accelerator),
        float(dram_bits_per_cycle(device, accelerator)),
    )
    try:
        exact = total_cycles(work, accelerator, device)
    except SpecError:  # a slice of K does not fit the small buffers
        assert accelerator.weight_buffer_kib == 4 or accelerator.activation_buffer_kib == 4
        return
    assert least[0] <= exact
    assert exact <= 60 * least[0]  # and no empty promise
