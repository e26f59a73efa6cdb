"""Parts of each machine's area are those that synthesis counts, and near what it counts."""

from __future__ import annotations

import importlib.util
from dataclasses import astuple

import pytest

from sparsesim import area
from sparsesim.machines import machine_named, machine_names
from sparsesim.spec import Accelerator
from sparsesim.synth.accelerator import designs, synthesise_accelerator
from sparsesim.synth.run import synthesise

needs_yosys = pytest.mark.skipif(
    not importlib.util.find_spec("pyosys"), reason="pip install 'sparsesim[synth]'"
)
# Small arrays of each machine, by its own keys.
SMALL = {
    "inner_join": [
        {"rows": 2, "cols": 3, "window": 4},
        {"rows": 3, "cols": 1, "window": 2, "lanes": 2, "skipping": "none", "feed_latency": 2},
    ],
    "stream": [
        {"rows": 4, "lanes": 8, "units": 2, "skipping": "activation"},
        {"rows": 6, "lanes": 4, "units": 2, "depth": 64, "skipping": "none", "feed_latency": 2},
        {"rows": 4, "lanes": 7, "units": 1, "lanes_per_dsp": 2},
        {"rows": 2, "lanes": 6, "units": 1, "lanes_per_dsp": 2, "skipping": "activation"},
    ],
    "systolic": [
        {"rows": 3, "cols": 4, "units": 2},
        {"rows": 4, "cols": 3, "units": 1, "dataflow": "output_stationary"},
        {"rows": 2, "cols": 4, "units": 2, "n_of_m": "2:4", "depth": 16},
    ],
    "broadcast": [
        {"pes": 4, "pe_sums": 16, "units": 2},
        {"pes": 6, "pe_sums": 32, "units": 1, "activation_format": "dense"},
    ],
}
SYNTHESISED = [
    name
    for name in machine_names()
    if any(p.module for p in machine_named(name).parts(Accelerator(machine=name), "xc7"))
]
CASES = [(name, keys) for name in SYNTHESISED for keys in SMALL[name]]


@pytest.mark.parametrize(("name", "keys"), CASES)
def test_each_part_is_priced_and_has_its_own_words(name, keys):
    accelerator = Accelerator(machine=name, **keys)
    for family in ("xc7", "xcup", "ecp5"):
        parts = accelerator.rules.parts(accelerator, family)
        assert len({part.words for part in parts}) == len(parts)
        assert all(part.times >= 1 for part in parts)
        assert all(any(astuple(part.resources)) for part in parts)


@needs_yosys
@pytest.mark.parametrize(
    ("name", "keys", "family"),
    # UltraScale+ is mapped as the 7 series but for multipliers that take two products.
    [(*case, "xcup") for case in CASES if "lanes_per_dsp" in case[1]]
    + [
        pytest.param(*case, family, marks=pytest.mark.wide if (turn + at) % 2 else ())
        for at, case in enumerate(CASES)
        for turn, family in enumerate(("xc7", "ecp5"))
    ],
)
def test_parts_of_area_are_parts_of_synthesis(name, keys, family):
    accelerator = Accelerator(machine=name, **keys)
    parts = accelerator.rules.parts(accelerator, family)
    found = synthesise_accelerator(accelerator, family)
    assert [(row.name, row.times) for row in found.rows] == [(p.words, p.times) for p in parts]
    for design in designs(parts):
        whole = synthesise(design.top, design.parameters, family, kept=design.without)
        inside = {p.module.inside: p.times for p in parts if p.module and p.module.inside}
        for kept in design.without:
            assert whole.parts[kept].instances == inside[kept]
    priced = area.estimate(accelerator, family)
    assert priced.lut == pytest.approx(found.total.lut, rel=0.25)
    assert priced.ff == pytest.approx(found.total.ff, rel=0.25)
    assert (priced.dsp, priced.bram36) == (found.total.dsp, found.total.bram36)


@needs_yosys
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        pytest.param(name, keys, marks=pytest.mark.wide if at else ())
        for name in SYNTHESISED
        for at, keys in enumerate(SMALL[name])
    ],
)
def test_what_can_be_placed_is_there(name, keys):
    accelerator = Accelerator(machine=name, **keys)
    for word, placed in accelerator.rules.placed(accelerator).items():
        assert word.islower() and placed.words
        assert synthesise(placed.module.top, placed.module.parameters, "ecp5").counts.lut > 0
