"""The inner-join datapath: output-stationary, with queues and feeders."""

from sparsesim.datapath.inner_join.machine import InnerJoin

__all__ = ["InnerJoin"]
