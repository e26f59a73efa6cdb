"""Trains the bundled LeNet on MNIST and writes `lenet.onnx` and `mnist_test_300.npz`.

Only needed to make those two files again: nothing in sparsesim imports this script or PyTorch.

    pip install torch==2.13.0 numpy onnx onnxruntime
    OMP_NUM_THREADS=1 python models_onnx/train_lenet.py FOLDER_WITH_MNIST_IDX_FILES
"""

from __future__ import annotations

import argparse
import gzip
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
LAYERS = ("conv1", "conv2", "fc3", "fc4")
BUNDLED_IMAGES = 300

Weights = dict[str, NDArray[np.float32]]


def read_idx(folder: Path, stem: str) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes, plain or gzipped, in its own shape.

    Args:
        folder: where the file lies.
        stem: its name without `.gz`, e.g. `t10k-images-idx3-ubyte`.
    Returns:
        uint8, shape as the header says.
    Raises:
        SystemExit: the file is absent or isn't an IDX file of unsigned bytes.
    Source: the format table of the MNIST page of LeCun, Cortes and Burges.
    """
    plain, packed = folder / stem, folder / f"{stem}.gz"
    if plain.is_file():
        content = plain.read_bytes()
    elif packed.is_file():
        content = gzip.decompress(packed.read_bytes())
    else:
        raise SystemExit(f"{folder}: neither {stem} nor {stem}.gz is there")
    if content[:3] != b"\x00\x00\x08":
        raise SystemExit(f"{folder / stem}: is not an IDX file of unsigned bytes")
    axes = content[3]
    shape = np.frombuffer(content, ">i4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_mnist(folder: Path, part: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images and labels of one part of MNIST.

    Args:
        folder: where the four IDX files lie.
        part: `train` (60,000 images) or `t10k` (10,000).
    Returns:
        float32 images, shape (n, 1, 28, 28), in 0..1; int64 labels, shape (n,), in 0..9.
    """
    pixels = read_idx(folder, f"{part}-images-idx3-ubyte")
    labels = read_idx(folder, f"{part}-labels-idx1-ubyte")
    return (pixels[:, None] / np.float32(255)).astype(np.float32), labels.astype(np.int64)


def train(
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    epochs: int,
    batch: int,
    learning_rate: float,
    weight_decay: float,
    seed: int,
) -> Weights:
    """Trains Caffe's LeNet, with a ReLU behind each convolution too, by SGD with momentum.

    Args:
        images: shape (n, 1, 28, 28), in 0..1.
        labels: shape (n,), in 0..9.
        epochs: passes over the images; the learning rate falls to zero over them as a cosine.
        batch: images a step; an incomplete last batch of an epoch is left out.
        learning_rate: of the first step.
        weight_decay: L2 penalty on weights and biases.
        seed: of the first weights and of the order of the images.
    Returns:
        `<layer>.weight` and `<layer>.bias` of each layer, in ONNX's Conv and Gemm (transB) order.
    Source: LeNet as in BVLC Caffe, examples/mnist/lenet.prototxt.
    """
    import torch  # only this function needs it
    from torch import nn

    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    network = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 20, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(20, 50, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc3=nn.Linear(800, 500),
            relu3=nn.ReLU(),
            fc4=nn.Linear(500, 10),
        )
    )
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    steps = len(x) // batch
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=learning_rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=weight_decay,
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    for epoch in range(1, epochs + 1):
        loss_sum = 0.0
        for chosen in torch.randperm(len(x))[: steps * batch].split(batch):
            loss = nn.functional.cross_entropy(network(x[chosen]), y[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            loss_sum += loss.item()
        print(f"epoch {epoch} of {epochs}: mean training loss {loss_sum / steps:.4f}", flush=True)
    return {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}


def build_model(weights: Weights) -> onnx.ModelProto:
    """The ONNX model of trained weights: `image` (n, 1, 28, 28) in 0..1 to `logits` (n, 10)."""
    node = helper.make_node
    nodes = [
        node("Conv", ["image", *_parameters("conv1")], ["c1"], "conv1", kernel_shape=[5, 5]),
        node("Relu", ["c1"], ["r1"], "relu1"),
        node("MaxPool", ["r1"], ["p1"], "pool1", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", *_parameters("conv2")], ["c2"], "conv2", kernel_shape=[5, 5]),
        node("Relu", ["c2"], ["r2"], "relu2"),
        node("MaxPool", ["r2"], ["p2"], "pool2", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p2"], ["flat"], "flatten"),
        node("Gemm", ["flat", *_parameters("fc3")], ["f3"], "fc3", transB=1),
        node("Relu", ["f3"], ["r3"], "relu3"),
        node("Gemm", ["r3", *_parameters("fc4")], ["logits"], "fc4", transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "lenet",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(weights[n], n) for layer in LAYERS for n in _parameters(layer)],
    )
    # IR version 8 is the one that came with opset 17, so any runtime that knows the opset loads it.
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8, producer_name="sparsesim")
    onnx.checker.check_model(model, full_check=True)
    return model


def accuracy(model: Path, images: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Top-1 accuracy of a model file in ONNX Runtime, 0 to 1."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"image": images})
    return float(np.mean(logits.argmax(axis=1) == labels))


def main() -> None:
    """Reads MNIST, trains, writes both files and prints the accuracy on the test images."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mnist", type=Path, help="folder of the four IDX files, plain or .gz")
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="folder to write into")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.02)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=2018)
    options = parser.parse_args()

    weights = train(
        *read_mnist(options.mnist, "train"),
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        seed=options.seed,
    )
    model_file = options.output / "lenet.onnx"
    onnx.save(build_model(weights), model_file)

    images, labels = read_mnist(options.mnist, "t10k")
    first = slice(BUNDLED_IMAGES)
    images_file = options.output / f"mnist_test_{BUNDLED_IMAGES}.npz"
    np.savez_compressed(images_file, image=images[first], labels=labels[first])

    for part in (slice(None), first):
        top1 = accuracy(model_file, images[part], labels[part])
        print(f"top-1 on the first {len(labels[part])} test images: {top1:.2%}")
    print(f"Wrote {model_file} and {images_file}")


def _parameters(layer: str) -> tuple[str, str]:
    return f"{layer}.weight", f"{layer}.bias"


if __name__ == "__main__":
    main()
