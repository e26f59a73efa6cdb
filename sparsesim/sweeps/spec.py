"""What a user writes: networks, the space of accelerators, what is sought in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from sparsesim.errors import SpecError, nearest
from sparsesim.inputs.random import is_random
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.accelerator import STORED
from sparsesim.spec.base import Spec
from sparsesim.spec.device import DEFAULT_DEVICE
from sparsesim.spec.messages import one_line
from sparsesim.spec.sizes import device_of_name
from sparsesim.spec.toml import read_toml
from sparsesim.sweeps.axis import axis
from sparsesim.sweeps.expression import Expression
from sparsesim.sweeps.losses import LossSearch, is_loss, loss_name
from sparsesim.sweeps.machine_axes import (
    MACHINE,
    all_axes,
    keys_of_all,
    machines_of,
    own_tables,
)
from sparsesim.sweeps.metrics import METRICS, STATIC

Engine = Literal["grid", "random", "tpe", "nsga2", "best"]
NO_THRESHOLDS = "none"
IMAGES = ("network", "images", "sample")
"""Parameters that must be equal where points are to be compared."""
PLACES = (*IMAGES, "thresholds", "device")
"""Parameters of a point that are no key of its accelerator."""

_OLD = "datapath"  # what `machine` was called

Names = Annotated[tuple[str, ...], Field(strict=False)]


class Network(Spec):
    """A model with its inputs.

    Args:
        name: how points call it; default: the file's, less its ending.
        model: an ONNX file.
        inputs: as `--inputs` takes them; relative to the sweep's file; or `random`.
        preprocess, labels, label_offset: as the options of `estimate`.
        images: take so many; a list is an axis. Default: those of one run of the model.
        sample: `first`: the first of them; or the seed of a draw from all; a list is an axis.
        thresholds: files of sparsifiers, or `none`; a list is an axis.
        losses: further thresholds, searched: each is the share of right answers that may be lost.
            The second half of the images is then for the search alone.
        search: how they are searched.
        quantize: quantise a float model to 8 bits first.
        fix: inputs that become constants, as `{ sr = 16000 }`.
        custom_ops: libraries of the model's own operators.
        shapes: sizes of inputs that leave some free, as `{ x = [1, 3, 320, 320] }`.
        batch_axis: as the option of `estimate`: an axis, `none`, or a table of these by input.
    Raises:
        SpecError: unknown key, missing key, out of range.
    """

    name: str = ""
    model: str
    inputs: str
    preprocess: str | None = None
    labels: str | None = None
    label_offset: int = 0
    images: Annotated[tuple[int, ...] | None, Field(strict=False)] = None
    sample: Annotated[tuple[Literal["first"] | int, ...], Field(strict=False)] = ("first",)
    thresholds: Names = (NO_THRESHOLDS,)
    losses: Annotated[tuple[float, ...], Field(strict=False)] = ()
    search: LossSearch = LossSearch()
    quantize: bool = False
    fix: dict[str, float | list[float]] = Field(default={})
    custom_ops: Names = ()
    shapes: dict[str, list[int]] = Field(default={})
    batch_axis: int | str | dict[str, int | str] | None = None

    @field_validator("images", "sample", "thresholds", "losses", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        is_one = isinstance(value, int | float | str) and not isinstance(value, bool)
        return [value] if is_one else value

    @model_validator(mode="after")
    def _holds_together(self) -> Network:
        for key in ("sample", "thresholds"):
            axis(f"networks.{key}", getattr(self, key))
        axis("networks.thresholds", [Path(file).stem for file in self.thresholds])
        if self.images is not None:
            axis("networks.images", self.images)
            if min(self.images) < 1:
                raise SpecError(f"networks.images {min(self.images)} is out of range; use 1 and up")
        for seed in self.sample:
            if seed != "first" and seed < 0:
                raise SpecError(f"networks.sample {seed} is out of range; use 'first', or 0 and up")
        if self.losses:
            axis("networks.losses", self.losses)
        for file in self.thresholds:
            if is_loss(file):
                raise SpecError(f"networks.thresholds '{file}': give losses = [{file.split()[-1]}]")
        if is_random(self.inputs) and (self.losses or self.sample != ("first",)):
            raise SpecError("networks.inputs 'random': drawn images take no losses and no sample")
        for loss in self.losses:
            if not 0 <= loss < 1:
                raise SpecError(f"networks.losses {loss:g} is out of range; use 0 up to below 1")
        return self

    def maps(self) -> dict[str, str]:
        """The files of thresholds by the names that points have."""
        return {Path(file).stem: file for file in self.thresholds}

    def searched(self) -> dict[str, float]:
        """The losses of searched thresholds by the names that points have."""
        return {loss_name(loss): loss for loss in self.losses}


class SweepSpec(Spec):
    """A sweep.

    Args:
        name: how reports call it.
        networks: what is run.
        devices: names or files; a list is an axis. Default: the one that the accelerator is named
            after, else xczu9eg.
        accelerator: a packaged name or a file to start from, or keys of `Accelerator`.
        space: key of `Accelerator` or of its machine's array -> a value, a list, or a range
            (`axis.Range`). With `machine` a list, each machine has the axes of its own keys, and a
            table named after a machine has axes of that one alone.
        clock: `table`: a point's clock is the starting accelerator's, scaled by how much faster or
            slower its array was placed (`sweeps.clock`); `given`: `clock_mhz` as it stands.
        fit: leave out points that take more than the device has.
        conditions: expressions over parameters and resources; points that break one are left out.
            A comparison of a key that a point's machine doesn't have breaks nothing.
        engine: `grid` takes all points, `random` draws some; `tpe` and `nsga2` are Optuna's, which
            learn from what was measured where the best trade-offs are; `best` looks for the best of
            each machine and scheme in the first objective, the most promising first.
        points: so many at most; 100 where `random`, `tpe` or `nsga2` is not told.
        seconds: begin none after so long.
        objectives: metrics whose best trade-offs are sought.
        constraints: expressions over metrics; a point that breaks one is no answer.
        seed: of draws and of random inputs.
    Raises:
        SpecError: unknown or missing keys, values out of range, unknown names in expressions.
    """

    name: str = "sweep"
    networks: Annotated[tuple[Network, ...], Field(strict=False, min_length=1)]
    devices: Names = (DEFAULT_DEVICE,)
    accelerator: str | dict[str, Any] = "default"
    space: dict[str, Any] = Field(default={})
    clock: Literal["table", "given"] = "table"
    fit: bool = True
    conditions: Names = ()
    engine: Engine = "grid"
    points: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0)
    objectives: Names = ("ms", "lut")
    constraints: Names = ()
    seed: int = Field(default=0, ge=0, lt=1 << 63)

    @model_validator(mode="before")
    @classmethod
    def _brings_its_device(cls, values: dict[str, Any]) -> dict[str, Any]:
        named = str(values.get("accelerator", "")).lower()
        brought = device_of_name(named, Device.names())
        return {"devices": (brought,)} | values if brought else values

    @field_validator("space")
    @classmethod
    def _calls_machines_so(cls, space: dict[str, Any]) -> dict[str, Any]:
        if _OLD not in space:
            return space
        if MACHINE in space:
            raise SpecError(f"space: '{_OLD}' is now '{MACHINE}'; give one of them")
        return {MACHINE if key == _OLD else key: given for key, given in space.items()}

    @model_validator(mode="after")
    def _holds_together(self, info: ValidationInfo) -> SweepSpec:
        axes = all_axes(self.space)
        if info.context != STORED:
            self._names_are_known()
        for key in axes:
            if self.clock == "table" and key.rpartition(".")[2] == "clock_mhz":
                raise SpecError(
                    f"space.{key}: clock = 'table' sets it; write clock = 'given' to sweep it"
                )
        for metric in self.objectives:
            if metric not in METRICS:
                raise SpecError(f"objectives: unknown '{metric}'; {nearest(metric, METRICS)}")
        axis("objectives", self.objectives)
        axis("devices", [Path(name).stem for name in self.devices])
        names = [network.name for network in self.named_networks()]
        axis("networks", names)
        return self

    def _names_are_known(self) -> None:
        known, own = self.keys, own_tables(self.space)
        for key in self.space:
            if key not in known and key not in own:
                raise SpecError(f"space: unknown parameter '{key}'; {nearest(key, known)}")
        for name, table in own.items():
            mine = [key for key in keys_of_all([name]) if key != MACHINE]
            for key in table:
                if key not in mine:
                    raise SpecError(
                        f"space.{name}: unknown parameter '{key}'; {nearest(key, mine)}"
                    )
        for text in self.conditions:
            Expression.read(text, [*PLACES, *known, *STATIC])
        for text in self.constraints:
            Expression.read(text, [*PLACES, *known, *METRICS])

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> SweepSpec:
        """A sweep that was kept: machines and files that it names may be gone.

        Raises:
            SpecError: as of a new one, but for names of keys.
        """
        try:
            return cls.model_validate(dict(values), context=STORED)
        except ValidationError as error:
            raise SpecError(one_line(error, cls)) from None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of accelerators that a point may have, those of all its machines' arrays."""
        return keys_of_all(machines_of(self.start(), self.space))

    @property
    def names(self) -> tuple[str, ...]:
        """All that a constraint may read."""
        return (*PLACES, *self.keys, *METRICS)

    def named_networks(self) -> tuple[Network, ...]:
        """The networks, those without a name called after their file."""
        return tuple(
            network if network.name else network.with_(name=Path(network.model).stem)
            for network in self.networks
        )

    def start(self) -> Accelerator:
        """The accelerator that points change keys of."""
        if isinstance(self.accelerator, str):
            return Accelerator.from_toml(self.accelerator)
        return Accelerator(**self.accelerator)

    def boards(self) -> dict[str, Device]:
        """The devices by the names that points have."""
        return {Path(name).stem: Device.from_toml(name) for name in self.devices}


def load_sweep(path: str | Path) -> SweepSpec:
    """A sweep from TOML; files in it are relative to it.

    Raises:
        SpecError: no such file, no TOML, or what it holds is refused.
    """
    values = read_toml(path)
    values.setdefault("name", Path(path).stem)
    if isinstance(values.get("accelerator"), str):  # it is read, as its machine has keys
        values["accelerator"] = _named(values["accelerator"], Path(path).parent)
    try:
        spec = SweepSpec(**values)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None
    return _beside(spec, Path(path).parent)


def _beside(spec: SweepSpec, folder: Path) -> SweepSpec:
    """The sweep with its files found from the working directory."""

    def file(name: str) -> str:
        return str(folder / name)

    networks = [
        network.with_(
            model=file(network.model),
            inputs=network.inputs if is_random(network.inputs) else file(network.inputs),
            preprocess=_named(network.preprocess, folder) if network.preprocess else None,
            labels=file(network.labels)
            if network.labels and network.labels not in ("none", "file-names")
            else network.labels,
            thresholds=[t if t == NO_THRESHOLDS else file(t) for t in network.thresholds],
            custom_ops=[file(library) for library in network.custom_ops],
        )
        for network in spec.named_networks()
    ]
    devices = [_named(name, folder) for name in spec.devices]
    return spec.with_(networks=networks, devices=devices)


def _named(name: str, folder: Path) -> str:
    """A file from the working directory; a packaged name stays one."""
    is_file = name.endswith(".toml") or Path(name).name != name
    return str(folder / name) if is_file else name
