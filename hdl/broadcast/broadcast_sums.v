`default_nettype none
// Sums of a PE, in two halves: products are added in one while the other's leave.
//
// A sum that has left counts as zero until the next product comes to it: a bit beside each says so, so
// that nothing is written where sums leave.
//
// Cycle contract: a product of cycle t is added in t; what was added in t is read, and added to, from
// t + 1 on. A sum that leaves in cycle t stands in result_o from t + 1 on, until the next one leaves.
// Products and leaving sums of one cycle are in different halves.
//
// Example: products 5 and -2 for row 3 of half 0 in cycles 0 and 1; row 3 leaves in cycle 2: result_o
// is 3 in cycle 3. Leaving again in cycle 4 it is 0 in cycle 5.
//
// Twin: two lists. Test: test_broadcast_sums.py.
module broadcast_sums #(
    // Sums of a half, 1 to 256. LUT RAM doubles with each doubling above 32.
    parameter PE_SUMS = 32,
    // Width of a product, in bits, signed, 4 to 32.
    parameter PRODUCT_W = 17,
    // Width of a sum, in bits, signed, 8 to 64.
    parameter ACC_W = 32,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = PE_SUMS > 1 ? $clog2(PE_SUMS) : 1
) (
    input  wire                 clk_i,
    // A product, and the sum that it belongs to.
    input  wire                 add_i,
    input  wire                 add_half_i,
    input  wire [    ROW_W-1:0] add_row_i,
    input  wire [PRODUCT_W-1:0] product_i,
    // A sum leaves; or a row of both halves is cleared.
    input  wire                 drain_i,
    input  wire                 clear_i,
    input  wire                 drain_half_i,
    input  wire [    ROW_W-1:0] drain_row_i,
    output wire [    ACC_W-1:0] result_o
);
  sparsesim_parameter_range #(.NAME("pe_sums"), .VALUE(PE_SUMS), .LOW(1), .HIGH(256)) u_sums_range ();
  sparsesim_parameter_range #(.NAME("product_bits"), .VALUE(PRODUCT_W), .LOW(4), .HIGH(32)) u_product_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();

  localparam WIDE_W = ACC_W > PRODUCT_W ? ACC_W : PRODUCT_W;
  /* verilator lint_off UNUSEDSIGNAL */  // a sum wraps
  wire [WIDE_W-1:0] wide = {{WIDE_W - PRODUCT_W + 1{product_i[PRODUCT_W-1]}}, product_i[PRODUCT_W-2:0]};
  /* verilator lint_on UNUSEDSIGNAL */
  wire [ACC_W-1:0] sum[0:1];
  wire [1:0] fresh;
  wire [ACC_W-1:0] base = fresh[add_half_i] ? {ACC_W{1'b0}} : sum[add_half_i];
  wire [ACC_W-1:0] added = base + wide[ACC_W-1:0];
  genvar h;
  generate
    for (h = 0; h < 2; h = h + 1) begin : g_half
      wire adds = add_i && add_half_i == h;
      wire drains = clear_i || (drain_i && drain_half_i == h);
      wire [ROW_W-1:0] row = drains ? drain_row_i : add_row_i;
      sparsesim_lutram #(
          .WIDTH(ACC_W),
          .DEPTH(PE_SUMS)
      ) u_sums (
          .clk_i  (clk_i),
          .we_i   (adds),
          .waddr_i(row),
          .wdata_i(added),
          .raddr_i(row),
          .rdata_o(sum[h])
      );
      sparsesim_lutram #(
          .WIDTH(1),
          .DEPTH(PE_SUMS)
      ) u_fresh (
          .clk_i  (clk_i),
          .we_i   (adds || drains),
          .waddr_i(row),
          .wdata_i(!adds),
          .raddr_i(row),
          .rdata_o(fresh[h])
      );
    end
  endgenerate
  reg [ACC_W-1:0] result_q;
  always @(posedge clk_i) begin
    if (drain_i) result_q <= fresh[drain_half_i] ? {ACC_W{1'b0}} : sum[drain_half_i];
  end
  assign result_o = result_q;
endmodule
`default_nettype wire
