"""Plain twins: sizes from the definitions, element by element, with none of the package's code."""

from __future__ import annotations


def run_length_entries(mask, max_run: int) -> int:
    """Entries (run, value) of a flat mask."""
    entries = 0
    run = 0
    for effectual in mask:
        if effectual:
            entries += 1
            run = 0
        else:
            run += 1
            if run > max_run:  # becomes (max_run, 0), but only if something follows
                entries += 1
                run = 0
    trailing = 0
    for effectual in reversed(mask):
        if effectual:
            break
        trailing += 1
    return entries - trailing // (max_run + 1)


def index_bits(count: int) -> int:
    """ceil(log2(count)): the fewest bits that have at least `count` patterns."""
    bits = 0
    while 2**bits < count:
        bits += 1
    return bits


def encoded_bits(mask, shape, name: str, value_bits: int, run_bits: int = 4) -> int:
    """Size of a tensor of that shape whose flat mask is a list."""
    rows, columns = 1, 1
    if len(shape) == 1:
        columns = shape[0]
    elif len(shape) > 1:
        rows = shape[0]
        for length in shape[1:]:
            columns *= length
    elements, nonzeros = len(mask), sum(mask)
    if name == "dense":
        return elements * value_bits
    if name == "bitmask":
        return elements + nonzeros * value_bits
    if name == "run_length":
        return run_length_entries(mask, 2**run_bits - 1) * (run_bits + value_bits)
    if name == "csr":
        pointers = (rows + 1) * index_bits(elements + 1)
        return nonzeros * (index_bits(columns) + value_bits) + pointers
    return nonzeros * (index_bits(elements) + value_bits)
