"""From a model and its inputs to cycles: all of it, against a plain twin of all of it."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from naive_estimate import SCHEMES, estimate_layer, tensors_of
from random_models import Case, cases, values

import sparsesim as ss
from sparsesim.errors import SpecError

EXAMPLES = int(60 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
FORMATS = ("dense", "bitmask", "run_length", "csr", "coordinate")


@st.composite
def accelerators(draw) -> ss.Accelerator:
    """Arrays of a few PEs; buffers so small that layers are cut, K among it, or refused."""
    bits = st.sampled_from((100, 300, 1000, 5000, 100_000))
    return ss.Accelerator(
        rows=draw(st.integers(1, 4)),
        cols=draw(st.integers(1, 4)),
        window=draw(st.sampled_from((1, 3, 4, 16, 64))),
        lanes=draw(st.integers(1, 3)),
        queue_depth=draw(st.integers(1, 4)),
        feed_latency=draw(st.integers(1, 3)),
        loop_order=draw(st.sampled_from(("filters_inner", "positions_inner"))),
        activation_format=draw(st.sampled_from(FORMATS)),
        weight_format=draw(st.sampled_from(FORMATS)),
        run_bits=draw(st.integers(1, 4)),
        value_bits=draw(st.sampled_from((None, None, 4))),
        activation_buffer_kib=draw(bits) / 4096,
        weight_buffer_kib=draw(bits) / 4096,
        output_buffer_kib=draw(bits) / 4096,
        pass_order=draw(st.sampled_from(("auto", "filters_outer", "positions_outer"))),
        batch=draw(st.integers(1, 3)),
        clock_mhz=draw(st.sampled_from((10.0, 200.0, 333.3))),
    )


@given(
    cases,
    accelerators(),
    st.integers(1, 3),
    st.sampled_from((0.0, 0.3, 0.7, 1.0)),
    st.integers(0, 99),
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_estimate_equals_the_naive_one(case: Case, accelerator, images, density, seed):
    random = np.random.default_rng(seed)
    feeds = [
        {name: values(random, shape, density) for name, shape in case.inputs.items()}
        for _ in range(images)
    ]
    device = ss.Device.named("xc7z020").with_(dram_gb_per_s=0.3)
    bits_per_cycle = Fraction("0.3") * 8000 / Fraction(str(accelerator.clock_mhz))
    runs = [tensors_of(case.model, feed) for feed in feeds]
    grouped = [
        runs[start : start + accelerator.batch] for start in range(0, images, accelerator.batch)
    ]
    graph = ss.load(case.model)
    assert [layer.name for layer in graph.layers] == [layer.name for layer in case.layers]
    trace = ss.execute(graph, _Feeds(feeds))
    try:
        expected = [
            estimate_layer(layer, grouped, accelerator, bits_per_cycle) for layer in case.layers
        ]
    except SpecError as error:
        event("refused")
        with pytest.raises(SpecError) as raised:
            ss.estimate(trace, accelerator, device)
        assert str(raised.value) == str(error)
        return
    result = ss.estimate(trace, accelerator, device)
    totals = [dict.fromkeys(SCHEMES, 0) for _ in grouped]
    for record, (wanted, by_group) in zip(result.layers, expected, strict=True):
        event(f"{record.op}, K cut: {record.passes.reduction_cut}")
        _compare(record, wanted)
        for total, part in zip(totals, by_group, strict=True):
            for scheme in SCHEMES:
                total[scheme] += part[scheme]
    for scheme in SCHEMES:
        whole = tuple(total[scheme] for total in totals)
        assert result.per_image.total[scheme] == whole
        dense = sum(total["none"] for total in totals)
        assert result.speedup[scheme] == dense / sum(whole)
        shares = [n / len(g) for n, g in zip(whole, grouped, strict=True) for _ in g]
        assert result.images[scheme].worst == max(shares)
        assert result.images[scheme].worst_image == shares.index(max(shares))
        assert result.images[scheme].mean == pytest.approx(np.mean(shares))


def _compare(record, wanted) -> None:
    for scheme in SCHEMES:
        cycles, more = record.cycles[scheme], record.schemes[scheme]
        assert cycles.compute == wanted.compute[scheme], scheme
        assert cycles.memory == wanted.memory[scheme], scheme
        assert cycles.total == wanted.total[scheme], scheme
        assert cycles.stall == cycles.total - cycles.compute
        assert more.classes == wanted.classes[scheme], scheme
        moved = more.dram_bits
        assert [moved.activation, moved.weight, moved.output] == wanted.dram[scheme], scheme
    assert record.effectual_macs == wanted.effectual
    assert record.passes.count == wanted.passes
    found = record.activation_sparsity, record.weight_sparsity, record.output_sparsity
    assert found == pytest.approx(wanted.sparsities, abs=1e-12)


class _Feeds:
    """Feeds as they are: one a run, whatever its batch."""

    labels, source, random, sha256 = None, "drawn", False, "0" * 64
    images_per_run, warnings = 1, ()

    def __init__(self, feeds) -> None:
        self._feeds, self.count = feeds, len(feeds)

    def feeds(self):
        return iter(self._feeds)
