"""MatMulNBits: a product by a weight of 2, 4 or 8 bits, with a scale for each block of it.

The weight becomes a float constant, as every weight does of which only the weight is quantised;
its true width is noted beside it (graph/widths.py). ONNX Runtime may round the activation to 8
bits inside (`accuracy_level`); the product here is of the activation as it is.
"""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.builder import Builder, Uncovered

_WIDTHS = (2, 4, 8)


def rewrite(b: Builder) -> None:
    """MatMul by the dequantised weight; Add where there is a bias."""
    if b.input(4):
        raise Uncovered("its weight is in an order of its own (g_idx)")
    if b.integer("weight_prepacked", 0):
        raise Uncovered("its weight is packed for one kind of processor (weight_prepacked)")
    bits = b.integer("bits", 4)
    if bits not in _WIDTHS:
        raise Uncovered(f"its weight has {bits} bits; layers take 2, 4 and 8")
    weight = b.value(_weight(b, bits), "weight", bits=bits)
    bias = b.input(5)
    y = b.add("MatMul", b.input(0), weight, output="" if bias else b.output())
    if bias:
        b.add("Add", y, bias, part="bias", output=b.output())


def _weight(b: Builder, bits: int) -> np.ndarray:
    """(K, N), of the type of the scales."""
    inner, filters, block = b.integer("K"), b.integer("N"), b.integer("block_size")
    scales, packed = b.known(b.input(2)), b.known(b.input(1))
    if min(inner, filters, block) < 1 or block * bits % 8:
        raise Uncovered(f"its lengths are none: K {inner}, N {filters}, block_size {block}")
    blocks = -(-inner // block)
    if packed.dtype != np.uint8 or packed.size != filters * blocks * (block * bits // 8):
        raise Uncovered(
            f"its weight is not {filters} x {blocks} blocks of {block} {bits}-bit codes"
        )
    if scales.size != filters * blocks or str(scales.dtype) not in ("float32", "float16"):
        raise Uncovered(f"its scales are not {filters} x {blocks} floats")
    codes = _unpacked(packed.reshape(filters, -1), bits).reshape(filters, blocks, block)
    centred = codes.astype(np.float32) - _zero(b, bits, filters, blocks)
    real = centred * scales.reshape(filters, blocks, 1).astype(np.float32)
    whole = real.reshape(filters, blocks * block)[:, :inner]
    return np.ascontiguousarray(whole.T).astype(scales.dtype)


def _zero(b: Builder, bits: int, filters: int, blocks: int) -> np.ndarray:
    """Zero points, to broadcast over the codes of their blocks."""
    if not b.input(3):
        return np.full((1, 1, 1), 1 << (bits - 1), np.float32)
    stored = b.known(b.input(3))
    if stored.dtype == np.uint8:
        if stored.size != filters * -(-blocks * bits // 8):
            raise Uncovered(f"its zero points are not {filters} rows of {blocks} {bits}-bit codes")
        stored = _unpacked(stored.reshape(filters, -1), bits)[:, :blocks]
    if stored.size != filters * blocks:
        raise Uncovered(f"its zero points are not {filters} x {blocks} numbers")
    return stored.reshape(filters, blocks, 1).astype(np.float32)


def _unpacked(octets: np.ndarray, bits: int) -> np.ndarray:
    """Codes of rows of bytes, the lowest bits first."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (octets[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return codes.reshape(octets.shape[0], -1)
