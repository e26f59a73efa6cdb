"""Loading: an ONNX file becomes a `Graph` of MAC layers and host steps.

Where to look, in the order in which `load` (`loading`) does it:

- read and refuse: `read`, with `texts`, `tensors`, `sparse`, `domains`, `order`, `check`, `limits`,
  `empty`, `endless`; `qonnx` makes plain ONNX of QONNX; `names` names nodes.
- rewrite: `steps_first`, `fix` and `shapes` (what the user says of inputs), `decompose` (operators
  that hold products), `share` and `tied` (weights that are there once), `widths` (narrow values).
- fold: `fold`, which undoes what it must not change by `branches` and `half`; `constants`.
- cut: `infer` and `runtime_types` (shapes and types), `recognise` and `recurrent` (layers),
  `partition` (steps). `layers` has what comes out; `blocks` and `batch` ask of it how layers belong
  together and along which axes images lie, `host_work` and `host_macs` what is left to the host;
  `no_layer` refuses a model of which that is all.
- change and keep: `save`, `opset`, `quantize` with `calibrate` and `plain_gemm`.

All of them use `walk` and `reads` (going through nodes), `notes` (metadata that travels in the
model: `widths`, `tied`, `batch_first`), `session` and `quiet` (ONNX Runtime).
"""

from sparsesim.graph.layers import Fused, Graph, HostStep, Layer
from sparsesim.graph.loading import build, load

__all__ = ["Fused", "Graph", "HostStep", "Layer", "build", "load"]
