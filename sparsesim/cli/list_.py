"""`sparsesim list`: what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def _schemes() -> Iterable[str]:
    """One a line; of several machines those of each behind its name."""
    from sparsesim.machines import machine_named, machine_names

    names = machine_names()
    for name in names:
        schemes = machine_named(name).scheme_names
        yield from schemes if len(names) == 1 else (f"{name}: {' '.join(schemes)}",)


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
    from sparsesim.spec.sizes import device_of_name

    devices = Device.names()
    groups: dict[str | None, list[Accelerator]] = {device: [] for device in (None, *devices)}
    for name in Accelerator.names():
        groups[device_of_name(name, devices)].append(Accelerator.named(name))
    yield from map(_accelerator, groups.pop(None))
    for group in filter(None, groups.values()):
        yield ""
        yield from map(_accelerator, sorted(group, key=_scheme_and_size))


def _accelerator(found: Accelerator) -> str:
    return f"{found.name}: {found.rules.describe(found.array)}, {found.skipping}"


def _scheme_and_size(found: Accelerator) -> tuple[int, int, str, int]:
    """Machine by machine, scheme by scheme, sizes rising."""
    from sparsesim.machines import machine_names
    from sparsesim.spec.sizes import SIZES

    words, _, size = found.name.rpartition("-")
    return (
        machine_names().index(found.machine),
        found.rules.scheme_names.index(found.skipping),
        words,
        list(SIZES).index(size),
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


def _machines() -> Iterable[str]:
    from sparsesim.machines import machine_named, machine_names

    return (f"{name}: {machine_named(name).summary}" for name in machine_names())


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
    "devices": _devices,
    "exports": _exports,
    "formats": _formats,
    "machines": _machines,
    "operators": _operators,
    "presets": _presets,
    "quantisers": _quantisers,
    "schemes": _schemes,
    "sparsifiers": _sparsifiers,
    "topologies": _topologies,
}

_RENAMED = {"datapaths": "machines"}
"""Words of earlier versions."""


def list_(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS), show_default=False)] = "",
) -> None:
    """Names to choose from: sparsifiers, quantisers, formats, schemes, devices, operators, …"""
    from sparsesim.errors import SpecError, nearest

    if not kind:
        raise SpecError(f"list what? use one of {', '.join(KINDS)}")
    if kind in _RENAMED:
        raise SpecError(f"list '{kind}' is now 'list {_RENAMED[kind]}'")
    if kind not in KINDS:
        raise SpecError(f"list '{kind}' is unknown; {nearest(kind, KINDS)}")
    for line in KINDS[kind]():
        typer.echo(line)
