"""From estimates to the rows of a choice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from sparsesim import area
from sparsesim.area.clock import placed_ratio
from sparsesim.choice.opponent import Dense
from sparsesim.choice.record import Chosen, ChosenLayer, Opponent
from sparsesim.estimator.statistics import LEVEL, RESAMPLES
from sparsesim.machines.slot_class import STALL_KEY
from sparsesim.result.model import Interval, Resources, Result
from sparsesim.spec import Device

Floats = NDArray[np.float64]


def chosen_of(
    result: Result, dense: Opponent | None, own: Opponent | None, arrays: int, counted: int
) -> Chosen:
    """A row of a machine and scheme.

    Args:
        result: the estimate of its best accelerator, on a device whose family is known.
        dense: the best dense one in the same budget.
        own: the best dense one in what this one takes.
        arrays, counted: that fit, and that were counted.
    """
    on, scheme = result.accelerator, result.accelerator.skipping
    images, placed = sum(result.per_image.images), result.on_device
    assert placed is not None  # else it would not have been chosen
    totals, total = result.totals.schemes[scheme], result.totals.cycles[scheme].total
    cycles = total / images
    slots, ms = on.rules.slots(on.array), cycles / (on.clock_mhz * 1e3)
    bits = totals.dram_bits
    bounds: dict[str, float] = defaultdict(float)
    for layer in result.layers:
        bounds[layer.schemes[scheme].bound] += layer.cycles[scheme].total / images
    stall = result.totals.cycles[scheme].stall / images
    return Chosen(
        machine=on.machine,
        scheme=scheme,
        accelerator=on,
        is_dense=on.rules.scheme(scheme).is_dense,
        multipliers=slots,
        cycles=cycles,
        ms=ms,
        images_per_s=float(_rate(np.array([images]), np.array([total]), on.clock_mhz)[0]),
        images_per_s_interval=_interval(result),
        energy_uj=sum(totals.energy_pj.values()) / 1e6 / images,
        used=placed.used,
        shares=placed.shares,
        utilisation=totals.utilisation,
        macs_a_slot=result.totals.macs / images / (slots * cycles),
        dram_bytes=(bits.activation + bits.weight + bits.output) / 8 / images,
        same_device=dense.ms / ms if dense is not None else None,
        equal_fpga=own.ms / ms if own is not None else None,
        dense=own,
        clock_ratio=placed_ratio(on, dense.accelerator) if dense is not None else None,
        classes={key: count / slots / images for key, count in totals.classes.items()}
        | {STALL_KEY: stall},
        bounds=dict(sorted(bounds.items(), key=lambda pair: -pair[1])),
        layers=tuple(
            ChosenLayer(
                name=layer.name,
                cycles=layer.cycles[scheme].total / images,
                bound=layer.schemes[scheme].bound,
            )
            for layer in result.layers
        ),
        arrays=arrays,
        counted=counted,
    )


def opponent_of(dense: Dense, result: Result, device: Device) -> Opponent:
    """The record of the best dense accelerator.

    Args:
        dense: it, timed on the runs of a result.
        result: any estimate of them: it gives images and MACs.
        device: what its shares are of.
    """
    on, images = dense.accelerator, sum(result.per_image.images)
    slots, cycles = on.rules.slots(on.array), dense.cycles / images
    return Opponent(
        accelerator=on,
        packed_pairs=dense.packed_pairs,
        multipliers=slots,
        cycles=cycles,
        ms=cycles / (on.clock_mhz * 1e3),
        ms_dense_formats=dense.dense_cycles / images / (on.clock_mhz * 1e3),
        macs_a_slot=result.totals.macs / images / (slots * cycles),
        used=Resources(**asdict(dense.used)),
        shares=dense.used.shares(area.Resources.of(device)),
        is_proven=dense.is_proven,
    )


def _rate(images: Floats, cycles: Floats, clock_mhz: float) -> Floats:
    """Images a second; rounded alike for all runs and for draws of them."""
    return images / cycles * clock_mhz * 1e6


def _interval(result: Result) -> Interval | None:
    """A percentile bootstrap of images a second over runs; None of a single one."""
    on = result.accelerator
    images = np.array(result.per_image.images, np.float64)
    cycles = np.array(result.per_image.total[on.skipping], np.float64)
    if len(images) < 2:
        return None
    seed = result.provenance.seed
    draws = np.random.default_rng(seed).integers(0, len(images), (RESAMPLES, len(images)))
    rates = _rate(images[draws].sum(axis=1), cycles[draws].sum(axis=1), on.clock_mhz)
    low, high = np.quantile(rates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high), level=LEVEL, resamples=RESAMPLES, seed=seed)
