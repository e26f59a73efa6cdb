"""The trace: a network executed once, kept as one bit an element of each operand."""

from sparsesim.trace.trace import ImageTrace, Lifetime, Source, Trace, TraceLayer, TraceTensor

__all__ = ["ImageTrace", "Lifetime", "Source", "Trace", "TraceLayer", "TraceTensor"]
