`default_nettype none
// The shape of a pass: what the words of `pass_i` mean. All that has to do with passes hands the
// vector on as it is; who needs a part of it takes it from here.
//
//   word  part                bits
//   0     folds               16    of a tile, 1 or more; output-stationary 1
//   1     filter tiles        16    of the pass, 1 or more
//   2     position tiles      16    likewise
//   3     elements            16    K, 1 or more; output-stationary alone
//   4     last positions      13    of the last position tile, 1 to DEPTH (or ROWS)
//   5     last shares         11    most columns that a unit has in the last filter tile
//   6     last units          11    units that have as many, 1 to UNITS
//   7     narrow drain        24    results that leave one behind the other: of a tile with all positions
//                                   and the last filters
//   8     short drain         24    with the last positions and all filters
//   9     last drain          24    with the last positions and the last filters
//   10    drains              1     the pass ends its tiles; 0 takes a single tile
//   11    last filters        11    columns of the last filter tile; for counters alone
//   12    last rows           11    rows that the last fold has elements for; likewise
//
// Word n is at [32*n +: 32]; what lies above a part's bits is not looked at. No logic: wires alone.
//
// Example, 4 x 3 PEs, weight-stationary, depth 8, 2 units, K = 6, 5 filters and 9 positions: words
// 2, 2, 2, 6, 1, 1, 2, 8, 2, 1, 1, 2, 2.
//
// Twin: shape of sparsesim/machines/systolic/bench.py. Test: test_systolic_pass_shape.py.
module systolic_pass_shape (
    /* verilator lint_off UNUSEDSIGNAL */  // above a part's bits
    input  wire [13*32-1:0] pass_i,
    /* verilator lint_on UNUSEDSIGNAL */
    output wire [     15:0] folds_o,
    output wire [     15:0] filter_tiles_o,
    output wire [     15:0] position_tiles_o,
    output wire [     15:0] elements_o,
    output wire [     12:0] last_positions_o,
    output wire [     10:0] last_shares_o,
    output wire [     10:0] last_units_o,
    output wire [     23:0] narrow_drain_o,
    output wire [     23:0] short_drain_o,
    output wire [     23:0] last_drain_o,
    output wire             drains_o,
    output wire [     10:0] last_filters_o,
    output wire [     10:0] last_rows_o
);
  assign folds_o = pass_i[32*0+:16];
  assign filter_tiles_o = pass_i[32*1+:16];
  assign position_tiles_o = pass_i[32*2+:16];
  assign elements_o = pass_i[32*3+:16];
  assign last_positions_o = pass_i[32*4+:13];
  assign last_shares_o = pass_i[32*5+:11];
  assign last_units_o = pass_i[32*6+:11];
  assign narrow_drain_o = pass_i[32*7+:24];
  assign short_drain_o = pass_i[32*8+:24];
  assign last_drain_o = pass_i[32*9+:24];
  assign drains_o = pass_i[32*10];
  assign last_filters_o = pass_i[32*11+:11];
  assign last_rows_o = pass_i[32*12+:11];
endmodule
`default_nettype wire
