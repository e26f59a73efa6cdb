"""Fixed-point numbers for a float model: ONNX Runtime's static quantiser."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.calibrate import NotFiniteError, ranges
from sparsesim.graph.fold import widened
from sparsesim.graph.layers import Graph
from sparsesim.graph.loading import load
from sparsesim.graph.opset import with_opset
from sparsesim.graph.plain_gemm import without_factors
from sparsesim.graph.save import to_model
from sparsesim.graph.session import runtime_message

CALIBRATION_IMAGES = 100
_LEAST_OPSET = 13  # a scale for each filter, not one for all
_OPERATORS = ["Conv", "ConvTranspose", "Gemm", "MatMul"]


def quantize(
    graph: Graph, feeds: Iterable[Mapping[str, np.ndarray]], images_per_run: int = 1
) -> Graph:
    """The graph with int8 weights (one scale a filter; one in all where a
    transposed convolution has groups) and uint8 activations, as QDQ.

    Args:
        graph: a float model; layers that are quantised already stay as they are.
        feeds: calibration inputs, a run each; those of the first 100 images are used.
        images_per_run: more than 1 where the model's batch is fixed.
    Returns:
        a graph whose layers keep their names; the same graph where nothing is left to quantise.
    Raises:
        ModelError: an opset below 13 that cannot be converted; the quantiser fails.
    """
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    if all(layer.is_integer for layer in graph.layers):
        return graph
    used = list(islice(iter(feeds), max(1, CALIBRATION_IMAGES // images_per_run)))
    raised = with_opset(graph, _LEAST_OPSET, "a scale for each filter")
    done = [name for layer in raised.layers if layer.is_integer for name in layer.nodes]
    model = to_model(raised)
    if any(raised.types.get(layer.activation) == np.float16 for layer in raised.layers):
        model = widened(model, graph.source, graph.custom_ops)  # its scales must be float32
    without_factors(model)
    with _quiet(), tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        target = Path(folder) / "quantised.onnx"
        try:
            known = ranges(model, _OPERATORS, used, Path(folder), graph.custom_ops)
            quantiser = QDQQuantizer(
                _inferred(model, Path(folder)),
                per_channel=True,
                reduce_range=False,
                weight_qType=QuantType.QInt8,
                activation_qType=QuantType.QUInt8,
                tensors_range=known,
                nodes_to_quantize=[],
                nodes_to_exclude=done,
                op_types_to_quantize=_OPERATORS,
                extra_options={
                    "ForceQuantizeNoInputCheck": True,
                    "DefaultTensorType": onnx.TensorProto.FLOAT,  # behind what onnx does not know
                    "TensorQuantOverrides": {
                        name: [{"quant_type": QuantType.QInt8}] for name in _with_one_scale(model)
                    },
                },
            )
            quantiser.quantize_model()
            quantiser.model.save_model_to_file(str(target), False)
            made = load(target, custom_ops=graph.custom_ops)
        except NotFiniteError as error:
            raise ModelError(f"{graph.source}: {error}") from error
        except Exception as error:
            raise ModelError(
                f"{graph.source}: ONNX Runtime's quantiser fails: {runtime_message(error)}"
            ) from error
    many = len(used) * images_per_run
    images = "1 image" if many == 1 else f"{many} images"
    said = f"quantised to 8 bits by ONNX Runtime, calibrated on {images}"
    return replace(
        made,
        source=graph.source,
        sha256=graph.sha256,
        original=graph.original,
        fixed=graph.fixed,
        loaded=graph.as_loaded,
        rewrites=(*raised.rewrites, said),
    )


def _with_one_scale(model: onnx.ModelProto) -> set[str]:
    """Weights of grouped transposed convolutions: their second axis has the filters of one group,
    and the quantiser would give each of these a scale, and the bias one for every filter."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return {
        node.input[1]
        for node in model.graph.node
        if node.op_type == "ConvTranspose"
        and node.input[1] in constants
        and any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)
    }


def _inferred(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """With the types of all tensors, which the quantiser asks for."""
    from onnxruntime.quantization.quant_utils import load_model_with_shape_infer

    source = folder / "float.onnx"
    onnx.save(model, source)
    return load_model_with_shape_infer(source)


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser advises pre-processing, which folding did, and warns of unused tensors."""
    import onnxruntime

    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    onnxruntime.set_default_logger_severity(3)
    try:
        yield
    finally:
        logger.setLevel(before)
        onnxruntime.set_default_logger_severity(2)  # its own default
