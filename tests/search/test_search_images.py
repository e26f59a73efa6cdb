"""Parts of images, labels and baselines: what is refused, and in which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from search_models import labelled, loaded

from sparsesim.errors import InputError, SpecError
from sparsesim.search.images import batches, margins, part, right, two_parts
from sparsesim.search.keeping import Kept, sorted_by_margin
from sparsesim.search.searching import SearchSpec, find_thresholds


@pytest.fixture(scope="module")
def graph():
    return loaded(0)


@pytest.fixture(scope="module")
def inputs(graph):
    return labelled(graph, 0, 100)


def refusal(call, *given) -> str:
    with pytest.raises((InputError, SpecError)) as error:
        call(*given)
    return str(error.value)


def test_parts_are_the_images_that_they_name(inputs):
    first, second = two_parts(inputs, None, "90:")
    assert (first.count, second.count) == (50, 10)
    everything = [feed["x"] for feed in inputs.feeds()]
    np.testing.assert_array_equal(np.concatenate([f["x"] for f in second.feeds()]),
                                  np.concatenate(everything[90:]))  # fmt: skip
    np.testing.assert_array_equal(second.labels, inputs.labels[90:])
    assert second.source == "drawn, images 90 to 99"
    np.testing.assert_array_equal(
        np.concatenate([batch.labels for batch in batches(second, 3)]), inputs.labels[90:]
    )
    assert first.sha256 != second.sha256


def test_ranges(inputs):
    line = "images 90:101 are out of range; use A:B with 0 <= A < B <= 100, which is all that there"
    assert refusal(part, inputs, 90, 101) == f"{line} are"
    words = "--test-images 7: is no range of images; write A:B, as 0:50"
    assert refusal(two_parts, inputs, "0:5", "7") == words
    words = "--search-images a:b: is no range of images; write A:B, as 0:50"
    assert refusal(two_parts, inputs, "a:b", None) == words


def test_an_overlap(inputs):
    assert refusal(two_parts, inputs, "0:60", "40:") == (
        "images 40:60 are both in --search-images 0:60 and in --test-images 40:100; use parts that "
        "do not overlap"
    )
    assert refusal(two_parts, inputs, "0:60", None) == (
        "images 50:60 are both in --search-images 0:60 and in --test-images 50:100; use parts that "
        "do not overlap"
    )


def test_labels(graph, inputs):
    bare = replace(inputs, labels=None)
    line = "drawn, images 0 to 49: has no labels, which a search needs; give --labels"
    assert refusal(find_thresholds, graph, part(bare, 0, 50), part(bare, 50, 100)) == line
    assert refusal(two_parts, bare) == line.replace(", images 0 to 49", "")
    drawn = replace(bare, random=True)
    assert refusal(two_parts, drawn) == (
        "drawn: has no labels, which a search needs; use real, labelled images"
    )
    wrong = replace(inputs, labels=np.where(np.arange(100) == 70, 4, inputs.labels))
    assert refusal(find_thresholds, graph, *two_parts(wrong)) == (
        "drawn, images 50 to 99: label 4 is out of range; the model has classes 0 to 3"
    )


def test_one_run_is_too_few(inputs):
    assert refusal(two_parts, part(inputs, 3, 4)) == (
        "drawn, images 3 to 3: holds one run; a search takes one to search on and another to test "
        "on, or --test-inputs"
    )


def test_ranges_count_images_and_cut_no_run(inputs):
    pairs = replace(inputs, count=50, labels=inputs.labels.reshape(50, 2), images_per_run=2)
    first, second = two_parts(pairs, "0:10", "10:")
    assert (first.count, first.images, second.count) == (5, 10, 45)
    assert first.source == "drawn, images 0 to 9"
    assert np.array_equal(first.labels.reshape(-1), inputs.labels[:10])
    assert [half.images for half in two_parts(pairs)] == [50, 50]
    assert refusal(two_parts, pairs, "0:5") == (
        "images 0:5 cut a run; the model's batch is fixed at 2, use multiples of it"
    )


def test_a_baseline_of_chance_is_refused(graph, inputs):
    shuffled = replace(inputs, labels=np.random.default_rng(0).integers(0, 4, 100))
    first, second = two_parts(shuffled)
    message = refusal(find_thresholds, graph, first, second)
    x = next(first.feeds())["x"]
    count = int(message.split(": ")[1].split()[0])
    assert message == (
        f"classifier: {count} of 50 search images are right, no better than chance with 4 classes: "
        "the preprocessing or the labels are probably wrong; input 'x' of the first image goes "
        f"from {x.min():.4g} to {x.max():.4g}, mean {x.mean():.4g}; drawn, images 0 to "
        "49"
    )


def test_no_classifier(inputs):
    from search_models import classifier

    from sparsesim.graph import load

    model = classifier(0)
    del model.graph.node[7:]
    model.graph.output[0].name = "p"
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    for size in (1, 3, 3, 3):
        model.graph.output[0].type.tensor_type.shape.dim.add(dim_value=size)
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "n"
    message = refusal(find_thresholds, load(model), *two_parts(inputs))
    assert message == (
        "classifier: output 'p' has shape [1, 3, 3, 3], no value for each class; a search needs a "
        "classifier"
    )


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("what", "weight", "what 'weight' is unknown; did you mean 'weights'?"),
        ("by", "net", "by 'net' is unknown; use one of block, layer"),
        (
            "objective",
            "speed",
            "objective 'speed' is unknown; use one of sparsity, together, cycles",
        ),
        ("keep", 1.5, "keep 1.5 is out of range; use above 0 up to 1"),
        ("keep", 0.0, "keep 0 is out of range; use above 0 up to 1"),
        ("spend", -1.0, "spend -1 is out of range; use above 0 up to 1"),
        ("memory_mib", 0, "memory_mib 0 is out of range; use 1 and up"),
        ("scheme", "both", "scheme 'both' is unknown; use one of none, activation, weight, "
                           "two_sided"),
    ],
)  # fmt: skip
def test_settings(key, value, line):
    assert refusal(lambda: SearchSpec(**{key: value})) == line


def test_margins_by_hand():
    scores = np.array([[1.0, 3.0, 2.0], [5.0, 5.0, 0.0], [5.0, 5.0, 0.0], [0.0, 1.0, 4.0]])
    found = margins([scores], np.array([1, 0, 1, 0]))
    assert found[0] == 1.0
    assert found[1] == 0.0  # of equal values the first is the answer
    assert found[2] < 0  # and the second is not
    assert found[3] == -4.0
    assert right([scores], np.array([1, 0, 1, 0])) == (found >= 0).sum() == 2


def test_the_least_certain_images_come_first():
    def batch(values, margin, runs=None):
        values = np.array(values, np.float32)
        x = {"x": values.reshape(-1, 1)}
        return Kept(x, values.astype(np.int64), np.array(margin), runs or len(values))

    first, second = sorted_by_margin([batch([1, 2, 3], [0.5, -1, 3]), batch([4, 5], [0.1, 2])])
    assert first.labels.tolist() == [2, 4, 1] and second.labels.tolist() == [5, 3]
    assert first.tensors["x"].reshape(-1).tolist() == [2, 4, 1]
    assert second.margins.tolist() == [2, 3]
    # A run of two images stays together: its model may mix them.
    pairs = sorted_by_margin([batch([1, 2], [0.5, 3], 1), batch([3, 4], [-1.0, 2], 1)])
    assert [one.labels.tolist() for one in pairs] == [[3, 4], [1, 2]]
