"""Reports of a choice: text, page and file.

lenet-choice.json, from the repository's folder:

    sparsesim choose models_onnx/lenet.onnx --inputs models_onnx/mnist_test_300.npz --images 10 \\
        --thresholds models_onnx/lenet_thresholds.toml --device xc7z020 --machine inner_join \\
        -o tests/report/lenet-choice.json
"""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from report_samples import HERE, assert_golden

from sparsesim.choice.file import load_choice
from sparsesim.choice.goals import ENERGY_NOTE
from sparsesim.choice.record import LeftOut
from sparsesim.machines import machine_named, machine_names
from sparsesim.report import choice_words
from sparsesim.report.choice import choice_text
from sparsesim.report.choice_charts import choice_charts
from sparsesim.report.choice_html import choice_html
from sparsesim.report.classes import classes, colour_groups
from sparsesim.report.console import plain
from sparsesim.spec import Accelerator


@pytest.fixture
def choice():
    return load_choice(HERE / "lenet-choice.json")


def test_the_text_is_the_golden_one(choice):
    text = plain(choice_text(choice))
    assert max(map(len, text.splitlines())) <= 80
    assert_golden("lenet-choice.txt", text)


def test_what_is_left_out_stands_there_with_who_can(choice):
    gone = (
        LeftOut(machine="other", scheme="", reason="its area is not known"),
        LeftOut(machine="third", scheme="weight", reason="conv1: no", others=("inner_join",)),
    )
    text = " ".join(plain(choice_text(choice.model_copy(update={"left_out": gone}))).split())
    assert "left out other: its area is not known" in text
    assert "left out third, weight: conv1: no; it runs on inner_join" in text


def test_energy_is_said_to_be_an_asics(choice):
    by_energy = choice.model_copy(update={"goal": "energy"})
    text = " ".join(plain(choice_text(by_energy)).split())
    assert ENERGY_NOTE in text and " uJ " in text
    assert ENERGY_NOTE not in " ".join(plain(choice_text(choice)).split())


def test_where_a_dense_one_is_the_best_it_says_so(choice):
    dense = next(row for row in choice.chosen if row.is_dense)
    rest = [row for row in choice.chosen if row is not dense]
    first = choice.model_copy(update={"chosen": (dense, *rest)})
    said = choice_words.why(first)
    assert said.startswith("skipping does not pay here: a dense accelerator is the best, ")


def test_without_an_opponent_there_is_no_speedup(choice):
    alone = choice.model_copy(
        update={
            "dense": None,
            "chosen": tuple(
                row.model_copy(update={"same_device": None, "equal_fpga": None})
                for row in choice.chosen
            ),
        }
    )
    text = plain(choice_text(alone))
    assert "there is no dense accelerator to hold it against" in " ".join(text.split())
    assert "speedups" not in dict(choice_charts(alone))
    assert "chart-speedups" not in choice_html(alone)


def test_random_inputs_are_said_loudly(choice):
    inputs = choice.inputs.model_copy(update={"random": True})
    drawn = choice.model_copy(update={"inputs": inputs})
    assert "INPUTS ARE RANDOM" in plain(choice_text(drawn))
    assert "RANDOM INPUTS" in choice_html(drawn)


def test_the_page_has_every_accelerator_and_every_chart(choice):
    page = choice_html(choice)
    for row in choice.chosen:
        assert f"<td>{row.scheme}</td>" in page
    drawn = re.findall(r'id="chart-(\w+)"', page)
    assert drawn == ["speedups", "where", "shares", "layers"]
    known = json.loads(re.search(r'id="charts"[^>]*>(.*?)</script>', page, re.S)[1])
    assert set(known["charts"]) == set(drawn)
    assert "http://" not in page.split("<script")[0]


def test_the_file_is_the_best_accelerator(choice, tmp_path):
    path = tmp_path / "best.toml"
    path.write_text(choice_words.saved(choice))
    assert Accelerator.from_toml(path) == choice.best.accelerator.with_(name="best")
    assert tomllib.loads(path.read_text())["array"] == choice.best.accelerator.array.model_dump()


def test_a_legend_of_all_machines_has_each_colour_once():
    groups = colour_groups(classes(*map(machine_named, machine_names())))
    assert list(groups.values()) == [
        *("effectual", "ineffectual, padding entry", "unused lane, filler, no entry"),
        *("imbalance", "drain", "edges", "fill", "preload, load wait", "stash wait"),
        *("scan wait", "DRAM stall"),
    ]


def test_the_page_says_a_rate_once_and_gives_each_layer_room(choice):
    page = choice_html(choice)
    rate = choice_words.rate(choice.best.images_per_s)
    tile = re.search(r'Images a second</div><div class="number">(.*?)</div>.*?note">(.*?)<', page)
    assert tile is not None and tile[1] == rate
    assert tile[2].startswith("95 % interval ")
    assert f'id="chart-layers" style="min-width: {170 + 48 * len(choice.chosen)}px"' in page


def test_a_dense_one_that_is_faster_than_all_is_the_one_to_build(choice):
    """It chooses among more shapes than are counted, so it is no row of its own."""
    quick = choice.dense.model_copy(update={"ms": choice.best.ms / 2, "packed_pairs": 3})
    beaten = choice.model_copy(update={"dense": quick})
    text = plain(choice_text(beaten))
    assert max(map(len, text.splitlines())) <= 80
    first, *rest = [line for line in text.splitlines() if line.lstrip().startswith("▸")]
    assert not rest and first.split()[1:3] == ["inner_join", "none"]
    said = " ".join(text.split())
    assert choice_words.described(quick) in said and choice_words.described(choice.best) in said
    assert "a dense accelerator is the best, 2.00x as fast as the best that skips" in said
    assert choice_words.title(beaten).endswith(": inner_join, none")
    written = choice_words.saved(beaten)
    found = Accelerator.model_validate(tomllib.loads(written))
    assert found.flat() == quick.accelerator.flat()
    assert "# 3 pairs of multipliers share a DSP" in written
    assert "the dense one is to be built" in choice_html(beaten)
    by_energy = beaten.model_copy(update={"goal": "energy"})
    assert by_energy.faster_dense is None
