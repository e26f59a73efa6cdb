`default_nettype none
// The shape of a pass: what the words of `pass_i` mean. All that has to do with passes hands the
// vector on as it is; who needs a part of it takes it from here.
//
//   word  part         bits
//   0     words        13    elements of K of a block, 1 to DEPTH
//   1     last words   13    of the last block
//   2     blocks       16    of the pass's part of K, 1 or more
//   3     rounds       16    in which vectors are dealt to rows, 1 or more
//   4     last rows    11    rows with a vector in the last round, 1 to ROWS
//   5     tiles        16    of the operand that is held, 1 or more
//   6     last lanes    7    lanes of the last tile, 1 to LANES
//   7     flags         4    bit 0 drains: the pass ends its tiles; bit 1 chunked: a segment has
//                            STASH rounds at most; bit 2 continues: sums start from the stash;
//                            bit 3 from last: the last round's rows are the last ones, not the first
//
// Word n is at [32*n +: 32]; what lies above a part's bits is not looked at. No logic: combinational,
// wires alone.
//
// Example: words 9, 8, 3, 2, 5, 1, 4, 3: 26 elements in blocks of 9, 9, 8, two rounds, the last one
// of rows 0 to 4, one tile of 4 lanes, in chunks.
//
// Twin: sparsesim/machines/stream/driver.cpp. Test: test_stream_pass_shape.py.
module stream_pass_shape (
    /* verilator lint_off UNUSEDSIGNAL */  // above a part's bits
    input  wire [8*32-1:0] pass_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [    12:0] words_o,
    output wire [    12:0] last_words_o,
    output wire [    15:0] blocks_o,
    output wire [    15:0] rounds_o,
    output wire [    10:0] last_rows_o,
    output wire [    15:0] tiles_o,
    output wire [     8:0] last_lanes_o,
    output wire            drains_o,
    output wire            chunked_o,
    output wire            continues_o,
    output wire            from_last_o
);
  assign words_o = pass_i[32*0+:13];
  assign last_words_o = pass_i[32*1+:13];
  assign blocks_o = pass_i[32*2+:16];
  assign rounds_o = pass_i[32*3+:16];
  assign last_rows_o = pass_i[32*4+:11];
  assign tiles_o = pass_i[32*5+:16];
  assign last_lanes_o = pass_i[32*6+:9];
  assign drains_o = pass_i[32*7];
  assign chunked_o = pass_i[32*7+1];
  assign continues_o = pass_i[32*7+2];
  assign from_last_o = pass_i[32*7+3];
endmodule
`default_nettype wire
