"""The lowering of MAC layers to matrix products of bits; it knows no hardware."""

from sparsesim.lowering.geometry import Geometry, channels_last, product

__all__ = ["Geometry", "channels_last", "product"]
