"""PyTorch, or one line that says how to get it. Not imported before it is needed: it is heavy."""

from __future__ import annotations

from typing import Any

from sparsesim.errors import SparseSimError


def load_torch() -> Any:
    """The module `torch`.

    Raises:
        SparseSimError: it is not installed.
    """
    try:
        import torch
    except ImportError:
        raise SparseSimError(
            "training needs PyTorch; install it by: pip install 'sparsesim[train]'"
        ) from None
    return torch
