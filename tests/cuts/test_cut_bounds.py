"""Shares of MACs in front of a cut where some MACs are unknown."""

from __future__ import annotations

import numpy as np
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.cuts import rank_cuts


def test_shares_are_bounds_where_some_macs_are_unknown(tmp_path):
    """Products of 4 x 4 and 4 x 12, a loop between them whose MACs nobody knows."""
    floats = [("state", [1, 4]), ("next", [1, 4])]
    state, following = (helper.make_tensor_value_info(n, 1, dims) for n, dims in floats)
    going, on = (helper.make_tensor_value_info(name, 9, []) for name in ("going", "on"))
    turn = helper.make_tensor_value_info("turn", 7, [])
    nodes = [
        helper.make_node("MatMul", ["state", "w"], ["next"]),
        helper.make_node("Identity", ["going"], ["on"]),
    ]
    body = helper.make_graph(nodes, "body", [turn, going, state], [on, following])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Loop", ["trips", "", "a"], ["b"], name="loop", body=body),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="last"),
    ]
    constants = {"w": np.eye(4), "v": np.ones((4, 12)), "trips": np.int64(2)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 4])],
        [helper.make_tensor_value_info("y", 1, [1, 12])],
        [
            numpy_helper.from_array(np.asarray(v, None if k == "trips" else np.float32), k)
            for k, v in constants.items()
        ],
    )
    loaded = ss.load(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )
    np.savez(tmp_path / "x.npz", x=np.ones((1, 4), np.float32))
    found = rank_cuts(loaded, ss.open_inputs(tmp_path / "x.npz", ss.input_specs(loaded)))
    assert (found.macs, found.uncounted) == (16 + 48, ("loop",))
    shares = {cut.sent.tensors: (cut.macs_in_front, cut.macs_in_front_is) for cut in found.cuts}
    assert shares == {("a",): (0.25, "at most"), ("b",): (0.25, "at least")}
