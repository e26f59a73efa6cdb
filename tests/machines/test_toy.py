"""A machine that `sparsesim` doesn't know goes through every verb; all numbers are sums by hand."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_samples as toy
from toy import Toy

import sparsesim as ss
from sparsesim.errors import ModelError, SpecError
from sparsesim.machines import found, machine_names, register_machine
from sparsesim.report import render
from sparsesim.report.console import plain
from sparsesim.result import Result, load_result, save_result

ACCELERATOR = ss.Accelerator(machine=toy.TOY)
EFFECTUAL = {"conv": 99, "fc": 24}


@pytest.fixture(scope="module")
def trace() -> ss.Trace:
    """Of two images."""
    return toy.trace()


@pytest.fixture(scope="module")
def result(trace: ss.Trace) -> Result:
    """On the default toy."""
    return ss.estimate(trace, ACCELERATOR)


@pytest.fixture(scope="module")
def sparse(trace: ss.Trace) -> Result:
    """On the toy without a dense mode."""
    return ss.estimate(trace, ss.Accelerator(machine=toy.SPARSE))


def test_its_parameters_are_a_table_of_their_own(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(
        f"machine = '{toy.TOY}'\nclock_mhz = 100.0\n[array]\nmultipliers = 16\nsetup_cycles = 1\n"
    )
    read = ss.Accelerator.from_toml(path)
    wanted = ACCELERATOR.with_(clock_mhz=100.0, multipliers=16, setup_cycles=1)
    assert read.with_(name=wanted.name) == wanted
    assert (read.array.multipliers, read.array.width, read.multipliers) == (16, 4, 16)
    assert read.skipping == toy.SKIPPING
    for wrong, says in (
        (
            {"rows": 4},
            "unknown key 'rows': inner_join, systolic and stream have it; use one of name, ",
        ),
        ({"multipliers": 0}, "multipliers 0 is out of range; use 1 to 4096"),
        (
            {"skipping": "two_sided"},
            "skipping 'two_sided' is unknown on toy: inner_join and broadcast have it; "
            "use one of every_pair, ",
        ),
    ):
        with pytest.raises(SpecError) as error:
            ACCELERATOR.with_(**wrong)
        assert str(error.value).startswith(says), str(error.value)


def test_it_is_found_by_a_file_or_registered(trace: ss.Trace, result: Result, monkeypatch):
    monkeypatch.setattr(found, "_made", dict(found._made))
    register_machine(Toy())
    assert "toy" in machine_names()
    again = ss.estimate(trace, ss.Accelerator(machine="toy"))
    assert again.totals == result.totals and again.layers == result.layers
    with pytest.raises(SpecError, match=r"^machine 'toy' is already registered; use another name$"):
        register_machine(Toy())


def test_an_edited_file_is_another_machine(tmp_path: Path, monkeypatch):
    text = (toy.HERE / "toy.py").read_text()
    for folder, width in (("one", 5), ("other", 6), ("one", 7)):
        (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / folder / "toy.py"
        file.write_text(
            text.replace("width: int = Field(default=4", f"width: int = Field(default={width}")
        )
        os.utime(file, ns=(width, width))  # an edit within a tick of the clock is seen, too
        monkeypatch.chdir(tmp_path / folder)
        assert ss.Accelerator(machine="toy.py:Toy").array.width == width


def test_it_goes_to_other_processes():
    assert pickle.loads(pickle.dumps(ACCELERATOR)) == ACCELERATOR
    code = (
        "import pickle, sys\n"
        "a = pickle.load(sys.stdin.buffer)\n"
        "print(a.rules.name, a.array.multipliers, a.skipping)"
    )
    told = pickle.dumps(ACCELERATOR.with_(multipliers=9))
    ran = subprocess.run([sys.executable, "-c", code], input=told, capture_output=True, check=True)
    assert ran.stdout.decode().split() == ["toy", "9", toy.SKIPPING]


def test_its_cycles_are_sums_by_hand(result: Result):
    for layer in result.layers:
        assert layer.effectual_macs == EFFECTUAL[layer.name]
        for scheme, cycles in toy.COMPUTE[layer.name].items():
            found = layer.cycles[scheme]
            assert found.compute == toy.IMAGES * cycles
            assert found.total == toy.IMAGES * (cycles + 2)
    for scheme, cycles in toy.TOTAL.items():
        assert result.totals.cycles[scheme].total == toy.IMAGES * cycles
    assert result.speedup == {toy.EVERY: 1.0, toy.SKIPPING: 60 / 43}
    assert toy.effectual(toy.images()) == EFFECTUAL


def test_its_classes_say_where_they_went(result: Result):
    conv, fc = result.layers
    assert conv.schemes[toy.SKIPPING].classes == {
        "useful": 99,
        "wasted": 2 * 108 - 99,
        "left_over": 2 * (14 * 8 - 108),
        "starting": 2 * 18 * 8,
    }
    assert fc.schemes[toy.EVERY].classes == {
        "useful": 24,
        "wasted": 2 * 54 - 24,
        "left_over": 2 * (7 * 8 - 54),
        "starting": 2 * 4 * 8,
    }
    assert [layer.schemes[toy.EVERY].bound for layer in result.layers] == ["work", "work"]
    assert [layer.schemes[toy.SKIPPING].bound for layer in result.layers] == ["start", "start"]


def test_mean_densities_say_the_same_but_for_starts(result: Result):
    # 108 and 22 pairs of an image are left, on 8 multipliers.
    conv, fc = (layer.schemes[toy.SKIPPING].density.compute for layer in result.layers)
    assert (conv, fc) == (2 * 108 / 8, pytest.approx(2 * 22 / 8))


def test_passes_are_cut_by_its_own_steps(trace: ss.Trace):
    # Half of 0.0625 KiB are 256 bits: one filter of `fc` is 27 + 11 * 8 = 115 bits, both are 230,
    # but half of 0.02 KiB, 81 bits, hold none whole: K is cut, into any number of elements.
    for kib, cut in ((0.0625, False), (0.02, True)):
        found = ss.estimate(trace, ACCELERATOR.with_(weight_buffer_kib=kib))
        fc = found.layers[1]
        assert fc.passes.reduction_cut == cut
        assert fc.cycles[toy.EVERY].compute >= 2 * (4 + 7)


def test_more_of_it_takes_fewer_cycles(trace: ss.Trace):
    # 16 multipliers: 108 in 7 and 22 in 2 cycles; strips of 9: 3 and 2 of them, 1 cycle each.
    wide = ACCELERATOR.with_(multipliers=16, width=9, setup_cycles=1)
    found = ss.estimate(trace, wide)
    cycles = [layer.cycles[toy.SKIPPING].compute for layer in found.layers]
    assert cycles == [2 * (3 + 7), 2 * (2 + 2)]


def test_without_a_dense_mode_there_is_no_speedup(sparse: Result):
    assert sparse.speedup == {} and sparse.speedup_interval == {} and sparse.baseline is None
    conv, fc = (layer.cycles["nonzero_pairs"].compute for layer in sparse.layers)
    assert conv >= 2 * 18 + 99 / 8 and fc >= 2 * 4 + 24 / 8


def test_what_it_takes_of_a_device(result: Result):
    placed = result.on_device
    assert placed is not None and placed.fits
    # 8 multipliers of 24 LUTs, 36 FFs and a DSP, and the control; 448 KiB, 4 a block.
    used = (placed.used.lut, placed.used.ff, placed.used.dsp, placed.used.bram36)
    assert used == (8 * 24 + 150, 8 * 36 + 90, 8, 112)


def test_a_clock_above_its_own_is_warned_of(trace: ss.Trace):
    found = ss.estimate(trace, ACCELERATOR.with_(clock_mhz=300.0))
    assert found.warnings == (
        "clock_mhz 300 is above what its vector reaches: 250 MHz (stated: 250 MHz)",
    )


@pytest.mark.parametrize("which", ["result", "sparse"])
def test_a_stored_result_is_read_back(which: str, request, tmp_path: Path):
    made = request.getfixturevalue(which)
    save_result(made, tmp_path / "r.json")
    assert load_result(tmp_path / "r.json") == made
    stored = json.loads((tmp_path / "r.json").read_text())["accelerator"]
    assert stored["array"] == {"multipliers": 8, "width": 4, "setup_cycles": 2}


def test_the_text_report(result: Result):
    text = render(result, "text")
    assert "8 multipliers, strips of 4" in text
    assert "Speedup against the dense scheme on the same 8-multiplier array" in text
    assert "1.40x" in text and toy.SKIPPING in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_csv(result: Result):
    rows = list(csv.DictReader(io.StringIO(render(result, "csv"))))
    assert [row["layer"] for row in rows] == ["conv", "fc"]
    assert [(row["multipliers"], row["width"], row["setup_cycles"]) for row in rows] == [
        ("8", "4", "2")
    ] * 2
    assert "rows" not in rows[0]
    conv, fc = rows
    assert conv[f"{toy.SKIPPING}_compute_cycles"] == str(2 * 32)
    assert fc[f"{toy.EVERY}_total_cycles"] == str(2 * 13)
    assert conv[f"{toy.SKIPPING}_starting_lane_slots"] == str(2 * 18 * 8)


def test_the_markdown(result: Result):
    text = render(result, "markdown")
    assert "1.40x" in text and "8 multipliers, strips of 4" in text
    for word in (toy.EVERY, toy.SKIPPING, "starting", "conv", "fc"):
        assert word in text, word


def test_the_page(result: Result):
    page = render(result, "html")
    for said in ("8 multipliers, strips of 4", "1.40x", "starting", "left over", "#b565c4"):
        assert said in page, said


@pytest.mark.parametrize("kind", ["text", "csv", "markdown", "html"])
def test_reports_without_a_dense_mode(sparse: Result, kind: str):
    text = render(sparse, kind)
    assert "nonzero_pairs" in text
    assert "two_sided" not in text and toy.EVERY not in text


def test_explain(result: Result):
    from sparsesim.report.explain import explain

    text = plain(explain(result, "conv"))
    assert "a start a strip" in text and "36" in text  # 2 images of 9 strips, 2 cycles each
    assert "each strip of 4 positions starts up for 2 cycles" in text
    assert "a width above 4" in text


def test_explain_without_a_dense_mode(sparse: Result):
    from sparsesim.report.explain import explain

    assert "nonzero_pairs" in plain(explain(sparse, "conv"))


def test_compare(trace: ss.Trace, result: Result, sparse: Result):
    from sparsesim.report.compare import compare

    text = plain(compare(result, ss.estimate(trace, ACCELERATOR.with_(setup_cycles=1))))
    # 11 strips less a cycle each: 60 - 11, and 43 - 11.
    assert "setup_cycles" in text
    assert "-18.3 %" in text and "-25.6 %" in text
    dense = ss.estimate(trace, ss.Accelerator(rows=4, cols=4))
    for other in (sparse, dense):
        assert "conv" in plain(compare(result, other))
        assert "conv" in plain(compare(other, result))


def test_a_sweep_over_its_own_parameters(tmp_path: Path):
    from sparsesim.report.sweep import sweep_text
    from sparsesim.report.sweep_html import sweep_html
    from sparsesim.report.sweep_markdown import sweep_markdown
    from sparsesim.sweeps.result import load_sweep_result, open_details
    from sparsesim.sweeps.spec import SweepSpec

    model, inputs = toy.files(tmp_path)
    spec = SweepSpec(
        networks=[{"model": str(model), "inputs": str(inputs), "images": 2}],
        accelerator={"machine": toy.TOY},
        space={
            "multipliers": [8, 16],
            "setup_cycles": [1, 2],
            "skipping": [toy.EVERY, toy.SKIPPING],
        },
        conditions=["multipliers * setup_cycles < 32"],
        objectives=["cycles", "lut"],
    )
    ss.sweep(spec, tmp_path / "swept", workers=1)
    swept = load_sweep_result(tmp_path / "swept")
    points = {
        tuple(row.parameters[key] for key in ("multipliers", "setup_cycles", "skipping")): row
        for row in swept.rows
    }
    assert {row.error for row in points.values()} == {""}, points
    cycles = {key: row.metrics["cycles"] for key, row in points.items()}
    assert cycles == {  # 216 and 54, or 108 and 22 pairs; 11 strips; 4 cycles of transfers
        (8, 1, toy.EVERY): 27 + 7 + 11 + 4,
        (8, 1, toy.SKIPPING): 14 + 3 + 11 + 4,
        (8, 2, toy.EVERY): 27 + 7 + 22 + 4,
        (8, 2, toy.SKIPPING): 14 + 3 + 22 + 4,
        (16, 1, toy.EVERY): 14 + 4 + 11 + 4,
        (16, 1, toy.SKIPPING): 7 + 2 + 11 + 4,
    }
    assert points[16, 1, toy.EVERY].metrics["lut"] == 16 * 24 + 150
    with open_details(tmp_path / "swept") as details:
        page = sweep_html(swept, details)
    for text in (plain(sweep_text(swept)), sweep_markdown(swept), page):
        assert "multipliers" in text and toy.SKIPPING in text


def test_the_opponent_is_any_machines(trace: ss.Trace):
    # In 342 LUTs there are no PEs of inner_join, but 8 multipliers of its own with strips of 16:
    # conv starts 3 times, so 6 + 27 + 2, fc twice, so 4 + 7 + 2.
    rival = ss.Accelerator(machine=toy.RIVAL)
    found = ss.estimate(trace, rival, iso_resource=True).iso_resource
    assert found is not None and found.is_proven
    assert (found.machine, found.array.model_dump()) == (
        toy.RIVAL,
        {"multipliers": 8, "width": 16, "setup_cycles": 2},
    )
    assert found.cycles == 2 * (35 + 13)
    assert found.speedup == pytest.approx(48 / 43)
    assert found.clock_source == "the accelerator's: the two were not both placed"
    assert ss.estimate(trace, ACCELERATOR, iso_resource=True).iso_resource is None


def test_break_even(trace: ss.Trace):
    from sparsesim.estimator.break_even import break_even, ones_at
    from sparsesim.report.break_even import break_even_text

    found = break_even(trace, ss.Accelerator(machine=toy.RIVAL), images=1)
    assert list(found.rivals) == [toy.SKIPPING]
    conv, fc = (layer.schemes[toy.SKIPPING] for layer in found.layers)
    assert (conv.cycles, fc.cycles, conv.dense_cycles, fc.dense_cycles) == (34, 9, 35, 13)
    assert conv.pays and fc.pays
    # 20 + ceil(9 n / 8) is below 35 up to n = 12 of 24 weights, 6 + ceil(n / 8) below 13 up to 48
    # of 54.
    for one, most, elements in ((conv, 12, 24), (fc, 48, 54)):
        step = round(one.density * found.steps)
        assert ones_at(step, elements) == most < ones_at(step + 1, elements)
    assert toy.SKIPPING in plain(break_even_text(found))


def test_break_even_where_no_dense_array_fits(trace: ss.Trace):
    from sparsesim.estimator.break_even import break_even

    with pytest.raises(ModelError) as error:
        break_even(trace, ACCELERATOR, images=1)
    assert str(error.value) == "small: no work to compare, or no dense array fits"


def test_break_even_without_a_dense_mode(trace: ss.Trace):
    from sparsesim.estimator.break_even import break_even
    from sparsesim.report.break_even import break_even_text

    # 64 multipliers take 1686 LUTs, in which there is a systolic array of some PEs.
    found = break_even(trace, ss.Accelerator(machine=toy.SPARSE, multipliers=64), images=1)
    assert list(found.rivals) == ["nonzero_pairs"]
    assert found.rivals["nonzero_pairs"].machine == "systolic"
    assert "nonzero_pairs" in plain(break_even_text(found))


@pytest.mark.parametrize("machine", [toy.TOY, toy.SPARSE])
@pytest.mark.parametrize("kind", ["timeloop", "scalesim", "zigzag", "timeline", "onnx"])
def test_every_export(trace: ss.Trace, kind: str, machine: str):
    from sparsesim.exports import Request, exporter, kind_named

    accelerator = ss.Accelerator(machine=machine)
    request = Request(trace, ss.load(toy.model()), accelerator, ss.Device.named("xc7z020"), "")
    made = exporter(kind_named(kind))(request)
    assert made.files
    if kind == "timeline":
        (content,) = made.files.values()
        events = [e for e in json.loads(content)["traceEvents"] if e["ph"] == "X"]
        assert sum(e["args"]["cycles"] for e in events if e["tid"] == 1) > 0


def test_the_timeline_is_that_of_an_image(trace: ss.Trace):
    from sparsesim.exports import Request, exporter, kind_named

    device = ss.Device.named("xczu9eg")
    request = Request(trace, None, ACCELERATOR, device, "conv")
    (content,) = exporter(kind_named("timeline"))(request).files.values()
    events = [e for e in json.loads(content)["traceEvents"] if e["ph"] == "X"]
    (work,) = [e for e in events if e["tid"] == 1]
    assert (work["args"]["start_cycle"], work["args"]["cycles"]) == (1, 32)


def test_the_search_lowers_its_cycles():
    from sparsesim.inputs.memory import feed_memory
    from sparsesim.report.search import search_report
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import two_parts
    from sparsesim.search.searching import SearchSpec, find_thresholds
    from sparsesim.trace.execute import input_specs

    graph = ss.load(toy.model())
    x = toy.images(40)
    outputs = np.stack(
        [image.outputs[0].reshape(2) for image in ss.execute(graph, {"x": x}).images]
    )
    inputs = replace(
        feed_memory({"x": x}, input_specs(graph)), labels=outputs.argmax(axis=1), source="drawn"
    )
    spec = SearchSpec(
        objective="cycles", grid=Grid("quantiles", 4), keep=0.9, accelerator=ACCELERATOR
    )
    assert spec.scheme == toy.SKIPPING
    found = find_thresholds(graph, *two_parts(inputs), spec)
    assert found.result.cycles is not None
    assert toy.SKIPPING in plain(search_report(found.result))


def test_the_verilog_that_it_does_not_have():
    from sparsesim.cosim.run import cosimulate
    from sparsesim.graph.quantize import quantize
    from sparsesim.inputs.memory import feed_memory
    from sparsesim.trace.execute import input_specs

    graph = ss.load(toy.model())
    x = toy.images()
    graph = quantize(graph, [{"x": image[None]} for image in x])
    inputs = feed_memory({"x": x}, input_specs(graph))
    with pytest.raises(SpecError) as error:
        cosimulate(graph, inputs, ACCELERATOR)
    assert str(error.value) == f"machine '{toy.TOY}' has no Verilog"


def test_its_sums_are_exact_by_default(trace: ss.Trace):
    from sparsesim.fixed_point.product import LayerProduct
    from sparsesim.fixed_point.sums import exact_sums
    from sparsesim.lowering import product

    operands = np.array([[[100, 100, -100]]], np.int16), np.ones((1, 1, 3), np.int16)
    layer = LayerProduct("layer", product(1, 1, 1, 3), *operands, post=None, reason="")
    made = exact_sums(layer, ACCELERATOR.with_(acc_bits=8))  # one product after the other
    assert (made.sums.item(), made.overflow.item()) == (100, True)


def test_array_cycles_takes_it():
    # Two filters, three positions, five elements; 4 of 10 weights are not zero.
    act, weight = np.ones((3, 5), bool), np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool)
    found = ss.array_cycles(act, weight, ACCELERATOR)
    assert found.cycles == 2 * 2 + 2  # two strips start; 12 pairs on 8 multipliers
    assert found.classes == {"useful": 12, "wasted": 0, "left_over": 4, "starting": 32}


def test_loading_it_loads_no_compiler():
    code = (
        "import sys; import sparsesim as ss\n"
        f"assert ss.Accelerator(machine={toy.TOY!r}).array.width == 4\n"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
