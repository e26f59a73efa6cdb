"""What cuts send, against encoding every tensor of ONNX Runtime's run by itself."""

from __future__ import annotations

import numpy as np
import pytest
from cut_models import model, node, tensors_of, unit, whole_numbers

import sparsesim as ss
from sparsesim.cuts import measure, rank_cuts
from sparsesim.errors import ModelError, SpecError
from sparsesim.formats import FORMATS

IMAGES = whole_numbers(7, 5, 3, 8, 8)


def ranked(whole, images=IMAGES, **options):
    graph = ss.load(whole)
    return rank_cuts(graph, opened(graph, images), **options)


def opened(graph, images):
    from sparsesim.inputs.memory import feed_memory

    return feed_memory({"x": images}, ss.input_specs(graph))


def encoded_bytes(tensor: np.ndarray, format_name: str, zero=0) -> int:
    """A one for each effectual element, 8 bits wide, really encoded; a batch of one has no axis."""
    codes = (tensor != zero).astype(np.uint8)
    codes = codes[0] if codes.ndim > 2 and len(codes) == 1 else codes
    return len(ss.encode(codes, format_name, 8).payload)


@pytest.mark.parametrize("wanted", ["all", "run_length"])
def test_bytes_are_those_of_tensors_encoded_one_by_one(wanted):
    whole = unit()
    found = ranked(whole, formats=wanted)
    images = [tensors_of(whole, image[None]) for image in IMAGES]
    formats = ("dense", *[name for name in FORMATS if name != "dense"])
    assert found.formats == (formats if wanted == "all" else ("dense", "run_length"))
    assert {cut.sent.tensors for cut in found.cuts} == {
        ("s",), ("s", "a"), ("s", "b"), ("c",), ("d",), ("p",), ("f",),
    }  # fmt: skip
    for cut in found.cuts:
        for name in found.formats:
            sent = [sum(encoded_bytes(t[one], name) for one in cut.sent.tensors) for t in images]
            spread = cut.sent.bytes[name]
            assert spread.mean == np.mean(sent)
            assert spread.p95 == pytest.approx(np.percentile(sent, 95))
            assert spread.worst == max(sent)
        parts = [np.concatenate([t[n].reshape(-1) for n in cut.sent.tensors]) for t in images]
        assert cut.sent.sparsity == pytest.approx(np.mean(np.array(parts) == 0))
        assert cut.sent.elements == parts[0].size
        assert cut.sent.raw_bytes == parts[0].nbytes
    assert found.float_bits == 8
    assert found.given.bytes["dense"].mean == 3 * 8 * 8


def test_ranks_macs_and_the_frontier():
    found = ranked(unit())
    by_tensors = {cut.sent.tensors: cut for cut in found.cuts}
    assert [cut.rank for cut in found.cuts] == list(range(1, 8))
    least = [min(spread.mean for spread in cut.sent.bytes.values()) for cut in found.cuts]
    assert least == sorted(least)
    assert least == [cut.sent.bytes[cut.sent.best].mean for cut in found.cuts]
    # stem 4*64*27, each layer of the unit 4*64*36, fc 16*5
    stem, inside, last = 6912, 9216, 80
    assert found.macs == stem + 2 * inside + last
    assert by_tensors["s",].macs_in_front == stem / found.macs
    assert by_tensors["s", "a"].macs_in_front == (stem + inside) / found.macs
    for name in ("c", "d", "p", "f"):
        assert by_tensors[name,].macs_in_front == (stem + 2 * inside) / found.macs
    # Behind the pool a sixteenth of the elements is left, and no tensor before it is as cheap.
    assert by_tensors["p",].rank in (1, 2)
    for cut in found.cuts:
        rivals = [c for c in found.cuts if c.macs_in_front <= cut.macs_in_front and c is not cut]
        cheaper = [c for c in rivals if c.rank < cut.rank]
        assert cut.is_frontier == (not cheaper)
    assert [(b.block, b.tensor, b.rank) for b in found.blocks] == [
        ("stem", "s", by_tensors["s",].rank),
        ("unit", "d", by_tensors["d",].rank),
        ("fc", "y", None),
    ]


def test_ranked_by_the_format_that_is_asked_for():
    """Coordinates take more than dense values here, and still rank."""
    found = ranked(unit(), formats="coordinate")
    assert {cut.sent.best for cut in found.cuts} == {"coordinate"}
    sent = [cut.sent.bytes["coordinate"].mean for cut in found.cuts]
    assert sent == sorted(sent)
    assert any(
        cut.sent.bytes["dense"].mean < cut.sent.bytes["coordinate"].mean for cut in found.cuts
    )
    assert {cut.sent.best for cut in ranked(unit(), formats="dense").cuts} == {"dense"}


def test_blocks_can_be_named():
    found = ranked(unit(), named_blocks={"front": ["stem", "unit/*"]})
    assert [(b.block, b.tensor) for b in found.blocks] == [("front", "d"), ("fc", "y")]


def test_a_width_of_values():
    found = ranked(unit(), value_bits=32)
    cut = next(cut for cut in found.cuts if cut.sent.tensors == ("p",))
    assert cut.sent.bytes["dense"].mean == cut.sent.raw_bytes == 16 * 4
    assert (found.value_bits, found.float_bits) == (32, 32)


def test_quantised_zeros_are_zero_points():
    """uint8 throughout; the pool between two layers keeps the zero point that they tell."""
    constants = {
        "step": np.float32(1), "x0": np.uint8(0), "w0": np.uint8(3), "y0": np.uint8(5),
        "w": (whole_numbers(1, 4, 3, 1, 1) + 3).astype(np.uint8),
        "v": (whole_numbers(2, 2, 4, 1, 1) + 3).astype(np.uint8),
    }  # fmt: skip
    nodes = [
        node("QLinearConv", "x step x0 w step w0 step y0", "a", "one"),
        node("MaxPool", "a", "p", "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("QLinearConv", "p step y0 v step w0 step y0", "y", "two"),
    ]
    whole = model(nodes, ["y"], constants, np.uint8)
    images = np.abs(IMAGES).astype(np.uint8)
    found = ranked(whole, images)
    assert found.float_bits is None
    run = [tensors_of(whole, image[None]) for image in images]
    for cut in found.cuts:
        (name,) = cut.sent.tensors
        expected = [encoded_bytes(tensors[name], "bitmask", 5) for tensors in run]
        assert cut.sent.bytes["bitmask"].mean == np.mean(expected)
        assert 0 < cut.sent.sparsity < 1
        assert cut.sent.raw_bytes == cut.sent.elements


def test_cuts_that_send_no_numbers_are_left_out():
    nodes = [
        node("Relu", "x", "r", "relu"),
        node("SequenceConstruct", "r x", "q", "sequence"),
        node("SequenceAt", "q at", "y", "take"),
    ]
    found = ranked(model(nodes, ["y"], {"at": np.int64(0)}))
    assert [cut.sent.tensors for cut in found.cuts] == [("x", "r")]
    assert found.unpriced == 1


def test_outputs_stay_as_they_are():
    """Making tensors inside host steps visible changes nothing that flows."""
    from sparsesim.engine.run import Engine

    graph = ss.load(unit())
    inputs = opened(graph, IMAGES)
    measured = measure(graph, inputs, {"c", "d", "p"}, ["bitmask"])
    assert measured.runs == 5 and set(measured.sizes) == {"c", "d", "p"}
    expected = tensors_of(unit(), IMAGES[:1])["y"]
    assert np.array_equal(Engine(graph).run({"x": IMAGES[:1]})[0], expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": "bitmsk"}, "unknown format 'bitmsk'; did you mean 'bitmask'?"),
        ({"value_bits": 0}, "value_bits 0 is out of range; use 1 to 64"),
    ],
)
def test_refused(options, message):
    with pytest.raises(SpecError) as error:
        ranked(unit(), **options)
    assert str(error.value) == message


def test_a_network_without_a_place_to_cut():
    whole = model([node("Relu", "x", "y", "relu")], ["y"], {})
    with pytest.raises(ModelError) as error:
        ranked(whole)
    assert str(error.value) == "small: has no place to cut: use a network of two nodes or more"


def test_a_network_whose_cuts_send_no_numbers():
    nodes = [
        node("SequenceConstruct", "x", "q", "sequence"),
        node("SequenceAt", "q at", "y", "take"),
    ]
    with pytest.raises(ModelError) as error:
        ranked(model(nodes, ["y"], {"at": np.int64(0)}))
    assert str(error.value) == "small: no cut can be priced: all send something but numbers"
