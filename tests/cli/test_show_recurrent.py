"""`show` of quantised recurrent nodes: each direction, or each filter, has a zero point."""

import numpy as np
import pytest
from onnx import numpy_helper, parser

import sparsesim as ss
from sparsesim.cli.show import describe


@pytest.mark.parametrize("each_filter", [False, True])
@pytest.mark.parametrize("directions", [1, 2])
def test_zeros_of_weights(directions, each_filter):
    way = "bidirectional" if directions == 2 else "forward"
    model = parser.parse_model(
        f"""
        <ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
        m (float[4, 1, 3] x) => (float[4, {directions}, 1, 2] y) {{
            y = com.microsoft.DynamicQuantizeLSTM <hidden_size = 2, direction = "{way}">
                (x, w, r, , , , , , ws, wz, rs, rz)
        }}
        """
    )
    draw = np.random.default_rng(directions)
    shape = (directions, 8) if each_filter else (directions,)
    arrays = {
        "w": draw.integers(0, 4, (directions, 3, 8)).astype(np.uint8),
        "r": draw.integers(0, 4, (directions, 2, 8)).astype(np.uint8),
        "ws": np.full(shape, 0.1, np.float32),
        "rs": np.full(shape, 0.1, np.float32),
        "wz": (np.arange(np.prod(shape)).reshape(shape) % 4).astype(np.uint8),
        "rz": (np.arange(np.prod(shape)).reshape(shape) % 3 + 1).astype(np.uint8),
    }
    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in arrays.items())
    model.graph.node[0].name = "lstm"
    layers = describe(ss.load(model), None)["layers"]
    assert [layer["name"] for layer in layers] == ["lstm/input", "lstm/hidden"]
    for layer, stored, zero in zip(layers, "wr", ("wz", "rz"), strict=True):
        weight, zeros = arrays[stored].astype(int), 0
        for d in range(directions):
            for f in range(8):
                point = int(arrays[zero][d, f] if each_filter else arrays[zero][d])
                zeros += int((weight[d, :, f] == point).sum())
        assert layer["weights"] == weight.size
        assert layer["weight_sparsity"] == zeros / weight.size
