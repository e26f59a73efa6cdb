"""What `choose` found, as a record that becomes JSON. Counts and times are those of an image."""

from __future__ import annotations

from pydantic import ConfigDict

from sparsesim.result.model import Accuracy, Interval, Model, OutputError
from sparsesim.result.record import Record
from sparsesim.result.resources import Resources
from sparsesim.spec.accelerator import Accelerator

SCHEMA = "sparsesim.choice/1"


class Inputs(Record):
    """What was fed.

    Attributes:
        source, sha256: as the user named it; of its content.
        random: drawn, not given.
        images: that the chosen accelerators were judged by.
        images_per_run: more than 1 where the model's batch is fixed.
        searched: images, the first, that all other arrays were measured on.
    """

    source: str
    sha256: str
    random: bool
    images: int
    images_per_run: int
    searched: int


class ChosenLayer(Record):
    """A layer on a chosen accelerator: total cycles, and what bounds it."""

    name: str
    cycles: float
    bound: str


class Opponent(Record):
    """The fastest dense accelerator of any machine within a budget, whatever it is best with.

    Attributes:
        accelerator: whole: its array, its clock, its buffers and its formats.
        packed_pairs: pairs of its multipliers that share a block, where its
            parameters do not say so.
        multipliers: of its array.
        cycles, ms: total, DRAM included.
        ms_dense_formats: with dense blocks in DRAM.
        macs_a_slot: MACs a multiplier and cycle.
        used: of the device. shares: of what it has.
        is_proven: with its buffers no other dense array is faster; else the most promising were
            tried.
    """

    accelerator: Accelerator
    packed_pairs: int
    multipliers: int
    cycles: float
    ms: float
    ms_dense_formats: float
    macs_a_slot: float
    used: Resources
    shares: dict[str, float | None]
    is_proven: bool


class Chosen(Record):
    """The best accelerator of a machine under a scheme.

    Attributes:
        machine, scheme: whose best it is.
        accelerator: whole, with its clock.
        is_dense: the scheme skips nothing.
        multipliers: of its array.
        cycles, ms: total, DRAM included.
        images_per_s: one behind the other, or side by side where `batch` is above 1.
        images_per_s_interval: a bootstrap over runs; None of a single run.
        energy_uj: by an ASIC's table.
        used: of the device, by the area model. shares: of what it has, by the names of `Resources`.
        utilisation: effectual MACs over multiplier slots.
        macs_a_slot: MACs of the model, skipped ones among them, a multiplier and cycle.
        dram_bytes: moved.
        same_device: speed over that of the best dense accelerator in the same budget.
        equal_fpga: speed over that of `dense`; None where there is none.
        dense: the best dense accelerator in this one's own LUTs, DSPs and block RAM.
        clock_ratio: its clock over that of the best dense one in the same budget, as parts of both
            were placed on ECP5; None where one of them never was.
        classes: cycles by what the multipliers did, and stalls for DRAM.
        bounds: cycles of the layers that each bound holds, the most first.
        layers: in order.
        arrays, counted: of this machine and scheme that fit, and that were counted exactly.
    """

    machine: str
    scheme: str
    accelerator: Accelerator
    is_dense: bool
    multipliers: int
    cycles: float
    ms: float
    images_per_s: float
    images_per_s_interval: Interval | None
    energy_uj: float
    used: Resources
    shares: dict[str, float | None]
    utilisation: float
    macs_a_slot: float
    dram_bytes: float
    same_device: float | None
    equal_fpga: float | None
    dense: Opponent | None
    clock_ratio: float | None
    classes: dict[str, float]
    bounds: dict[str, float]
    layers: tuple[ChosenLayer, ...]
    arrays: int
    counted: int


class LeftOut(Record):
    """A machine, or one of its schemes, that has no accelerator here.

    Attributes:
        machine: its name. scheme: empty: all of them.
        reason: why.
        others: machines that have one all the same.
    """

    machine: str
    scheme: str
    reason: str
    others: tuple[str, ...] = ()


class Choice(Record):
    """The best accelerators for a network on a device.

    Attributes:
        goal: `latency`, `throughput` or `energy`.
        within: share of each resource of the device that an accelerator may take.
        one_clock: all accelerators have one clock, whatever was placed of them.
        budget: that it leaves. device: all that is known of it.
        chosen: the best of each machine and scheme, the best of all first.
        dense: the best dense one; None: no machine that fits has a dense mode.
        left_out: what is not among them, and why.
        arrays, counted: that fit the budget, and that were counted exactly.
        mac_coverage: share of the model's MACs that ran on the array.
        mac_coverage_is_bound: at most so many, as some are unknown.
        versions: of what made it.
    """

    schema_: str = SCHEMA
    model: Model
    inputs: Inputs
    device: dict[str, str | int | float | None]
    goal: str
    within: float
    one_clock: bool
    budget: Resources
    chosen: tuple[Chosen, ...]
    dense: Opponent | None
    left_out: tuple[LeftOut, ...]
    arrays: int
    counted: int
    output_error: OutputError | None
    accuracy: Accuracy | None
    mac_coverage: float
    mac_coverage_is_bound: bool
    energy_table: dict[str, str]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    seed: int

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        serialize_by_alias=True,
        validate_by_name=True,
        alias_generator=lambda name: "schema" if name == "schema_" else name,
    )

    @property
    def best(self) -> Chosen:
        """The best of all."""
        return self.chosen[0]

    @property
    def faster_dense(self) -> Opponent | None:
        """The best dense accelerator, where time is sought and it is faster than `best`: it is the
        one to build. It chooses among more shapes than those that were counted."""
        if self.dense is None or self.goal == "energy" or self.dense.ms >= self.best.ms:
            return None
        return self.dense

    @property
    def to_build(self) -> Chosen | Opponent:
        """The answer: `faster_dense`, or else `best`."""
        return self.faster_dense or self.best
