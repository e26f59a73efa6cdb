"""Real models on real images, against ONNX Runtime: floats to 1e-4 of the range, integers equal."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from sparsesim.engine.run import Engine
from sparsesim.graph import load
from sparsesim.inputs import Preprocess, open_inputs
from sparsesim.trace.execute import input_specs

PHOTOS = "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"
CIFAR = "cifar10-test"
IMAGES = 3
# model -> images, how they are prepared, MAC layers
MODELS = {
    "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx": (PHOTOS, "imagenet", 54),
    "squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx": (
        PHOTOS,
        "imagenet-bgr-mean",
        26,
    ),
    "alexnet-features/alexnet_features_imagenet.onnx": (PHOTOS, "imagenet", 5),
    "coral-int8/mobilenet_v2_1.0_224_quant.onnx": (PHOTOS, {"crop": 224}, 53),
    "mlperf-tiny/pretrainedResnet.onnx": (CIFAR, "none", 10),
    "mlperf-tiny/pretrainedResnet_quant.onnx": (CIFAR, "int8", 10),
    "resnet20-cifar10/resnet20_cifar10.onnx": (CIFAR, "cifar10-imagenet-stats", 20),
}


@pytest.mark.parametrize("name", MODELS)
def test_real_images(shared_data, name):
    images, how, layers = MODELS[name]
    path = shared_data / "models" / name
    graph = load(path)
    assert len(graph.layers) == layers, graph.reasons
    engine = Engine(graph)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    prepare = Preprocess(**how) if isinstance(how, dict) else how
    inputs = open_inputs(shared_data / images, input_specs(graph), prepare, images=IMAGES)
    for feed in inputs:
        expected = session.run(None, dict(feed))
        for mine, wanted in zip(engine.run(feed), expected, strict=True):
            assert mine.dtype == wanted.dtype and mine.shape == wanted.shape
            if wanted.dtype.kind == "f":
                span = float(np.ptp(wanted))
                np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-4 * span)
            else:
                np.testing.assert_array_equal(mine, wanted)
