"""Index widths, the i.i.d. bound, and the registry."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesim import formats
from sparsesim.errors import SpecError
from sparsesim.formats import FORMATS, Format, encoded_bits, iid_bound_bits, register_format
from sparsesim.formats.bits import ceil_log2


def test_ceil_log2_at_the_powers():
    assert ceil_log2([0, 1, 2, 3, 4, 5, 8, 9]).tolist() == [0, 0, 1, 2, 2, 3, 3, 4]
    assert ceil_log2([2**60 - 1, 2**60, 2**60 + 1]).tolist() == [60, 60, 61]


@pytest.mark.parametrize(
    ("elements", "nonzeros", "value_bits", "bits"),
    [
        (0, 0, 8, 0.0),
        (10, 0, 8, 0.0),  # H(0) = 0
        (10, 10, 1, 0.0),  # H(1) = 0, and the one non-zero pattern of a bit tells nothing
        (10, 10, 2, 10 * np.log2(3)),
        (8, 4, 1, 8.0),  # H(1/2) = 1
        # H(1/4) = 1/4 * 2 + 3/4 * log2(4/3) = 0.8112781; 4 * that is 3.2451125, log2(255) 7.9943534
        (4, 1, 8, 3.2451125 + 7.9943534),
    ],
)
def test_bound_by_hand(elements, nonzeros, value_bits, bits):
    assert iid_bound_bits(elements, nonzeros, value_bits) == pytest.approx(bits, abs=1e-6)


def test_formats_stay_above_the_bound_on_noise_and_may_go_below_on_structure():
    noise = np.random.default_rng(1).random(4096) < 0.3
    bound = iid_bound_bits(4096, int(noise.sum()), 8)
    assert all(encoded_bits(noise, name) > bound for name in FORMATS)
    halves = np.arange(4096) < 2048  # one long run, and trailing zeros
    assert encoded_bits(halves, "run_length", run_bits=1) < iid_bound_bits(4096, 2048, 8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 5, 8), "nonzeros 5 is out of range; use 0 to 4"),
        ((4, -1, 8), "nonzeros -1 is out of range; use 0 to 4"),
        ((4, 1, 0), "value_bits 0 is out of range; use 1 to 64"),
    ],
)
def test_bound_refuses(arguments, message):
    with pytest.raises(SpecError) as caught:
        iid_bound_bits(*arguments)
    assert str(caught.value) == message


class LastStored(Format):
    """What `dense` would be without its trailing zeros; sizes depend on positions."""

    name = "last_stored"
    summary = "values up to the last non-zero"

    def bits_of_mask(self, mask, value_bits, options):
        return int(np.max(np.flatnonzero(mask), initial=-1) + 1) * value_bits

    def encode(self, codes, value_bits, options):
        raise NotImplementedError

    def decode(self, payload, rows, columns, value_bits, options):
        raise NotImplementedError


@pytest.fixture
def last_stored():
    """The format above, registered for one test."""
    register_format(LastStored())
    yield FORMATS["last_stored"]
    del formats._registered["last_stored"]


def test_a_registered_format_is_known_by_name(last_stored):
    assert isinstance(last_stored, LastStored)
    assert encoded_bits([[0, 2], [1, 0]], "last_stored") == 3 * 8
    with pytest.raises(SpecError) as caught:
        register_format(LastStored())
    assert str(caught.value) == "format 'last_stored' is already registered; use another name"


def test_formats_are_in_a_stable_order():
    assert list(FORMATS) == ["dense", "bitmask", "run_length", "csr", "coordinate"]
    assert [chosen.name for chosen in FORMATS.values()] == list(FORMATS)
