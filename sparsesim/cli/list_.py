"""`sparsesim list`: what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import typer


def _schemes() -> Iterable[str]:
    from sparsesim.result import SCHEMES

    return SCHEMES


def _formats() -> Iterable[str]:
    from sparsesim.formats import FORMATS

    return (f"{name}: {chosen.summary}" for name, chosen in FORMATS.items())


def _devices() -> Iterable[str]:
    from sparsesim.spec import Device

    for name in Device.names():
        found = Device.named(name)
        yield (
            f"{name}: {found.board}: {found.lut:,} LUT, {found.dsp:,} DSP, "
            f"{found.dram_gb_per_s} GB/s"
        )


def _accelerators() -> Iterable[str]:
    """Those for any device, then, behind a blank line each, those of one device."""
    from sparsesim.spec import Accelerator, Device
    from sparsesim.spec.sizes import sized_names

    rest = list(Accelerator.names())
    groups = []
    for device in Device.names():
        groups.append([name for name in sized_names(device) if name in rest])
        rest = [name for name in rest if name not in groups[-1]]
    yield from map(_accelerator, rest)
    for group in filter(None, groups):
        yield ""
        yield from map(_accelerator, group)


def _accelerator(name: str) -> str:
    from sparsesim.spec import Accelerator

    found = Accelerator.named(name)
    return (
        f"{name}: {found.rows}x{found.cols} PEs, window {found.window}, lanes {found.lanes}, "
        f"{found.skipping}"
    )


def _operators() -> Iterable[str]:
    from sparsesim.elementwise import MODULES
    from sparsesim.graph.recognise import KINDS

    yield "layers: " + " ".join(KINDS)
    yield "fused behind layers: " + " ".join([*MODULES, "QuantizeLinear", "DequantizeLinear"])
    yield "all others run on the host, by ONNX Runtime"


def _sparsifiers() -> Iterable[str]:
    from sparsesim.sparsity.sparsifiers import SPARSIFIERS

    return (f"{name}: {summary}" for name, summary in SPARSIFIERS.summaries().items())


def _quantisers() -> Iterable[str]:
    from sparsesim.sparsity.quantisers import QUANTISERS

    return (f"{name}: {summary}" for name, summary in QUANTISERS.summaries().items())


def _presets() -> Iterable[str]:
    from sparsesim.inputs import preset_names

    return preset_names()


def _datapaths() -> Iterable[str]:
    from sparsesim.machines import DATAPATHS

    return DATAPATHS


def _topologies() -> Iterable[str]:
    from sparsesim.train.topologies import TOPOLOGIES, summary

    return (f"{name}: {summary(name)}" for name in TOPOLOGIES)


def _data() -> Iterable[str]:
    from sparsesim.train.public import PUBLIC

    return (f"{name}: {found.summary}; {found.base}" for name, found in PUBLIC.items())


def _exports() -> Iterable[str]:
    from sparsesim.exports import KINDS as EXPORTS

    return (f"{name}: {kind.summary}" for name, kind in EXPORTS.items())


KINDS: dict[str, Callable[[], Iterable[str]]] = {
    "accelerators": _accelerators,
    "data": _data,
    "datapaths": _datapaths,
    "devices": _devices,
    "exports": _exports,
    "formats": _formats,
    "operators": _operators,
    "presets": _presets,
    "quantisers": _quantisers,
    "schemes": _schemes,
    "sparsifiers": _sparsifiers,
    "topologies": _topologies,
}


def list_(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
) -> None:
    """Names to choose from: sparsifiers, quantisers, formats, schemes, devices, operators, …"""
    from sparsesim.errors import SpecError, nearest

    if kind not in KINDS:
        raise SpecError(f"list '{kind}' is unknown; {nearest(kind, KINDS)}")
    for line in KINDS[kind]():
        typer.echo(line)
