"""Block RAM of inner_join's buffers, worked by hand from its lines."""

from __future__ import annotations

from sparsesim.machines.inner_join.area.buffers import buffer_bram36
from sparsesim.spec import Accelerator


def test_the_default_accelerator():
    # Weights: 256 KiB over 16 rows are 131072 bits a row, in windows of 16 x 9 = 144 bits 911
    # words: 4 blocks. Activations: half of that over 16 columns: 456 words of 144 bits, 4 halves.
    # Outputs: 64 KiB over 16 columns are 4096 words of 8 bits: 2 halves of 9 x 2048.
    assert buffer_bram36(Accelerator()) == 16 * 4 + 16 * 2 + 16 * 1


def test_dense_formats_have_no_mask():
    # Rows: 131072 bits as 2048 words of 64: 36 x 512: 2 x 4; 18: 4 x 2; 9: 8 x 1 halves: 4 blocks.
    # Columns: 65536 bits, 1024 words of 64: 4 halves.
    dense = Accelerator(window=8, weight_format="dense", activation_format="dense")
    assert buffer_bram36(dense) == 16 * 4 + 16 * 2 + 16 * 1
    # With its mask a window of 8 is 72 bits: 131072 / 72 = 1821 words: 36 x 512: 2 x 4 halves.
    assert buffer_bram36(Accelerator(window=8)) == 16 * 4 + 16 * 2 + 16 * 1
    # Six values of 8 bits are 48 bits, 2731 words: three side by side are 144 bits, 911 words:
    # 8 halves. Columns: 1366 words, of which three are 144 bits, 456 words: 4 halves.
    six = dense.with_(window=6)
    assert buffer_bram36(six) == 16 * 4 + 16 * 2 + 16 * 1


def test_many_lines_cost_ports_and_not_bits():
    # 1024 columns of 64 KiB: 512 bits each, but a memory of its own each.
    wide = Accelerator(rows=1, cols=1024, window=1)
    # The row: 2^21 bits as 9-bit words: 233017 words: 9 x 2048: 114 halves; 1 x 16384: 9 x 15;
    # 4 x 4096: 3 x 57; 18 x 1024: 228. A column: 1024 bits are 114 words of 9: half a block.
    # Outputs: 512 bits are 64 words of 8: half a block.
    assert buffer_bram36(wide) == 57 + 1024 * 0.5 + 1024 * 0.5
