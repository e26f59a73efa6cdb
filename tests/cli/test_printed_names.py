"""Names that a terminal might take for something else, and names as long as a page."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

NAMES = ["blk[/0]/conv", "h[red]a", "x:smile:y", "[bold]", "q[/]", "\\[link=z]"]


def chain(folder, names) -> str:
    """Products of 4 x 4 one after another, so named."""
    nodes = [
        helper.make_node("MatMul", [f"t{i}", f"w{i}"], [f"t{i + 1}"], name=name)
        for i, name in enumerate(names)
    ]
    rng = np.random.default_rng(0)
    graph = helper.make_graph(
        nodes,
        "names",
        [helper.make_tensor_value_info("t0", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(f"t{len(names)}", TensorProto.FLOAT, [1, 4])],
        [
            numpy_helper.from_array(rng.standard_normal((4, 4)).astype(np.float32), f"w{i}")
            for i in range(len(names))
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    onnx.save(made, folder / "names.onnx")
    np.save(folder / "x.npy", np.ones((1, 4), np.float32))
    return str(folder / "names.onnx")


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--map", "map.toml"],
        ["queues", "--inputs", "x.npy"],
        ["breakeven", "--inputs", "x.npy"],
        ["emulate", "--inputs", "x.npy", "--set", "acc_bits=16"],
        ["cut", "--inputs", "x.npy"],
    ],
)
def test_markup_in_names_is_printed_as_it_stands(run, tmp_path, words):
    model = chain(tmp_path, NAMES)
    (tmp_path / "map.toml").write_text("[weights]\n'*' = 0.1\n")
    ran = run(words[0], model, *words[1:])
    assert ran.code == 0, ran.err
    for name in NAMES[:-1] if words[0] == "cut" else NAMES:  # the last is no place for a cut
        if words[0] in ("emulate", "cut"):
            name = name[:10]
        assert name in ran.out


def test_in_the_summary_of_an_estimate(run, tmp_path):
    model = chain(tmp_path, NAMES[:5])
    ran = run("estimate", model, "--inputs", "x.npy")
    assert ran.code == 0, ran.err
    for name in NAMES[:5]:
        assert name in ran.out


def test_in_the_tables_of_a_cosimulation(capsys):
    from sparsesim.cli import options
    from sparsesim.cosim.check import LayerCheck
    from sparsesim.cosim.run import Cosimulation
    from sparsesim.report.cosim import cosim_table, differences_table
    from sparsesim.spec import Accelerator

    names = [*NAMES, *(f"block.{i}/{'x' * 80}/{i}" for i in range(2))]
    checks = tuple(
        LayerCheck(
            name=name,
            run=0,
            passes=1,
            passes_run=1,
            cycles_model=9,
            cycles_verilog=9,
            cycles_of_all=9,
            results=4,
            clocked=9,
            reason="",
            agrees=True,
        )
        for name in names
    )
    found = Cosimulation(checks, failure=None, outputs_equal=(True,), seconds=1.0, workers=1)
    machine = Accelerator(rows=4, cols=4, skipping="none")
    options.show(cosim_table(machine, found))
    parts = [
        SimpleNamespace(name=name, elements=1, differing=0, own=0, largest=0.0, overflows=0)
        for name in names
    ]
    options.show(differences_table(SimpleNamespace(layers=parts, outputs=())))
    printed = capsys.readouterr().out
    for name in NAMES:
        assert printed.count(name) == 2
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 80
    # a line a layer: no name goes on in the next
    assert sum("yes" in line for line in lines) == len(names) + 1


def test_long_names_take_two_lines_at_most(run, tmp_path):
    long = [
        ";".join(f"model_1/re_lu_{i + k}/batch_norm_{i}/FusedBatchNormV3" for i in range(6))
        for k in range(8)
    ]
    ran = run("show", chain(tmp_path, long))
    assert ran.code == 0
    assert len(ran.out.splitlines()) <= 2 * len(long) + 7
    assert max(map(len, ran.out.splitlines())) <= 80
    for k in range(8):
        assert f"re_lu_{k}/" in ran.out.replace("\n", "")
