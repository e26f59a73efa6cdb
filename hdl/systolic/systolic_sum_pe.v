`default_nettype none
// A PE of an output-stationary array: its sum stays; activations pass to the right, weights down.
//
// Cycle contract: it meets a pair in the cycle in which act_i and weight_i hold it, and passes both
// on a cycle later. adds_i and first_i belong to the pair met 2 cycles before, last_i to the one
// met 3 cycles before: behind a tile's last pair its sum stands in result_o 4 cycles after it was
// met, until the next tile's.
//
// Example: it meets 5 and 3 in cycle 0, 2 and -4 in cycle 1; adds_i in cycles 2 and 3, first_i in
// cycle 2, last_i in cycle 4: result_o = 7 from cycle 5 on.
//
// On AMD parts it is a DSP slice and flip-flops.
//
// Twin: tests/machines/systolic. Test: test_systolic_sum_pe.py.
module systolic_sum_pe #(
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64; it is kept modulo 2^ACC_W. Up to 48 cost nothing on AMD
    // parts.
    parameter ACC_W = 32,
    // What class counters need, 0 to 1.
    parameter COUNTERS_EN = 0
) (
    input  wire                clk_i,
    // From the left and from above; to the right and down, a cycle later.
    input  wire [   ACT_W-1:0] act_i,
    output wire [   ACT_W-1:0] act_o,
    input  wire [WEIGHT_W-1:0] weight_i,
    output wire [WEIGHT_W-1:0] weight_o,
    // Of the pair that was met 2 cycles before: its product is added; it starts the sum anew.
    input  wire                adds_i,
    input  wire                first_i,
    // Of the pair that was met 3 cycles before: it is its tile's last.
    input  wire                last_i,
    // The sum of the last tile that ended here.
    output wire [   ACC_W-1:0] result_o,
    // The product that is made in this cycle is of two numbers that are not zero; with COUNTERS_EN.
    output wire                effectual_o
);
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_en_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();

  localparam PRODUCT_W = ACT_W + WEIGHT_W;
  reg signed [ACT_W-1:0] act_q;
  reg signed [WEIGHT_W-1:0] weight_q;
  reg signed [PRODUCT_W-1:0] product_q;
  reg signed [ACC_W-1:0] sum_q;
  reg [ACC_W-1:0] result_q;
  wire signed [ACC_W-1:0] product;
  generate
    if (ACC_W >= PRODUCT_W) begin : g_extend
      assign product = {{ACC_W - PRODUCT_W + 1{product_q[PRODUCT_W-1]}}, product_q[PRODUCT_W-2:0]};
    end else begin : g_cut
      assign product = product_q[ACC_W-1:0];
      wire unused = &{1'b0, product_q[PRODUCT_W-1:ACC_W]};
    end
  endgenerate
  // Written as zero or the sum, plus the product: the form that a DSP slice's own adder has.
  wire signed [ACC_W-1:0] base = first_i ? {ACC_W{1'b0}} : sum_q;
  always @(posedge clk_i) begin
    act_q <= act_i;
    weight_q <= weight_i;
    product_q <= act_q * weight_q;
    if (adds_i) sum_q <= base + product;
    if (last_i) result_q <= sum_q;
  end
  assign act_o = act_q;
  assign weight_o = weight_q;
  assign result_o = result_q;
  assign effectual_o = COUNTERS_EN != 0 && act_q != 0 && weight_q != 0;
endmodule
`default_nettype wire
