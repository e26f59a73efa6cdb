"""Sizes and payloads of all formats: numbers worked by hand, plain twins, and round trips."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import naive_formats
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.errors import InputError, SpecError
from sparsesim.formats import FORMATS, Encoded, decode, encode, encoded_bits

DTYPES = ("uint8", "int8", "int16", "int32", "float16", "float32", "float64", "int64", "uint64")
SHAPES = ((), (0,), (1,), (7,), (300,), (0, 5), (5, 0), (3, 1), (1, 9), (4, 33), (2, 3, 4, 5))

# Two rows of six; flat index:  0  1  2  3  4  5    6  7  8  9  10 11
EXAMPLE = np.array([[0, 0, 3, 0, 0, 0], [0, -1, 0, 7, 0, 0]], dtype=np.int8)


@st.composite
def tensors(draw):
    """A tensor of any dtype and shape: random, empty rows, nothing, everything, one at the end."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.sampled_from(SHAPES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    raw = rng.integers(0, 256, size=(*shape, dtype.itemsize), dtype=np.uint8)
    values = raw.view(dtype).reshape(shape)  # any bit pattern: NaNs, subnormals, both zeros
    keep = rng.random(shape) < draw(st.sampled_from((0.0, 0.02, 0.3, 0.8, 1.0)))
    if len(shape) > 1:
        keep &= (rng.random(shape[0]) < 0.7).reshape(-1, *(1,) * (len(shape) - 1))
    values = np.where(keep, values, dtype.type(0))
    if values.size and draw(st.booleans()):
        values.reshape(-1)[-1] = 1
    return values


def bits_of(values: np.ndarray) -> bytes:
    """The exact bits of an array, with -0.0 as 0.0."""
    return np.where(values == 0, values.dtype.type(0), values).tobytes()


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("dense", 96),  # 12 * 8
        ("bitmask", 36),  # 12 + 3 * 8
        ("run_length", 36),  # (2, 3) (4, -1) (1, 7): 3 * (4 + 8)
        ("csr", 45),  # pointers 3 * ceil(log2(13)) = 12, then 3 * (ceil(log2(6)) + 8) = 33
        ("coordinate", 36),  # 3 * (ceil(log2(12)) + 8)
    ],
)
def test_worked_example(name, bits):
    assert encoded_bits(EXAMPLE, name) == bits
    assert encoded_bits(EXAMPLE != 0, name) == bits
    assert encode(EXAMPLE, name).bit_count == bits
    assert np.array_equal(decode(encode(EXAMPLE, name)), EXAMPLE)


def test_worked_payloads():
    def text(name, values, **options):
        encoded = encode(np.array(values, dtype=np.uint8), name, 2, **options)
        bits = np.unpackbits(encoded.payload, bitorder="little")[: encoded.bit_count]
        return "".join(map(str, bits))

    values = [[0, 3, 0, 0], [2, 0, 0, 0]]  # each field lowest bit first: 3 is 11, 2 is 01
    assert text("dense", values) == "0011000001000000"
    assert text("bitmask", values) == "010010001101"
    # Runs of at most 1: one zero then 3; two zeros as (1, 0); none then 2.
    assert text("run_length", values, run_bits=1) == "111100001"
    # Pointers 0, 1, 2 in ceil(log2(9)) = 4 bits, columns 1, 0 in 2 bits, values 3, 2.
    assert text("csr", values) == "00001000010010001101"
    assert text("coordinate", values) == "1001100101"  # indices 1 and 4 in 3 bits


@pytest.mark.parametrize(
    ("zeros", "entries"),
    # run_bits 4: at most 15 zeros before the value; (15, 0) stands for 16.
    [(0, 1), (15, 1), (16, 2), (31, 2), (32, 3), (47, 3), (48, 4)],
)
def test_run_length_of_long_runs(zeros, entries):
    mask = np.zeros(zeros + 1 + 40, bool)  # the 40 trailing zeros are not stored
    mask[zeros] = True
    assert encoded_bits(mask, "run_length") == entries * 12


def test_degenerate_sizes():
    sizes = {
        shape: [encoded_bits(np.ones(shape, bool), name) for name in FORMATS]
        for shape in ((), (1,), (0,), (0, 5), (5, 0), (3, 1))
    }
    # csr of (): one row and column; 2 pointers of ceil(log2(2)) = 1 bit, an index of 0 bits.
    assert sizes[()] == sizes[(1,)] == [8, 9, 12, 10, 8]
    assert sizes[(0,)] == sizes[(0, 5)] == sizes[(5, 0)] == [0, 0, 0, 0, 0]
    # csr of (3, 1): 4 pointers of 2 bits, 3 values with no index bits.
    assert sizes[(3, 1)] == [24, 27, 36, 32, 30]


@settings(max_examples=300, deadline=None)
@given(tensors(), st.sampled_from(list(FORMATS)), st.integers(1, 16))
def test_round_trip_and_size(values, name, run_bits):
    options = {"run_bits": run_bits} if name == "run_length" else {}
    encoded = encode(values, name, **options)
    back = decode(encoded)
    assert (back.shape, back.dtype) == (values.shape, values.dtype)
    assert back.tobytes() == bits_of(values)
    assert len(encoded.payload) == -(-encoded.bit_count // 8)
    assert encoded.bit_count == encoded_bits(values, name, None, **options)
    mask = (values != 0).reshape(-1).tolist()
    width = values.dtype.itemsize * 8
    assert encoded.bit_count == naive_formats.encoded_bits(
        mask, values.shape, name, width, run_bits
    )


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 64).flatmap(
        lambda bits: st.tuples(
            st.just(bits), st.lists(st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1))
        )
    ),
    st.sampled_from(list(FORMATS)),
)
def test_round_trip_of_narrow_and_wide_integers(width_and_values, name):
    value_bits, listed = width_and_values
    values = np.array(listed, dtype=np.int64)
    encoded = encode(values, name, value_bits)
    assert np.array_equal(decode(encoded), values)
    assert encoded.bit_count == encoded_bits(values, name, value_bits)


@pytest.mark.parametrize("name", FORMATS)
def test_round_trip_of_signalling_nan_zeros_and_byte_order(name):
    patterns = np.array([0x7F800001, 0xFFC12345, 0x80000000, 0, 1, 0xFF800000], np.uint32)
    values = patterns.view(np.float32)
    expected = np.where(patterns == 0x80000000, 0, patterns)  # -0.0 comes back as +0.0
    assert encoded_bits(values, "coordinate") == 4 * (3 + 8)
    assert np.array_equal(decode(encode(values, name)).view(np.uint32), expected)
    swapped = decode(encode(values.byteswap().view(">f4"), name))
    assert swapped.dtype == np.dtype(">f4")
    assert np.array_equal(swapped.byteswap().view(np.uint32), expected)


def test_layout_in_memory_does_not_matter():
    fortran = np.asfortranarray(EXAMPLE)
    assert np.array_equal(encode(fortran, "csr").payload, encode(EXAMPLE, "csr").payload)
    assert encoded_bits(EXAMPLE.T, "run_length") == encoded_bits(EXAMPLE.T.copy(), "run_length")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encoded_bits([1], "crs"), "unknown format 'crs'; did you mean 'csr'?"),
        (
            lambda: encoded_bits([1], "zip"),
            "unknown format 'zip'; use one of dense, bitmask, run_length, csr, coordinate",
        ),
        (
            lambda: encoded_bits([1], "csr", run_bits=4),
            "format 'csr' has no option 'run_bits'; it has none",
        ),
        (
            lambda: encode([1], "run_length", runbits=4),
            "format 'run_length' has no option 'runbits'; did you mean 'run_bits'?",
        ),
        (
            lambda: encoded_bits([1], "run_length", run_bits=17),
            "format 'run_length': run_bits 17 is out of range; use 1 to 16",
        ),
        (
            lambda: encoded_bits([1], "run_length", run_bits=True),
            "format 'run_length': run_bits True is out of range; use 1 to 16",
        ),
        (lambda: encoded_bits([1], "dense", 0), "value_bits 0 is out of range; use 1 to 64"),
        (lambda: encoded_bits([1], "dense", 8.5), "value_bits 8.5 is out of range; use 1 to 64"),
        (
            lambda: encoded_bits([True], "dense", None),
            "value_bits None needs values, and a mask came; use 1 to 64",
        ),
    ],
)
def test_bad_settings(call, message):
    with pytest.raises(SpecError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encoded_bits(["a"], "dense"), "an array of type <U1 came; use numbers or bool"),
        (
            lambda: encode([True], "dense"),
            "values of type bool can't be encoded; use integers or floats",
        ),
        (
            lambda: encode(np.array([1, 128]), "dense", 8),
            "value 128 doesn't fit 8 bits of int64; use -128 to 127, or more bits",
        ),
        (
            lambda: encode(np.array([-3], np.int8), "csr", 2),
            "value -3 doesn't fit 2 bits of int8; use -2 to 1, or more bits",
        ),
        (
            lambda: encode(np.array([16], np.uint8), "csr", 4),
            "value 16 doesn't fit 4 bits of uint8; use 0 to 15, or more bits",
        ),
        (
            lambda: encode(np.array([0.5], np.float32), "dense", 8),
            "float32 values can't be encoded in 8 bits; use 32, or quantise",
        ),
    ],
)
def test_bad_values(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("name", FORMATS)
def test_cut_payload_is_refused(name):
    whole = encode(EXAMPLE, name)
    for bit_count in (whole.bit_count - 1, whole.bit_count + 9):
        cut = Encoded(name, (2, 6), EXAMPLE.dtype, 8, whole.options, whole.payload, bit_count)
        with pytest.raises(InputError) as caught:
            decode(cut)
        held = min(bit_count, len(whole.payload) * 8)
        assert str(caught.value) == (
            f"{name} payload of {held} bits isn't one of shape (2, 6) with 8 bits a value; "
            "encode it again"
        )


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=16), st.integers(0, 7))
def test_any_payload_decodes_or_is_refused(name, payload, spare):
    options = FORMATS[name].checked_options({})
    octets = np.frombuffer(payload, np.uint8)
    bit_count = max(0, 8 * len(octets) - spare)
    encoded = Encoded(name, (2, 6), np.dtype("int8"), 8, options, octets, bit_count)
    with suppress(InputError):
        assert decode(encoded).shape == (2, 6)


def test_sizing_loads_no_numba():
    code = (
        "import sys; from sparsesim.formats import encoded_bits; "
        "encoded_bits([0, 1], 'run_length'); print('numba' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
