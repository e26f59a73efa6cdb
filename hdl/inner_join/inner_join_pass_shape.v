`default_nettype none
// The shape of a pass: what the words of `pass_i` mean. All that has to do with passes hands the
// vector on as it is; who needs a part of it takes it from here.
//
//   word  part              bits
//   0     windows           16    windows of a tile, 1 or more
//   1     filter tiles      16    of the pass, 1 or more
//   2     position tiles    16    likewise
//   3     last filters      11    rows of the last filter tile, 1 to ROWS
//   4     last positions    11    columns of the last position tile, 1 to COLS
//   5     last length       7     pairs of a tile's last window, 1 to WINDOW
//   6     drains            1     the pass ends its tiles; 0 takes a single tile
//
// Word n is at [32*n +: 32], as the registers from 0x080 on have them (inner_join_registers.v);
// what lies above a part's bits is not looked at. No logic: combinational, wires alone.
//
// Example: words 2, 3, 1, 4, 5, 6, 1: three tiles of 2 windows, the last of 4 rows and 5 columns,
// whose last window has 6 pairs.
//
// Twin: sim_tests/inner_join/inner_join_register_map.py. Test: test_inner_join_pass_shape.py.
module inner_join_pass_shape (
    /* verilator lint_off UNUSEDSIGNAL */  // above a part's bits
    input  wire [7*32-1:0] pass_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [    15:0] windows_o,
    output wire [    15:0] filter_tiles_o,
    output wire [    15:0] position_tiles_o,
    output wire [    10:0] last_filters_o,
    output wire [    10:0] last_positions_o,
    output wire [     6:0] last_length_o,
    output wire            drains_o
);
  assign windows_o = pass_i[32*0+:16];
  assign filter_tiles_o = pass_i[32*1+:16];
  assign position_tiles_o = pass_i[32*2+:16];
  assign last_filters_o = pass_i[32*3+:11];
  assign last_positions_o = pass_i[32*4+:11];
  assign last_length_o = pass_i[32*5+:7];
  assign drains_o = pass_i[32*6];
endmodule
`default_nettype wire
