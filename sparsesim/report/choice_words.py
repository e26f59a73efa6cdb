"""What all reports say of a choice, computed once here: it reads a `Choice` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from sparsesim.choice.goals import ENERGY_NOTE, GOALS
from sparsesim.choice.record import Choice, Chosen, LeftOut, Opponent
from sparsesim.figures import count, percent, plural, thousandths, times
from sparsesim.machines.machine import Machine
from sparsesim.report.facts import dense_in_words, file_name
from sparsesim.result.resources import NAMES
from sparsesim.spec.writing import accelerator_toml

_BOUNDS = 3
LEAST_SHARE = 0.01


def title(choice: Choice) -> str:
    """`lenet.onnx on xc7z020: stream, weight`."""
    one = choice.to_build
    found = f"{rules(one).name}, {one.accelerator.skipping}"
    return f"{file_name(choice.model.source)} on {device(choice)}: {found}"


def sought(choice: Choice) -> str:
    """`the best of each machine and scheme in 75 % of it: the least time an image`."""
    share = percent(choice.within, 0)
    return f"the best of each machine and scheme in {share} of it, for {GOALS[choice.goal].words}"


def device(choice: Choice) -> str:
    """Its name."""
    return str(choice.device["name"])


def rules(one: Chosen | Opponent) -> Machine:
    """The machine that it is on."""
    return one.accelerator.rules


def size(one: Chosen | Opponent) -> str:
    """Of its array: `28x5`."""
    return rules(one).size(one.accelerator.array)


def described(one: Chosen | Opponent) -> str:
    """In a line: `28x5 inner_join, 1 lane, window 4, ..., 227 MHz, buffers ...`."""
    on = one.accelerator
    sizes = (on.activation_buffer_kib, on.weight_buffer_kib, on.output_buffer_kib)
    buffers = " + ".join(f"{kib:g}" for kib in sizes)
    words = [
        f"{rules(one).describe(on.array)}, skipping {on.skipping}",
        f"{on.clock_mhz:g} MHz",
        f"buffers {buffers} KiB (activations, weights, outputs)",
        _formats(on.activation_format, on.weight_format),
    ]
    if on.batch > 1:
        words.append(f"{on.batch} images side by side")
    return ", ".join(words)


def _formats(activations: str, weights: str) -> str:
    if activations == weights:
        return f"both {activations} in DRAM"
    return f"activations {activations} and weights {weights} in DRAM"


def shares(one: Chosen | Opponent) -> str:
    """`58/73/19`: percent of the device's LUT, DSP and BRAM."""
    found = (one.shares[name] for name in ("lut", "dsp", "bram36"))
    return "/".join("-" if share is None else f"{share * 100:.0f}" for share in found)


def shares_in_words(one: Chosen | Opponent) -> str:
    """`LUT 58 %, FF 22 %, DSP 73 %, BRAM 19 %`."""
    named = ((NAMES[key], share) for key, share in one.shares.items())
    return ", ".join(f"{name} {percent(share, 0)}" for name, share in named if share is not None)


def opponent(dense: Opponent | None) -> str:
    """The best dense accelerator of a budget, for a sentence."""
    if dense is None:
        return "none: no dense accelerator fits"
    on = dense.accelerator
    tried = "" if dense.is_proven else " (the most promising were tried)"
    said = f"{dense_in_words(on.machine, on.array)} at {on.clock_mhz:.0f} MHz{tried}, "
    said += f"{_formats(on.activation_format, on.weight_format)}: {thousandths(dense.ms)} ms"
    if dense.ms_dense_formats > dense.ms:
        said += f" ({thousandths(dense.ms_dense_formats)} with both dense)"
    return said


def why(choice: Choice) -> str:
    """Why the best is as fast as it is: what its speed over the best dense one is made of."""
    best, dense = choice.best, choice.dense
    if dense is None or best.same_device is None:
        return "there is no dense accelerator to hold it against"
    if best.is_dense or choice.faster_dense is not None:
        return f"skipping does not pay here: a dense accelerator is the best{_by(choice)}"
    multipliers = best.multipliers / dense.multipliers
    clock = best.accelerator.clock_mhz / dense.accelerator.clock_mhz
    return (
        f"{times(best.same_device)} the best dense one: {times(multipliers)} its multipliers, "
        f"{times(clock)} its clock, {times(best.macs_a_slot / dense.macs_a_slot)} its MACs a "
        "multiplier and cycle"
    )


def _by(choice: Choice) -> str:
    sparse = [row for row in choice.chosen if not row.is_dense]
    if not sparse:
        return ""
    one = choice.to_build
    return f", {times(sparse[0].ms / one.ms)} as fast as the best that skips"


def bound(one: Chosen, least: float = LEAST_SHARE) -> str:
    """`dram 61 %, work 27 %, drain 12 %`: cycles of the layers that each holds."""
    whole = sum(one.bounds.values()) or 1
    most = list(one.bounds.items())[:_BOUNDS]
    return ", ".join(f"{word} {percent(c / whole, 0)}" for word, c in most if c / whole >= least)


def interval(one: Chosen) -> str:
    """`10,811, 95 % interval 10,754-10,870`: images a second."""
    return f"{rate(one.images_per_s)}, {spread(one)}"


def spread(one: Chosen) -> str:
    """`95 % interval 10,754-10,870`: of images a second."""
    found = one.images_per_s_interval
    if found is None:
        return "of one run"
    return f"{percent(found.level, 0)} interval {rate(found.low)}-{rate(found.high)}"


def rate(images_per_s: float) -> str:
    """Images a second, small ones with their digits."""
    return count(images_per_s) if images_per_s >= 100 else f"{images_per_s:.3g}"


def tried(choice: Choice) -> str:
    """How many arrays were looked at, and on how many images."""
    inputs = choice.inputs
    return (
        f"{plural(choice.arrays, 'accelerator')} fit; {count(choice.counted)} counted exactly on "
        f"{plural(inputs.searched, 'image')}, the best of each on {plural(inputs.images, 'image')}"
    )


def left_out(one: LeftOut) -> str:
    """`stream: its area is not known`."""
    who = f"{one.machine}, {one.scheme}" if one.scheme else one.machine
    able = f"; it runs on {', '.join(one.others)}" if one.others else ""
    return f"{who}: {one.reason}{able}"


def notes(choice: Choice) -> Iterator[str]:
    """What must be known of the figures."""
    if choice.one_clock:
        said = f"one clock for all, {choice.best.accelerator.clock_mhz:g} MHz, an assumption"
        yield said + _with_own_clocks(choice.best)
    elif choice.device.get("vendor") == "Lattice":
        yield "clocks are from placements of parts on ECP5"
    else:
        yield "clocks are assumptions, as much faster or slower as the arrays are on ECP5"
    if choice.goal == "energy":
        yield ENERGY_NOTE


def _with_own_clocks(best: Chosen) -> str:
    """What the speed over the best dense one would be at clocks whose ratio is that on ECP5."""
    ratio, speed = best.clock_ratio, best.same_device
    if ratio is None or speed is None or best.is_dense:
        return ""
    return (
        f"; as placed on ECP5 the best has {times(ratio)} the best dense one's, which would make "
        f"it {times(speed * ratio)}"
    )


def saved(choice: Choice) -> str:
    """The best accelerator as TOML, with what it is the best for."""
    dense, best = choice.faster_dense, choice.to_build
    said = [
        f"The best for {file_name(choice.model.source)} on {device(choice)}, found by",
        f"'sparsesim choose --goal {choice.goal} --within {percent(choice.within, 0)}':",
        f"{thousandths(best.ms)} ms an image, {_beside(choice)};",
        f"{shares_in_words(best)} of the device.",
    ]
    if dense is not None and dense.packed_pairs:
        said.append(
            f"{plural(dense.packed_pairs, 'pair')} of multipliers share a DSP, which estimate "
            "counts one by one."
        )
    return accelerator_toml(best.accelerator, said)


def _beside(choice: Choice) -> str:
    if choice.faster_dense is None:
        return f"{times(choice.best.same_device)} the best dense one there"
    return f"dense{_by(choice)}"
