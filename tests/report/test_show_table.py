"""The table of `show` in 80 columns: numbers are whole, names tell layers apart."""

from __future__ import annotations

import pytest

from sparsesim.report.console import plain
from sparsesim.report.show import layers_table


def layer(name: str, op: str, shape: list[int | None], macs: int | None, weights: int, *fused):
    return {
        "name": name,
        "op": op,
        "output_shape": shape,
        "macs": macs,
        "weights": weights,
        "weight_sparsity": 0.125,
        "fused": list(fused),
    }


WIDE = [
    layer(f"layer{i}.0.downsample.0.out", "Conv", [1, 2048, 112, 112], 118_013_952 * i, 2_359_296)
    for i in range(1, 5)
]
LONG = [
    layer(
        f"model_1/re_lu_{i};model_1/norm/FusedBatchNormV3" * 6,
        "QLinearConv",
        [1, 16, None],
        None,
        9,
    )
    for i in range(3)
]


@pytest.mark.parametrize("layers", [WIDE, LONG], ids=["wide", "long"])
def test_no_number_is_cut(layers):
    text = plain(layers_table(layers, 80))
    assert max(len(line) for line in text.splitlines()) <= 80
    for one in layers:
        macs = "?" if one["macs"] is None else f"{one['macs']:,}"
        shape = "x".join("?" if n is None else str(n) for n in one["output_shape"])
        assert any(
            shape in line and macs in line and f"{one['weights']:,}" in line and "12.5 %" in line
            for line in text.splitlines()
        )
    assert len(text.splitlines()) <= 1 + 2 * len(layers)


def test_what_is_fused_is_read_in_full():
    layers = [layer("a" * 90, "Gemm", [1, 1000], 1_000_000, 1_000_000, "Relu", "QuantizeLinear")]
    text = plain(layers_table(layers, 80))
    assert "QuantizeLinear" in text and "Relu" in text and "1,000,000  1,000,000" in text


@pytest.mark.parametrize("width", [20, 40, 60])
@pytest.mark.parametrize("layers", [WIDE, LONG], ids=["wide", "long"])
def test_a_narrow_terminal_breaks_no_word(layers, width):
    table = layers_table(layers, width)
    assert table.width is not None and table.width > width
    lines = plain(table, table.width).splitlines()
    assert lines[0].split() == ["layer", "op", "output", "MACs", "weights", "zeros", "fused"]
    assert sum(layers[0]["op"] in line for line in lines) == len(layers)
    assert len(lines) <= 1 + 2 * len(layers)
