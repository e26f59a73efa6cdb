"""Workloads, read by ZigZag's own parser: MACs, sizes of operands and what hangs on what."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest
from export_models import Convolution, convolutions, dependent, model, node, request, values
from hypothesis import given, settings

import sparsesim as ss
from sparsesim.exports import Export, Request
from sparsesim.exports.zigzag import export

pytest.importorskip("zigzag")
EXAMPLES = int(25 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


def read(made: Export, folder: Path) -> list:
    """The layers that ZigZag makes of it, under its default mapping."""
    from zigzag.stages.parser.workload_parser import WorkloadParserStage

    path = folder / "workload.yaml"
    path.write_bytes(made.files[""])
    mapping = files("zigzag") / "inputs" / "mapping" / "default.yaml"
    stage = WorkloadParserStage([WorkloadParserStage], workload=str(path), mapping=str(mapping))
    return stage.parse_workload().layer_node_list


def sizes(layer) -> dict[str, int]:
    return {operand.name: int(size) for operand, size in layer.operand_size_elem.items()}


def check(asked: Request, folder: Path) -> list:
    found = read(export(asked), folder)
    layers = [layer for layer in asked.trace.layers if layer.geometry.macs]
    assert [node.name for node in found] == [layer.name for layer in layers]
    for node_, layer in zip(found, layers, strict=True):
        geometry = layer.geometry
        assert node_.total_mac_count == geometry.macs
        assert sizes(node_)["W"] == geometry.weight_elements
        assert sizes(node_)["O"] == geometry.output_elements
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(case=convolutions())
def test_any_convolution(case: Convolution, tmp_path_factory: pytest.TempPathFactory):
    asked = request(case.model, {"x": case.x})
    (layer,) = check(asked, tmp_path_factory.mktemp("zigzag"))
    assert {op.name: bits for op, bits in layer.operand_precision.data.items()} == {
        "I": 8, "W": 8, "O": 32, "O_final": 8,
    }  # fmt: skip
    # ZigZag counts the pixels that taps meet; where they leave some out, at times those, too.
    fewest = most = case.batch * case.x.shape[1]
    for axis, outputs in enumerate(case.outputs):
        met = {
            o * case.stride[axis] + tap * case.dilation[axis] - case.before[axis]
            for o in range(outputs)
            for tap in range(case.w.shape[2 + axis])
        }
        reached = range(min(met), max(met) + 1)
        stored = [pixel for pixel in reached if 0 <= pixel < case.x.shape[2 + axis]]
        if not stored:  # ZigZag cannot have an empty operand
            return
        fewest, most = fewest * min(len(met), len(stored)), most * len(stored)
    assert fewest <= sizes(layer)["I"] <= most


def test_the_input_has_no_padding_in_it(tmp_path: Path):
    conv = node("Conv", "x w", "y", pads=[1, 2, 1, 2])
    made = model([conv], {"x": [1, 2, 6, 5]}, ["y"], {"w": values(1, (3, 2, 3, 3))})
    (layer,) = check(request(made, {"x": values(2, (1, 2, 6, 5))}), tmp_path)
    assert sizes(layer)["I"] == 2 * 6 * 5
    assert {dim.name: pads for dim, pads in layer.padding.data.items()} == {
        "IY": (1, 1), "IX": (2, 2),
    }  # fmt: skip


def test_operands_come_from_layers_that_make_them(tmp_path: Path):
    made, feeds = dependent()
    found = check(request(made, feeds), tmp_path)
    sources = [{op.name: of for op, of in layer.input_operand_source.items()} for layer in found]
    # `c` reads a pool of `b`, which the host makes; `e` multiplies `d` with `c`.
    assert [layer.name for layer in found] == ["a", "b", "c", "d", "e"]
    assert sources == [{}, {"I": 0}, {}, {"I": 2}, {"I": 3, "W": 2}]
    assert [sorted(op.name for op in layer.constant_operands) for layer in found] == [
        ["I", "W"], ["W"], ["I", "W"], ["W"], [],
    ]  # fmt: skip


def test_groups_and_widths(tmp_path: Path):
    nodes = [node("MatMul", "x y", "heads")]
    both = model(nodes, {"x": [1, 3, 4, 5], "y": [1, 3, 5, 2]}, ["heads"], {})
    feeds = {"x": values(1, (1, 3, 4, 5)), "y": values(2, (1, 3, 5, 2))}
    asked = request(both, feeds, ss.Accelerator(value_bits=4, acc_bits=24))
    (layer,) = check(asked, tmp_path)
    assert sizes(layer) == {"O": 24, "I": 60, "W": 30}
    assert {op.name: bits for op, bits in layer.operand_precision.data.items()} == {
        "I": 4, "W": 4, "O": 24, "O_final": 4,
    }  # fmt: skip


def test_bundled_models(root: Path, tmp_path: Path):
    for name in ("lenet", "paper/resnet14-cifar10-l1", "paper/resnet14-tiny-l2"):
        graph = ss.load(root / f"models_onnx/{name}.onnx")
        trace = ss.execute(graph, ss.open_inputs("random", ss.input_specs(graph), images=1))
        asked = Request(trace, None, ss.Accelerator(), ss.Device.named("xc7z020"))
        check(asked, tmp_path)
