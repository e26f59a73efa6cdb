"""What all reports say of a result, computed once here: it reads a `Result` and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix
from pathlib import PurePosixPath
from typing import Any, Protocol

from sparsesim.figures import joules, mac_share, percent, plural, times
from sparsesim.machines import Machine, machine_named
from sparsesim.report.classes import STALL
from sparsesim.report.heading import images_and_runs
from sparsesim.result.model import (
    Accuracy,
    Cycles,
    LayerRecord,
    OutputError,
    Result,
    SchemeRecord,
)


class Judged(Protocol):
    """What says how right the outputs are: a result, a choice."""

    @property
    def output_error(self) -> OutputError | None:
        """Against the model as loaded."""

    @property
    def accuracy(self) -> Accuracy | None:
        """Top-1, of labelled images."""


def own_scheme(result: Result) -> str:
    """The scheme that the accelerator itself skips by."""
    return result.accelerator.skipping


def array(result: Result) -> str:
    """Its size as a word: `16x16`."""
    return result.accelerator.rules.size(result.accelerator.array)


def machine(result: Result) -> str:
    """The machine in one line: `16x16 inner_join, 1 lane, ..., skipping two_sided`."""
    a = result.accelerator
    batch = "" if a.batch == 1 else f", batch {a.batch}"
    return f"{a.rules.describe(a.array)}, skipping {a.skipping}{batch}"


def baseline(result: Result) -> str:
    """What every speedup is against, behind the word."""
    if result.baseline is None:
        return f"at equal resources alone: {no_baseline(result.accelerator.rules)}"
    return f"against the dense scheme on the same {array(result)} array"


def skips_zeros(result: Result) -> bool:
    """Whether the accelerator's own scheme does: if not, mean densities say nothing of it."""
    return not result.accelerator.rules.scheme(own_scheme(result)).is_dense


def no_baseline(rules: Machine) -> str:
    """Why a machine has no speedups on the same array: `systolic has one scheme`."""
    return f"{rules.name} has {'no dense mode' if rules.baseline is None else 'one scheme'}"


def iso_resource_in_words(result: Result) -> str:
    """`0.56x the speed of the fastest dense array in the same LUTs, ...: 72x8 PEs at 241 MHz`."""
    found = result.iso_resource
    if found is None:
        return "not compared"
    tried = "" if found.is_proven else " (of the most promising)"
    dense = dense_in_words(found.machine, found.array, result.accelerator.machine, kind="")
    return (
        f"{times(found.speedup)} the speed of the fastest dense array in the same LUTs, DSPs and "
        f"BRAM{tried}: {dense} at {found.clock_mhz:.0f} MHz"
    )


def dense_in_words(machine: str, array: Any, beside: str = "", kind: str = "dense") -> str:
    """A dense array for a sentence, with its machine where that is another one: `2 dense rows of
    64 lanes (stream)`.

    Args:
        machine: that it is on.
        array: its parameters.
        beside: the machine that it is held against; empty: none.
        kind: the word for it; empty where the sentence has it.
    """
    rules = machine_named(machine)
    said = rules.words(array, kind)
    return said if machine == beside or rules.name in said else f"{said} ({rules.name})"


def model_name(result: Result) -> str:
    """The model's file without its folders."""
    return file_name(result.model.source)


def inputs_name(result: Result) -> str:
    """What was fed, its path without folders: `mnist.npz (50 of 300 images; ...)`."""
    return source_name(result.inputs.source)


def source_name(source: str) -> str:
    """A source of inputs, its path without folders, what is said of it in brackets kept."""
    path, bracket, rest = source.partition(" (")
    return file_name(path) + bracket + rest


def file_name(path: str) -> str:
    """A path's last part, whichever system's path it is."""
    return PurePosixPath(path.replace("\\", "/")).name


def images(result: Result) -> int:
    """Images in all runs, 1 or more."""
    return max(1, result.inputs.runs * result.inputs.images_per_run)


def images_in_words(result: Result) -> str:
    """`50 images`, or `5 runs of 8 images` where the model's batch is fixed."""
    size = result.inputs.images_per_run
    return images_and_runs(result.inputs.runs * size, size)


def run_word(result: Result) -> str:
    """What one execution of the model is: `image`, or `run of 8 images`."""
    size = result.inputs.images_per_run
    return "image" if size == 1 else f"run of {size} images"


def runs_word(result: Result) -> str:
    """What intervals are over: `images`, or `runs of 8 images`."""
    size = result.inputs.images_per_run
    return "images" if size == 1 else f"runs of {size} images"


def interval_in_words(result: Result, scheme: str) -> str:
    """Between what a speedup lies; of a single run nothing can be said.

    `baseline` for the scheme that others are against, `-` where there is none.
    """
    if scheme == result.baseline or result.baseline is None:
        return "baseline" if scheme == result.baseline else "-"
    interval = result.speedup_interval[scheme]
    if interval is None:
        return f"one {'image' if result.inputs.images_per_run == 1 else 'run'}"
    return f"{interval.low:.2f}-{times(interval.high)}"


def worst_in_words(result: Result, scheme: str) -> str:
    """Where the slowest image is: `image 3`, or the run that it has its share of."""
    size, worst = result.inputs.images_per_run, result.images[scheme].worst_image
    return f"image {worst}" if size == 1 else f"a share of run {worst // size}"


def class_cycles(result: Result, record: SchemeRecord, cycles: Cycles) -> dict[str, float]:
    """A layer's total cycles by class: slots over those of one cycle, and stalls.

    Args:
        result: gives the array.
        record, cycles: of a layer, or of all, under one scheme.
    Returns:
        cycles by `SlotClass.key`; their sum is `cycles.total`.
    """
    accelerator = result.accelerator
    slots, kinds = accelerator.rules.slots(accelerator.array), accelerator.rules.classes
    shares = {kind.key: record.classes.get(kind.key, 0) / slots for kind in kinds}
    return shares | {STALL.key: float(cycles.stall)}


def speedup(result: Result, layer: LayerRecord, scheme: str) -> float | None:
    """Total cycles of a layer under the dense scheme over those under another; None: there is
    no baseline."""
    if result.baseline is None:
        return None
    mine = layer.cycles[scheme].total
    return layer.cycles[result.baseline].total / mine if mine else 1.0


def dense(result: Result) -> SchemeRecord | None:
    """All layers under the baseline; None: there is none."""
    return None if result.baseline is None else result.totals.schemes[result.baseline]


def dram_bits(record: SchemeRecord) -> int:
    """Bits over the DRAM port, of all operands."""
    return sum(dict(record.dram_bits).values())


def energy_pj(record: SchemeRecord) -> float:
    """Of all components."""
    return sum(record.energy_pj.values())


def energy_in_words(result: Result, each: str = "") -> str:
    """Over the dense scheme's, or as it is where there is none; and whose table it is.

    Args:
        result: of an estimate.
        each: what stands before it.
    """
    found, all_dense = result.totals.schemes[own_scheme(result)], dense(result)
    said = [each] if each else []
    if all_dense is not None:
        said.append(f"{times(energy_pj(found) / (energy_pj(all_dense) or 1))} of dense")
    elif not each:
        said.append(f"{joules(energy_pj(found) / images(result))} an image")
    return f"{', '.join(said)} ({result.energy_table.get('process', 'table unknown')})"


def by_cycles(result: Result) -> list[LayerRecord]:
    """Layers, those with the most total cycles under the accelerator's own scheme first."""
    scheme = own_scheme(result)
    return sorted(result.layers, key=lambda layer: -layer.cycles[scheme].total)


def labels(layers: Sequence[LayerRecord]) -> dict[str, str]:
    """Names of layers as tables show them; see `short_names`."""
    return short_names([layer.name for layer in layers])


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Names as tables show them: without the folders that all share, and the first of many.

    Converters from TensorFlow join the names of all that they fused by `;`.

    Returns:
        short name by name, each once.
    """
    firsts = [name.split(";")[0] for name in names]
    unique = [
        first if firsts.count(first) == 1 else name
        for first, name in zip(firsts, names, strict=True)
    ]
    shared = commonprefix(unique) if len(unique) > 1 else ""  # noqa: RUF071  characters are meant
    cut = max(shared.rfind("/"), shared.rfind(".")) + 1
    cut = 0 if cut == 1 else cut  # a mere leading slash stays
    return {name: short[cut:] for name, short in zip(names, unique, strict=True)}


def coverage_in_words(result: Result) -> str:
    """The share of the model's MACs that ran on the array: `83.5 %`, `at most 83.5 %`."""
    return mac_share(result.host.mac_coverage, result.host.mac_coverage_is_bound)


def output_error_in_words(result: Judged) -> str:
    """What stands beside every speedup."""
    error = result.output_error
    if error is None:
        return "none: the model runs as loaded"
    said = f"mean {error.mean:.2%}, worst {error.worst:.2%} of the output's range"
    if error.top1_agreement is not None:
        said += f"; same top-1 in {error.top1_agreement:.1%} of images"
    return said.replace("%", " %")


def accuracy_in_words(result: Judged) -> str:
    """Top-1 before and after, or why there is none."""
    found = result.accuracy
    if found is None:
        return "no labels given"
    of = f"of {plural(found.images, 'labelled image')}"
    if result.output_error is None:
        return f"{percent(found.top1_after)} {of}"
    return f"{percent(found.top1_before)} before, {percent(found.top1_after)} after, {of}"
