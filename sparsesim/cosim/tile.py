"""One tile of a layer, chosen by hand: what `--cocotb` shows."""

from __future__ import annotations

import numpy as np

from sparsesim.cosim.alone import tiling_of
from sparsesim.cosim.layer import Slicer
from sparsesim.cosim.operands import PassOperands
from sparsesim.errors import SpecError
from sparsesim.fixed_point.execute import FixedPoint
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import Computed
from sparsesim.graph import Graph
from sparsesim.inputs import Inputs
from sparsesim.machines.passes import Pass, Passes
from sparsesim.spec import Accelerator


def tile_operands(
    graph: Graph, inputs: Inputs, accelerator: Accelerator, layer: str, tile: str
) -> PassOperands:
    """The operands of a tile of a layer's first group, on the first image, as a pass of its own.

    Args:
        graph: the layer multiplies integers.
        inputs: images; the first is taken.
        accelerator: gives the size of a tile.
        layer: its name.
        tile: "m,p": filter tile and position tile.
    Raises:
        SpecError: no such tile. ModelError: no such layer.
    """
    name = graph.layer(layer).name
    seen: list[LayerProduct] = []

    def observe(product: LayerProduct, computed: Computed, output: np.ndarray) -> None:
        seen.append(product)

    FixedPoint(graph, accelerator, layers=[name]).run(next(iter(inputs.feeds())), observe)
    product = seen[0]
    filters, positions = product.weights.shape[1], product.activations.shape[1]
    tiling = tiling_of(accelerator)
    tiles = -(-filters // tiling.filters), -(-positions // tiling.positions)
    chosen = [part.strip() for part in tile.split(",")]
    if len(chosen) != 2 or not all(part.isdecimal() for part in chosen):
        raise SpecError(f"--tile {tile}: is no tile; write filter tile, position tile, as 0,0")
    m, p = int(chosen[0]), int(chosen[1])
    if m >= tiles[0] or p >= tiles[1]:
        raise SpecError(
            f"--tile {tile}: {name} has {tiles[0]} x {tiles[1]} tiles; use 0,0 to "
            f"{tiles[0] - 1},{tiles[1] - 1}"
        )
    m0, p0 = m * tiling.filters, p * tiling.positions
    m1, p1 = min(m0 + tiling.filters, filters), min(p0 + tiling.positions, positions)
    one = Pass(group=0, m0=m0, m1=m1, p0=p0, p1=p1, k0=0, k1=product.weights.shape[2], drains=1)
    return Slicer(product, Passes(np.array([one], dtype=np.int64)), 0).operands(0)
