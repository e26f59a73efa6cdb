"""Every model of the corpus: what the package makes of it equals sums that know nothing of it."""

from __future__ import annotations

import attention_cases  # noqa: F401
import batch_cases  # noqa: F401 (each registers its cases)
import contrib_cases  # noqa: F401
import numpy as np
import pytest
import qonnx_cases  # noqa: F401
import quantised_cases  # noqa: F401
import recurrent_cases  # noqa: F401
import sharing_cases  # noqa: F401
from corpus import CASES, Case, Product
from naive_array import naive_array_cycles

import sparsesim as ss

SMALL = ss.Accelerator(rows=4, cols=4, window=8)
SCHEMES = ("none", "activation", "weight", "two_sided")


@pytest.fixture(scope="module", params=CASES, ids=lambda build: build.__name__)
def run(request):
    """A case with the trace and the result of its run."""
    made: Case = request.param()
    trace = ss.execute(ss.load(made.model), dict(made.feed))
    return made, trace, ss.estimate(trace, SMALL)


def effectual(product: Product) -> int:
    """Pairs of which neither is zero."""
    a, w = product.a != 0, product.w != 0
    return sum(int((p.astype(int) @ m.astype(int).T).sum()) for p, m in zip(a, w, strict=True))


def macs(product: Product) -> int:
    groups, positions, reduction = product.a.shape
    return groups * positions * product.w.shape[1] * reduction


def zeros(array: np.ndarray) -> float:
    return float((array == 0).mean())


def test_there_are_enough_of_each_kind():
    assert len(CASES) >= 60
    names = [build.__name__ for build in CASES]
    assert len(set(names)) == len(names)


def test_layers(run):
    made, _, result = run
    assert [layer.name for layer in result.layers] == [p.name for p in made.products]


def test_macs(run):
    made, _, result = run
    assert [layer.macs for layer in result.layers] == [macs(p) for p in made.products]
    assert result.totals.macs == sum(macs(p) for p in made.products)


def test_coverage(run):
    made, _, result = run
    own = sum(macs(p) for p in made.products)
    assert sum(result.host.macs.values()) == made.host_macs
    assert result.host.mac_coverage == pytest.approx(own / (own + made.host_macs), abs=1e-12)


def test_effectual_macs(run):
    made, _, result = run
    found = [layer.effectual_macs for layer in result.layers]
    assert found == [effectual(p) for p in made.products]


def test_cycles(run):
    """Each group, and each step, is a pass of its own: all of these layers fit the buffers."""
    made, _, result = run
    for layer, product in zip(result.layers, made.products, strict=True):
        masks = list(zip(product.a != 0, product.w != 0, strict=True))
        for scheme in SCHEMES:
            machine = SMALL.with_(skipping=scheme)
            cycles = sum(naive_array_cycles(a, w, machine).cycles for a, w in masks)
            assert layer.cycles[scheme].compute == cycles, (layer.name, scheme)


def test_sparsities(run):
    made, _, result = run
    for layer, product in zip(result.layers, made.products, strict=True):
        stored = product.a if product.activation is None else product.activation
        assert layer.activation_sparsity == pytest.approx(zeros(stored), abs=1e-12), layer.name
        weight = product.w if product.weight is None else product.weight
        assert layer.weight_sparsity == pytest.approx(zeros(weight), abs=1e-12), layer.name


def test_weights_are_there_once(run):
    made, _, result = run
    if made.weights is None:
        pytest.skip("the weights of this case are all different")
    elements, empty = made.weights
    assert result.totals.weight_sparsity == pytest.approx(empty / elements, abs=1e-12)
    widths = {p.weight_bits for p in made.products if p.weight is not None}
    assert result.totals.weight_storage.dense == elements * widths.pop()


def test_widths(run):
    made, _, result = run
    for layer, product in zip(result.layers, made.products, strict=True):
        if product.weight is not None:
            assert layer.weight_value_bits == product.weight_bits, layer.name


def test_outputs(run):
    made, trace, _ = run
    (image,) = trace.images
    for came, wanted in zip(image.outputs, made.outputs, strict=True):
        assert came.shape == wanted.shape and came.dtype == wanted.dtype
        if wanted.dtype.kind in "iu":
            assert came.tolist() == wanted.tolist()
        else:
            reach = np.abs(wanted).max()
            assert np.abs(came - wanted).max() <= made.tolerance * reach


def test_images(run):
    made, _, result = run
    assert (result.inputs.runs, result.inputs.images_per_run) == (1, made.images_per_run)
