`default_nettype none
// The array: ROWS x COLS processing elements, their sequencer, and the way of results to the units.
//
// Cycle contract: docs/machines/systolic.md, "Cycles of a pass". Cycle 0 of a pass is the cycle
// behind start_i; with operands that are always there and units that always have room, `cycles_o`
// and `counters_o` are the model's, exactly. A result comes out a fixed time behind its drain: 2
// cycles and those of the multiplexers.
//
// Twin: sparsesim/machines/systolic. Test: test_systolic_array.py.
module systolic_array #(
    // Rows of PEs, an element of K each, or a position each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, a filter each, 1 to 1024.
    parameter COLS = 16,
    // What stays in a PE, 0 to 1: 0 a weight, 1 a sum.
    parameter OUTPUT_STATIONARY = 0,
    // 1: the next fold is prepared while one works; 0: it waits. 0 to 1.
    parameter OVERLAPPED = 1,
    // Activations that each row takes together, one of which a PE selects, 1 to 8; 1 with
    // OUTPUT_STATIONARY.
    parameter BLOCK = 1,
    // Post-processing units, 1 to 1024, COLS or fewer.
    parameter UNITS = 4,
    // Positions of a tile, 1 to 4096; weight-stationary alone.
    parameter DEPTH = 128,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, signed, 8 to 64; it is kept modulo 2^ACC_W.
    parameter ACC_W = 32,
    // Class counters, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a choice; derived, leave it.
    parameter CHOICE_W = BLOCK > 1 ? $clog2(BLOCK) : 1,
    // What ends its work by itself: columns, or PEs; derived, leave it.
    parameter PLACES = OUTPUT_STATIONARY != 0 ? ROWS * COLS : COLS
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    // Takes the shape (systolic_pass_shape.v), which stays while busy_o is high.
    input  wire                        start_i,
    input  wire [           13*32-1:0] pass_i,
    // Weights: valid tells that those of a whole fold are there. Weight-stationary, a cycle of take
    // takes those of a row of PEs, the fold's last row first: column c at [c*WEIGHT_W +: WEIGHT_W],
    // and which activation of a block each is for. Output-stationary, those of an element.
    input  wire                        weight_valid_i,
    output wire                        weight_take_o,
    input  wire [   COLS*WEIGHT_W-1:0] weight_i,
    input  wire [   COLS*CHOICE_W-1:0] choice_i,
    // Activations, likewise: a cycle of take takes those of a position, an element or block a row
    // (output-stationary: of an element, a position a row), activation n of row r at
    // [(r*BLOCK+n)*ACT_W +: ACT_W].
    input  wire                        act_valid_i,
    output wire                        act_take_o,
    input  wire [ROWS*BLOCK*ACT_W-1:0] act_i,
    // Each unit has room for the results of a tile; it is looked at where a tile's last fold goes,
    // and those results come for certain.
    input  wire [           UNITS-1:0] result_ready_i,
    output wire [           UNITS-1:0] result_valid_o,
    output wire [     UNITS*ACC_W-1:0] result_o,
    // The filter that unit 0's result is of, or would be; unit u's is u further.
    output wire [                15:0] result_filter_o,
    // Ends its work on a fold in this cycle: column c, bit c (its last row does), or PE (r, c), bit
    // c*ROWS + r. For whoever looks on.
    output wire [          PLACES-1:0] done_o,
    // A pass is under way; its length; multiplier slots by class (systolic_class_counters.v).
    output wire                        busy_o,
    output wire [                47:0] cycles_o,
    output wire [            6*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("block"), .VALUE(BLOCK), .LOW(1), .HIGH(8)) u_block_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_en_range ();
  generate
    if (BLOCK > 1 && OUTPUT_STATIONARY != 0) begin : g_block_dataflow
      sparsesim_parameter_relation #(.NAME("block"), .VALUE(BLOCK), .OTHER("output_stationary"),
          .GIVEN(OUTPUT_STATIONARY), .USE("1")) u_stop ();
    end
  endgenerate

  localparam SELECTS = BLOCK > 1 ? 1 : 0;
  localparam SHARES = (COLS + UNITS - 1) / UNITS;
  localparam SHARE_W = SHARES > 1 ? $clog2(SHARES) : 1;
  localparam POSITIONS = OUTPUT_STATIONARY != 0 ? ROWS : DEPTH;
  localparam POSITION_W = POSITIONS > 1 ? $clog2(POSITIONS) : 1;
  localparam STEP_W = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam ROW_W = ROWS > 1 ? $clog2(ROWS) : 1;
  // From a fold's step to the cycle before its tile's first drain: systolic_sequencer.v.
  localparam RIPENS = (OUTPUT_STATIONARY != 0 ? 1 : ROWS + 3 + SELECTS) + COLS - SHARES;
  // From a drain to the results at the multiplexers of units, beside the 2 that these count; of
  // units' own.
  localparam COLUMN_LATENCY = OUTPUT_STATIONARY != 0 ? (ROW_W + 1) / 2 : 0;
  localparam LATENCY = COLUMN_LATENCY + 2 + (SHARE_W + 1) / 2;

  wire weight_first, first, last, starts, ends, drains;
  wire waits_skew, waits_weights, waits_drain, last_fold, last_filters, last_positions;
  wire [STEP_W-1:0] step;
  systolic_sequencer #(
      .ROWS             (ROWS),
      .COLS             (COLS),
      .OUTPUT_STATIONARY(OUTPUT_STATIONARY),
      .OVERLAPPED       (OVERLAPPED),
      .SELECTS          (SELECTS),
      .UNITS            (UNITS),
      .DEPTH            (DEPTH)
  ) u_sequencer (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .start_i         (start_i),
      .pass_i          (pass_i),
      .weight_valid_i  (weight_valid_i),
      .weight_take_o   (weight_take_o),
      .weight_first_o  (weight_first),
      .act_valid_i     (act_valid_i),
      .act_take_o      (act_take_o),
      .ready_i         (&result_ready_i),
      .first_o         (first),
      .last_o          (last),
      .step_o          (step),
      .starts_o        (starts),
      .ends_o          (ends),
      .waits_skew_o    (waits_skew),
      .waits_weights_o (waits_weights),
      .waits_drain_o   (waits_drain),
      .last_fold_o     (last_fold),
      .last_filters_o  (last_filters),
      .last_positions_o(last_positions),
      .drained_i       (drains),
      .busy_o          (busy_o),
      .cycles_o        (cycles_o)
  );

  // A tile is ripe a fixed time behind the first step of its last fold, or its last element.
  wire ripe;
  systolic_shift #(
      .WIDTH (1),
      .CYCLES(RIPENS),
      .RESET (1)
  ) u_ripens (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (OUTPUT_STATIONARY != 0 ? ends && act_take_o : ends && first),
      .q_o   (ripe)
  );
  wire [POSITION_W-1:0] position;
  wire [SHARE_W-1:0] share, share_at_units;
  wire [UNITS-1:0] valid, valid_at_units;
  wire [15:0] filter;
  systolic_drain #(
      .COLS     (COLS),
      .UNITS    (UNITS),
      .POSITIONS(POSITIONS)
  ) u_drain (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .start_i   (start_i),
      .pass_i    (pass_i),
      .ripe_i    (ripe),
      .drains_o  (drains),
      .position_o(position),
      .share_o   (share),
      .valid_o   (valid),
      .filter_o  (filter)
  );

  wire [COLS*ACC_W-1:0] results;
  wire [ROWS*COLS-1:0] effectual;
  generate
    if (OUTPUT_STATIONARY != 0) begin : g_sums
      wire unused = &{1'b0, weight_first, first, step, choice_i};
      systolic_sum_array #(
          .ROWS    (ROWS),
          .COLS    (COLS),
          .ACT_W   (ACT_W),
          .WEIGHT_W(WEIGHT_W),
          .ACC_W   (ACC_W),
          .COUNTERS_EN(COUNTERS_EN)
      ) u_sums (
          .clk_i      (clk_i),
          .rst_ni     (rst_ni),
          .take_i     (act_take_o),
          .starts_i   (starts),
          .ends_i     (ends),
          .act_i      (act_i),
          .weight_i   (weight_i),
          .leaves_i   (position),
          .results_o  (results),
          .effectual_o(effectual)
      );
    end else begin : g_weights
      systolic_weight_array #(
          .ROWS    (ROWS),
          .COLS    (COLS),
          .BLOCK   (BLOCK),
          .DEPTH   (DEPTH),
          .ACT_W   (ACT_W),
          .WEIGHT_W(WEIGHT_W),
          .ACC_W   (ACC_W),
          .COUNTERS_EN(COUNTERS_EN)
      ) u_weights (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .shift_i      (weight_take_o),
          .shift_first_i(weight_first),
          .weight_i     (weight_i),
          .choice_i     (choice_i),
          .take_i       (act_take_o),
          .swap_i       (first),
          .position_i   (step),
          .starts_i     (starts),
          .ends_i       (ends),
          .act_i        (act_i),
          .leaves_i     (position),
          .results_o    (results),
          .effectual_o  (effectual)
      );
    end
  endgenerate

  // Units: each takes the share that drains of its own columns.
  systolic_shift #(
      .WIDTH (SHARE_W),
      .CYCLES(COLUMN_LATENCY)
  ) u_share (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (share),
      .q_o   (share_at_units)
  );
  systolic_shift #(
      .WIDTH (16),
      .CYCLES(LATENCY)
  ) u_filter (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (filter),
      .q_o   (result_filter_o)
  );
  genvar u, j;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      systolic_shift #(
          .WIDTH (1),
          .CYCLES(COLUMN_LATENCY),
          .RESET (1)
      ) u_valid (
          .clk_i (clk_i),
          .rst_ni(rst_ni),
          .d_i   (valid[u]),
          .q_o   (valid_at_units[u])
      );
      wire [SHARES*ACC_W-1:0] columns;
      for (j = 0; j < SHARES; j = j + 1) begin : g_share
        if (u + j * UNITS < COLS) begin : g_column
          assign columns[j*ACC_W+:ACC_W] = results[(u+j*UNITS)*ACC_W+:ACC_W];
        end else begin : g_none
          assign columns[j*ACC_W+:ACC_W] = {ACC_W{1'b0}};
        end
      end
      wire unused_last;
      sparsesim_result_mux #(
          .ROWS (SHARES),
          .WIDTH(ACC_W)
      ) u_mux (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .valid_i  (valid_at_units[u]),
          .row_i    (share_at_units),
          .last_i   (1'b0),
          .results_i(columns),
          .valid_o  (result_valid_o[u]),
          .last_o   (unused_last),
          .result_o (result_o[u*ACC_W+:ACC_W])
      );
      wire unused_mux = &{1'b0, unused_last};
    end
  endgenerate

  // What ends where: a step meets PE (r, c) r + c cycles behind PE (0, 0).
  wire [ROWS+COLS-2:0] ending;
  systolic_taps #(
      .TAPS (ROWS + COLS - 1),
      .WIDTH(1),
      .RESET(1)
  ) u_ending (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (last),
      .taps_o(ending)
  );
  wire unused_ending = &{1'b0, ending};
  genvar r, c;
  generate
    for (c = 0; c < COLS; c = c + 1) begin : g_done
      if (OUTPUT_STATIONARY != 0) begin : g_pes
        for (r = 0; r < ROWS; r = r + 1) begin : g_row
          assign done_o[c*ROWS+r] = ending[r+c];
        end
      end else begin : g_column
        assign done_o[c] = ending[ROWS-1+c];
      end
    end
    if (COUNTERS_EN != 0) begin : g_counters
      systolic_class_counters #(
          .ROWS             (ROWS),
          .COLS             (COLS),
          .OUTPUT_STATIONARY(OUTPUT_STATIONARY),
          .SELECTS          (SELECTS)
      ) u_counters (
          .clk_i           (clk_i),
          .rst_ni          (rst_ni),
          .start_i         (start_i),
          .pass_i          (pass_i),
          .take_i          (act_take_o),
          .first_i         (first),
          .last_fold_i     (last_fold),
          .last_filters_i  (last_filters),
          .last_positions_i(last_positions),
          .waits_weights_i (waits_weights),
          .waits_skew_i    (waits_skew),
          .waits_drain_i   (waits_drain),
          .effectual_i     (effectual),
          .counters_o      (counters_o)
      );
    end else begin : g_no_counters
      wire unused = &{1'b0, effectual, waits_skew, waits_weights, waits_drain, last_fold,
                      last_filters, last_positions};
      assign counters_o = 288'd0;
    end
  endgenerate
endmodule
`default_nettype wire
