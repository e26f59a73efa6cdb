"""Gradient traffic: by hand, by encoding gradients, and break-evens by trying every count."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.errors import InputError, SpecError
from sparsesim.formats import FORMATS, CountedFormat
from sparsesim.train.history import History
from sparsesim.train.traffic import Traffic, traffic


def history(elements: list[int], nonzero: list[list[int]]) -> History:
    """A history of layers `a`, `b`, ...: one row of counts a step."""
    counts = np.array(nonzero, np.int64).reshape(-1, len(elements))
    none = np.array([])
    names = tuple("abcdef"[: len(elements)])
    return History(names, np.array(elements), np.zeros(len(counts)), counts, none, none)


def by_format(found: Traffic, layer: int = 0) -> dict:
    return {f"{one.format} {one.bound}".strip(): one for one in found.layers[layer].formats}


def test_one_layer_by_hand():
    """16 gradients of 8 bits in 2 rows of 8; 4 then 8 of them not zero; 4 workers.

    Dense: 16 bytes, of which a worker sends 2 * 3 / 4, which is 24. Encoded it sends 3 times that.
    Sending less takes 4 * encoded < 2 * 16, so 7 bytes at most.
    """
    found = traffic(history([16], [[4], [8]]), workers=4, value_bits=8, rows={"a": 2})
    (layer,) = found.layers
    assert (layer.dense_bytes, layer.dense_sent, layer.rows) == (16, 24.0, 2)
    assert layer.sparsity.mean == (0.75 + 0.5) / 2
    formats = by_format(found)
    # 16 + 8 k bits: 6 and 10 bytes; 7 bytes hold k = 5
    bitmask = formats["bitmask"]
    assert (bitmask.bytes.mean, bitmask.sent.mean, bitmask.of_dense) == (8.0, 24.0, 1.0)
    assert bitmask.bytes.p95 == pytest.approx(6 + 0.95 * 4)
    assert bitmask.break_even == 1 - 5 / 16
    # 12 k bits: 6 and 12 bytes; k = 4
    assert formats["coordinate"].sent.mean == 27.0
    assert formats["coordinate"].break_even == 1 - 4 / 16
    # 11 k + 3 pointers of 5 bits: 59 and 103 bits, 8 and 13 bytes; k = 3
    assert formats["csr"].sent.mean == 31.5
    assert formats["csr"].break_even == 1 - 3 / 16
    # 12 bits an entry; twelve zeros make no entry of their own
    assert formats["run_length least"].sent.mean == formats["run_length most"].sent.mean == 27.0


def test_tenths_and_all_layers():
    """Two layers over 20 steps: a tenth is two steps."""
    counts = [[step, 2 * step] for step in range(20)]
    found = traffic(history([20, 40], counts), workers=2, value_bits=32)
    total = found.total
    assert total.sparsity.first_tenth == 1 - (0 + 3) / 2 / 60
    assert total.sparsity.last_tenth == pytest.approx(1 - (3 * 18 + 3 * 19) / 2 / 60)
    assert (total.elements, total.dense_bytes, total.dense_sent) == (60, 240, 240.0)
    for one, *parts in zip(total.formats, *(layer.formats for layer in found.layers), strict=True):
        assert one.bytes.mean == pytest.approx(sum(part.bytes.mean for part in parts))
        assert one.sent.last_tenth == pytest.approx(sum(part.sent.last_tenth for part in parts))


@pytest.mark.parametrize("shape", [(1, 30), (5, 7), (6, 4, 3)])
def test_counts_give_what_encoding_gives(shape):
    random = np.random.default_rng(0)
    size = int(np.prod(shape))
    gradients = [random.permutation(np.arange(size) < k).reshape(shape) for k in range(size + 1)]
    counts = [[int(g.sum())] for g in gradients]
    rows = {"a": shape[0]}
    found = traffic(history([size], counts), value_bits=16, rows=rows)
    for one in found.layers[0].formats:
        if not one.bound:
            payloads = [ss.encode(g.astype(np.uint16), one.format).payload for g in gradients]
            assert one.bytes.mean == pytest.approx(np.mean([len(p) for p in payloads]))


@pytest.mark.parametrize("nonzeros", [0, 1, 2, 3])
def test_run_length_s_bounds_are_the_extremes_over_all_positions(nonzeros):
    size = 40
    found = by_format(traffic(history([size], [[nonzeros]]), value_bits=8))
    sizes = []
    for chosen in combinations(range(size), nonzeros):
        mask = np.zeros(size, bool)
        mask[list(chosen)] = True
        sizes.append(-(-ss.encoded_bits(mask, "run_length", 8) // 8))
    assert found["run_length least"].bytes.mean == min(sizes)
    assert found["run_length most"].bytes.mean == max(sizes)


@pytest.mark.parametrize("workers", [2, 3, 4, 9, 64])
def test_break_even_against_every_count(workers):
    size, bits = 90, 16
    found = traffic(history([size], [[1]]), workers, bits, {"a": 9})
    for one in found.layers[0].formats:
        chosen = FORMATS[one.format]
        if not isinstance(chosen, CountedFormat):
            continue
        paying = [
            k
            for k in range(size + 1)
            if (workers - 1) * -(-ss.encoded_bits(mask_of(size, k), one.format, bits) // 8)
            < 2 * (workers - 1) / workers * size * bits / 8
        ]
        assert one.break_even == (1 - max(paying) / size if paying else None)


def mask_of(size: int, ones: int) -> np.ndarray:
    return (np.arange(size) < ones).reshape(9, -1)


def test_a_mask_never_pays_among_many_workers():
    """A bit an element is more than 2 * 32 / n bits from 64 workers on."""
    few, many = (by_format(traffic(history([4096], [[1]]), n)) for n in (63, 64))
    assert few["bitmask"].break_even is not None
    assert many["bitmask"].break_even is None
    assert many["coordinate"].break_even is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 1}, "workers 1 is out of range; use 2 and up"),
        ({"value_bits": 65}, "value_bits 65 is out of range; use 1 to 64"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(SpecError) as error:
        traffic(history([4], [[1]]), **options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (history([4], []), "the history holds no steps; train for one or more"),
        (
            History(("a", "b"), np.array([4]), *[np.array([[1]])] * 4),
            "the history has counts of shape (1, 1) for 2 layers; use one a step and layer",
        ),
        (
            history([4], [[1], [5]]),
            "the history counts 5 gradients in step 2 of a; use 0 to 4",
        ),
    ],
)
def test_histories_that_hold_nothing_or_too_much(made, message):
    with pytest.raises(InputError) as error:
        traffic(made)
    assert str(error.value) == message


def test_it_needs_no_torch():
    code = "import sys, sparsesim.train.traffic; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
