"""Attention over heads: two products, each with a group for each head, and a softmax between.

Queries are (batch, heads, length, head size), keys and values (batch, heads, total length, head
size).
"""

from __future__ import annotations

import numpy as np

from sparsesim.graph.decompose.builder import Builder, Uncovered


def split_heads(b: Builder, x: str, heads: int, part: str) -> str:
    """(batch, length, heads * size) as (batch, heads, length, size)."""
    if heads < 1:
        raise Uncovered(f"it has {heads} heads")
    shape = b.value(np.array([0, 0, heads, -1], np.int64), f"{part}/heads")
    apart = b.add("Reshape", x, shape, part=f"{part}/split")
    return b.add("Transpose", apart, part=f"{part}/turned", perm=[0, 2, 1, 3])


def join_heads(b: Builder, x: str, output: str) -> str:
    """(batch, heads, length, size) as (batch, length, heads * size)."""
    turned = b.add("Transpose", x, part="turned", perm=[0, 2, 1, 3])
    shape = b.value(np.array([0, 0, -1], np.int64), "hidden")
    return b.add("Reshape", turned, shape, part="joined", output=output)


def grouped(b: Builder, x: str, heads: int, part: str) -> str:
    """Rows of several heads joined, or split again: the heads that share a key are one group."""
    shape = b.value(np.array([0, heads, -1, 0], np.int64), f"{part}/shape")
    return b.add("Reshape", x, shape, part=part)


def scores(b: Builder, query: str, key: str) -> str:
    """The product of queries and keys, NODE/scores."""
    turned = b.add("Transpose", key, part="key/columns", perm=[0, 1, 3, 2])
    return b.add("MatMul", query, turned, part="scores")


def values(b: Builder, probabilities: str, value: str) -> str:
    """The product of probabilities and values, NODE/values."""
    return b.add("MatMul", probabilities, value, part="values")


def softmax(b: Builder, x: str) -> str:
    """Of the last of four axes."""
    return b.add("Softmax", x, part="softmax", axis=3)


def summed(b: Builder, parts: list[str], part: str) -> str:
    """Tensors added; empty where there are none."""
    total = parts[0] if parts else ""
    for other in parts[1:]:
        total = b.add("Add", total, other, part=part)
    return total


def head_size(b: Builder, name: str, heads: int) -> int:
    """Of a tensor whose last axis holds all heads side by side, or one."""
    length = b.length(name, -1)
    if length is None:
        raise Uncovered(f"the last length of '{name}' is unknown")
    if heads < 1 or length % heads or not length:
        raise Uncovered(f"{heads} heads do not divide the {length} values of '{name}'")
    return length // heads
