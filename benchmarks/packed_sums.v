`default_nettype none
// The sums of two multiply-accumulates that share a DSP48E2; synthesised for its price alone.
//
// The multiplier gives act * (high * 2^18 + low) for two signed 8-bit weights and one activation of
// up to 9 bits: both products, of 17 bits, in fields of 18. The low field is signed and borrows from
// the high one, which gets it back. No sum of products fits its field, so both sums lie here.
//
// Test: tests/area/test_packed_sums.py.
module packed_sums #(
    // Width of a sum, signed, 19 to 64.
    parameter ACC_W = 32
) (
    input  wire              clk_i,
    // Two products of this cycle, as the multiplier's register has them.
    input  wire signed [43:0] product_i,
    // Of the low and the high sum: this product is the first; 0: add.
    input  wire              first_i,
    output reg signed [ACC_W-1:0] low_o,
    output reg signed [ACC_W-1:0] high_o
);
  wire signed [17:0] low = product_i[17:0];
  wire signed [25:0] high = product_i[43:18];
  wire signed [ACC_W-1:0] low_base = first_i ? {ACC_W{1'b0}} : low_o;
  wire signed [ACC_W-1:0] high_base = first_i ? {ACC_W{1'b0}} : high_o;
  wire signed [1:0] borrow = {1'b0, product_i[17]};
  always @(posedge clk_i) begin
    low_o  <= low_base + low;
    high_o <= high_base + high + borrow;
  end
endmodule
`default_nettype wire
