"""Timelines: their end is the layer's exact total, and no track is ever in two places at once."""

from __future__ import annotations

import json
import os
from itertools import pairwise

import pytest
from export_models import Convolution, convolutions, dependent, request
from hypothesis import given, settings
from hypothesis import strategies as st

import sparsesim as ss
from sparsesim.errors import ModelError, SpecError
from sparsesim.exports import Request
from sparsesim.exports.timeline import export, microseconds

EXAMPLES = int(40 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


@st.composite
def accelerators(draw) -> ss.Accelerator:
    """Small buffers and slow or fast DRAM, so that passes are many and either bound."""
    return ss.Accelerator(
        rows=draw(st.sampled_from((1, 2, 4))),
        cols=draw(st.sampled_from((1, 3, 4))),
        window=draw(st.sampled_from((2, 4, 16))),
        activation_buffer_kib=draw(st.sampled_from((0.0625, 0.25, 128))),
        weight_buffer_kib=draw(st.sampled_from((0.0625, 0.25, 256))),
        output_buffer_kib=draw(st.sampled_from((0.25, 0.5, 64))),
        skipping=draw(st.sampled_from(("none", "activation", "weight", "two_sided"))),
        clock_mhz=draw(st.sampled_from((100.0, 333.0, 20000.0))),
        batch=draw(st.sampled_from((1, 2))),
    )


def bars(asked: Request) -> list[dict]:
    """The events that take time."""
    made = export(asked)
    assert made.warnings == ()
    whole = json.loads(made.files[""])
    assert whole["displayTimeUnit"] == "ns"
    return [event for event in whole["traceEvents"] if event["ph"] == "X"]


def span(bar: dict) -> tuple[int, int]:
    return bar["args"]["start_cycle"], bar["args"]["start_cycle"] + bar["args"]["cycles"]


@settings(max_examples=EXAMPLES, deadline=None)
@given(convolutions(spatial=(2,)), accelerators())
def test_a_layer(case: Convolution, accelerator: ss.Accelerator):
    asked = request(case.model, {"x": case.x}, accelerator)
    try:
        shown = bars(asked)
    except SpecError as error:
        assert "needs" in str(error) and "buffer" in str(error)  # not one tile fits
        return
    images = list(asked.trace.images)[: accelerator.batch]
    source = ss.execute(asked.graph, {"x": case.x[: len(images) * case.batch]})
    (record,) = ss.estimate(source, accelerator, asked.device).layers
    cycles = record.cycles[accelerator.skipping]
    tracks = {tid: [bar for bar in shown if bar["tid"] == tid] for tid in (0, 1, 2)}
    assert max(span(bar)[1] for bar in shown) == cycles.total
    assert sum(bar["args"]["cycles"] for bar in tracks[1]) == cycles.compute
    port = tracks[0] + tracks[2]
    assert sum(bar["args"]["cycles"] for bar in port) == cycles.memory
    assert len(tracks[1]) == record.passes.count
    # One array and one port: on neither do two things happen at once; not in nanoseconds either.
    for busy in (tracks[1], port):
        ordered = sorted(busy, key=span)
        for one, other in pairwise(ordered):
            assert span(one)[1] <= span(other)[0]
            assert int(one["ts"] * 1000) + int(one["dur"] * 1000) <= int(other["ts"] * 1000)
    # A pass is loaded before it computes, and computes before it is stored.
    computed = {bar["name"]: span(bar) for bar in tracks[1]}
    assert all(span(bar)[1] <= computed[bar["name"]][0] for bar in tracks[0])
    assert all(span(bar)[0] >= computed[bar["name"]][1] for bar in tracks[2])
    # What each moves and does sums up to the record's.
    scheme = record.schemes[accelerator.skipping]
    for track, key, bits in (
        (0, "activation_bits", scheme.dram_bits.activation),
        (0, "weight_bits", scheme.dram_bits.weight),
        (2, "output_bits", scheme.dram_bits.output),
    ):
        assert sum(bar["args"][key] for bar in tracks[track]) == bits
    for name, slots in scheme.classes.items():
        assert sum(bar["args"]["lane_slots"][name] for bar in tracks[1]) == slots
    for bar in shown:
        assert bar["ts"] == pytest.approx(span(bar)[0] / accelerator.clock_mhz)
        assert bar["dur"] == pytest.approx(bar["args"]["cycles"] / accelerator.clock_mhz)


def test_the_slowest_layer_is_shown_where_none_is_named():
    made, feeds = dependent()
    asked = request(made, feeds)
    records = ss.estimate(asked.trace, asked.accelerator, asked.device).layers
    slowest = max(records, key=lambda record: record.cycles["two_sided"].total)
    whole = json.loads(export(asked).files[""])
    assert whole["otherData"]["layer"] == slowest.name
    assert whole["otherData"]["images"] == 1
    assert whole["traceEvents"][0]["args"] == {"name": f"layer {slowest.name}"}
    tracks = [event["args"]["name"] for event in whole["traceEvents"][1:4]]
    assert tracks == ["DRAM load", "compute", "DRAM store"]
    named = json.loads(export(request(made, feeds, layer="d")).files[""])
    assert named["otherData"]["layer"] == "d"


def test_no_such_layer():
    made, feeds = dependent()
    with pytest.raises(ModelError) as error:
        export(request(made, feeds, layer="dd"))
    assert str(error.value) == "small: no layer 'dd'; did you mean 'd'?"


def test_nanoseconds_are_exact():
    assert int(1.005 * 1000) == 1004
    for cycles in range(5000):
        assert int(microseconds(cycles, 200.0) * 1000) == 5 * cycles
        assert microseconds(cycles, 200.0) == pytest.approx(cycles / 200, rel=1e-15)
    assert int(microseconds(1000, 333.0) * 1000) == 3003


def test_a_pass_says_what_part_it_is():
    made, feeds = dependent()
    accelerator = ss.Accelerator(rows=2, cols=4, window=4, activation_buffer_kib=0.25)
    shown = bars(request(made, feeds, accelerator, layer="a"))
    places = [bar["args"] for bar in shown if bar["cat"] == "compute"]
    assert places[0]["filters"] == "0 to 3" and places[0]["positions"].startswith("0 to ")
    assert places[-1]["positions"].endswith(" to 35")
    assert {place["elements"] for place in places} == {"0 to 26"}
