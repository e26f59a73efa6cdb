`default_nettype none
// Requantiser of a column: turns sums of the array into output values and their mask bits.
//
//   v = sum + bias                                  exact
//   y = v * multiplier / 2^shift                    rounded half to even
//   y = max(y, 0) if relu;   y = 0 if |y| <= threshold
//   z = clamp(y + zero_point, low, high)            value: low VALUE_W bits; mask: z != zero_point
//
// Cycle contract: fully pipelined, a sum a cycle; what comes in with valid_i in cycle t leaves with
// valid_o in cycle t + 13: bias 1, scale 8, relu and threshold 1, zero point 1, limits 1, clamp 1.
// Nothing stalls.
//
// Example: sum 7, bias -2, multiplier 2^31, shift 31, zero point 3: value 8, mask 1.
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_requantise.py.
module sparsesim_requantise #(
    // Width of a sum, in bits, signed; up to 34 take 4 DSP slices, more take 8. 8 to 64.
    parameter ACC_W = 32,
    // Width of an output value, in bits. 2 to 16.
    parameter VALUE_W = 8
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // A signed sum and its filter's parameters: bias signed; shift in bits, 0 to 63.
    input  wire               valid_i,
    input  wire [  ACC_W-1:0] sum_i,
    input  wire [       31:0] bias_i,
    input  wire [       31:0] multiplier_i,
    input  wire [        5:0] shift_i,
    // Rides along, to last_o.
    input  wire               last_i,
    // The layer's parameters, static while values are on their way. Threshold: unsigned, in output
    // steps, 0 changes nothing. The rest signed, so that both signed and unsigned values have a
    // place; low at most high.
    input  wire               relu_i,
    input  wire [  VALUE_W:0] threshold_i,
    input  wire [  VALUE_W:0] zero_point_i,
    input  wire [  VALUE_W:0] low_i,
    input  wire [  VALUE_W:0] high_i,
    // The stored value, and whether it differs from the zero point.
    output wire               valid_o,
    output wire [VALUE_W-1:0] value_o,
    output wire               mask_o,
    output wire               last_o
);
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();

  localparam LATENCY = 13;
  localparam BIASED_W = (ACC_W > 32 ? ACC_W : 32) + 1;
  // Saturated to 3 bits more than a value, y is still above every threshold, and y + zero_point
  // beyond low or high.
  localparam Y_W = VALUE_W + 3;
  localparam Z_W = Y_W + 1;

  // Bias.
  reg biased_valid_q;
  reg [BIASED_W-1:0] biased_q;
  reg [31:0] multiplier_q;
  reg [5:0] shift_q;
  always @(posedge clk_i) begin
    biased_q <= {{BIASED_W - ACC_W{sum_i[ACC_W-1]}}, sum_i} + {{BIASED_W - 32{bias_i[31]}}, bias_i};
    multiplier_q <= multiplier_i;
    shift_q <= shift_i;
    biased_valid_q <= valid_i && rst_ni;
  end

  wire scaled_valid;
  wire signed [Y_W-1:0] scaled;
  sparsesim_scale #(
      .IN_W (BIASED_W),
      .OUT_W(Y_W)
  ) u_scale (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .valid_i     (biased_valid_q),
      .value_i     (biased_q),
      .multiplier_i(multiplier_q),
      .shift_i     (shift_q),
      .valid_o     (scaled_valid),
      .result_o    (scaled)
  );

  // ReLU and threshold, zero point, clamp.
  wire signed [Y_W-1:0] threshold = {2'b00, threshold_i};
  wire is_zero = (relu_i && scaled < 0) || (scaled <= threshold && scaled >= -threshold);
  wire signed [Z_W-1:0] low = {{3{low_i[VALUE_W]}}, low_i};
  wire signed [Z_W-1:0] high = {{3{high_i[VALUE_W]}}, high_i};
  reg signed [Y_W-1:0] y_q;
  reg signed [Z_W-1:0] shifted_q;
  reg is_low_q, is_high_q;
  reg [VALUE_W:0] within_q, z;
  always @* begin
    z = within_q;
    if (is_low_q) z = low_i;
    if (is_high_q) z = high_i;
  end
  reg [VALUE_W-1:0] value_q;
  reg mask_q;
  reg [3:0] valid_q;
  reg [LATENCY-1:0] last_q;
  always @(posedge clk_i) begin
    y_q <= is_zero ? {Y_W{1'b0}} : scaled;
    shifted_q <= {y_q[Y_W-1], y_q} + {{3{zero_point_i[VALUE_W]}}, zero_point_i};
    within_q <= shifted_q[VALUE_W:0];
    is_low_q <= shifted_q < low;
    is_high_q <= shifted_q > high;
    value_q <= z[VALUE_W-1:0];
    mask_q <= z != zero_point_i;
    valid_q <= {valid_q[2:0], scaled_valid};
    last_q <= {last_q[LATENCY-2:0], last_i};
    if (!rst_ni) valid_q <= 4'd0;
  end
  assign valid_o = valid_q[3];
  assign value_o = value_q;
  assign mask_o = mask_q;
  assign last_o = last_q[LATENCY-1];
endmodule
`default_nettype wire
