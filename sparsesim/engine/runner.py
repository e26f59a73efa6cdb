"""Which runner a layer takes: a recurrent one has its own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.recurrent.hidden import HiddenRunner
from sparsesim.engine.recurrent.input import InputRunner
from sparsesim.graph import Layer

_OWN: dict[str, type[LayerRunner]] = {"recurrent_input": InputRunner, "recurrent": HiddenRunner}


def runner_of(layer: Layer, constants: Mapping[str, np.ndarray], kind: np.dtype) -> LayerRunner:
    """A layer's runner.

    Args:
        layer: of a graph.
        constants: of that graph, by name; without its weight the runner only lowers shapes.
        kind: the activation's type.
    """
    return _OWN.get(layer.kind, LayerRunner)(layer, constants, kind)
