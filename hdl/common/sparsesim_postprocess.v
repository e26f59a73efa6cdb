`default_nettype none
// Post-processing of a column: sums of the array become output values, encoded window by window.
//
//   sums -> (filter parameters) -> requantise -> credit FIFO -> bitmask_encoder -> beats
//   sums ------------- raw_i ------------------> credit FIFO -----------------> beats
//
// A beat is {mask, values} of a window of consecutive channels (sparsesim_bitmask_encoder.v), zeros
// on top; with raw_i it is one sum, zeros on top. last_o closes a position's channels: behind all
// filters (POSITIONS_INNER = 0) or behind a filter tile's (1).
// Which filter a sum belongs to is counted (sparsesim_filter_parameters.v): sums come tile by tile,
// a tile's rows rising.
//
// Cycle contract: a sum a cycle for as long as beats are taken; ready_o then never falls. A beat
// stands at the output 21 cycles behind the sum that closes it (23 for sums of more than 34 bits, 25
// of more than 51: sparsesim_requantise.v), a raw one 4 cycles behind its sum.
// ready_o is a credit (sparsesim_credit_fifo.v): high in a cycle only if there is place for what
// has come, plus one sum for each of the RESULT_LATENCY cycles before and for this one. So nothing
// is lost while the output stalls.
//
// Example: POSITIONS_INNER = 0, filter tiles of 2 and 1 rows: sums of filters 0 1 2 0 1 2, which
// WINDOW = 2 makes beats of (0, 1), (2, last), (0, 1), (2, last).
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_postprocess.py.
module sparsesim_postprocess #(
    // Width of a sum, in bits, signed. 8 to 64.
    parameter ACC_W = 32,
    // Elements of an encoded window. 1 to 64.
    parameter WINDOW = 16,
    // Width of an output value, in bits. 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have parameters, those of a pass; 512 take one 36 Kbit block RAM. 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Loop order of the array: 0 filters_inner, 1 positions_inner. 0 to 1.
    parameter POSITIONS_INNER = 0,
    // Cycles from a cycle with ready_o to the sum that it let go, at most. 1 to 32.
    parameter RESULT_LATENCY = 5,
    // Width of a beat; derived, leave it.
    parameter BEAT_W = WINDOW * (1 + VALUE_W) > ACC_W ? WINDOW * (1 + VALUE_W) : ACC_W
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    // The pass starts: filters are counted from 0, the overflow is cleared. Nothing is inside then.
    input  wire              start_i,
    // Static while busy: filter tiles of the pass; position tiles in which this column is active.
    input  wire [      15:0] filter_tiles_i,
    input  wire [      15:0] position_tiles_i,
    // Writes the parameters of a filter (number below MAX_FILTERS), while no sums come.
    input  wire              param_we_i,
    input  wire [      15:0] param_index_i,
    input  wire [      31:0] param_bias_i,
    input  wire [      31:0] param_multiplier_i,
    input  wire [       5:0] param_shift_i,
    // The layer's parameters, as sparsesim_requantise.v has them; raw_i: beats are sums. Static
    // while busy.
    input  wire              relu_i,
    input  wire [ VALUE_W:0] threshold_i,
    input  wire [ VALUE_W:0] zero_point_i,
    input  wire [ VALUE_W:0] low_i,
    input  wire [ VALUE_W:0] high_i,
    input  wire              raw_i,
    // Sums of the array: always taken; last_i is the tile's last. ready_o: the column may drain.
    input  wire              valid_i,
    output wire              ready_o,
    input  wire [ ACC_W-1:0] sum_i,
    input  wire              overflow_i,
    input  wire              last_i,
    // Beats: taken in a cycle where both are high.
    output wire              valid_o,
    input  wire              ready_i,
    output wire [BEAT_W-1:0] data_o,
    output wire              last_o,
    // A sum of this pass had overflowed; sums or beats are inside.
    output wire              overflow_o,
    output wire              busy_o
);
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_range ();
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();
  sparsesim_parameter_range #(.NAME("max_filters"), .VALUE(MAX_FILTERS), .LOW(1), .HIGH(65536)) u_filters_range ();
  sparsesim_parameter_range #(.NAME("positions_inner"), .VALUE(POSITIONS_INNER), .LOW(0), .HIGH(1)) u_inner_range ();
  sparsesim_parameter_range #(.NAME("result_latency"), .VALUE(RESULT_LATENCY), .LOW(1), .HIGH(32)) u_latency_range ();

  localparam ENTRY_W = ACC_W > VALUE_W + 1 ? ACC_W : VALUE_W + 1;
  localparam ENCODED_W = WINDOW * (1 + VALUE_W);
  localparam REQUANTISE_LATENCY = ACC_W > 51 ? 19 : ACC_W > 34 ? 17 : 15;
  // A sum counts from its arrival until it leaves the FIFO, 5 cycles more than requantising later:
  // with this much place ready_o stays high.
  localparam DEPTH = 1 << $clog2(RESULT_LATENCY + REQUANTISE_LATENCY + 7);

  // A sum beside its filter's parameters.
  reg valid_1_q, valid_q, overflow_q;
  reg [ACC_W-1:0] sum_1_q, sum_q;
  always @(posedge clk_i) begin
    {valid_q, valid_1_q} <= {valid_1_q && rst_ni, valid_i && rst_ni};
    {sum_q, sum_1_q} <= {sum_1_q, sum_i};
    overflow_q <= rst_ni && !start_i && (overflow_q || (valid_i && overflow_i));
  end
  assign overflow_o = overflow_q;
  wire [31:0] bias, multiplier;
  wire [5:0] shift;
  wire closes;
  sparsesim_filter_parameters #(
      .MAX_FILTERS    (MAX_FILTERS),
      .POSITIONS_INNER(POSITIONS_INNER)
  ) u_parameters (
      .clk_i             (clk_i),
      .rst_ni            (rst_ni),
      .start_i           (start_i),
      .filter_tiles_i    (filter_tiles_i),
      .position_tiles_i  (position_tiles_i),
      .param_we_i        (param_we_i),
      .param_index_i     (param_index_i),
      .param_bias_i      (param_bias_i),
      .param_multiplier_i(param_multiplier_i),
      .param_shift_i     (param_shift_i),
      .valid_i           (valid_i),
      .last_i            (last_i),
      .bias_o            (bias),
      .multiplier_o      (multiplier),
      .shift_o           (shift),
      .closes_o          (closes)
  );

  wire requantised_valid, requantised_last, mask;
  wire [VALUE_W-1:0] value;
  sparsesim_requantise #(
      .ACC_W  (ACC_W),
      .VALUE_W(VALUE_W)
  ) u_requantise (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .valid_i     (valid_q && !raw_i),
      .sum_i       (sum_q),
      .bias_i      (bias),
      .multiplier_i(multiplier),
      .shift_i     (shift),
      .last_i      (closes),
      .relu_i      (relu_i),
      .threshold_i (threshold_i),
      .zero_point_i(zero_point_i),
      .low_i       (low_i),
      .high_i      (high_i),
      .valid_o     (requantised_valid),
      .value_o     (value),
      .mask_o      (mask),
      .last_o      (requantised_last)
  );

  // FIFO of entries: a sum, or a value and its mask bit.
  reg [ENTRY_W-1:0] entry_d;
  always @* begin
    entry_d = {ENTRY_W{1'b0}};
    if (raw_i) entry_d[ACC_W-1:0] = sum_q;
    else entry_d[VALUE_W:0] = {mask, value};
  end
  wire entry_valid, entry_ready, entry_last, entries_busy;
  wire [ENTRY_W-1:0] entry;
  sparsesim_credit_fifo #(
      .WIDTH  (ENTRY_W + 1),
      .DEPTH  (DEPTH),
      .LATENCY(RESULT_LATENCY)
  ) u_fifo (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .credit_o(ready_o),
      .arrive_i(valid_i),
      .push_i  (raw_i ? valid_q : requantised_valid),
      .data_i  ({raw_i ? closes : requantised_last, entry_d}),
      .valid_o (entry_valid),
      .ready_i (entry_ready),
      .data_o  ({entry_last, entry}),
      .busy_o  (entries_busy)
  );

  wire encoder_ready, encoded_valid, encoded_last, encoder_busy;
  wire [ENCODED_W-1:0] encoded;
  sparsesim_bitmask_encoder #(
      .WINDOW (WINDOW),
      .VALUE_W(VALUE_W)
  ) u_encoder (
      .clk_i  (clk_i),
      .rst_ni (rst_ni && !raw_i),
      .valid_i(entry_valid),
      .ready_o(encoder_ready),
      .value_i(entry[VALUE_W-1:0]),
      .mask_i (entry[VALUE_W]),
      .last_i (entry_last),
      .valid_o(encoded_valid),
      .ready_i(ready_i),
      .beat_o (encoded),
      .last_o (encoded_last),
      .busy_o (encoder_busy)
  );
  assign entry_ready = raw_i ? ready_i : encoder_ready;
  assign valid_o = raw_i ? entry_valid : encoded_valid;
  assign last_o = raw_i ? entry_last : encoded_last;
  assign busy_o = entries_busy || encoder_busy;

  // Of a raw layer the encoder is in reset: its beat is zeros.
  reg [BEAT_W-1:0] data;
  always @* begin
    data = {BEAT_W{1'b0}};
    data[ENCODED_W-1:0] = encoded;
    if (raw_i) data[ACC_W-1:0] = entry[ACC_W-1:0];
  end
  assign data_o = data;
endmodule
`default_nettype wire
