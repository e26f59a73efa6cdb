"""onnx's own backend tests: what ONNX Runtime passes on this machine, we pass."""

from __future__ import annotations

from functools import cache

import pytest
from onnx_cases import LIGHT, Case, cases
from onnx_runs import exceptions, reason, run, sparsesim

# The cases are cut into parts so that several processes share the work.
PARTS = 8


@cache
def _all() -> list[Case]:
    return [case for case in cases() if case.kind != LIGHT]  # these: test_light_models.py


@pytest.mark.parametrize("part", range(PARTS))
def test_we_pass_what_onnx_runtime_passes(part):
    known = exceptions()
    outcomes = [run(case) for case in _all()[part::PARTS]]
    failed = {o.name: o.ours for o in outcomes if o.ours and not o.theirs}
    assert {name: why for name, why in failed.items() if not reason(name, known)} == {}
    assert sum(not o.ours for o in outcomes) > 0.8 * len(outcomes)


def test_there_are_as_many_cases_as_onnx_ships():
    assert len(_all()) > 1900


def test_the_backend_takes_names_and_knows_its_device():
    import numpy as np

    from sparsesim.backend import SparseSimBackend

    case = next(case for case in _all() if case.name == "test_matmul_2d")
    model, ((inputs, expected),) = case.open()
    named = dict(zip(["a", "b"], inputs, strict=True))
    given = SparseSimBackend.prepare(model).run(named)
    np.testing.assert_allclose(given[0], expected[0], rtol=1e-5)
    np.testing.assert_array_equal(given[0], sparsesim(model, inputs)[0])
    assert SparseSimBackend.supports_device("CPU") and not SparseSimBackend.supports_device("CUDA")
