"""What a layer's shape alone says of its cycles on the array of streams."""

from __future__ import annotations

from dataclasses import dataclass

from sparsesim.machines.product_shape import ProductShape
from sparsesim.machines.stream.parameters import StreamArray


@dataclass(frozen=True)
class Taken:
    """One product of a shape, in passes that are all of K.

    Attributes:
        vectors: that are streamed. held: of the other operand.
        tiles: of the held ones. rounds: of the streamed ones, over rows. chunks: of those.
        blocks: of K, each as long: their lengths.
    """

    vectors: int
    held: int
    tiles: int
    rounds: int
    chunks: int
    blocks: tuple[int, ...]

    @property
    def loads(self) -> int:
        """Cycles of the loader."""
        return self.tiles * self.chunks * sum(self.blocks)


def taken(shape: ProductShape, streams: str, array: StreamArray) -> Taken:
    """How a product is taken.

    Args:
        shape: of it.
        streams: the operand that is streamed, `activation` or `weight`.
        array: its parameters.
    Source: docs/machines/stream.md, "Order".
    """
    vectors, held = shape.filters, shape.positions
    if streams == "activation":
        vectors, held = held, vectors
    count = -(-shape.reduction // array.depth)
    step = -(-shape.reduction // count)
    rounds = -(-vectors // array.rows)
    return Taken(
        vectors,
        held,
        tiles=-(-held // array.lanes),
        rounds=rounds,
        chunks=1 if count == 1 else -(-rounds // array.stash),
        blocks=tuple(min(step, shape.reduction - at) for at in range(0, shape.reduction, step)),
    )
