"""Plans whose numbers are worked out by hand in comments, and layers that can't be planned."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesim.errors import SpecError
from sparsesim.lowering import Geometry, product
from sparsesim.lowering.bits import pack
from sparsesim.machines.tiling import Tiling
from sparsesim.memory import ValueBits, plan_layer
from sparsesim.spec import Accelerator

EIGHT = ValueBits(8, 8, 8)
STEPS = Tiling(filters=2, positions=2, elements=4)
KIB = 1 / 4096  # a buffer of which one half holds one bit


def dense(**settings) -> Accelerator:
    """One with dense formats."""
    formats = {"activation_format": "dense", "weight_format": "dense"}
    return Accelerator(**(formats | settings))


def words(geometry: Geometry, value: bool = True) -> list[np.ndarray]:
    """Operands and output, all of one value."""
    counts = geometry.activation_elements, geometry.weight_elements, geometry.output_elements
    return [pack(np.full(count, value)) for count in counts]


def test_a_layer_that_fits_is_one_pass():
    geometry = product(1, 5, 3, 7)
    plan = plan_layer("fc", geometry, *words(geometry), EIGHT, dense(), STEPS)
    assert plan.passes.table.tolist() == [[0, 0, 5, 0, 3, 0, 7, 1]]
    assert plan.encoded.activations.tolist() == [3 * 7 * 8]
    assert plan.encoded.weights.tolist() == [5 * 7 * 8]
    assert plan.encoded.outputs.tolist() == [5 * 3 * 8]
    assert not plan.choice.positions_first[0]
    assert not plan.choice.positions_outer[0]


def test_auto_keeps_the_dearer_operand():
    # 4 filters and 6 positions of K = 4, 8 bits each: a filter or a position takes 32 bits. Half of
    # the weights fit (64), a third of the positions (64) and any output: 2 x 3 blocks.
    # Filters outer: 128 weight bits once, 192 activation bits for each of 2 filter blocks: 512.
    # Positions outer: 192 once, 128 for each of 3 position blocks: 576.
    geometry = product(1, 4, 6, 4)
    accelerator = dense(activation_buffer_kib=64 * KIB, weight_buffer_kib=64 * KIB)
    plan = plan_layer("fc", geometry, *words(geometry), EIGHT, accelerator, STEPS)
    assert plan.passes.table.tolist() == [
        [0, 0, 2, 0, 2, 0, 4, 1],
        [0, 0, 2, 2, 4, 0, 4, 1],
        [0, 0, 2, 4, 6, 0, 4, 1],
        [0, 2, 4, 0, 2, 0, 4, 1],
        [0, 2, 4, 2, 4, 0, 4, 1],
        [0, 2, 4, 4, 6, 0, 4, 1],
    ]
    assert plan.encoded.weights.tolist() == [64, 0, 0, 64, 0, 0]
    assert plan.encoded.activations.tolist() == [64] * 6
    fixed = accelerator.with_(pass_order="positions_outer")
    plan = plan_layer("fc", geometry, *words(geometry), EIGHT, fixed, STEPS)
    assert plan.passes.p0.tolist() == [0, 0, 2, 2, 4, 4]
    assert plan.encoded.weights.tolist() == [64] * 6
    assert plan.encoded.activations.tolist() == [64, 0, 64, 0, 64, 0]


def test_positions_first_where_that_moves_fewer_bits():
    # 2 filters more or 8 positions more: the output half holds 16 sums of 8 bits. All operands fit.
    # A: 8 filters beside 2 positions, so 4 position blocks; all weights stay: 512 + 256 loaded.
    # B: 8 positions beside 2 filters: 4 filter blocks; the same bits. A tie goes to A.
    geometry = product(1, 8, 8, 4)
    accelerator = dense(output_buffer_kib=128 * KIB)
    plan = plan_layer("fc", geometry, *words(geometry), EIGHT, accelerator, STEPS)
    assert (plan.choice.filters[0], plan.choice.positions[0]) == (8, 2)
    assert not plan.choice.positions_first[0]
    # With weights that fit 4 at a time, A is 4 filters beside 4 positions: 256 weight bits once and
    # 256 activation bits twice. B keeps all activations: 256 + 256.
    accelerator = accelerator.with_(weight_buffer_kib=128 * KIB)
    plan = plan_layer("fc", geometry, *words(geometry), EIGHT, accelerator, STEPS)
    assert (plan.choice.filters[0], plan.choice.positions[0]) == (2, 8)
    assert plan.choice.positions_first[0]
    assert plan.encoded.activations.tolist() == [256, 0, 0, 0]
    assert plan.encoded.weights.tolist() == [64, 64, 64, 64]


def test_reduction_is_cut_where_a_tile_does_not_fit():
    # A tile of 2 filters of K = 10 takes 160 bits; 4 elements take 64, so 100 bits hold one.
    geometry = product(1, 3, 1, 10)
    accelerator = dense(weight_buffer_kib=100 * KIB)
    plan = plan_layer("fc6", geometry, *words(geometry), EIGHT, accelerator, STEPS)
    assert plan.choice.reduction_cut.tolist() == [True]
    assert plan.passes.table.tolist() == [
        [0, 0, 2, 0, 1, 0, 4, 0],
        [0, 0, 2, 0, 1, 4, 8, 0],
        [0, 0, 2, 0, 1, 8, 10, 1],
        [0, 2, 3, 0, 1, 0, 4, 0],
        [0, 2, 3, 0, 1, 4, 8, 0],
        [0, 2, 3, 0, 1, 8, 10, 1],
    ]
    assert plan.encoded.weights.tolist() == [64, 64, 32, 32, 32, 16]
    assert plan.encoded.activations.tolist() == [32, 32, 16, 32, 32, 16]
    assert plan.encoded.outputs.tolist() == [0, 0, 16, 0, 0, 8]


def test_dense_bits_belong_to_the_same_cuts():
    # Without a non-zero a bitmask is one bit an element, and the whole layer one pass.
    geometry = product(1, 6, 6, 8)
    accelerator = Accelerator(weight_buffer_kib=48 * KIB, activation_buffer_kib=48 * KIB)
    plan = plan_layer("fc", geometry, *words(geometry, False), EIGHT, accelerator, STEPS)
    assert plan.encoded.weights.tolist() == [48]
    assert plan.dense.weights.tolist() == [48 * 8]
    assert plan.encoded.outputs.tolist() == [36]
    assert plan.dense.outputs.tolist() == [36 * 8]


def test_boxes_leave_out_padding_and_skipped_pixels():
    # One row of 5 pixels, kernel 1, stride 2, pad 2: outputs meet columns -2, 0, 2, 4 and 6.
    one = (1, 1, 1, 1)
    geometry = Geometry(
        groups=1,
        filters=1,
        channels=3,
        input_shape=(1, 1, 1, 5),
        output_shape=(1, 1, 1, 5),
        kernel=one,
        stride=(1, 1, 1, 2),
        dilation=one,
        pad=(0, 0, 0, 2),
        insert=one,
        group_stride=3,
        pixel_stride=3,
        output_group_stride=1,
        output_pixel_stride=1,
    )
    activations = pack(np.ones(15, bool))
    others = words(geometry)[1:]
    plan = plan_layer("conv", geometry, activations, *others, EIGHT, dense(), Tiling(2, 1, 4))
    assert plan.encoded.activations.tolist() == [5 * 3 * 8]
    # Room for 3 pixels: outputs 0 to 2 have the box of columns 0 to 2, outputs 3 and 4 column 4.
    narrow = dense(activation_buffer_kib=72 * KIB)
    plan = plan_layer("conv", geometry, activations, *others, EIGHT, narrow, Tiling(2, 1, 4))
    assert plan.passes.p0.tolist() == [0, 3]
    assert plan.encoded.activations.tolist() == [3 * 24, 1 * 24]
    # Room for 1: each output by itself, and those in padding load nothing.
    narrow = dense(activation_buffer_kib=24 * KIB)
    plan = plan_layer("conv", geometry, activations, *others, EIGHT, narrow, Tiling(2, 1, 4))
    assert plan.passes.p0.tolist() == [0, 1, 2, 3, 4]
    assert plan.encoded.activations.tolist() == [0, 24, 24, 24, 0]


def test_a_block_over_the_edge_of_a_row_meets_only_its_own_columns():
    # 2 x 3 pixels, insertion 3, kernel 3 and dilation 2 along columns: the 4 output columns meet
    # input columns 0, 1, 2 and 1. Positions 3 to 5 are column 3 of row 0 and columns 0 and 1 of
    # row 1: input columns 1, 0 and 1 in 2 rows, so 4 pixels, not 6.
    one = (1, 1, 1, 1)
    geometry = Geometry(
        groups=1,
        filters=1,
        channels=1,
        input_shape=(1, 1, 2, 3),
        output_shape=(1, 1, 2, 4),
        kernel=(1, 1, 1, 3),
        stride=one,
        dilation=(1, 1, 1, 2),
        pad=(0, 0, 0, 0),
        insert=(1, 1, 1, 3),
        group_stride=1,
        pixel_stride=1,
        output_group_stride=1,
        output_pixel_stride=1,
    )
    accelerator = dense(output_buffer_kib=24 * KIB)
    plan = plan_layer("deconv", geometry, *words(geometry), EIGHT, accelerator, Tiling(2, 3, 4))
    assert plan.passes.p0.tolist() == [0, 3, 6]
    assert plan.encoded.activations.tolist() == [3 * 8, 4 * 8, 2 * 8]


def test_a_layer_without_outputs_has_no_passes():
    geometry = product(3, 4, 0, 4)
    plan = plan_layer("empty", geometry, *words(geometry), EIGHT, dense(), STEPS)
    assert plan.passes.table.shape == (0, 8)
    assert plan.choice.filters.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"weight_buffer_kib": 63 * KIB},
            "fc6: a slice of 4 elements of 2 filters needs 64 bits of the weight buffer; "
            "half of weight_buffer_kib is 63; 1 takes it",
        ),
        (
            {"activation_buffer_kib": 63 * KIB},
            "fc6: a slice of 4 elements of 2 positions needs 64 bits of the activation buffer; "
            "half of activation_buffer_kib is 63; 1 takes it",
        ),
        (
            {"output_buffer_kib": 31 * KIB},
            "fc6: one tile of 2 x 2 outputs needs 32 bits of the output buffer; "
            "half of output_buffer_kib is 31; 1 takes it",
        ),
    ],
)
def test_what_does_not_fit_at_all_is_refused(settings, message):
    geometry = product(1, 4, 4, 16)
    with pytest.raises(SpecError) as raised:
        plan_layer("fc6", geometry, *words(geometry), EIGHT, dense(**settings), STEPS)
    assert str(raised.value) == message


def test_a_machine_whose_sums_do_not_stay_has_all_of_k_in_a_pass():
    # A tile of 2 filters of K = 10 takes 160 bits.
    geometry = product(1, 3, 1, 10)
    leaves = Tiling(filters=2, positions=2, elements=4, sums_stay=False)
    fits = dense(weight_buffer_kib=160 * KIB)
    plan = plan_layer("fc6", geometry, *words(geometry), EIGHT, fits, leaves)
    assert plan.passes.elements.tolist() == [10, 10]
    narrow = dense(weight_buffer_kib=159 * KIB)
    with pytest.raises(SpecError) as raised:
        plan_layer("fc6", geometry, *words(geometry), EIGHT, narrow, leaves)
    assert str(raised.value) == (
        "fc6: 2 filters and 1 positions with all of K = 10 do not fit the buffers, and sums do not "
        "stay in the machine from one slice of K to the next; use larger buffers"
    )
