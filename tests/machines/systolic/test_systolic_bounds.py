"""Least cycles of dense arrays are none above the exact ones."""

from __future__ import annotations

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.area.dense import total_cycles
from sparsesim.area.work import dense_work
from sparsesim.errors import SpecError
from sparsesim.machines.systolic.area.bounds import Sizes, least_cycles
from sparsesim.spec.device import dram_bits_per_cycle


@pytest.fixture(scope="module")
def trace(root):
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:2]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


def random_dense(seed: int) -> ss.Accelerator:
    random = np.random.default_rng(seed)
    cols = int(random.integers(1, 40))
    return ss.Accelerator(
        machine="systolic",
        rows=int(random.integers(1, 40)),
        cols=cols,
        units=int(random.integers(1, cols + 1)),
        depth=int(random.choice([8, 32, 64, 128, 512])),
        dataflow=("weight_stationary", "output_stationary")[seed % 2],
        activation_format="dense",
        weight_format="dense",
        activation_buffer_kib=float(random.choice([128.0, 16.0, 4.0])),
        weight_buffer_kib=float(random.choice([256.0, 16.0, 4.0])),
        output_buffer_kib=float(random.choice([64.0, 4.0])),
        clock_mhz=float(random.choice([20.0, 200.0])),
    )


@pytest.mark.parametrize("part", range(4))
def test_least_cycles_are_none_above_the_exact_ones(trace, part, record_property):
    record_property("random cases", 40)
    device, fitting, near = ss.Device.named("xc7z020"), 0, []
    for seed in range(40 * part, 40 * (part + 1)):
        dense = random_dense(seed)
        work = dense_work(trace, dense, (1, 1))
        bits = float(dram_bits_per_cycle(device, dense))
        try:
            exact = [total_cycles([item], dense, device) for item in work]
        except SpecError:
            continue
        fitting += 1
        least = [least_cycles([item], dense, Sizes.of(dense.array), bits).item() for item in work]
        assert all(0 < low <= high for low, high in zip(least, exact, strict=True)), (seed, dense)
        near.append(sum(least) / sum(exact))
    assert fitting > 20
    assert np.median(near) > 0.75  # buffers that cut layers into many passes are among them
