"""Topologies, read by SCALE-Sim's own reader: as many MACs as the layers have."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from export_models import Convolution, convolutions, dependent, model, node, request, values
from hypothesis import given, settings

import sparsesim as ss
from sparsesim.exports import Export, Request
from sparsesim.exports.scalesim import export

scalesim = pytest.importorskip("scalesim.topology_utils")
EXAMPLES = int(25 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def read(made: Export, folder: Path):
    """What SCALE-Sim makes of it."""
    path = folder / "topology.csv"
    path.write_bytes(made.files[""])
    found = scalesim.topologies()
    found.load_arrays(str(path))
    found.topo_calc_hyperparams()
    return found


def macs(found) -> dict[str, int]:
    """MACs by layer, its groups together."""
    total: dict[str, int] = {}
    for number, name in enumerate(found.get_layer_names()):
        name = name.partition("_group")[0]
        total[name] = total.get(name, 0) + found.get_layer_mac_ops(number)
    return total


def check(asked: Request, folder: Path) -> Export:
    made = export(asked)
    layers = [layer for layer in asked.trace.layers if layer.geometry.macs]
    assert macs(read(made, folder)) == {layer.name: layer.geometry.macs for layer in layers}
    return made


@settings(max_examples=EXAMPLES, deadline=None)
@given(case=convolutions())
def test_any_convolution(case: Convolution, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("scalesim")
    made = check(request(case.model, {"x": case.x}), folder)
    found = read(made, folder)
    assert found.get_num_layers() == case.groups
    moving = {s for s, o in zip(case.stride, case.outputs, strict=True) if o > 1}
    spread = any(d > 1 and k > 1 for d, k in zip(case.dilation, case.w.shape[2:], strict=True))
    volume = len(case.stride) == 3 and case.outputs[0] * case.w.shape[2] > 1
    is_product = case.batch > 1 or spread or volume or len(moving) > 1
    warned = [line for line in made.warnings if "as products of matrices" in line]
    assert bool(warned) == is_product
    if is_product:
        assert warned == [
            "y: as products of matrices, for dilation, two strides, a batch or a volume; "
            "SCALE-Sim reads their inputs window by window"
        ]
        assert found.get_layer_filter_dims(0) == [1, 1]
        return
    # The same taps on what they meet: as many outputs along each axis, as many pixels.
    high, wide = ([1] * 2 + list(case.padded.shape[2:]))[-2:]
    assert found.get_layer_ifmap_dims(0) == [high, wide]
    assert found.get_layer_ofmap_dims(0) == ([1] * 2 + list(case.outputs))[-2:]
    assert found.get_layer_filter_dims(0) == ([1] * 2 + list(case.w.shape[2:]))[-2:]


def test_an_edge_that_no_tap_meets_is_cut(tmp_path: Path):
    # 8 pixels, 3 taps, stride 2: 3 outputs reach 7 pixels; SCALE-Sim would make 4 of 8.
    conv = node("Conv", "x w", "y", strides=[2, 2])
    made = model([conv], {"x": [1, 2, 8, 8]}, ["y"], {"w": values(1, (3, 2, 3, 3))})
    check(request(made, {"x": values(2, (1, 2, 8, 8))}), tmp_path)
    row = (tmp_path / "topology.csv").read_text().splitlines()[1]
    assert row == "y, 7, 7, 3, 3, 2, 3, 2,"


def test_products(tmp_path: Path):
    made, feeds = dependent()
    check(request(made, feeds), tmp_path)
    rows = (tmp_path / "topology.csv").read_text().splitlines()
    assert rows[0] == (
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
        "Num Filter, Strides,"
    )
    assert rows[3:] == ["c, 1, 1, 1, 1, 5, 6, 1,", "d, 1, 1, 1, 1, 6, 1, 1,",
                        "e, 1, 1, 1, 1, 1, 6, 1,"]  # fmt: skip


def test_names_with_commas_and_with_what_means_depthwise(tmp_path: Path):
    names = ["a,b", "xDPx"]
    nodes = [node("MatMul", "x w", name) for name in names]
    made = model(nodes, {"x": [1, 4, 3]}, names, {"w": values(1, (3, 2), 1)})
    found = read(export(request(made, {"x": values(2, (1, 4, 3))})), tmp_path)
    assert found.get_layer_names() == ["a;b", "xD_Px"]


def test_ratios_of_weights(tmp_path: Path):
    dense, half, uneven = values(1, (6, 8), 1), values(2, (6, 8), 1), values(3, (6, 8), 1)
    half.reshape(6, 2, 4)[:, :, :2] = 0  # 2 of each 4, but not 1 of each 2
    uneven[0, 0] = 0
    eighth = np.zeros((6, 8), np.float32)
    eighth[range(6), [0, 3, 7, 1, 2, 5]] = 1
    names = ["dense", "half", "uneven", "eighth", "none"]
    constants = {f"w_{n}": w for n, w in zip(names, (dense, half, uneven, eighth, dense * 0),
                                            strict=True)}  # fmt: skip
    nodes = [node("Gemm", f"x w_{name}", name, transB=1) for name in names]
    asked = request(model(nodes, {"x": [1, 8]}, names, constants), {"x": values(4, (1, 8))})
    made = check(asked, tmp_path)
    found = read(made, tmp_path)
    ratios = [found.get_layer_sparsity_ratio(number) for number in range(5)]
    assert ratios == [[1, 1], [2, 4], [1, 1], [1, 8], [1, 1]]
    assert made.warnings == (
        "2 of 5 layers have zero weights that are no N:M, so they are dense to SCALE-Sim: "
        "uneven, none",
    )


def test_ratios_run_along_the_reduction_of_a_convolution(tmp_path: Path):
    # Channels are fastest: 2 of 4 channels at each tap, in another place at each.
    w = np.zeros((3, 4, 2, 2), np.float32)
    for tap in np.ndindex(2, 2):
        for filter_ in range(3):
            w[filter_, [tap[0] + tap[1], 3], *tap] = 1
    made = model([node("Conv", "x w", "y")], {"x": [1, 4, 5, 5]}, ["y"], {"w": w})
    found = read(check(request(made, {"x": values(1, (1, 4, 5, 5))}), tmp_path), tmp_path)
    assert found.get_layer_sparsity_ratio(0) == [2, 4]


@pytest.mark.parametrize(("end", "ratio"), [([1], [2, 4]), ([0], [1, 1])])
def test_a_short_block_at_the_end(tmp_path: Path, end: list[int], ratio: list[int]):
    w = np.array([[0, 0, 1, 1, 1, 0, 0, 1, *end]] * 3, np.float32)
    made = model([node("Gemm", "x w", "y", transB=1)], {"x": [1, 9]}, ["y"], {"w": w})
    found = read(export(request(made, {"x": values(1, (1, 9))})), tmp_path)
    row = (tmp_path / "topology.csv").read_text().splitlines()[1]
    assert (found.get_layer_sparsity_ratio(0), row.endswith(" 2:4,")) == (ratio, ratio == [2, 4])


def test_ratios_of_the_sparsifier(root: Path, tmp_path: Path):
    rules = {
        "conv1": {"sparsifier": "n_m", "n": 1, "m": 4},  # 25 taps: the last block has one
        "conv2": {"sparsifier": "n_m", "n": 2, "m": 4},
        "fc3": {"sparsifier": "n_m", "n": 3, "m": 16},
    }
    graph = ss.sparsify(ss.load(root / "models_onnx/lenet.onnx"), ss.Thresholds(weights=rules))
    trace = ss.execute(graph, ss.open_inputs("random", ss.input_specs(graph), images=1))
    asked = Request(trace, None, ss.Accelerator(), ss.Device.named("xc7z020"))
    made = check(asked, tmp_path)
    found = read(made, tmp_path)
    ratios = [found.get_layer_sparsity_ratio(number) for number in range(4)]
    assert (ratios, made.warnings) == ([[1, 4], [2, 4], [3, 16], [1, 1]], ())


def test_bundled_models(root: Path, tmp_path: Path):
    for name in ("lenet", "paper/resnet14-cifar10-l1", "paper/resnet14-tiny-l2"):
        graph = ss.load(root / f"models_onnx/{name}.onnx")
        trace = ss.execute(graph, ss.open_inputs("random", ss.input_specs(graph), images=1))
        asked = Request(trace, None, ss.Accelerator(), ss.Device.named("xc7z020"))
        assert all("as products" not in line for line in check(asked, tmp_path).warnings)
