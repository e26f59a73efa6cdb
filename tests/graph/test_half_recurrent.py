"""float16 models whose layout ONNX Runtime would change: it ends the process there."""

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from sparsesim.graph.session import harmful

RUN = """
import numpy as np, onnxruntime as ort
import sparsesim as ss
x = np.linspace(-1, 1, 5 * 2 * 4).reshape(5, 2, 4).astype(np.float16)
graph = ss.load("m.onnx")
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
(wanted,) = ort.InferenceSession("m.onnx", options).run(None, {"x": x})
near = lambda came: np.abs(came.astype(float) - wanted).max() < 0.01 * np.abs(wanted).max()
for used in (graph, ss.sparsify(graph, ss.Thresholds(weights={"*": 0.3}))):
    (run,) = ss.execute(used, {"x": x}, batch_axis="none").images
    assert used is not graph or near(run.outputs[0])
    assert not run.reference or near(run.reference[0])
assert run.reference
print(len(graph.layers), "layers")
"""


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_the_process_goes_on(tmp_path, op, gates):
    """Loading, the host, sparsify and the reference, in a process that would end itself."""
    model = parser.parse_model(
        f"""
        <ir_version: 8, opset_import: ["" : 17]>
        tagger (float16[T, N, 4] x) => (float16[N, T, 4] y) {{
            all = {op} <hidden_size = 4> (x, w, r)
            one = Squeeze (all, axis)
            turned = Transpose <perm = [1, 0, 2]> (one)
            y = MatMul (turned, a)
        }}
        """
    )
    draw = np.random.default_rng(0)
    shapes = {"w": (1, 4 * gates, 4), "r": (1, 4 * gates, 4), "a": (4, 4)}
    arrays = {n: draw.standard_normal(s).astype(np.float16) for n, s in shapes.items()}
    arrays["axis"] = np.array([1])
    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in arrays.items())
    onnx.save(model, tmp_path / "m.onnx")
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "3 layers\n"), done.stderr


@pytest.mark.parametrize(
    ("kinds", "off"),
    [
        ([np.float32, np.int64], ()),
        ([np.float32, np.float16], ("NchwcTransformer",)),
        ([np.float16], ("NchwcTransformer",)),
        ([], ()),
    ],
)
def test_only_float16_is_in_danger(kinds, off):
    assert harmful(map(np.dtype, kinds)) == off
