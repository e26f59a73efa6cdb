`default_nettype none
// A post-processing unit: takes a sum a cycle from whoever has one, gives its output value.
//
//   sum, index -> sparsesim_filter_memory -> sparsesim_requantise -> value
//
// Cycle contract: fully pipelined, a sum a cycle; what comes in with valid_i in cycle t leaves with
// valid_o in cycle t + 17 (19 for sums of more than 34 bits, 21 of more than 51): 2 for the filter's
// parameters, then sparsesim_requantise.v. Nothing stalls, so a sum may come only where there is a
// place for its value. busy_o is high from the cycle behind a sum to that of its value. A layer
// whose sums leave as they are sends none here.
//
// Example: filter 3 has bias -2, multiplier 2^31, shift 31; sum 7 of index 3 with zero point 3 in
// cycle 0 gives value 8 in cycle 17.
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_postprocess_unit.py.
module sparsesim_postprocess_unit #(
    // Width of a sum, in bits, signed; up to 34 take 4 DSP slices, up to 51 6, more 8. 8 to 64.
    parameter ACC_W = 32,
    // Width of an output value, in bits. 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have parameters; 512 take one 36 Kbit block RAM. 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Width of an index; derived, leave it.
    parameter INDEX_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // Writes the parameters of a filter (none with a number of MAX_FILTERS or more), while no sums
    // are inside.
    input  wire               param_we_i,
    input  wire [       15:0] param_index_i,
    input  wire [       31:0] param_bias_i,
    input  wire [       31:0] param_multiplier_i,
    input  wire [        5:0] param_shift_i,
    // The layer's parameters, as sparsesim_requantise.v has them. Static while busy.
    input  wire               relu_i,
    input  wire [  VALUE_W:0] threshold_i,
    input  wire [  VALUE_W:0] zero_point_i,
    input  wire [  VALUE_W:0] low_i,
    input  wire [  VALUE_W:0] high_i,
    // A signed sum, always taken, and the filter that it is of.
    input  wire               valid_i,
    input  wire [  ACC_W-1:0] sum_i,
    input  wire [INDEX_W-1:0] index_i,
    // Its stored value; it must be taken.
    output wire               valid_o,
    output wire [VALUE_W-1:0] value_o,
    // Sums are inside.
    output wire               busy_o
);
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();
  sparsesim_parameter_range #(.NAME("max_filters"), .VALUE(MAX_FILTERS), .LOW(1), .HIGH(65536)) u_filters_range ();

  localparam LATENCY = ACC_W > 51 ? 21 : ACC_W > 34 ? 19 : 17;

  // A sum beside its filter's parameters; all that are inside.
  // No shift registers: those take LUTs. `keep` tells Yosys, `shreg_extract` Vivado.
  (* keep, shreg_extract = "no" *)
  reg [ACC_W-1:0] sum_1_q;
  reg [ACC_W-1:0] sum_q;
  reg [LATENCY-1:0] inside_q;
  always @(posedge clk_i) begin
    {sum_q, sum_1_q} <= {sum_1_q, sum_i};
    inside_q <= rst_ni ? {inside_q[LATENCY-2:0], valid_i} : {LATENCY{1'b0}};
  end
  wire [31:0] bias, multiplier;
  wire [5:0] shift;
  sparsesim_filter_memory #(
      .MAX_FILTERS(MAX_FILTERS)
  ) u_memory (
      .clk_i             (clk_i),
      .param_we_i        (param_we_i),
      .param_index_i     (param_index_i),
      .param_bias_i      (param_bias_i),
      .param_multiplier_i(param_multiplier_i),
      .param_shift_i     (param_shift_i),
      .index_i           (index_i),
      .bias_o            (bias),
      .multiplier_o      (multiplier),
      .shift_o           (shift)
  );
  wire unused_mask, unused_last;
  sparsesim_requantise #(
      .ACC_W  (ACC_W),
      .VALUE_W(VALUE_W)
  ) u_requantise (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .valid_i     (inside_q[1]),
      .sum_i       (sum_q),
      .bias_i      (bias),
      .multiplier_i(multiplier),
      .shift_i     (shift),
      .last_i      (1'b0),
      .relu_i      (relu_i),
      .threshold_i (threshold_i),
      .zero_point_i(zero_point_i),
      .low_i       (low_i),
      .high_i      (high_i),
      .valid_o     (valid_o),
      .value_o     (value_o),
      .mask_o      (unused_mask),
      .last_o      (unused_last)
  );
  assign busy_o = |inside_q;

  wire unused = &{1'b0, unused_mask, unused_last};
endmodule
`default_nettype wire
