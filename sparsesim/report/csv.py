"""CSV: a row a layer, flat columns, units in their names, raw numbers; for spreadsheets and pandas.

Counts are sums over the images; the column `images` says over how many.
"""

from __future__ import annotations

import csv as stdlib_csv
from collections.abc import Iterator
from io import StringIO

from sparsesim.report.facts import images, speedup
from sparsesim.result.model import LayerRecord, Result
from sparsesim.result.resources import NAMES

Value = str | int | float | bool


def csv(result: Result) -> str:
    """The layers of a result as CSV with a heading; the heading alone where there is no layer."""
    rows = [dict(_columns(result, layer)) for layer in result.layers]
    text = StringIO()
    writer = stdlib_csv.DictWriter(
        text, fieldnames=list(rows[0]) if rows else ["model", "layer"], lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _columns(result: Result, layer: LayerRecord) -> Iterator[tuple[str, Value]]:
    error = result.output_error
    yield "model", result.model.source
    yield "model_sha256", result.provenance.model_sha256
    yield "inputs_sha256", result.provenance.inputs_sha256
    yield "inputs_are_random", result.inputs.random
    yield "images", images(result)
    yield "output_error_mean_share_of_range", error.mean if error else 0.0
    yield "mac_coverage", result.host.mac_coverage
    yield "mac_coverage_is_bound", result.host.mac_coverage_is_bound
    yield "machine", result.accelerator.machine
    yield from result.accelerator.array.model_dump(mode="json").items()
    yield "skipping", result.accelerator.skipping
    yield "clock_mhz_assumed", result.accelerator.clock_mhz
    yield from _on_device(result)
    yield "layer", layer.name
    for key in ("op", "block"):
        yield key, getattr(layer, key)
    yield "fused", "+".join(layer.fused)
    for key in ("groups", "filters", "positions", "reduction"):
        yield key, getattr(layer, key)
    for key in ("macs", "padding_macs", "effectual_macs"):
        yield key, getattr(layer, key)
    for key in ("weight_sparsity", "activation_sparsity", "output_sparsity"):
        yield key, getattr(layer, key)
    for key in ("activation_is_float", "weight_is_float"):
        yield key, getattr(layer, key)
    for key in ("activation_value_bits", "weight_value_bits"):
        yield key, getattr(layer, key)
    for name in ("weight_storage", "activation_storage"):
        for key, bits in getattr(layer, name):
            yield f"{name}_{key}_bits", bits
    for key, value in layer.passes:
        yield f"passes_{key}", value
    for scheme in result.schemes:
        yield from _of_scheme(result, layer, scheme)


def _on_device(result: Result) -> Iterator[tuple[str, Value]]:
    """Shares of the device, empty where they are not known."""
    found = result.on_device
    yield "device", result.device["name"] or ""
    yield "fits_device", "" if found is None else found.fits
    for key in NAMES:
        share = None if found is None else found.shares[key]
        yield f"{key}_share_of_device", "" if share is None else share


def _of_scheme(result: Result, layer: LayerRecord, scheme: str) -> Iterator[tuple[str, Value]]:
    record = layer.schemes[scheme]
    for key, cycles in layer.cycles[scheme]:
        yield f"{scheme}_{key}_cycles", cycles
    faster = speedup(result, layer, scheme)
    if faster is not None:
        yield f"{scheme}_speedup_over_dense_same_array", faster
    yield f"{scheme}_bound", record.bound
    yield f"{scheme}_utilisation", record.utilisation
    for key, slots in record.classes.items():
        yield f"{scheme}_{key}_lane_slots", slots
    for key, bits in record.dram_bits:
        yield f"{scheme}_dram_{key}_bits", bits
    for key, energy in record.energy_pj.items():
        yield f"{scheme}_energy_{key}_pj", energy
    yield f"{scheme}_density_estimate_compute_cycles", record.density.compute
    yield f"{scheme}_density_estimate_error", record.density.error
