`default_nettype none
// The accelerator without buffers: the array, and the post-processing units that columns share.
//
// Cycle contract: systolic_array.v; a value follows its sum a fixed time behind
// (sparsesim_postprocess_unit.v). With out_ready_i high throughout, cycles and counters are the
// model's. busy_o falls when the last value is out.
//
// Twins: sparsesim/machines/systolic, sparsesim/fixed_point/requantise.py. Test:
// test_systolic_accelerator.py.
module systolic_accelerator #(
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
    // Width of an output value, 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have post-processing parameters, 1 to 65536.
    parameter MAX_FILTERS = 512,
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
    // Operands: systolic_array.v.
    input  wire                        weight_valid_i,
    output wire                        weight_take_o,
    input  wire [   COLS*WEIGHT_W-1:0] weight_i,
    input  wire [   COLS*CHOICE_W-1:0] choice_i,
    input  wire                        act_valid_i,
    output wire                        act_take_o,
    input  wire [ROWS*BLOCK*ACT_W-1:0] act_i,
    // Post-processing: parameters of a filter are written; those of the layer stay while busy.
    input  wire                        param_we_i,
    input  wire [                15:0] param_index_i,
    input  wire [                31:0] param_bias_i,
    input  wire [                31:0] param_multiplier_i,
    input  wire [                 5:0] param_shift_i,
    input  wire                        relu_i,
    input  wire [           VALUE_W:0] threshold_i,
    input  wire [           VALUE_W:0] zero_point_i,
    input  wire [           VALUE_W:0] low_i,
    input  wire [           VALUE_W:0] high_i,
    input  wire                        raw_i,
    // Values of each unit, none where results are sums (raw_i); a tile's come for certain once it
    // was granted: where its last fold goes, in a cycle in which every unit's ready is high.
    output wire [           UNITS-1:0] out_valid_o,
    input  wire [           UNITS-1:0] out_ready_i,
    output wire [   UNITS*VALUE_W-1:0] out_value_o,
    // The sums as they leave the array.
    output wire [           UNITS-1:0] sum_valid_o,
    output wire [     UNITS*ACC_W-1:0] sum_o,
    // Ends its work on a fold in this cycle: column c, bit c, or PE (r, c), bit c*ROWS + r.
    output wire [          PLACES-1:0] done_o,
    // A pass is under way; its length; multiplier slots by class.
    output wire                        busy_o,
    output wire [                47:0] cycles_o,
    output wire [            6*48-1:0] counters_o
);
  localparam INDEX_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1;

  wire array_busy;
  wire [UNITS-1:0] unit_busy;
  wire [15:0] filter;
  systolic_array #(
      .ROWS             (ROWS),
      .COLS             (COLS),
      .OUTPUT_STATIONARY(OUTPUT_STATIONARY),
      .OVERLAPPED       (OVERLAPPED),
      .BLOCK            (BLOCK),
      .UNITS            (UNITS),
      .DEPTH            (DEPTH),
      .ACT_W            (ACT_W),
      .WEIGHT_W         (WEIGHT_W),
      .ACC_W            (ACC_W),
      .COUNTERS_EN      (COUNTERS_EN)
  ) u_array (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (start_i),
      .pass_i         (pass_i),
      .weight_valid_i (weight_valid_i),
      .weight_take_o  (weight_take_o),
      .weight_i       (weight_i),
      .choice_i       (choice_i),
      .act_valid_i    (act_valid_i),
      .act_take_o     (act_take_o),
      .act_i          (act_i),
      .result_ready_i (out_ready_i),
      .result_valid_o (sum_valid_o),
      .result_o       (sum_o),
      .result_filter_o(filter),
      .done_o         (done_o),
      .busy_o         (array_busy),
      .cycles_o       (cycles_o),
      .counters_o     (counters_o)
  );
  assign busy_o = array_busy || unit_busy != {UNITS{1'b0}};

  genvar u;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      wire [15:0] own = filter + u;
      wire unused = &{1'b0, own};
      sparsesim_postprocess_unit #(
          .ACC_W      (ACC_W),
          .VALUE_W    (VALUE_W),
          .MAX_FILTERS(MAX_FILTERS)
      ) u_postprocess (
          .clk_i             (clk_i),
          .rst_ni            (rst_ni),
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
          .valid_i           (sum_valid_o[u] && !raw_i),
          .sum_i             (sum_o[u*ACC_W+:ACC_W]),
          .index_i           (own[INDEX_W-1:0]),
          .valid_o           (out_valid_o[u]),
          .value_o           (out_value_o[u*VALUE_W+:VALUE_W]),
          .busy_o            (unit_busy[u])
      );
    end
  endgenerate
endmodule
`default_nettype wire
