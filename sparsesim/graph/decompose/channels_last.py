"""Channels as the last axis, and back: ONNX's convolutions have them second."""

from __future__ import annotations

from sparsesim.graph.decompose.builder import Builder


def channels_second(b: Builder, name: str, part: str) -> str:
    """A tensor (batch, ..., channels) as (batch, channels, ...)."""
    rank = b.rank(b.input(0))
    return b.add("Transpose", name, part=part, perm=[0, rank - 1, *range(1, rank - 1)])


def channels_last(b: Builder, name: str, part: str, output: str) -> str:
    """A tensor (batch, channels, ...) as (batch, ..., channels)."""
    rank = b.rank(b.input(0))
    order = [0, *range(2, rank), 1]
    return b.add("Transpose", name, part=part, output=output, perm=order)
