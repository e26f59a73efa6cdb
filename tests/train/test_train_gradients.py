"""Gradients between the backward pass and the optimiser, against sums done by hand and autograd."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

from sparsesim.errors import InputError, SpecError
from sparsesim.spec.thresholds import Thresholds

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

from sparsesim.train.export import onnx_model  # noqa: E402
from sparsesim.train.gradients import (  # noqa: E402
    add_penalties,
    gradient_choices,
    gradient_plan,
    nonzero_counts,
    sparsify_gradients,
    weights_of,
)


def two_layers():
    """y = [3 1] relu([1 -1; 2 0] x), behind a backward pass from y with x = [1, 2].

    By hand: the hidden values are [-1, 2], behind the ReLU [0, 2]; dy/dw2 = [0, 2] and dy/db2 = 1;
    [0, 1] goes on backwards, so dy/dw1 = [0 0; 1 2] and dy/db1 = [0, 1].
    """
    nn = torch.nn
    net = nn.Sequential(OrderedDict(fc1=nn.Linear(2, 2), relu1=nn.ReLU(), fc2=nn.Linear(2, 1)))
    with torch.no_grad():
        net.fc1.weight.copy_(torch.tensor([[1.0, -1.0], [2.0, 0.0]]))
        net.fc2.weight.copy_(torch.tensor([[3.0, 1.0]]))
        net.fc1.bias.zero_()
        net.fc2.bias.zero_()
    net(torch.tensor([[1.0, 2.0]])).sum().backward()
    return net


def gradients(net) -> list[list]:
    return [p.grad.tolist() for p in net.parameters()]  # w1, b1, w2, b2


@pytest.mark.parametrize(
    ("threshold", "wanted", "counts"),
    [
        (0.0, [[[0, 0], [1, 2]], [0, 1], [[0, 2]], [1]], [2, 1]),
        (0.5, [[[0, 0], [1, 2]], [0, 1], [[0, 2]], [1]], [2, 1]),
        (1.0, [[[0, 0], [0, 2]], [0, 0], [[0, 2]], [0]], [1, 1]),  # the edge becomes zero
        (2.0, [[[0, 0], [0, 0]], [0, 0], [[0, 0]], [0]], [0, 0]),
    ],
)
def test_thresholds_on_a_two_layer_net_by_hand(threshold, wanted, counts):
    net = two_layers()
    before = [p.detach().clone() for p in net.parameters()]
    sparsify_gradients(gradient_plan(net, threshold, {}))
    assert gradients(net) == wanted
    assert nonzero_counts(weights_of(net)).tolist() == counts
    torch.optim.SGD(net.parameters(), lr=0.5).step()
    for old, new, gradient in zip(before, net.parameters(), wanted, strict=True):
        assert new.tolist() == (old - 0.5 * torch.tensor(gradient)).tolist()


def test_negative_gradients_and_negative_zero():
    net = two_layers()
    net.fc1.weight.grad = torch.tensor([[-1.0, -0.0], [-2.0, 1.0]])
    sparsify_gradients(gradient_plan(net, 1.0, {}))
    assert net.fc1.weight.grad.tolist() == [[0, 0], [-2, 0]]
    assert nonzero_counts(weights_of(net)).tolist() == [1, 1]


def test_penalties_against_autograd():
    net = two_layers()
    weights = weights_of(net)
    plain = [w.grad.clone() for w in weights.values()]
    l1, l2 = 0.25, 0.5
    loss = sum(l1 * w.abs().sum() + l2 / 2 * (w * w).sum() for w in weights.values())
    wanted = torch.autograd.grad(loss, list(weights.values()))
    biases = [net.fc1.bias.grad.clone(), net.fc2.bias.grad.clone()]
    add_penalties(weights, l1, l2)
    for before, more, weight in zip(plain, wanted, weights.values(), strict=True):
        assert weight.grad.tolist() == (before + more).tolist()
    # Closed form, one weight each: 0.5 * 1 + 0.25, 0.5 * -1 - 0.25, and none for a zero.
    assert (weights["fc1"].grad - plain[0]).tolist() == [[0.75, -0.75], [1.25, 0]]
    assert [net.fc1.bias.grad.tolist(), net.fc2.bias.grad.tolist()] == [b.tolist() for b in biases]


def small_network():
    """A convolution of four filters with K = 2 * 3 * 3, and a fully connected layer."""
    nn = torch.nn
    torch.manual_seed(0)
    modules = OrderedDict(conv1=nn.Conv2d(2, 4, 3), relu1=nn.ReLU(), flatten=nn.Flatten())
    net = nn.Sequential(modules | {"fc2": nn.Linear(16, 3)}).to(memory_format=torch.channels_last)
    net(torch.randn(5, 2, 4, 4)).square().sum().backward()
    return net


def choices(net, rules: Thresholds):
    return gradient_choices(onnx_model(net, (2, 4, 4), "small"), rules)


def test_a_map_gives_each_layer_its_own_and_the_rest_the_recipe_s():
    net = small_network()
    before = {name: p.grad.clone() for name, p in net.named_parameters()}
    edge = float(before["conv1.weight"].abs().median())
    plan = gradient_plan(net, 1e9, choices(net, Thresholds(gradients={"conv*": edge})))
    sparsify_gradients(plan)
    g = before["conv1.weight"]
    kept = g.abs() > np.float32(edge)
    assert (net.conv1.weight.grad == torch.where(kept, g, 0)).all()
    assert nonzero_counts(weights_of(net)).tolist() == [int(kept.sum()), 0]
    assert net.conv1.bias.grad.tolist() == [0] * 4  # a bias is no weight: the recipe's threshold


def test_another_rule_sees_filters_by_reduction_channel_fastest():
    net = small_network()
    g = net.conv1.weight.grad.numpy().copy()
    rules = Thresholds(gradients={"conv1": {"sparsifier": "n_m", "n": 1, "m": 3}})
    sparsify_gradients(gradient_plan(net, 0.0, choices(net, rules)))
    rows = g.transpose(0, 2, 3, 1).reshape(4, 6, 3)
    wanted = np.zeros_like(rows)
    for filter_, group in np.ndindex(4, 6):
        largest = np.abs(rows[filter_, group]).argmax()
        wanted[filter_, group, largest] = rows[filter_, group, largest]
    back = wanted.reshape(4, 3, 3, 2).transpose(0, 3, 1, 2)
    assert (net.conv1.weight.grad.numpy() == back).all()
    assert nonzero_counts(weights_of(net))[0] == 4 * 6


def refused(error, call) -> str:
    with pytest.raises(error) as raised:
        call()
    return str(raised.value)


def test_maps_that_do_not_fit():
    net = small_network()
    wrong = Thresholds(gradients={"conv2": 0.1})
    assert refused(SpecError, lambda: choices(net, wrong)) == (
        "gradients: 'conv2' matches no layer and no block; near misses: conv1, fc2"
    )
    none = Thresholds(name="mine", weights={"conv1": 0.1})
    assert refused(SpecError, lambda: choices(net, none)) == (
        "map 'mine' has no table 'gradients'; training uses only that"
    )
    unknown = Thresholds(gradients={"fc2": {"sparsifier": "top", "keep": 0.1}})
    assert refused(SpecError, lambda: choices(net, unknown)) == (
        "gradients.fc2: unknown sparsifier 'top'; did you mean 'top_k'?"
    )


def test_a_gradient_that_is_no_number_is_named():
    net = small_network()
    net.fc2.weight.grad[0, 0] = float("nan")
    rules = Thresholds(gradients={"fc*": {"sparsifier": "top_k", "keep": 0.5}})
    plan = gradient_plan(net, 0.0, choices(net, rules))
    assert refused(InputError, lambda: sparsify_gradients(plan)) == (
        "gradients.fc*: layer 'fc2': top_k: the array holds NaN or infinity; give finite numbers"
    )
