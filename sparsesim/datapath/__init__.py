"""Datapaths: machines that turn the operand bits of passes into cycles, under the names users type.

A machine is one folder here and one line in `_BUILT_IN`. Nothing outside its folder knows its
rules. Importing this loads no Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sparsesim.datapath.pairs import Pairs, count_pairs
from sparsesim.errors import SpecError, nearest
from sparsesim.spec.accelerator import SCHEMES, Accelerator

__all__ = ["CLASSES", "DATAPATHS", "SCHEMES", "Datapath", "Pairs", "count_pairs", "datapath"]

CLASSES = (
    "effectual",
    "ineffectual",
    "unused",
    "operand_wait",
    "drain_wait",
    "inactive",
    "fill_drain",
)
_BUILT_IN = {"inner_join": ("sparsesim.datapath.inner_join", "InnerJoin")}
DATAPATHS = tuple(_BUILT_IN)


class Datapath(Protocol):
    """A machine: operand bits of passes in, cycles and classes out.

    Operands are prepared once for each layer and shape of machine, and serve all its schemes.
    """

    def prepare_activations(
        self, words: NDArray[np.uint64], reduction: int, accelerator: Accelerator
    ) -> Any:
        """Lay out operand bits of shape ([groups,] positions, words of K bits and one more)."""

    def prepare_weights(
        self, words: NDArray[np.uint64], reduction: int, accelerator: Accelerator
    ) -> Any:
        """Lay out operand bits of shape ([groups,] filters, words of K bits and one more)."""

    def count_passes(
        self,
        activations: Any,
        weights: Any,
        passes: NDArray[np.int64],
        pairs: Pairs,
        skipping: str,
        accelerator: Accelerator,
    ) -> NDArray[np.int64]:
        """Cycles and lane-slots by class of passes.

        Args:
            activations: of `prepare_activations`.
            weights: of `prepare_weights`; each of its groups serves as many of the activations,
                one behind the other, as there are more: steps of one recurrent product.
            passes: int64, shape (n, 8): group, m0, m1, p0, p1, w0, w1, drains.
                Filters m0 to m1 and positions p0 to p1 are whole tiles or end the layer.
            pairs: `count_pairs` of the same passes.
            skipping: one of SCHEMES.
            accelerator: the machine.
        Returns:
            int64, shape (n, 8): cycles, then lane-slots in the order of CLASSES.
        """

    def drain_cycles(
        self, passes: NDArray[np.int64], accelerator: Accelerator
    ) -> NDArray[np.int64]:
        """Cycles that each pass's results take to leave the array, were they all there at once."""


def datapath(name: str) -> Datapath:
    """The machine of that name.

    Raises:
        SpecError: unknown name.
    """
    if name not in _BUILT_IN:
        raise SpecError(f"datapath '{name}' is unknown; {nearest(name, DATAPATHS)}")
    module, machine = _BUILT_IN[name]
    made: Datapath = getattr(import_module(module), machine)()
    return made
