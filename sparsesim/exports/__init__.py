"""Exports: what is known of a network, in files that other tools read; under the names users type.

A kind is one file here and one entry of `KINDS`. Its `export` makes the content; `write.py` alone
touches the disk. Importing this loads no library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from sparsesim.errors import SpecError, nearest

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.spec import Accelerator, Device
    from sparsesim.trace import Trace

__all__ = ["KINDS", "Export", "Kind", "Request", "exporter", "kind_named"]


@dataclass(frozen=True)
class Request:
    """What an export is made of.

    Attributes:
        trace: of the network.
        graph: as it was executed; None where the trace is a saved one.
        accelerator: the machine; device: gives the DRAM bandwidth.
        layer: the one that was asked for; empty: none was.
    """

    trace: Trace
    graph: Graph | None
    accelerator: Accelerator
    device: Device
    layer: str = ""


@dataclass(frozen=True)
class Export:
    """What other tools are to read.

    Attributes:
        files: file name -> content; of a kind that is one file, under the empty name.
        warnings: what the format cannot say as it is, a line each.
        then: what to run or open next, `{path}` standing for where it was written.
    """

    files: Mapping[str, bytes]
    warnings: tuple[str, ...]
    then: str


@dataclass(frozen=True)
class Kind:
    """A kind of export.

    Attributes:
        module: its file here, which has `export`.
        summary: in a line.
        takes: which of `accelerator`, `device` and `layer` change it.
        is_folder: a folder of files and not one file.
        suffix: without which the tool takes no file; empty: any name will do.
        needs_model: a saved trace is not enough.
    """

    module: str
    summary: str
    takes: tuple[str, ...] = ()
    is_folder: bool = False
    suffix: str = ""
    needs_model: bool = False


KINDS = {
    "timeloop": Kind(
        "timeloop",
        "problems of Timeloop and Sparseloop (v0.4) with measured densities, a YAML a layer",
        is_folder=True,
    ),
    "scalesim": Kind(
        "scalesim", "a topology of SCALE-Sim (v2, v3), with N:M ratios where weights have them"
    ),
    "zigzag": Kind(
        "zigzag", "a workload of ZigZag as YAML", takes=("accelerator",), suffix=".yaml"
    ),
    "timeline": Kind(
        "timeline",
        "the passes of one layer as a trace for Perfetto or chrome://tracing",
        takes=("accelerator", "device", "layer"),
    ),
    "onnx": Kind(
        "onnx",
        "the model with sparsity and cycles in its nodes' metadata, as Netron shows it",
        takes=("accelerator", "device"),
        needs_model=True,
    ),
}


def kind_named(name: str) -> Kind:
    """The kind of that name; SpecError with the nearest where there is none."""
    if name not in KINDS:
        raise SpecError(f"export '{name}' is unknown; {nearest(name, KINDS)}")
    return KINDS[name]


def exporter(kind: Kind) -> Callable[[Request], Export]:
    """What makes exports of a kind.

    Raises (when called):
        ModelError: layers that the format cannot say, or no layer of a name.
        SpecError: a layer does not fit the accelerator's buffers.
    """
    made: Callable[[Request], Export] = import_module(f"sparsesim.exports.{kind.module}").export
    return made
