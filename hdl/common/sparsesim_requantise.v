`default_nettype none
// Requantiser: turns sums of the array into output values and their mask bits.
//
//   v = sum + bias                                  exact
//   y = v * multiplier / 2^shift                    rounded half to even
//   y = max(y, 0) if relu;   y = 0 if |y| <= threshold
//   z = clamp(y + zero_point, low, high)            value: low VALUE_W bits; mask: z != zero_point
//
// Cycle contract: fully pipelined, a sum a cycle; what comes in with valid_i in cycle t leaves with
// valid_o in cycle t + 11 + 2 * PIECES (15 for sums of up to 34 bits): scale 5 + 2 * PIECES, as
// sparsesim_scale.v has it, ReLU and threshold 2, zero point 1, limits 2, clamp 1. Nothing stalls.
//
// y is never rounded by itself: its floor and what comes on top of it are compared and added
// together. Comparisons take half their bits in one cycle and half in the next, in LUTs.
//
// Example: sum 7, bias -2, multiplier 2^31, shift 31, zero point 3: value 8, mask 1.
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_requantise.py.
module sparsesim_requantise #(
    // Width of a sum, in bits, signed; up to 34 take 4 DSP slices, up to 51 6, more 8. 8 to 64.
    parameter ACC_W = 32,
    // Width of an output value, in bits. 2 to 16.
    parameter VALUE_W = 8
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // A signed sum and its filter's parameters, best from registers: bias signed; shift in bits, 0
    // to 63.
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

  localparam LATENCY = (ACC_W > 51 ? 8 : ACC_W > 34 ? 6 : 4) + 11;
  // A floor beyond these bits is above every threshold, and with the zero point beyond low or high.
  localparam Y_W = VALUE_W + 2;
  localparam Z_W = Y_W + 1;

  wire scaled_valid, up, beyond, negative;
  wire [Y_W-1:0] floor;
  sparsesim_scale #(
      .ACC_W(ACC_W),
      .OUT_W(Y_W)
  ) u_scale (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .valid_i     (valid_i),
      .sum_i       (sum_i),
      .bias_i      (bias_i),
      .multiplier_i(multiplier_i),
      .shift_i     (shift_i),
      .valid_o     (scaled_valid),
      .floor_o     (floor),
      .up_o        (up),
      .beyond_o    (beyond),
      .negative_o  (negative)
  );

  // Whether a + carry > b, unsigned, of bits first to last - 1; carry: that, of the bits below.
  function exceeds(input carry, input [Z_W-1:0] a, input [Z_W-1:0] b, input integer first,
                   input integer last);
    integer k;
    begin
      exceeds = carry;
      for (k = first; k < last; k = k + 1) exceeds = exceeds ? a[k] || !b[k] : a[k] && !b[k];
    end
  endfunction

  // ReLU and threshold: |y| is floor + up, or of a negative one ~floor + !up.
  localparam HALF_Y = Y_W / 2;
  wire [Z_W-1:0] threshold = {2'b00, threshold_i};
  reg [Y_W-1:0] floor_1_q, floor_q;
  reg up_1_q, up_q, exceeds_q;
  // Behind these 2 and the 2 registers that follow.
  reg [4:1] beyond_q, negative_q;
  wire is_rectified = relu_i && negative_q[1];
  wire is_zero = is_rectified || (!beyond_q[1] &&
      !exceeds(exceeds_q, {1'b0, floor_1_q ^ {Y_W{negative_q[1]}}}, threshold, HALF_Y, Y_W));
  always @(posedge clk_i) begin
    floor_1_q <= floor;
    up_1_q <= up;
    exceeds_q <= exceeds(up ^ negative, {1'b0, floor ^ {Y_W{negative}}}, threshold, 0, HALF_Y);
    floor_q <= is_zero ? {Y_W{1'b0}} : floor_1_q;
    up_q <= up_1_q && !is_zero;
    beyond_q <= {beyond_q[3:2], beyond_q[1] && !is_rectified, beyond};
    negative_q <= {negative_q[3:1], negative};
  end

  // Zero point: the sum with a bit below, where `up` is carried in.
  wire [Z_W-1:0] zero_point = {{2{zero_point_i[VALUE_W]}}, zero_point_i};
  /* verilator lint_off UNUSEDSIGNAL */
  wire [Z_W:0] sum = {floor_q[Y_W-1], floor_q, 1'b1} + {zero_point, up_q};
  /* verilator lint_on UNUSEDSIGNAL */
  // Limits, signed: the top bit weighs the other way round. Clamp.
  localparam HALF_Z = Z_W / 2;
  localparam [Z_W-1:0] TOP = {1'b1, {Z_W - 1{1'b0}}};
  wire [Z_W-1:0] low = {{2{low_i[VALUE_W]}}, low_i};
  wire [Z_W-1:0] high = {{2{high_i[VALUE_W]}}, high_i};
  reg [Z_W-1:0] sum_3_q, sum_4_q;
  reg below_q, above_q, is_low_q, is_high_q;
  reg [VALUE_W:0] within_q, z;
  always @* begin
    z = within_q;
    if (is_low_q) z = low_i;
    if (is_high_q) z = high_i;
  end
  reg [VALUE_W-1:0] value_q;
  reg mask_q;
  reg [6:1] valid_q;
  reg [LATENCY-1:0] last_q;
  always @(posedge clk_i) begin
    sum_3_q <= sum[Z_W:1];
    below_q <= exceeds(1'b0, low, sum_3_q, 0, HALF_Z);
    above_q <= exceeds(1'b0, sum_3_q, high, 0, HALF_Z);
    sum_4_q <= sum_3_q;
    is_low_q <= beyond_q[4] ? negative_q[4] : exceeds(below_q, low ^ TOP, sum_4_q ^ TOP, HALF_Z, Z_W);
    is_high_q <= beyond_q[4] ? !negative_q[4] : exceeds(above_q, sum_4_q ^ TOP, high ^ TOP, HALF_Z, Z_W);
    within_q <= sum_4_q[VALUE_W:0];
    value_q <= z[VALUE_W-1:0];
    mask_q <= z != zero_point_i;
    valid_q <= rst_ni ? {valid_q[5:1], scaled_valid} : 6'd0;
    last_q <= {last_q[LATENCY-2:0], last_i};
  end
  assign valid_o = valid_q[6];
  assign value_o = value_q;
  assign mask_o = mask_q;
  assign last_o = last_q[LATENCY-1];
endmodule
`default_nettype wire
