`default_nettype none
// Sums of a PE, in two halves: products are added in one while the other's leave.
//
// A sum that has left counts as zero until the next product comes to it: a bit beside each says so, and
// what is written with that bit where a sum leaves is of no matter.
//
// Cycle contract: the row of a product comes in cycle t, the product in t + 2, in which it is added; what
// follows in the next cycle for the same row meets the new sum all the same. A sum that leaves in cycle t
// stands in result_o from t + 2 on, until the next one leaves; all products of rows up to t - 2 are in it.
// Products and leaving sums of one cycle are in different halves, and so are those of the two next ones;
// a sum that has left does not leave again in these.
//
// Example: row 3 of half 0 in cycles 0 and 1, products 5 and -2 in cycles 2 and 3; row 3 leaves in cycle
// 3: result_o is 3 in cycle 5. Leaving again in cycle 6 it is 0 in cycle 8.
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
    // A product will be added to a sum; the product of two cycles before.
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

  // Read (1), then added and written (2).
  reg add_1_q, add_2_q, half_1_q, half_2_q, drain_1_q, drain_half_1_q;
  reg [ROW_W-1:0] row_1_q[0:1];
  reg [ROW_W-1:0] row_2_q[0:1];
  reg [1:0] marks_1_q, marks_2_q;
  reg [ACC_W-1:0] base_q;
  wire [ACC_W-1:0] sum[0:1];
  wire [1:0] fresh;
  // The product first: what comes before the adder shares its LUTs on AMD parts.
  wire [ACC_W-1:0] added = wide[ACC_W-1:0] + base_q;
  wire again = add_2_q && half_1_q == half_2_q && row_1_q[half_1_q] == row_2_q[half_1_q];
  always @(posedge clk_i) begin
    add_1_q <= add_i;
    add_2_q <= add_1_q;
    half_1_q <= add_half_i;
    half_2_q <= half_1_q;
    drain_1_q <= drain_i;
    drain_half_1_q <= drain_half_i;
    marks_2_q <= marks_1_q;
    base_q <= again ? added : sum[half_1_q];
    if (!again && fresh[half_1_q]) base_q <= {ACC_W{1'b0}};
  end
  genvar h;
  generate
    for (h = 0; h < 2; h = h + 1) begin : g_half
      wire marks = clear_i || (drain_i && drain_half_i == h);
      wire adds = add_2_q && half_2_q == h;
      always @(posedge clk_i) begin
        marks_1_q[h] <= marks;
        row_1_q[h] <= marks ? drain_row_i : add_row_i;
        row_2_q[h] <= row_1_q[h];
      end
      sparsesim_lutram #(
          .WIDTH(1 + ACC_W),
          .DEPTH(PE_SUMS)
      ) u_sums (
          .clk_i  (clk_i),
          .we_i   (adds || marks_2_q[h]),
          .waddr_i(row_2_q[h]),
          .wdata_i({marks_2_q[h], added}),
          .raddr_i(row_1_q[h]),
          .rdata_o({fresh[h], sum[h]})
      );
    end
  endgenerate
  reg [ACC_W-1:0] result_q;
  always @(posedge clk_i) begin
    if (drain_1_q) result_q <= fresh[drain_half_1_q] ? {ACC_W{1'b0}} : sum[drain_half_1_q];
  end
  assign result_o = result_q;
endmodule
`default_nettype wire
