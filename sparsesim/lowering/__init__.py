"""The lowering of MAC layers to matrix products of bits; it knows no hardware."""

from sparsesim.lowering.geometry import Geometry, product

__all__ = ["Geometry", "product"]
