`default_nettype none
// The shape of a pass: what the words of `pass_i` mean. All that has to do with passes hands the
// vector on as it is; who needs a part of it takes it from here.
//
//   word  part         bits
//   0     rows         16    of activations of a turn: K over PES, 1 or more
//   1     tiles        16    of filters, 1 or more
//   2     positions    32    1 or more
//   3     full         9     of the last tile: sums that all PEs have, 0 to PE_SUMS
//   4     rest         11    of the last tile: PEs that have one more, 0 to PES - 1
//   5     rest groups  11    cycles in which those leave: rest over UNITS
//   6     drains       1     the pass ends its tiles; 0 takes one tile at one position
//
// Word n is at [32*n +: 32]; what lies above a part's bits is not looked at. No logic:
// combinational, wires alone.
//
// Example, PES = 4, UNITS = 2, PE_SUMS = 2: words 3, 2, 5, 1, 3, 2, 1: K of 9 to 12, 15 filters at 5
// positions; of the second tile's 7 filters each PE has one, and the first three have one more.
//
// Twin: sparsesim/machines/broadcast/driver.cpp. Test: test_broadcast_pass_shape.py.
module broadcast_pass_shape (
    /* verilator lint_off UNUSEDSIGNAL */  // above a part's bits
    input  wire [7*32-1:0] pass_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [    15:0] rows_o,
    output wire [    15:0] tiles_o,
    output wire [    31:0] positions_o,
    output wire [     8:0] full_o,
    output wire [    10:0] rest_o,
    output wire [    10:0] rest_groups_o,
    output wire            drains_o
);
  assign rows_o = pass_i[32*0+:16];
  assign tiles_o = pass_i[32*1+:16];
  assign positions_o = pass_i[32*2+:32];
  assign full_o = pass_i[32*3+:9];
  assign rest_o = pass_i[32*4+:11];
  assign rest_groups_o = pass_i[32*5+:11];
  assign drains_o = pass_i[32*6];
endmodule
`default_nettype wire
