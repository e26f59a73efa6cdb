"""Each of the paper's networks: its layers, its training, and its ONNX in three runtimes."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

import sparsesim as ss
from sparsesim.errors import SpecError

torch = pytest.importorskip(
    "torch", reason="training needs PyTorch: pip install 'sparsesim[train]'"
)

from train_samples import dataset, recipe  # noqa: E402

from sparsesim.train.export import onnx_model  # noqa: E402
from sparsesim.train.gradients import weights_of  # noqa: E402
from sparsesim.train.topologies import TOPOLOGIES, network, summary  # noqa: E402
from sparsesim.train.training import train  # noqa: E402

# Side of the pictures, channels: as small as each takes, or near.
SMALL = {
    "lenet": (16, 1),
    "cifarnet": (9, 3),
    "resnet14": (9, 3),
    "alexnet": (67, 3),
    "resnet50": (32, 3),
}


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_it_trains_and_its_onnx_gives_the_same_in_three_runtimes(topology, tmp_path):
    size, channels = SMALL[topology]
    data = dataset(channels, size)
    dropout = 0.5 if topology in ("alexnet", "cifarnet") else 0.0
    chosen = recipe(
        topology, learning_rate=1e-3, l1=1e-5, dropout=dropout, gradient_threshold=1e-3, epochs=1
    )
    trained = train(chosen, data, tmp_path, stop_after=2)
    history = trained.history
    assert history.nonzero.shape == (2, len(weights_of(trained.network)))
    assert np.isfinite(history.loss).all()
    assert ((history.nonzero >= 0) & (history.nonzero <= history.elements)).all()
    assert 0 < history.total_sparsity()[1] < 1

    model = onnx_model(trained.network, data.train.images.shape[1:], topology)
    onnx.checker.check_model(model, full_check=True)
    pictures = np.random.default_rng(3).normal(size=(2, channels, size, size)).astype(np.float32)
    with torch.no_grad():
        wanted = trained.network.eval()(torch.from_numpy(pictures)).numpy()
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": pictures})
    near = {"rtol": 1e-4, "atol": 1e-4 * np.abs(wanted).max()}
    np.testing.assert_allclose(found, wanted, **near)
    np.save(tmp_path / "x.npy", pictures)
    graph = ss.load(model)
    inputs = ss.open_inputs(tmp_path / "x.npy", ss.input_specs(graph))
    engine = np.concatenate([image.outputs[0] for image in ss.execute(graph, inputs).images])
    np.testing.assert_allclose(engine, wanted, **near)
    # What is trained under a name is what the simulator calls so.
    assert {layer.name for layer in graph.layers} == set(history.layers)


def test_layers_and_weights_are_those_of_the_paper():
    """Counts by hand: LeNet 20*25 + 50*20*25 + 500*800 + 10*500; CifarNet 64*75 + 64*64*25 +
    384*4096 + 192*384 + 10*192."""
    lenet = weights_of(network("lenet", 1, 28, 10, 0.0))
    assert {name: w.numel() for name, w in lenet.items()} == {
        "conv1": 500,
        "conv2": 25_000,
        "fc3": 400_000,
        "fc4": 5_000,
    }
    cifarnet = weights_of(network("cifarnet", 3, 32, 10, 0.5))
    assert {name: w.numel() for name, w in cifarnet.items()} == {
        "conv1": 4_800,
        "conv2": 102_400,
        "fc3": 1_572_864,
        "fc4": 73_728,
        "logits": 1_920,
    }
    alexnet = weights_of(network("alexnet", 3, 67, 2, 0.5))
    assert list(alexnet) == [*(f"conv{n}" for n in range(1, 6)), "fc6", "fc7", "fc8"]
    resnet14 = list(weights_of(network("resnet14", 3, 32, 100, 0.0)))
    shortcuts = [name for name in resnet14 if name.endswith("shortcut")]
    assert len(resnet14) - len(shortcuts) == 14
    assert shortcuts == ["block1/unit_1/shortcut", "block2/unit_1/shortcut"]
    blocks = list(dict.fromkeys(name.rpartition("/")[0] or name for name in resnet14))
    units = [f"block{b}/unit_{u}" for b in (1, 2) for u in (1, 2)]
    assert blocks == ["conv1", *units, "logits"]  # table 3


def test_resnet50_has_the_blocks_of_table_5_and_its_published_size():
    found = network("resnet50", 3, 224, 1000, 0.0)
    names = [name.rpartition("/")[0] or name for name in weights_of(found)]
    counts = {1: 3, 2: 4, 3: 6, 4: 3}
    units = [f"block{b}/unit_{u}" for b, last in counts.items() for u in range(1, last + 1)]
    assert list(dict.fromkeys(names)) == ["conv1", *units, "logits"]
    assert sum(p.numel() for p in found.parameters()) == 25_557_032  # torchvision's documentation


def test_first_weights_are_gaussian_of_variance_two_over_inputs():
    torch.manual_seed(5)
    weight = network("lenet", 1, 28, 10, 0.0).fc3.weight.detach().numpy().astype(np.float64)
    assert abs(weight.mean()) < 1e-3
    assert weight.var() == pytest.approx(2 / 800, rel=0.02)
    assert (weight**4).mean() / weight.var() ** 2 == pytest.approx(3, rel=0.02)  # kurtosis


def refused(*words) -> str:
    with pytest.raises(SpecError) as raised:
        network(*words)
    return str(raised.value)


def test_what_a_topology_refuses():
    assert refused("lenet5", 1, 28, 10, 0.0) == "unknown topology 'lenet5'; did you mean 'lenet'?"
    assert refused("alexnet", 3, 66, 10, 0.0) == (
        "topology 'alexnet' takes pictures of 67 pixels and more a side; 66 came"
    )
    assert refused("lenet", 1, 28, 10, 0.5) == "topology 'lenet' has no dropout; 0.5 came, use 0"


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_smallest_pictures_pass_and_each_says_what_it_is(topology):
    from importlib import import_module

    smallest = import_module(f"sparsesim.train.topologies.{topology}").SMALLEST
    with torch.no_grad():
        outputs = network(topology, 3, smallest, 4, 0.0).eval()(
            torch.zeros(1, 3, smallest, smallest)
        )
    assert outputs.shape == (1, 4)
    assert len(summary(topology)) > 20


def test_a_module_without_an_operator_is_named():
    odd = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    with pytest.raises(TypeError, match=r"^Tanh: no ONNX operator is known for it$"):
        onnx_model(odd, (1, 1, 2), "odd")
