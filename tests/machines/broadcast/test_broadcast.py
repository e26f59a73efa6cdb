"""The broadcast array: entries, the published simulator, times of single PEs, parameters."""

from __future__ import annotations

import numpy as np
import pytest
from naive_broadcast import entries, naive_broadcast

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.formats import format_named
from sparsesim.machines.broadcast.entries import entries_of
from sparsesim.machines.broadcast.parameters import BroadcastArray
from sparsesim.machines.broadcast.published import published_cycles, with_bias
from sparsesim.machines.broadcast.timeline import timeline

DENSITIES = (0.0, 0.1, 0.3, 0.6, 1.0)


def drawn(seed: int):
    """A small array, masks, and whether the pass drains."""
    draw = np.random.default_rng(seed)
    pes = int(draw.integers(1, 9))
    array = BroadcastArray(
        pes=pes,
        queue_depth=int(draw.integers(2, 9)),
        entry_run_bits=int(draw.integers(1, 5)),
        pe_sums=int(draw.integers(1, 6)),
        units=int(draw.integers(1, pes + 1)),
    )
    drains = bool(draw.random() < 0.8)
    positions = int(draw.integers(1, 7)) if drains else 1
    filters = int(draw.integers(1, 30 if drains else array.tile_filters + 1))
    reduction = int(draw.integers(1, 40))
    act = draw.random((positions, reduction)) < draw.choice(DENSITIES)
    weight = draw.random((filters, reduction)) < draw.choice(DENSITIES)
    return array, act, weight, drains


@pytest.mark.parametrize("seed", range(100))
def test_each_pe_ends_its_work_as_in_the_clocked_twin(seed: int):
    array, act, weight, drains = drawn(seed)
    told = naive_broadcast(act, weight, array, drains)
    found = timeline(act.astype(np.int16), weight.astype(np.int16), array, drains)
    ends = np.full_like(found.ends, -1)
    for (turn, element, pe), cycle in told.ends.items():
        row = element // array.pes
        ends[turn, row, pe] = max(ends[turn, row, pe], cycle)
    assert np.array_equal(found.ends, ends)
    assert found.cycles == told.cycles
    assert len(found.tiles) == len(ends)
    assert found.place_of(array.pes, 0) == (0,)


@pytest.mark.parametrize("depth", range(2, 65))
def test_the_published_simulator_says_seven_cycles_more(depth: int):
    """Its recurrence is in `published.py`; ours, the kernel, knows nothing of it."""
    draw = np.random.default_rng(depth)
    for pes in (1, 4, 64):
        filters, reduction = int(draw.integers(1, 200)), int(draw.integers(1, 150))
        act = draw.integers(-3, 9, reduction) * (draw.random(reduction) < draw.choice(DENSITIES))
        weight = (draw.random((filters, reduction)) < draw.choice(DENSITIES)).astype(int)
        bias = draw.integers(0, 2, filters)
        eie = ss.Accelerator(machine="broadcast", pes=pes, queue_depth=depth, pe_sums=200)
        masks = with_bias(act, weight, bias, pes)
        ours = ss.array_cycles(*masks, eie, drains=False).cycles
        assert published_cycles(act, weight, bias, eie.array) == ours + 7


def test_a_hand_made_layer_of_the_published_simulator():
    """Two PEs, a queue of one. Activations 0 0 | 5 -1 | 3 0, four filters, all weights there: 5 is
    sent behind one look at nothing, in cycle 1; -1 is not sent, so one more look is for nothing; 3
    is sent in cycle 3, behind the pop of 5 in cycle 2. 5 takes cycles 2 and 3, 3 takes 4 and 5. The
    row of 3 ends in a look at nothing, 4; the bias is sent in 5, behind the pop of 3 in 4, and
    takes 6 and 7. That is 8 cycles, and 7 of the pipeline."""
    array = BroadcastArray(pes=2, queue_depth=2)
    act, weight = np.array([0, 0, 5, -1, 3, 0]), np.ones((4, 6), int)
    assert published_cycles(act, weight, np.ones(4, int), array) == 8 + 7


@pytest.mark.parametrize("run_bits", [1, 2, 4, 8])
def test_entries_are_those_of_the_format_of_a_pes_column(run_bits: int):
    """The format counts bits of a tensor: of one column's filters in one PE, it is that column."""
    draw = np.random.default_rng(run_bits)
    form, pes = format_named("run_length"), 3
    mask = draw.random((600, 5)) < np.array([0.0, 0.004, 0.02, 0.2, 1.0])
    found = entries_of(mask, pes, run_bits)
    for k in range(5):
        for pe in range(pes):
            column = mask[pe::pes, k]
            bits = form.bits_of_mask(column[None], 8, {"run_bits": run_bits})
            assert int(found[k, pe]) * (run_bits + 8) == bits
            assert int(found[k, pe]) == len(entries(column.tolist(), run_bits))


def test_steps_share_the_weights_of_their_set():
    """Positions of the second step lie behind those of the first: `Passes.over_steps`."""
    array, act, weight, _ = drawn(3)
    acc = ss.Accelerator(machine="broadcast", array=array)
    one = ss.array_cycles(act, weight, acc)
    assert one.effectual_macs == int((act.astype(int) @ weight.T.astype(int)).sum())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"pes": 0}, "pes 0 is out of range; use 1 to 1024"),
        ({"queue_depth": 1}, "queue_depth 1 is out of range; use 2 to 64"),
        ({"entry_run_bits": 9}, "entry_run_bits 9 is out of range; use 1 to 8"),
        ({"pe_sums": 257}, "pe_sums 257 is out of range; use 1 to 256"),
        ({"units": 5, "pes": 4}, "units 5 does not go with pes 4; use pes or less"),
    ],
)
def test_what_is_out_of_range_is_refused(keys: dict[str, int], says: str):
    with pytest.raises(SpecError) as error:
        ss.Accelerator(machine="broadcast", array=keys)  # type: ignore[arg-type]
    assert str(error.value) == says


def test_sums_wrap_unseen():
    accelerator = ss.Accelerator(machine="broadcast")
    rules = accelerator.rules
    assert not rules.sums(rules.schemes[0], accelerator.array).flags
