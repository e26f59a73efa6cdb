"""MAC counts equal those of another profiler, onnx-tool, layer by layer.

onnx-tool counts the addition of a bias as one more MAC for each output; we don't.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import onnx
import pytest

import sparsesim as ss
from sparsesim.cli.show import describe

MODELS = (
    "alexnet-features/alexnet_features_imagenet",
    "coral-int8/mobilenet_v2_1.0_224_quant",
    "mlperf-tiny/pretrainedResnet",
    "mlperf-tiny/pretrainedResnet_quant",
    "resnet20-cifar10/resnet20_cifar10",
    "resnet50-imagenet-pqf/resnet50_pqf_large_vq",
    "squeezenet1.0-deepcompression/squeezenet1_0_deepcompression",
)
KINDS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


def counted(path: Path) -> dict[str, int]:
    """MACs of each layer of a file as onnx-tool has them, without its bias additions."""
    onnx_tool = pytest.importorskip("onnx_tool")
    model = onnx.load(path)
    value = model.graph.input[0]
    shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    with contextlib.redirect_stdout(io.StringIO()):
        profile = onnx_tool.Model(str(path))
        profile.graph.shape_infer({value.name: np.zeros(shape, kind)})
        profile.graph.profile()
    macs = {}
    for node in model.graph.node:
        if node.op_type not in KINDS:
            continue
        found = profile.graph.nodemap[node.name]
        outputs = int(np.prod(profile.graph.tensormap[node.output[0]].shape))
        bias = outputs if len(node.input) > 2 and node.input[2] else 0
        macs[node.name] = int(found.macs[0]) - bias
    assert macs
    return macs


def ours(path: Path) -> dict[str, int]:
    return {layer["name"]: layer["macs"] for layer in describe(ss.load(path))["layers"]}


@pytest.mark.parametrize("name", MODELS)
def test_macs_of_real_models(shared_data, name):
    path = shared_data / "models" / f"{name}.onnx"
    assert ours(path) == counted(path)


def test_macs_of_the_bundled_model(root):
    path = root / "models_onnx" / "lenet.onnx"
    assert ours(path) == counted(path)
