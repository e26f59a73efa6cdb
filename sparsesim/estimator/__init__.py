"""Estimates: from a trace to a result on an accelerator."""

from sparsesim.estimator.estimating import Cache, estimate

__all__ = ["Cache", "estimate"]
