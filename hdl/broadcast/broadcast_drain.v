`default_nettype none
// Drain: when the sums of a turn leave, and which in each cycle.
//
// A turn has ended when its last look was, and no PE has work on it or an activation of it in its queue.
// Then its sums leave, if those of the turn before have: row by row, of each row PEs 0 to UNITS - 1, then
// the next UNITS, and so on; a tile's last row may be short. A pass that does not drain ends with its turn.
//
// Cycle contract: a turn that ends in cycle t has its first sums leave in t + 6 at the earliest, a group of
// UNITS each cycle in which all outputs were ready in the cycle before. pending_i tells of cycle t in t + 2.
// Behind a reset all rows are cleared, one a cycle; cleared_o is low until then.
//
// Example, PES = 4, UNITS = 2, a turn of 7 filters that ends in cycle 0: groups 0 and 1 of row 0 in cycles
// 6 and 7, group 0 of row 1 in 8, group 1 in 9 with one filter alone.
//
// Twin: sparsesim/machines/broadcast/timeline.py. Test: test_broadcast_drain.py.
module broadcast_drain #(
    // Processing elements, 1 to 1024.
    parameter PES = 64,
    // Sums of a PE in each of two halves, 1 to 256.
    parameter PE_SUMS = 32,
    // PEs whose sums leave together, 1 to 1024, PES at most.
    parameter UNITS = 1,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = PE_SUMS > 1 ? $clog2(PE_SUMS) : 1,
    // Groups of PEs that leave together; derived, leave it.
    parameter GROUPS = (PES + UNITS - 1) / UNITS,
    // Width of a group's number; derived, leave it.
    parameter GROUP_W = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // A pass starts; its shape, static while busy: broadcast_pass_shape.v.
    input  wire               start_i,
    input  wire [       15:0] tiles_i,
    input  wire [       31:0] positions_i,
    input  wire [        8:0] full_i,
    input  wire [       10:0] rest_i,
    input  wire [       10:0] rest_groups_i,
    input  wire               drains_i,
    // In this cycle was the last look of a turn, in that half.
    input  wire               last_i,
    input  wire               half_i,
    // By half and PE: it had something to do two cycles before.
    input  wire [2*PES-1:0]   pending_i,
    // Every output has room for a result.
    input  wire               ready_i,
    // Sums of a row and a group leave; of the group, as many PEs as there are filters.
    output wire               drain_o,
    output wire               half_o,
    output wire [  ROW_W-1:0] row_o,
    output wire [GROUP_W-1:0] group_o,
    output wire [  UNITS-1:0] valid_o,
    // The filter of the group's first PE, counted over the pass.
    output wire [       15:0] filter_o,
    // All rows of that number are cleared; there are none left to be.
    output wire               clear_o,
    output wire               cleared_o,
    // The last sums of a turn leave; the pass has ended, by its last sums in this cycle, or, where it does
    // not drain, by its last work five cycles before.
    output wire               drained_o,
    output wire               ended_o
);
  sparsesim_parameter_range #(.NAME("pes"), .VALUE(PES), .LOW(1), .HIGH(1024)) u_pes_range ();
  sparsesim_parameter_range #(.NAME("pe_sums"), .VALUE(PE_SUMS), .LOW(1), .HIGH(256)) u_sums_range ();
  sparsesim_parameter_range #(.NAME("units"), .VALUE(UNITS), .LOW(1), .HIGH(1024)) u_units_range ();
  generate
    if (UNITS > PES) begin : g_units_pes
      sparsesim_parameter_relation #(.NAME("units"), .VALUE(UNITS), .OTHER("pes"), .GIVEN(PES), .USE("pes or less")) u_stop ();
    end
  endgenerate

  localparam [8:0] ALL_ROWS = PE_SUMS[8:0];
  localparam [GROUP_W-1:0] LAST_GROUP = GROUPS[GROUP_W-1:0] - 1'b1;
  localparam [10:0] PE_COUNT = PES[10:0];
  localparam [10:0] UNIT_COUNT = UNITS[10:0];

  // Clearing behind a reset.
  reg clearing_q;
  reg [ROW_W-1:0] clear_row_q;
  localparam [ROW_W-1:0] LAST_ROW = ALL_ROWS[ROW_W-1:0] - 1'b1;
  always @(posedge clk_i) begin
    clear_row_q <= clear_row_q + 1'b1;
    if (clear_row_q == LAST_ROW) clearing_q <= 1'b0;
    if (!rst_ni) begin
      clearing_q  <= 1'b1;
      clear_row_q <= {ROW_W{1'b0}};
    end
  end

  // Which halves have ended: last looks and pending work side by side, as of five cycles before.
  reg [1:0] pending_3_q, pending_4_q, pending_5_q;
  reg [5:1] last_q, half_q;
  integer i;
  reg [1:0] pending;
  always @* begin
    pending = 2'b00;
    for (i = 0; i < PES; i = i + 1) pending = pending | pending_i[2*i+:2];
  end
  always @(posedge clk_i) begin
    pending_3_q <= pending;
    pending_4_q <= pending_3_q;
    pending_5_q <= pending_4_q;
    last_q <= rst_ni ? {last_q[4:1], last_i} : 5'd0;
    half_q <= {half_q[4:1], half_i};
  end
  reg [1:0] waiting_q;  // turns, by half, that were looked through
  wire [1:0] waiting = waiting_q | {last_q[5] && half_q[5], last_q[5] && !half_q[5]};
  reg now_q;  // the half of the next turn to drain
  wire ended = waiting[now_q] && !pending_5_q[now_q];

  // The turn that drains.
  reg draining_q, drained_half_q, ready_q;
  reg [15:0] tile_q, first_q, filter_q;  // the row's first filter; the group's
  reg [31:0] position_q;
  reg [8:0] row_q;
  reg [GROUP_W-1:0] group_q;
  reg [10:0] pe_q;  // the group's first
  wire at_last_tile = tile_q == tiles_i - 16'd1;
  wire [8:0] full = at_last_tile ? full_i : ALL_ROWS;
  wire has_rest = at_last_tile && rest_i != 11'd0;
  wire in_rest = row_q == full;
  wire ends_row = in_rest ? {{11 - GROUP_W{1'b0}}, group_q} == rest_groups_i - 11'd1 : group_q == LAST_GROUP;
  wire ends_turn = ends_row && (in_rest || (row_q == full - 9'd1 && !has_rest));
  wire leaves = draining_q && ready_q;
  wire drained = leaves && ends_turn;
  wire begins = ended && drains_i && (!draining_q || drained);
  wire ends_tiles = drained && at_last_tile;
  wire ends_pass = ends_tiles && position_q == positions_i - 32'd1;
  always @(posedge clk_i) begin
    ready_q <= ready_i;
    waiting_q <= waiting;
    if (leaves) begin
      group_q  <= ends_row ? {GROUP_W{1'b0}} : group_q + 1'b1;
      pe_q     <= ends_row ? 11'd0 : pe_q + UNIT_COUNT;
      filter_q <= filter_q + {5'd0, UNIT_COUNT};
      if (ends_row) begin
        row_q <= row_q + 9'd1;
        first_q <= first_q + {5'd0, PE_COUNT};
        filter_q <= first_q + {5'd0, PE_COUNT};
      end
    end
    if (drained) begin
      draining_q <= 1'b0;
      row_q <= 9'd0;
      tile_q <= at_last_tile ? 16'd0 : tile_q + 16'd1;
    end
    if (ends_tiles) begin
      position_q <= position_q + 32'd1;
      first_q <= 16'd0;
      filter_q <= 16'd0;
    end
    if (begins) begin
      draining_q <= 1'b1;
      drained_half_q <= now_q;
      now_q <= !now_q;
    end
    if (begins || (ended && !drains_i)) waiting_q[now_q] <= 1'b0;
    if (start_i) begin
      tile_q <= 16'd0;
      first_q <= 16'd0;
      filter_q <= 16'd0;
      position_q <= 32'd0;
      row_q <= 9'd0;
      group_q <= {GROUP_W{1'b0}};
      pe_q <= 11'd0;
    end
    if (!rst_ni) begin
      waiting_q  <= 2'b00;
      now_q <= 1'b0;
      draining_q <= 1'b0;
    end
  end

  genvar u;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      localparam [10:0] UNIT = u;
      wire [10:0] pe = pe_q + UNIT;
      assign valid_o[u] = leaves && pe < (in_rest ? rest_i : PE_COUNT);
    end
  endgenerate
  assign drain_o = leaves;
  assign half_o = drained_half_q;
  assign row_o = clearing_q ? clear_row_q : row_q[ROW_W-1:0];
  assign group_o = group_q;
  assign filter_o = filter_q;
  assign clear_o = clearing_q;
  assign cleared_o = !clearing_q;
  assign drained_o = drained;
  assign ended_o = drains_i ? ends_pass : ended;
endmodule
`default_nettype wire
