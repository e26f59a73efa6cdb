"""What a sweep keeps of a point beside its metrics: its layers, and the dense array it is up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsesim.result import LayerRecord, Result


def details_of(result: Result) -> dict[str, Any]:
    """A point's details, plain values.

    Args:
        result: of an estimate.
    Returns:
        `layers`: a record a layer, see `_layer`; `dram_bits_per_cycle`; `iso`: the fastest dense
        array of equal resources, its `machine`, `array` (a table), `clock_mhz`, and `ms` an image;
        None where there is none, or it was not asked for.
    """
    iso, images = result.iso_resource, sum(result.per_image.images)
    dense = iso and {
        "machine": iso.machine,
        "array": iso.array.model_dump(mode="json"),
        "clock_mhz": iso.clock_mhz,
        "ms": iso.seconds * 1e3 / images,
    }
    return {
        "layers": [_layer(layer, result, images) for layer in result.layers],
        "dram_bits_per_cycle": result.dram_bits_per_cycle,
        "iso": dense,
    }


def _layer(layer: LayerRecord, result: Result, images: int) -> dict[str, Any]:
    """A layer under the point's scheme, an image on average.

    `compute`, `memory`, `total`: cycles, `none` the total of the dense scheme (None: the machine
    has no such mode); `effectual` MACs; `dram_bits`; `bound`; `classes`: compute cycles by what
    the array's multipliers did, less those of which there are none.
    """
    own, dense = result.accelerator, result.baseline
    scheme = own.skipping
    slots = own.rules.slots(own.array) * images
    cycles, record = layer.cycles[scheme], layer.schemes[scheme]
    bits = record.dram_bits
    return {
        "name": layer.name,
        "compute": cycles.compute / images,
        "memory": cycles.memory / images,
        "total": cycles.total / images,
        "none": None if dense is None else layer.cycles[dense].total / images,
        "effectual": layer.effectual_macs / images,
        "dram_bits": (bits.activation + bits.weight + bits.output) / images,
        "bound": record.bound,
        "classes": {name: count / slots for name, count in record.classes.items() if count},
    }
