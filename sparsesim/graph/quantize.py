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
from sparsesim.graph.fold import runtime_message
from sparsesim.graph.layers import Graph
from sparsesim.graph.loading import load
from sparsesim.graph.save import to_model

CALIBRATION_IMAGES = 100


def quantize(graph: Graph, feeds: Iterable[Mapping[str, np.ndarray]]) -> Graph:
    """The graph with int8 weights (one scale a filter) and uint8 activations, as QDQ.

    Args:
        graph: a float model; layers that are quantised already stay as they are.
        feeds: calibration inputs; the first 100 are used.
    Returns:
        a graph whose layers keep their names; the same graph where nothing is left to quantise.
    Raises:
        ModelError: the quantiser fails.
    """
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType
    from onnxruntime.quantization import quantize_static as run

    done = [name for layer in graph.layers if layer.is_integer for name in layer.nodes]
    if all(layer.is_integer for layer in graph.layers):
        return graph
    used = list(islice(iter(feeds), CALIBRATION_IMAGES))

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.feeds = iter(used)

        def get_next(self):
            return next(self.feeds, None)

    with _quiet(), tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "quantised.onnx"
        onnx.save(to_model(graph), source)
        try:
            run(
                source,
                target,
                Reader(),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["Conv", "ConvTranspose", "Gemm", "MatMul"],
                nodes_to_exclude=done,
                extra_options={"ForceQuantizeNoInputCheck": True},
            )
            made = load(target)
        except Exception as error:
            raise ModelError(
                f"{graph.source}: ONNX Runtime's quantiser fails: {runtime_message(error)}"
            ) from error
    said = f"quantised to 8 bits by ONNX Runtime, calibrated on {len(used)} images"
    return replace(
        made,
        source=graph.source,
        sha256=graph.sha256,
        original=graph.original,
        rewrites=(*graph.rewrites, said),
    )


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
