"""The space that `choose` looks through, as a sweep: each machine's arrays, one memory for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import log2
from typing import Any

from sparsesim.area.resources import Resources
from sparsesim.choice.goals import GOALS
from sparsesim.machines import Machine, machine_named
from sparsesim.machines.array_space import ArraySpace
from sparsesim.spec import Accelerator, Device
from sparsesim.sweeps.spec import Network, SweepSpec

_BUFFER_SHARE = 1 / 6  # of the budget's block RAM, that the middle activation buffer may take
_LEAST_KIB, _MOST_KIB = 4, 256
_DATA_KIB = 4  # of data in a block of 36 Kb, the rest is parity

FORMATS = ("dense", "bitmask")
"""Of activations and of weights: those that the machines' decoders are priced for."""

_FORMAT_KEYS = ("activation_format", "weight_format")


def budget_of(device: Device, within: float) -> Resources:
    """What an accelerator may take of a device.

    Args:
        within: share of each resource, above 0, at most 1.
    """
    return Resources.of(device) * within


def buffers(budget: Resources) -> dict[str, tuple[float, ...]]:
    """Sizes of the buffers in KiB that are tried, rising: a factor of four moves little.

    Args:
        budget: of whose block RAM the middle ones take less than a half.
    """
    kib = budget.bram36 * _DATA_KIB * _BUFFER_SHARE
    middle = 2.0 ** int(log2(min(max(kib, _LEAST_KIB), _MOST_KIB)))
    large, small = (middle / 4, middle, 4 * middle), (middle / 8, middle / 2, 2 * middle)
    return {
        "activation_buffer_kib": large,
        "weight_buffer_kib": large,
        "output_buffer_kib": small,
    }


def spaces(names: Iterable[str], budget: Resources, family: str) -> dict[str, ArraySpace | None]:
    """The arrays of each machine that are worth trying; None: it says none."""
    return {name: machine_named(name).space(budget, family) for name in names}


def choice_spec(
    network: Network,
    device: str,
    machines: Mapping[str, ArraySpace],
    budget: Resources,
    *,
    goal: str,
    within: float,
    runs: int,
    seed: int,
    one_clock: bool = False,
) -> SweepSpec:
    """The sweep among whose points the best are sought.

    Args:
        network: what is run; it says how many images.
        device: its name, or its file.
        machines: with a space, by name.
        budget: that they may take.
        goal: of `GOALS`.
        within: share of the device.
        runs: of the network that are measured: no more lie side by side.
        seed: of statistics.
        one_clock: all accelerators have the default clock; else the one that a sweep's table gives.
    """
    batches = [size for size in GOALS[goal].batches if size <= runs]
    space: dict[str, Any] = {
        "machine": list(machines),
        **{key: list(values) for key, values in buffers(budget).items()},
        **{key: list(FORMATS) for key in _FORMAT_KEYS},
        **({"batch": batches} if len(batches) > 1 else {}),
    }
    for name, own in machines.items():
        axes = {key: list(values) for key, values in own.axes.items()}
        space[name] = {"skipping": list(machine_named(name).scheme_names)} | axes
    conditions = [f"share <= {within:g}"]
    for name, own in machines.items():
        conditions += _conditions(machine_named(name), name, own)
    return SweepSpec(
        name="choice",
        networks=(network,),
        devices=(device,),
        space=space,
        conditions=tuple(conditions),
        objectives=(GOALS[goal].metric,),
        engine="best",
        clock="given" if one_clock else "table",
        seed=seed,
    )


def longer_spec(
    network: Network, device: str, best: Accelerator, budget: Resources, family: str
) -> SweepSpec:
    """The long form: every array of a machine's space, all its schemes, around what was chosen.

    Args:
        network: what is run.
        device: its name, or its file.
        best: gives the machine, the memory and the formats.
        budget: that arrays may take.
        family: of the FPGA.
    """
    name, machine = best.machine, best.rules
    own = machine.space(budget, family)
    assert own is not None  # it was chosen among them
    axes = {key: list(values) for key, values in own.axes.items()}
    start = best.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    return SweepSpec(
        name=f"{network.name}-{name}",
        networks=(network,),
        devices=(device,),
        accelerator=start,
        space=axes | {"skipping": list(machine.scheme_names)},
        conditions=own.conditions,
    )


def _conditions(machine: Machine, name: str, own: ArraySpace) -> Iterator[str]:
    """A machine's, which are no other's; and that a dense scheme moves dense blocks."""
    other = f"machine != {name!r}"
    yield from (f"{other} or ({condition})" for condition in own.conditions)
    for scheme in machine.schemes:
        for key in _FORMAT_KEYS if scheme.is_dense else ():
            yield f"{other} or skipping != {scheme.name!r} or {key} == 'dense'"
