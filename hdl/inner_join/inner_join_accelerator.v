`default_nettype none
// The accelerator without its bus: the array, and post-processing behind each column.
//
// Cycle contract: inner_join_array.v; beats follow results (sparsesim_postprocess.v). With
// out_ready_i high throughout, no drain is ever stalled, and cycles and counters are the model's.
// busy_o falls when the pass is over and its last beat was taken.
//
// Example: docs/array.svg. Twins: sparsesim.array_cycles, sparsesim/fixed_point/requantise.py.
// Test: test_inner_join_accelerator.py.
module inner_join_accelerator #(
    // Rows of PEs, one filter each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, one position each, 1 to 1024.
    parameter COLS = 16,
    // Pairs that a PE examines together, and elements of an output beat, 1 to 64.
    parameter WINDOW = 16,
    // Multipliers of a PE, 1 to 256.
    parameter LANES = 1,
    // Windows that each of a PE's queues holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, and from a free slot to the knowledge of it, 1 to 64.
    parameter FEED_LATENCY = 1,
    // Operands whose zeros save cycles, 0 to 3: none, activation, weight, two_sided.
    parameter SKIPPING = 3,
    // Loop order, 0 to 1: 0 all filter tiles of a position tile, 1 the other way round.
    parameter POSITIONS_INNER = 0,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // Class counters, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of an output value, 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have post-processing parameters, 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Width of a beat; derived, leave it.
    parameter BEAT_W = WINDOW * (1 + VALUE_W) > ACC_W ? WINDOW * (1 + VALUE_W) : ACC_W
) (
    input  wire                            clk_i,
    input  wire                            rst_ni,
    // Takes the shape (inner_join_pass_shape.v), which stays while busy_o is high.
    input  wire                            start_i,
    input  wire [                7*32-1:0] pass_i,
    // Weight windows for each row, activation windows for each column; see inner_join_array.v.
    input  wire [                ROWS-1:0] weight_valid_i,
    output wire [                ROWS-1:0] weight_ready_o,
    input  wire [         ROWS*WINDOW-1:0] weight_mask_i,
    input  wire [ROWS*WINDOW*WEIGHT_W-1:0] weight_values_i,
    input  wire [                COLS-1:0] act_valid_i,
    output wire [                COLS-1:0] act_ready_o,
    input  wire [         COLS*WINDOW-1:0] act_mask_i,
    input  wire [   COLS*WINDOW*ACT_W-1:0] act_values_i,
    // Post-processing: parameters of a filter are written; those of the layer stay while busy.
    input  wire                            param_we_i,
    input  wire [                    15:0] param_index_i,
    input  wire [                    31:0] param_bias_i,
    input  wire [                    31:0] param_multiplier_i,
    input  wire [                     5:0] param_shift_i,
    input  wire                            relu_i,
    input  wire [               VALUE_W:0] threshold_i,
    input  wire [               VALUE_W:0] zero_point_i,
    input  wire [               VALUE_W:0] low_i,
    input  wire [               VALUE_W:0] high_i,
    input  wire                            raw_i,
    // Beats of each column: taken in a cycle where both are high.
    output wire [                COLS-1:0] out_valid_o,
    input  wire [                COLS-1:0] out_ready_i,
    output wire [         COLS*BEAT_W-1:0] out_data_o,
    output wire [                COLS-1:0] out_last_o,
    // The sums as they leave the array, for whoever looks on.
    output wire [                COLS-1:0] sum_valid_o,
    output wire [                COLS-1:0] sum_last_o,
    output wire [          COLS*ACC_W-1:0] sum_o,
    output wire [                COLS-1:0] sum_overflow_o,
    // PE (i, j) ended its work on a window in this cycle: bit i*COLS + j.
    output wire [           ROWS*COLS-1:0] done_o,
    // A sum of this pass had overflowed; a pass is under way; its length; lane-slots by class.
    output wire                            overflow_o,
    output wire                            busy_o,
    output wire [                    47:0] cycles_o,
    output wire [                7*48-1:0] counters_o
);
  localparam ROW_W = ROWS > 1 ? $clog2(ROWS) : 1;
  // What may still come when a column's drain is stalled: see inner_join_array.v, result_ready_i.
  localparam RESULT_LATENCY = 3 + (ROW_W + 1) / 2;

  wire [COLS-1:0] result_ready, overflowed, finishing;
  wire array_busy;
  inner_join_array #(
      .ROWS           (ROWS),
      .COLS           (COLS),
      .WINDOW         (WINDOW),
      .LANES          (LANES),
      .QUEUE_DEPTH    (QUEUE_DEPTH),
      .FEED_LATENCY   (FEED_LATENCY),
      .SKIPPING       (SKIPPING),
      .POSITIONS_INNER(POSITIONS_INNER),
      .ACT_W          (ACT_W),
      .WEIGHT_W       (WEIGHT_W),
      .ACC_W          (ACC_W),
      .COUNTERS_EN    (COUNTERS_EN)
  ) u_array (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .start_i          (start_i),
      .pass_i           (pass_i),
      .weight_valid_i   (weight_valid_i),
      .weight_ready_o   (weight_ready_o),
      .weight_mask_i    (weight_mask_i),
      .weight_values_i  (weight_values_i),
      .act_valid_i      (act_valid_i),
      .act_ready_o      (act_ready_o),
      .act_mask_i       (act_mask_i),
      .act_values_i     (act_values_i),
      .result_ready_i   (result_ready),
      .result_valid_o   (sum_valid_o),
      .result_last_o    (sum_last_o),
      .result_o         (sum_o),
      .result_overflow_o(sum_overflow_o),
      .done_o           (done_o),
      .busy_o           (array_busy),
      .cycles_o         (cycles_o),
      .counters_o       (counters_o)
  );
  assign busy_o = array_busy || finishing != {COLS{1'b0}};
  assign overflow_o = overflowed != {COLS{1'b0}};

  wire [15:0] windows, filter_tiles, position_tiles;
  wire [10:0] last_filters, last_positions;
  wire [6:0] last_length;
  wire drains;
  inner_join_pass_shape u_shape (
      .pass_i          (pass_i),
      .windows_o       (windows),
      .filter_tiles_o  (filter_tiles),
      .position_tiles_o(position_tiles),
      .last_filters_o  (last_filters),
      .last_positions_o(last_positions),
      .last_length_o   (last_length),
      .drains_o        (drains)
  );
  wire unused = &{1'b0, windows, last_filters, last_length, drains};

  genvar j;
  generate
    for (j = 0; j < COLS; j = j + 1) begin : g_col
      // Position tiles in which the column has a position.
      wire [15:0] tiles = position_tiles - {15'd0, last_positions <= j};
      sparsesim_postprocess #(
          .ACC_W          (ACC_W),
          .WINDOW         (WINDOW),
          .VALUE_W        (VALUE_W),
          .MAX_FILTERS    (MAX_FILTERS),
          .POSITIONS_INNER(POSITIONS_INNER),
          .RESULT_LATENCY (RESULT_LATENCY)
      ) u_postprocess (
          .clk_i             (clk_i),
          .rst_ni            (rst_ni),
          .start_i           (start_i),
          .filter_tiles_i    (filter_tiles),
          .position_tiles_i  (tiles),
          .param_we_i        (param_we_i),
          .param_index_i     (param_index_i),
          .param_bias_i      (param_bias_i),
          .param_multiplier_i(param_multiplier_i),
          .param_shift_i     (param_shift_i),
          .relu_i            (relu_i),
          .threshold_i       (threshold_i),
          .zero_point_i      (zero_point_i),
          .low_i             (low_i),
          .high_i            (high_i),
          .raw_i             (raw_i),
          .valid_i           (sum_valid_o[j]),
          .ready_o           (result_ready[j]),
          .sum_i             (sum_o[j*ACC_W+:ACC_W]),
          .overflow_i        (sum_overflow_o[j]),
          .last_i            (sum_last_o[j]),
          .valid_o           (out_valid_o[j]),
          .ready_i           (out_ready_i[j]),
          .data_o            (out_data_o[j*BEAT_W+:BEAT_W]),
          .last_o            (out_last_o[j]),
          .overflow_o        (overflowed[j]),
          .busy_o            (finishing[j])
      );
    end
  endgenerate
endmodule
`default_nettype wire
