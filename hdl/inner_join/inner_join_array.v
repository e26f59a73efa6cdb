`default_nettype none
// The array: ROWS x COLS processing elements, a filter a row and a position a column, with a feeder
// for each line and a drain for each column.
//
// Cycle contract: docs/machines/inner_join.md, "Cycles of a pass". Cycle 0 of a pass is the cycle
// behind start_i; with streams that never starve and drains that are always ready, `cycles_o` and
// `counters_o` are the model's, exactly. A result comes out 2 + LEVELS cycles behind its drain
// (sparsesim_result_mux.v).
//
// Example: docs/array.svg. Twin: sparsesim.array_cycles. Test: test_inner_join_array.py.
module inner_join_array #(
    // Rows of PEs, one filter each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, one position each, 1 to 1024.
    parameter COLS = 16,
    // Pairs that a PE examines together, 1 to 64. Costs about 20 LUT a pair and PE.
    parameter WINDOW = 16,
    // Multipliers of a PE, 1 to 256; those beyond WINDOW are never built.
    parameter LANES = 1,
    // Windows that each of a PE's queues holds, 1 to 4096; up to 32 cost the same LUT RAM.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, and from a free slot to the knowledge of it, 1 to 64. From 2 on no
    // path crosses the array.
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
    parameter COUNTERS_EN = 0
) (
    input  wire                            clk_i,
    input  wire                            rst_ni,
    // Takes the shape (inner_join_pass_shape.v), which stays while busy_o is high.
    input  wire                            start_i,
    input  wire [                7*32-1:0] pass_i,
    // A stream of windows for each row: weights with their zero point subtracted, and which of them
    // are not zero. Pair k at [k*WEIGHT_W +: WEIGHT_W].
    input  wire [                ROWS-1:0] weight_valid_i,
    output wire [                ROWS-1:0] weight_ready_o,
    input  wire [         ROWS*WINDOW-1:0] weight_mask_i,
    input  wire [ROWS*WINDOW*WEIGHT_W-1:0] weight_values_i,
    // The same of activations for each column.
    input  wire [                COLS-1:0] act_valid_i,
    output wire [                COLS-1:0] act_ready_o,
    input  wire [         COLS*WINDOW-1:0] act_mask_i,
    input  wire [   COLS*WINDOW*ACT_W-1:0] act_values_i,
    // Results of each column: rows rising, tile by tile. A low ready stalls the drain; what is
    // under way still comes, 3 + LEVELS results at most.
    input  wire [                COLS-1:0] result_ready_i,
    output wire [                COLS-1:0] result_valid_o,
    output wire [                COLS-1:0] result_last_o,
    output wire [          COLS*ACC_W-1:0] result_o,
    output wire [                COLS-1:0] result_overflow_o,
    // PE (i, j) ended its work on a window in this cycle: bit i*COLS + j. For whoever looks on.
    output wire [           ROWS*COLS-1:0] done_o,
    // A pass is under way; its length; lane-slots by class (inner_join_class_counters.v).
    output wire                            busy_o,
    output wire [                    47:0] cycles_o,
    output wire [                7*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(256)) u_lanes_range ();
  sparsesim_parameter_range #(.NAME("queue_depth"), .VALUE(QUEUE_DEPTH), .LOW(1), .HIGH(4096)) u_queue_depth_range ();
  sparsesim_parameter_range #(.NAME("feed_latency"), .VALUE(FEED_LATENCY), .LOW(1), .HIGH(64)) u_feed_latency_range ();
  sparsesim_parameter_range #(.NAME("skipping"), .VALUE(SKIPPING), .LOW(0), .HIGH(3)) u_skipping_range ();
  sparsesim_parameter_range #(.NAME("positions_inner"), .VALUE(POSITIONS_INNER), .LOW(0), .HIGH(1)) u_positions_inner_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_en_range ();

  localparam USED_LANES = LANES < WINDOW ? LANES : WINDOW;
  localparam PE_LATENCY = 3 + (LANES > 1 ? $clog2(LANES) : 0);
  localparam REGISTER_AT_PE = FEED_LATENCY > 1 ? 1 : 0;
  localparam SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1;
  localparam HEAD_W = SLOT_W + 1;
  localparam ROW_W = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam LENGTH_W = $clog2(WINDOW + 1);
  localparam RESULT_W = ACC_W + 1;

  wire [15:0] windows, filter_tiles, position_tiles;
  wire [10:0] last_filters, last_positions;
  wire [6:0] last_length;
  wire ends_tiles;
  inner_join_pass_shape u_shape (
      .pass_i          (pass_i),
      .windows_o       (windows),
      .filter_tiles_o  (filter_tiles),
      .position_tiles_o(position_tiles),
      .last_filters_o  (last_filters),
      .last_positions_o(last_positions),
      .last_length_o   (last_length),
      .drains_o        (ends_tiles)
  );

  // What feeders broadcast over their line.
  wire [ROWS-1:0] weight_push, weight_running;
  wire [ROWS*SLOT_W-1:0] weight_slot;
  wire [ROWS*HEAD_W-1:0] weight_tail;
  wire [ROWS*5-1:0] weight_flags;
  wire [ROWS*WINDOW-1:0] weight_mask;
  wire [ROWS*WINDOW*WEIGHT_W-1:0] weight_values;
  wire [COLS-1:0] act_push, act_running;
  wire [COLS*SLOT_W-1:0] act_slot;
  wire [COLS*HEAD_W-1:0] act_tail;
  wire [COLS*5-1:0] act_flags;
  wire [COLS*WINDOW-1:0] act_mask;
  wire [COLS*WINDOW*ACT_W-1:0] act_values;
  // What PEs tell: PE (i, j) at i*COLS + j, or column by column at j*ROWS + i.
  wire [ROWS*COLS*HEAD_W-1:0] heads_by_row, heads_by_col;
  wire [ROWS*COLS-1:0] work, produced, is_final, drained;
  wire [ROWS*COLS*RESULT_W-1:0] results;
  wire [4*ROWS*COLS-1:0] class_of;
  wire [ROWS*COLS*USED_LANES-1:0] multiplied, effectual;
  wire [COLS-1:0] drains;

  genvar i, j;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : g_weight_feeder
      sparsesim_feeder #(
          .LINES         (COLS),
          .WINDOW        (WINDOW),
          .VALUE_W       (WEIGHT_W),
          .QUEUE_DEPTH   (QUEUE_DEPTH),
          .FEED_LATENCY  (FEED_LATENCY),
          .REGISTER_AT_PE(REGISTER_AT_PE),
          .INNER         (POSITIONS_INNER == 0),
          .LAST_LINE     (i == ROWS - 1)
      ) u_feeder (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .start_i      (start_i),
          .windows_i    (windows),
          .tiles_i      (filter_tiles),
          .other_tiles_i(position_tiles),
          .exists_i     (last_filters > i),
          .is_last_i    (last_filters == i + 1),
          .drains_i     (ends_tiles),
          .valid_i      (weight_valid_i[i]),
          .ready_o      (weight_ready_o[i]),
          .mask_i       (weight_mask_i[i*WINDOW+:WINDOW]),
          .values_i     (weight_values_i[i*WINDOW*WEIGHT_W+:WINDOW*WEIGHT_W]),
          .heads_i      (heads_by_row[i*COLS*HEAD_W+:COLS*HEAD_W]),
          .push_o       (weight_push[i]),
          .slot_o       (weight_slot[i*SLOT_W+:SLOT_W]),
          .tail_o       (weight_tail[i*HEAD_W+:HEAD_W]),
          .flags_o      (weight_flags[i*5+:5]),
          .mask_o       (weight_mask[i*WINDOW+:WINDOW]),
          .values_o     (weight_values[i*WINDOW*WEIGHT_W+:WINDOW*WEIGHT_W]),
          .running_o    (weight_running[i])
      );
    end
    for (j = 0; j < COLS; j = j + 1) begin : g_col
      sparsesim_feeder #(
          .LINES         (ROWS),
          .WINDOW        (WINDOW),
          .VALUE_W       (ACT_W),
          .QUEUE_DEPTH   (QUEUE_DEPTH),
          .FEED_LATENCY  (FEED_LATENCY),
          .REGISTER_AT_PE(REGISTER_AT_PE),
          .INNER         (POSITIONS_INNER != 0),
          .LAST_LINE     (j == COLS - 1)
      ) u_feeder (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .start_i      (start_i),
          .windows_i    (windows),
          .tiles_i      (position_tiles),
          .other_tiles_i(filter_tiles),
          .exists_i     (last_positions > j),
          .is_last_i    (last_positions == j + 1),
          .drains_i     (ends_tiles),
          .valid_i      (act_valid_i[j]),
          .ready_o      (act_ready_o[j]),
          .mask_i       (act_mask_i[j*WINDOW+:WINDOW]),
          .values_i     (act_values_i[j*WINDOW*ACT_W+:WINDOW*ACT_W]),
          .heads_i      (heads_by_col[j*ROWS*HEAD_W+:ROWS*HEAD_W]),
          .push_o       (act_push[j]),
          .slot_o       (act_slot[j*SLOT_W+:SLOT_W]),
          .tail_o       (act_tail[j*HEAD_W+:HEAD_W]),
          .flags_o      (act_flags[j*5+:5]),
          .mask_o       (act_mask[j*WINDOW+:WINDOW]),
          .values_o     (act_values[j*WINDOW*ACT_W+:WINDOW*ACT_W]),
          .running_o    (act_running[j])
      );
      wire [ROW_W-1:0] row;
      wire last;
      sparsesim_drain #(
          .ROWS      (ROWS),
          .PE_LATENCY(PE_LATENCY)
      ) u_drain (
          .clk_i     (clk_i),
          .rst_ni    (rst_ni),
          .ready_i   (result_ready_i[j]),
          .produced_i(produced[j*ROWS+:ROWS]),
          .final_i   (is_final[j*ROWS+:ROWS]),
          .drained_o (drained[j*ROWS+:ROWS]),
          .valid_o   (drains[j]),
          .row_o     (row),
          .last_o    (last)
      );
      sparsesim_result_mux #(
          .ROWS (ROWS),
          .WIDTH(RESULT_W)
      ) u_result_mux (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .valid_i  (drains[j]),
          .row_i    (row),
          .last_i   (last),
          .results_i(results[j*ROWS*RESULT_W+:ROWS*RESULT_W]),
          .valid_o  (result_valid_o[j]),
          .last_o   (result_last_o[j]),
          .result_o ({result_overflow_o[j], result_o[j*ACC_W+:ACC_W]})
      );
      for (i = 0; i < ROWS; i = i + 1) begin : g_row
        wire [HEAD_W-1:0] head;
        assign heads_by_row[(i*COLS+j)*HEAD_W+:HEAD_W] = head;
        assign heads_by_col[(j*ROWS+i)*HEAD_W+:HEAD_W] = head;
        inner_join_pe #(
            .WINDOW        (WINDOW),
            .LANES         (USED_LANES),
            .QUEUE_DEPTH   (QUEUE_DEPTH),
            .REGISTER_AT_PE(REGISTER_AT_PE),
            .SKIPPING      (SKIPPING),
            .ACT_W         (ACT_W),
            .WEIGHT_W      (WEIGHT_W),
            .ACC_W         (ACC_W),
            .COUNTERS_EN   (COUNTERS_EN)
        ) u_pe (
            .clk_i          (clk_i),
            .rst_ni         (rst_ni),
            .start_i        (start_i),
            .last_length_i  (last_length[LENGTH_W-1:0]),
            .weight_push_i  (weight_push[i]),
            .weight_slot_i  (weight_slot[i*SLOT_W+:SLOT_W]),
            .weight_tail_i  (weight_tail[i*HEAD_W+:HEAD_W]),
            .weight_flags_i (weight_flags[i*5+:5]),
            .weight_mask_i  (weight_mask[i*WINDOW+:WINDOW]),
            .weight_values_i(weight_values[i*WINDOW*WEIGHT_W+:WINDOW*WEIGHT_W]),
            .act_push_i     (act_push[j]),
            .act_slot_i     (act_slot[j*SLOT_W+:SLOT_W]),
            .act_tail_i     (act_tail[j*HEAD_W+:HEAD_W]),
            .act_flags_i    ({act_flags[j*5+2], act_flags[j*5]}),
            .act_mask_i     (act_mask[j*WINDOW+:WINDOW]),
            .act_values_i   (act_values[j*WINDOW*ACT_W+:WINDOW*ACT_W]),
            .head_o         (head),
            .produced_o     (produced[j*ROWS+i]),
            .final_o        (is_final[j*ROWS+i]),
            .drained_i      (drained[j*ROWS+i]),
            .result_o       (results[(j*ROWS+i)*RESULT_W+:ACC_W]),
            .overflow_o     (results[(j*ROWS+i)*RESULT_W+ACC_W]),
            .work_o         (work[i*COLS+j]),
            .done_o         (done_o[i*COLS+j]),
            .class_o        (class_of[4*(i*COLS+j)+:4]),
            .multiplied_o   (multiplied[(i*COLS+j)*USED_LANES+:USED_LANES]),
            .effectual_o    (effectual[(i*COLS+j)*USED_LANES+:USED_LANES])
        );
      end
    end
  endgenerate

  // The pass as a whole.
  wire [COLS-1:0] cols_open;
  generate
    for (j = 0; j < COLS; j = j + 1) begin : g_col_state
      assign cols_open[j] = act_running[j] || produced[j*ROWS+:ROWS] != drained[j*ROWS+:ROWS];
    end
  endgenerate
  sparsesim_pass_clock #(
      .ROWS  (ROWS),
      .COLS  (COLS),
      .SETTLE(FEED_LATENCY + PE_LATENCY + 16)
  ) u_clock (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .start_i    (start_i),
      .drains_i   (ends_tiles),
      .works_i    (work),
      .drained_i  (drains),
      .rows_open_i(weight_running),
      .cols_open_i(cols_open),
      .busy_o     (busy_o),
      .cycles_o   (cycles_o)
  );
  generate
    if (COUNTERS_EN != 0) begin : g_counters
      localparam [26:0] WIDE_ROWS = ROWS[26:0];
      localparam [26:0] WIDE_COLS = COLS[26:0];
      wire [26:0] filters = ({11'd0, filter_tiles} - 27'd1) * WIDE_ROWS + {16'd0, last_filters};
      wire [26:0] positions = ({11'd0, position_tiles} - 27'd1) * WIDE_COLS + {16'd0, last_positions};
      inner_join_class_counters #(
          .PES       (ROWS * COLS),
          .LANES     (LANES),
          .USED_LANES(USED_LANES),
          .COLS      (COLS)
      ) u_counters (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .start_i     (start_i),
          .drains_i    (ends_tiles),
          .results_i   ({21'd0, filters} * {21'd0, positions}),
          .cycles_i    (cycles_o),
          .class_i     (class_of),
          .multiplied_i(multiplied),
          .effectual_i (effectual),
          .drained_i   (drains),
          .counters_o  (counters_o)
      );
    end else begin : g_no_counters
      assign counters_o = {7 * 48{1'b0}};
      wire unused = &{1'b0, class_of, multiplied, effectual};
    end
  endgenerate

  // A column needs no ends of tiles; a length has as many bits as WINDOW asks for.
  wire unused = &{1'b0, act_flags, last_length};
endmodule
`default_nettype wire
