`default_nettype none
// Finder: looks through rows of PES activations for those that are not zero, a look a cycle.
//
// A look finds the row's first non-zero activation that was not found yet, or nothing. Behind the
// row's PES-th, and behind nothing, the next look is at the next row. Rows come turn after turn: of
// each position, for each tile, all rows. So the row of 3 0 5 0 takes three looks: 3, 5, nothing;
// that of 0 0 0 7 takes one.
//
// Cycle contract: a look in each cycle with go_i high and a row there; a row that is offered when the
// last one is done is looked at in the next cycle. What a look found stands at the outputs two cycles
// behind it. The finder runs ahead of what is sent: broadcast_sender.v holds it back.
//
// Example, PES = 4: rows {3 0 5 0} and {0 0 0 7} taken in cycles 0 and 3 give looks in cycles 1 to 4,
// and look_o in cycles 3 to 6, with sends_o 1 1 0 1 and columns 0, 2, -, 7.
//
// Twin: sparsesim/machines/broadcast/timeline.py, `looks`. Test: test_broadcast_finder.py.
module broadcast_finder #(
    // Processing elements, and activations of a row, 1 to 1024.
    parameter PES = 64,
    // Width of an activation, in bits, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a column's number, in bits, 1 to 32: of all columns of a pass.
    parameter COLUMN_W = 16
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // A pass starts; its shape, static while busy.
    input  wire                 start_i,
    input  wire [         15:0] rows_i,
    input  wire [         15:0] tiles_i,
    input  wire [         31:0] positions_i,
    input  wire                 drains_i,
    // Rows of activations: taken in a cycle where both are high. The mask says which are not zero.
    input  wire                 act_valid_i,
    output wire                 act_ready_o,
    input  wire [      PES-1:0] act_mask_i,
    input  wire [PES*ACT_W-1:0] act_values_i,
    // Looks are allowed; there was one in this cycle.
    input  wire                 go_i,
    output wire                 looks_o,
    // What a look found: an activation and its column's number, counted over a position's tiles; of
    // the turn, whether it is the first look, the last, its half of the sums, and whether its tile
    // is the last one; whether it is the pass's last.
    output wire                 look_o,
    output wire                 sends_o,
    output wire [    ACT_W-1:0] value_o,
    output wire [ COLUMN_W-1:0] column_o,
    output wire                 first_o,
    output wire                 last_o,
    output wire                 half_o,
    output wire                 last_tile_o,
    output wire                 final_o
);
  sparsesim_parameter_range #(.NAME("pes"), .VALUE(PES), .LOW(1), .HIGH(1024)) u_pes_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("column_bits"), .VALUE(COLUMN_W), .LOW(1), .HIGH(32)) u_column_range ();

  localparam LANE_W = PES > 1 ? $clog2(PES) : 1;
  localparam SUM_W = COLUMN_W > LANE_W ? COLUMN_W : LANE_W;

  // The next row to take: which it is.
  reg open_q;
  reg [15:0] row_q, tile_q;
  reg [31:0] position_q;
  reg [COLUMN_W-1:0] base_q;
  wire at_last_row = row_q == rows_i - 16'd1;
  wire at_last_tile = tile_q == tiles_i - 16'd1;
  wire at_last_position = position_q == positions_i - 32'd1;
  wire at_final = at_last_row && at_last_tile && at_last_position;

  // The row that is looked at: what is left of it, the first of that alone, whether this look ends it.
  reg there_q, ends_q;
  reg [PES-1:0] left_q, pick_q;
  reg [PES*ACT_W-1:0] values_q;
  // Whether this is the row's, then the turn's, first look.
  reg begins_q, is_first_q, is_last_q, is_last_tile_q, is_final_q, half_q;
  reg [COLUMN_W-1:0] row_base_q;
  wire looks = there_q && go_i;
  wire takes = open_q && act_valid_i && (!there_q || (looks && ends_q));
  wire [PES-1:0] left = takes ? act_mask_i : looks ? left_q & ~pick_q : left_q;
  wire but_last;
  generate
    if (PES > 1) begin : g_many
      assign but_last = left[PES-2:0] != {PES - 1{1'b0}};
    end else begin : g_one
      assign but_last = 1'b0;
    end
  endgenerate
  always @(posedge clk_i) begin
    left_q <= left;
    pick_q <= left & (~left + {{PES - 1{1'b0}}, 1'b1});
    ends_q <= !but_last;
    if (looks) begins_q <= 1'b0;
    if (looks && ends_q) begin
      there_q <= 1'b0;
      if (is_last_q && drains_i) half_q <= !half_q;
    end
    if (takes) begin
      there_q <= 1'b1;
      values_q <= act_values_i;
      begins_q <= 1'b1;
      is_first_q <= row_q == 16'd0;
      is_last_q <= at_last_row;
      is_last_tile_q <= at_last_tile;
      is_final_q <= at_final;
      row_base_q <= base_q;
      row_q <= at_last_row ? 16'd0 : row_q + 16'd1;
      base_q <= at_last_row && at_last_tile ? {COLUMN_W{1'b0}} : base_q + PES[COLUMN_W-1:0];
      if (at_last_row) tile_q <= at_last_tile ? 16'd0 : tile_q + 16'd1;
      if (at_last_row && at_last_tile) position_q <= position_q + 32'd1;
      if (at_final) open_q <= 1'b0;
    end
    if (start_i) begin
      open_q <= 1'b1;
      row_q <= 16'd0;
      tile_q <= 16'd0;
      position_q <= 32'd0;
      base_q <= {COLUMN_W{1'b0}};
    end
    if (!rst_ni) begin
      open_q  <= 1'b0;
      there_q <= 1'b0;
      half_q  <= 1'b0;
    end
  end
  assign act_ready_o = open_q && (!there_q || (looks && ends_q));
  assign looks_o = looks;

  // The picked activation and its number in the row.
  reg [ACT_W-1:0] value;
  reg [LANE_W-1:0] lane;
  integer i;
  always @* begin
    value = {ACT_W{1'b0}};
    lane  = {LANE_W{1'b0}};
    for (i = 0; i < PES; i = i + 1) begin
      value = value | (values_q[i*ACT_W+:ACT_W] & {ACT_W{pick_q[i]}});
      if (pick_q[i]) lane = lane | i[LANE_W-1:0];
    end
  end
  reg look_1_q, look_q, sends_1_q, sends_q;
  reg [ACT_W-1:0] value_1_q, value_q;
  reg [LANE_W-1:0] lane_1_q;
  reg [COLUMN_W-1:0] base_1_q, column_q;
  reg [4:0] flags_1_q, flags_q;
  wire [SUM_W-1:0] column = {{SUM_W - COLUMN_W{1'b0}}, base_1_q} + {{SUM_W - LANE_W{1'b0}}, lane_1_q};
  always @(posedge clk_i) begin
    look_1_q <= looks && rst_ni;
    sends_1_q <= pick_q != {PES{1'b0}};
    value_1_q <= value;
    lane_1_q <= lane;
    base_1_q <= row_base_q;
    flags_1_q <= {
      is_final_q && ends_q, is_last_tile_q, half_q, is_last_q && ends_q, is_first_q && begins_q
    };
    look_q <= look_1_q && rst_ni;
    sends_q <= sends_1_q;
    value_q <= value_1_q;
    column_q <= column[COLUMN_W-1:0];
    flags_q <= flags_1_q;
  end
  assign look_o = look_q;
  assign sends_o = sends_q;
  assign value_o = value_q;
  assign column_o = column_q;
  assign {final_o, last_tile_o, half_o, last_o, first_o} = flags_q;
endmodule
`default_nettype wire
