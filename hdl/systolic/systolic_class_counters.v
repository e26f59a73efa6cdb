`default_nettype none
// Multiplier slots by class, summed over the array and the pass.
//
// Cycle contract: what happens in a cycle is counted at its end, products a fixed time behind; the
// sums are right when the pass is over.
//
// `counters_o` holds effectual, ineffectual, edges, preload, fill, drain, the first in the low 48
// bits; together they are ROWS * COLS * cycles.
//
// Twin: classes of sparsesim/machines/systolic. Test: test_systolic_class_counters.py.
module systolic_class_counters #(
    // Rows of PEs, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, 1 to 1024.
    parameter COLS = 16,
    // What stays in a PE, 0 to 1: 0 a weight, 1 a sum.
    parameter OUTPUT_STATIONARY = 0,
    // PEs select among several activations, 0 to 1.
    parameter SELECTS = 0
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // A pass starts; its shape (systolic_pass_shape.v).
    input  wire                 start_i,
    input  wire [    13*32-1:0] pass_i,
    // Of this cycle: a step is taken, and is its fold's first; of that one's fold: it is its tile's
    // last, the tile the last along the filters. Output-stationary, a tile's positions are those
    // that it drains: the last along the positions has fewer.
    input  wire                 take_i,
    input  wire                 first_i,
    input  wire                 last_fold_i,
    input  wire                 last_filters_i,
    input  wire                 last_positions_i,
    // What the array waits for.
    input  wire                 waits_weights_i,
    input  wire                 waits_skew_i,
    input  wire                 waits_drain_i,
    // PE (r, c) makes a product of two numbers that are not zero, bit r*COLS + c.
    input  wire [ROWS*COLS-1:0] effectual_i,
    output wire [     6*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();

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
  wire unused = &{1'b0, folds, filter_tiles, position_tiles, elements, last_positions, last_shares,
                  last_units, narrow_drain, short_drain, last_drain, drains};

  // PEs that have an element (or position) and a filter, of the fold in work.
  wire is_last_row = OUTPUT_STATIONARY != 0 ? last_positions_i : last_fold_i;
  wire [10:0] rows = is_last_row ?
      (OUTPUT_STATIONARY != 0 ? last_positions[10:0] : last_rows) : ROWS[10:0];
  wire [10:0] cols = last_filters_i ? last_filters : COLS[10:0];
  wire [21:0] used_d = {11'd0, rows} * {11'd0, cols};
  reg [21:0] used_q;
  wire [21:0] used = first_i ? used_d : used_q;

  // PE (r, c) makes the product of a step r + c + 1 cycles behind it (with a selection one more).
  wire [ROWS+COLS+SELECTS-1:0] taken;
  systolic_taps #(
      .TAPS (ROWS + COLS + SELECTS),
      .WIDTH(1),
      .RESET(1)
  ) u_taken (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (take_i),
      .taps_o(taken)
  );
  wire unused_taken = &{1'b0, taken[SELECTS:0]};
  integer r, c;
  reg [21:0] effectual_d;
  always @* begin
    effectual_d = 22'd0;
    for (r = 0; r < ROWS; r = r + 1)
      for (c = 0; c < COLS; c = c + 1)
        effectual_d = effectual_d + {21'd0, effectual_i[r*COLS+c] && taken[r+c+1+SELECTS]};
  end

  localparam [47:0] PES = ROWS * COLS;
  reg [47:0] effectual_q, multiplied_q, steps_q, weights_q, skew_q, drain_q;
  always @(posedge clk_i) begin
    if (take_i) used_q <= used;
    if (take_i) multiplied_q <= multiplied_q + {26'd0, used};
    effectual_q <= effectual_q + {26'd0, effectual_d};
    steps_q <= steps_q + {47'd0, take_i};
    weights_q <= weights_q + {47'd0, waits_weights_i};
    skew_q <= skew_q + {47'd0, waits_skew_i};
    drain_q <= drain_q + {47'd0, waits_drain_i};
    if (start_i) {effectual_q, multiplied_q, steps_q, weights_q, skew_q, drain_q} <= 288'd0;
  end
  assign counters_o = {
    drain_q * PES,
    skew_q * PES,
    weights_q * PES,
    steps_q * PES - multiplied_q,
    multiplied_q - effectual_q,
    effectual_q
  };
endmodule
`default_nettype wire
