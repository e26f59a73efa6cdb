`default_nettype none
// The accelerator without its bus: the array, and post-processing units that its rows share.
//
// Cycle contract: stream_array.v; values follow results (sparsesim_postprocess_unit.v). With entries
// and words that never lack and out_ready_i high throughout, cycles and counters are the model's.
// busy_o falls when the pass is over and its last value came.
//
// Example: docs/machines/stream.md. Twins: the machine's count, sparsesim/fixed_point/requantise.py.
// Test: test_stream_accelerator.py.
module stream_accelerator #(
    // Rows, 1 to 1024.
    parameter ROWS = 16,
    // Lanes of a row, 1 to 256.
    parameter LANES = 16,
    // Words of a half of a row's store, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Sums of a lane in a row's stash, a power of two, 1 to 256.
    parameter STASH = 16,
    // Post-processing units, 1 to 1024, at most ROWS: row i leaves through unit i mod UNITS.
    parameter UNITS = 4,
    // Cycles from a word to its use, and from a freed half to the knowledge of it, 1 to 16.
    parameter FEED_LATENCY = 1,
    // Lanes of a row that share a multiplier, 1 to 2: cycles and values are the same.
    parameter LANES_PER_DSP = 1,
    // Whether activations are the entries, 0 to 1, and weights the words; or the other way round.
    parameter STREAMS_ACTIVATIONS = 1,
    // Whether zeros are no entries, 0 to 1: one of value 0 is a filler then.
    parameter SKIPS = 1,
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
    // Width of an entry's value; derived, leave it.
    parameter ENTRY_W = STREAMS_ACTIVATIONS ? ACT_W : WEIGHT_W,
    // Width of a value of a word; derived, leave it.
    parameter HELD_W = STREAMS_ACTIVATIONS ? WEIGHT_W : ACT_W,
    // Width of an entry's index; derived, leave it.
    parameter INDEX_W = $clog2(DEPTH),
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    // Takes the shape (stream_pass_shape.v), which stays while busy_o is high.
    input  wire                     start_i,
    input  wire [         8*32-1:0] pass_i,
    // Entries of each row, and words; see stream_array.v.
    input  wire [         ROWS-1:0] entry_valid_i,
    output wire [         ROWS-1:0] entry_ready_o,
    input  wire [ ROWS*INDEX_W-1:0] entry_index_i,
    input  wire [ ROWS*ENTRY_W-1:0] entry_value_i,
    input  wire [         ROWS-1:0] entry_last_i,
    input  wire                     word_valid_i,
    output wire                     word_ready_o,
    input  wire [ LANES*HELD_W-1:0] word_i,
    // Post-processing: parameters of a filter are written, by its number where activations are the
    // entries, else by its round * ROWS + row; those of the layer stay while busy.
    input  wire                     param_we_i,
    input  wire [             15:0] param_index_i,
    input  wire [             31:0] param_bias_i,
    input  wire [             31:0] param_multiplier_i,
    input  wire [              5:0] param_shift_i,
    input  wire                     relu_i,
    input  wire [        VALUE_W:0] threshold_i,
    input  wire [        VALUE_W:0] zero_point_i,
    input  wire [        VALUE_W:0] low_i,
    input  wire [        VALUE_W:0] high_i,
    input  wire                     raw_i,
    // Values of each unit, an item's one after the other, lanes rising. A unit takes an item only
    // while ready is high; its values, and sums, then come. With raw_i there are no values.
    input  wire [        UNITS-1:0] out_ready_i,
    output wire [        UNITS-1:0] out_valid_o,
    output wire [UNITS*VALUE_W-1:0] out_value_o,
    // The sums as they leave the array, and their rows.
    output wire [        UNITS-1:0] sum_valid_o,
    output wire [  UNITS*ACC_W-1:0] sum_o,
    output wire [  UNITS*ROW_W-1:0] sum_row_o,
    // Row i took an item's last entry in this cycle.
    output wire [         ROWS-1:0] done_o,
    // A pass is under way; its length; slots by class (stream_class_counters.v).
    output wire                     busy_o,
    output wire [             47:0] cycles_o,
    output wire [         9*48-1:0] counters_o
);
  localparam PARAMETERS_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1;

  wire array_busy;
  wire [UNITS-1:0] unit_busy;
  wire [UNITS*16-1:0] index;
  stream_array #(
      .ROWS               (ROWS),
      .LANES              (LANES),
      .DEPTH              (DEPTH),
      .STASH              (STASH),
      .UNITS              (UNITS),
      .FEED_LATENCY       (FEED_LATENCY),
      .LANES_PER_DSP      (LANES_PER_DSP),
      .STREAMS_ACTIVATIONS(STREAMS_ACTIVATIONS),
      .SKIPS              (SKIPS),
      .ACT_W              (ACT_W),
      .WEIGHT_W           (WEIGHT_W),
      .ACC_W              (ACC_W),
      .COUNTERS_EN        (COUNTERS_EN)
  ) u_array (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .start_i       (start_i),
      .pass_i        (pass_i),
      .entry_valid_i (entry_valid_i),
      .entry_ready_o (entry_ready_o),
      .entry_index_i (entry_index_i),
      .entry_value_i (entry_value_i),
      .entry_last_i  (entry_last_i),
      .word_valid_i  (word_valid_i),
      .word_ready_o  (word_ready_o),
      .word_i        (word_i),
      .result_ready_i(out_ready_i),
      .result_valid_o(sum_valid_o),
      .result_row_o  (sum_row_o),
      .result_index_o(index),
      .result_o      (sum_o),
      .done_o        (done_o),
      .busy_o        (array_busy),
      .cycles_o      (cycles_o),
      .counters_o    (counters_o)
  );
  assign busy_o = array_busy || unit_busy != {UNITS{1'b0}};

  genvar u;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
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
          .index_i           (index[16*u+:PARAMETERS_W]),
          .valid_o           (out_valid_o[u]),
          .value_o           (out_value_o[u*VALUE_W+:VALUE_W]),
          .busy_o            (unit_busy[u])
      );
    end
  endgenerate
  wire unused = &{1'b0, index};
endmodule
`default_nettype wire
