"""Local response normalisation as a product, against PyTorch's own and against its formula."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

from sparsesim.train.topologies.normalisation import response_norm  # noqa: E402


@pytest.mark.parametrize(("size", "channels"), [(9, 64), (5, 3), (1, 4), (9, 1)])
def test_forward_and_backward_are_those_of_pytorch(size, channels):
    torch.manual_seed(size)
    x = torch.randn(2, channels, 4, 3, dtype=torch.float64) * 3
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    made = response_norm(size, alpha=0.3, bias=2.0)
    found = made(ours)
    wanted = torch.nn.LocalResponseNorm(size, alpha=0.3, beta=0.75, k=2.0)(theirs)
    np.testing.assert_allclose(found.detach(), wanted.detach(), rtol=1e-12)
    weight = torch.randn_like(x)
    (found * weight).sum().backward()
    (wanted * weight).sum().backward()
    np.testing.assert_allclose(ours.grad, theirs.grad, rtol=1e-10, atol=1e-12)


def test_the_formula_by_hand():
    """Three channels of values 1, 2, 3; size 3, alpha 3, bias 1: the middle one is
    2 / (1 + 3 / 3 * (1 + 4 + 9)) ** 0.75."""
    x = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    found = response_norm(3, alpha=3.0, bias=1.0)(x).flatten().tolist()
    wanted = [1 / 6**0.75, 2 / 15**0.75, 3 / 14**0.75]
    assert found == pytest.approx(wanted, rel=1e-6)
