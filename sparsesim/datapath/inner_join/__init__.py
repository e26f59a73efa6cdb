"""The inner-join datapath of DESIGN section 3: an output-stationary array, queues, feeders, drains."""

from sparsesim.datapath.inner_join.machine import InnerJoin

__all__ = ["InnerJoin"]
