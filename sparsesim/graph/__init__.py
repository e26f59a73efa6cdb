"""Loading: an ONNX file becomes a `Graph` of MAC layers and host steps."""

from sparsesim.graph.layers import Fused, Graph, HostStep, Layer
from sparsesim.graph.loading import build, load

__all__ = ["Fused", "Graph", "HostStep", "Layer", "build", "load"]
