`default_nettype none
// Order of results: position by position, and of each position one column of every unit a cycle.
//
// Unit u has columns u, u + UNITS, u + 2 UNITS, ...: its shares 0, 1, 2, ... All units are in step.
//
// Cycle contract: a tile that is ripe (ripe_i) in cycle t drains from cycle t + 1 on, or from the
// cycle behind the last of the tile before; one may wait while another drains. A drain of cycle t is
// a promise that the sum stands where it is read in cycle t.
//
// Example, 3 columns, 2 units, one tile of 2 positions, ripe in cycle 0: positions 0 0 1 1, shares 0
// 1 0 1 in cycles 1 to 4, valid_o 3 1 3 1.
//
// Twin: sparsesim/machines/systolic. Test: test_systolic_drain.py.
module systolic_drain #(
    // Columns of PEs, 1 to 1024.
    parameter COLS = 16,
    // Post-processing units, 1 to 1024, COLS or fewer; a comparator each.
    parameter UNITS = 4,
    // Positions of a tile, 1 to 4096.
    parameter POSITIONS = 128,
    // Width of a position's number; derived, leave it.
    parameter POSITION_W = POSITIONS > 1 ? $clog2(POSITIONS) : 1,
    // Most columns of a unit; derived, leave it.
    parameter SHARES = (COLS + UNITS - 1) / UNITS,
    // Width of a share's number; derived, leave it.
    parameter SHARE_W = SHARES > 1 ? $clog2(SHARES) : 1
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    // Takes the shape (systolic_pass_shape.v).
    input  wire                  start_i,
    input  wire [     13*32-1:0] pass_i,
    // The next tile's sums will stand from the next cycle on.
    input  wire                  ripe_i,
    // A drain: of which position, which share, and of which units; the filter that unit 0 has of it.
    output wire                  drains_o,
    output wire [POSITION_W-1:0] position_o,
    output wire [   SHARE_W-1:0] share_o,
    output wire [     UNITS-1:0] valid_o,
    output wire [          15:0] filter_o
);
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();
  sparsesim_parameter_range #(.NAME("units"), .VALUE(UNITS), .LOW(1), .HIGH(1024)) u_units_range ();
  generate
    if (UNITS > COLS) begin : g_units_cols
      sparsesim_parameter_relation #(.NAME("units"), .VALUE(UNITS), .OTHER("cols"), .GIVEN(COLS),
          .USE("cols or less")) u_stop ();
    end
  endgenerate
  sparsesim_parameter_range #(.NAME("positions"), .VALUE(POSITIONS), .LOW(1), .HIGH(4096)) u_positions_range ();

  localparam LAST_UNITS = COLS - (SHARES - 1) * UNITS;  // units that have a column more, or all
  wire [15:0] folds, filter_tiles, position_tiles, elements;
  wire [12:0] last_positions;
  wire [10:0] last_shares, last_units, last_filters, last_rows;
  wire [23:0] narrow_drain, short_drain, last_drain;
  wire drains;
  systolic_pass_shape u_shape (
      .pass_i          (pass_i),
      .folds_o         (folds),
      .filter_tiles_o  (filter_tiles),
      .position_tiles_o(position_tiles),
      .elements_o      (elements),
      .last_positions_o(last_positions),
      .last_shares_o   (last_shares),
      .last_units_o    (last_units),
      .narrow_drain_o  (narrow_drain),
      .short_drain_o   (short_drain),
      .last_drain_o    (last_drain),
      .drains_o        (drains),
      .last_filters_o  (last_filters),
      .last_rows_o     (last_rows)
  );
  wire unused = &{1'b0, folds, elements, narrow_drain, short_drain, last_drain, drains, last_filters, last_rows};

  // Tiles left, the one that drains or drains next among them; where in it the drain is.
  reg [15:0] filters_q, positions_q, tile_q, filter_q;
  reg [POSITION_W-1:0] position_q;
  reg [SHARE_W-1:0] share_q;
  reg drains_q, ripe_q;
  wire is_last_filters = filters_q == 16'd1;
  wire [12:0] positions = positions_q == 16'd1 ? last_positions : POSITIONS[12:0];
  wire [10:0] shares = is_last_filters ? last_shares : SHARES[10:0];
  wire last_share = {{11 - SHARE_W{1'b0}}, share_q} == shares - 11'd1;
  wire last_position = {{13 - POSITION_W{1'b0}}, position_q} == positions - 13'd1;
  wire ends = drains_q && last_share && last_position;
  wire [10:0] of_share = !last_share ? UNITS[10:0] : is_last_filters ? last_units : LAST_UNITS[10:0];
  wire next_tile = (!drains_q || ends) && (ripe_i || ripe_q);
  wire [15:0] tile = !ends ? tile_q : is_last_filters ? 16'd0 : tile_q + COLS[15:0];

  always @(posedge clk_i) begin
    if (next_tile) drains_q <= 1'b1;
    else if (ends) drains_q <= 1'b0;
    ripe_q <= ripe_i && ripe_q || (ripe_i || ripe_q) && !next_tile;
    if (drains_q) begin
      share_q <= last_share ? {SHARE_W{1'b0}} : share_q + 1'b1;
      filter_q <= last_share ? tile : filter_q + UNITS[15:0];
      if (last_share) position_q <= last_position ? {POSITION_W{1'b0}} : position_q + 1'b1;
    end
    if (ends) begin
      tile_q <= tile;
      filters_q <= is_last_filters ? filter_tiles : filters_q - 16'd1;
      if (is_last_filters) positions_q <= positions_q - 16'd1;
    end
    if (start_i) begin
      {filters_q, positions_q} <= {filter_tiles, position_tiles};
      {tile_q, filter_q, position_q, share_q} <= {32 + POSITION_W + SHARE_W{1'b0}};
    end
    if (!rst_ni) {drains_q, ripe_q} <= 2'b00;
  end

  genvar u;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      assign valid_o[u] = drains_q && of_share > u;
    end
  endgenerate
  assign drains_o = drains_q;
  assign position_o = position_q;
  assign share_o = share_q;
  assign filter_o = filter_q;
endmodule
`default_nettype wire
