`default_nettype none
// The sums of two PEs of several lanes whose multipliers are shared; synthesised for its price alone.
//
// As in packed_sums.v a multiplier gives two products side by side, and the high one gets back what
// the low one borrowed. With several lanes both sums lie in look-up tables anyway, so that sharing
// costs what this takes with PACKED = 1 less what it takes with PACKED = 0.
//
// Test: tests/area/test_packed_sums.py.
module packed_tree #(
    // Width of a sum, signed, 24 to 64.
    parameter ACC_W = 32,
    // Multipliers of each PE, 2 to 64.
    parameter LANES = 2,
    // Whether products share a multiplier, or have one each.
    parameter PACKED = 1
) (
    input  wire                  clk_i,
    // Lane k's two products: the low 18 bits and the high 18 of [36*k +: 36].
    input  wire [36*LANES-1:0]   product_i,
    // Of both sums: the products two cycles ago were the first; 0: add.
    input  wire                  first_i,
    output reg signed [ACC_W-1:0] low_o,
    output reg signed [ACC_W-1:0] high_o
);
  reg [36*LANES-1:0] product_q;
  reg signed [ACC_W-1:0] low, high, low_q, high_q;
  integer k;
  always @* begin
    low = 0;
    high = 0;
    for (k = 0; k < LANES; k = k + 1) begin
      low = low + $signed(product_q[36*k +: 18]);
      high = high + $signed(product_q[36*k+18 +: 18]) + $signed({1'b0, PACKED[0] & product_q[36*k+17]});
    end
  end
  always @(posedge clk_i) begin
    product_q <= product_i;
    low_q <= low;
    high_q <= high;
    low_o <= (first_i ? {ACC_W{1'b0}} : low_o) + low_q;
    high_o <= (first_i ? {ACC_W{1'b0}} : high_o) + high_q;
  end
endmodule
`default_nettype wire
