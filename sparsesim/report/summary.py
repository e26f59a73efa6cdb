"""The figures of a whole result that Markdown and HTML both show, as pairs of words."""

from __future__ import annotations

from sparsesim.figures import (
    bits,
    count,
    joules,
    kib,
    milliseconds,
    percent,
    plural,
    signed_percent,
    times,
)
from sparsesim.report.facts import (
    accuracy_in_words,
    coverage_in_words,
    dense,
    dram_bits,
    energy_in_words,
    energy_pj,
    images,
    images_in_words,
    inputs_name,
    interval_in_words,
    iso_resource_in_words,
    machine,
    model_name,
    output_error_in_words,
    own_scheme,
    skips_zeros,
    worst_in_words,
)
from sparsesim.report.on_device import shares_in_words
from sparsesim.result.model import Result

Pairs = list[tuple[str, str]]


def setting(result: Result) -> Pairs:
    """Model, inputs, accelerator and device."""
    a, device = result.accelerator, result.device
    return [
        ("Model", "; ".join((model_name(result), *result.model.rewrites))),
        ("Inputs", f"{images_in_words(result)} from {inputs_name(result)}"),
        ("Accelerator", machine(result)),
        (
            "Buffers",
            f"activation {a.activation_buffer_kib:g} KiB ({a.activation_format}), weight "
            f"{a.weight_buffer_kib:g} KiB ({a.weight_format}), output "
            f"{a.output_buffer_kib:g} KiB (dense)",
        ),
        ("Clock", f"{a.clock_mhz:g} MHz (an assumption)"),
        (
            "Device",
            f"{device['name']} ({device['part']}), DRAM {device['dram_gb_per_s']} GB/s, "
            f"{result.dram_bits_per_cycle:.1f} bits a cycle",
        ),
    ]


def outcome(result: Result) -> Pairs:
    """What came out under the accelerator's own scheme; the speedups stand elsewhere."""
    scheme, totals, n = own_scheme(result), result.totals, images(result)
    record, cycles, weights = totals.schemes[scheme], totals.cycles[scheme], totals.weight_storage
    statistics = result.images[scheme]
    dram, all_dense = bits(dram_bits(record) / n), dense(result)
    if all_dense is not None:
        dram += f"; the dense scheme moves {bits(dram_bits(all_dense) / n)}"
    clock = result.accelerator.clock_mhz
    densities = [
        (
            "Mean densities alone",
            f"say {count(record.density.compute / n)} compute cycles an image: off by "
            f"{signed_percent(record.density.error)}",
        )
    ]
    if not skips_zeros(result):
        densities = []
    return [
        ("At equal resources", iso_resource_in_words(result)),
        ("On the device", shares_in_words(result)),
        ("Output error", output_error_in_words(result)),
        ("Top-1", accuracy_in_words(result)),
        (
            "Cycles an image",
            f"{count(cycles.total / n)} ({milliseconds(cycles.total / n, clock)} at the assumed "
            f"clock); {count(cycles.stall / n)} of them wait for DRAM",
        ),
        (
            "Over every image",
            f"p50 {count(statistics.p50)}, p95 {count(statistics.p95)}, p99 "
            f"{count(statistics.p99)}, worst {count(statistics.worst)} cycles "
            f"({worst_in_words(result, scheme)})",
        ),
        *densities,
        (
            "MACs an image",
            f"{count(totals.macs / n)}, {percent(totals.effectual_macs / (totals.macs or 1))} "
            f"effectual, {percent(totals.padding_macs / (totals.macs or 1))} padding",
        ),
        ("Utilisation", f"{percent(record.utilisation)} of multiplier slots are effectual"),
        (
            "Zeros",
            f"{percent(totals.weight_sparsity)} of weights, "
            f"{percent(totals.activation_sparsity)} of activations",
        ),
        (
            "Weight storage",
            f"{bits(weights.encoded)} ({kib(weights.encoded)}) as "
            f"{result.accelerator.weight_format}, {bits(weights.dense)} dense; independent "
            f"zeros need {bits(weights.iid_bound)}",
        ),
        ("DRAM an image", dram),
        (
            "Peak live activations",
            f"{bits(result.memory.peak_live_bits)} ({kib(result.memory.peak_live_bits)})",
        ),
        (
            "Energy an image",
            energy_in_words(result, joules(energy_pj(record) / n)),
        ),
        ("MAC coverage", f"{coverage_in_words(result)} of the MACs ran on the array"),
    ]


def speedups(result: Result) -> list[tuple[str, str, str, str, str]]:
    """By scheme: its name, speedup, interval, cycles and milliseconds an image."""
    clock = result.accelerator.clock_mhz
    rows = []
    for scheme in result.schemes:
        each = result.totals.cycles[scheme].total / images(result)
        rows.append(
            (
                scheme,
                times(result.speedup.get(scheme)),
                interval_in_words(result, scheme),
                count(each),
                milliseconds(each, clock),
            )
        )
    return rows


def host(result: Result) -> Pairs:
    """What ran outside the array."""
    rows = [(op, plural(n, "node")) for op, n in host_operators(result)]
    for node, macs in result.host.macs.items():
        rows.append((node, "MACs unknown" if macs < 0 else f"about {count(macs)} MACs a run"))
    rows += list(result.host.reasons.items())
    return rows


def host_operators(result: Result) -> list[tuple[str, int]]:
    """Operators on the host, the most frequent first."""
    return sorted(result.host.operators.items(), key=lambda pair: (-pair[1], pair[0]))


def provenance(result: Result) -> Pairs:
    """Hashes, versions, seed."""
    found = result.provenance
    rows = [
        (f"{what} sha256", getattr(found, f"{what}_sha256"))
        for what in ("model", "inputs", "accelerator", "device")
    ]
    rows.append(("seed of the intervals", str(found.seed)))
    rows += list(found.versions.items())
    return rows
