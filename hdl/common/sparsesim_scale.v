`default_nettype none
// Scale of a sum: the floor of (sum + bias) * multiplier / 2^shift, and whether half to even is one
// above it.
//
// Cycle contract: fully pipelined, a sum a cycle; what comes in with valid_i in cycle t leaves with
// valid_o in cycle t + 5 + 2 * PIECES; PIECES is 2 for sums of up to 34 bits, 3 up to 51, else 4.
// Nothing stalls.
//
//   1           17 bits of sum and bias each added to a piece, without a carry between pieces
//   1           products of the pieces with halves of the multiplier, of 17 and 15 bits
//   2 * PIECES  products added up, one behind the other
//   3           shifted by 0, 16, 32 or 48, by 0, 4, 8 or 12, by 0 to 3
//
// On AMD's parts a product takes one DSP slice and nothing else: the addition before it, its
// registers, the one behind it, and the cascade to the next, whose own shift is by 17 bits. What the
// shifts drop and what lies above their results lives on as single bits: was one of these set, does
// one of those differ from the sign?
//
// Example: (7 - 2) * 2^31 / 2^32 = 2.5: floor 2, which is even, so up_o is 0; (9 - 2) * 2^31 / 2^32
// = 3.5: floor 3, up_o 1.
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_scale.py.
module sparsesim_scale #(
    // Width of a sum, in bits, signed; two DSP slices a piece. 8 to 64.
    parameter ACC_W = 32,
    // Width of the floor, in bits, signed. 4 to 18.
    parameter OUT_W = 10
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // Signed sum and bias, best from registers; unsigned multiplier; bits to shift right, 0 to 63.
    input  wire             valid_i,
    input  wire [ACC_W-1:0] sum_i,
    input  wire [     31:0] bias_i,
    input  wire [     31:0] multiplier_i,
    input  wire [      5:0] shift_i,
    // The result is floor_o + up_o, floor_o signed, unless beyond_o: then the floor has more than
    // OUT_W bits. negative_o: its sign, always.
    output wire             valid_o,
    output wire [OUT_W-1:0] floor_o,
    output wire             up_o,
    output wire             beyond_o,
    output wire             negative_o
);
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_range ();
  sparsesim_parameter_range #(.NAME("out_bits"), .VALUE(OUT_W), .LOW(4), .HIGH(18)) u_out_range ();

  localparam PIECES = ACC_W > 51 ? 4 : ACC_W > 34 ? 3 : 2;
  localparam PRODUCTS = 2 * PIECES;
  localparam LATENCY = PRODUCTS + 5;
  localparam WIDE_W = 17 * PIECES;
  localparam PRODUCT_W = (ACC_W > 32 ? ACC_W : 32) + 33;
  // Behind each shift; bit 0 is a half.
  localparam NEAR_W = OUT_W + 16;
  localparam CLOSE_W = OUT_W + 4;
  localparam INDEX_W = $clog2(CLOSE_W);
  localparam FAR_W = PRODUCT_W + 1 > NEAR_W + 49 ? PRODUCT_W + 1 : NEAR_W + 49;

  // valid[n], shift_q[n] stand beside the operands of product n.
  reg [LATENCY-1:0] valid_q;
  wire [LATENCY:0] valid = {valid_q, valid_i};
  reg [5:0] shift_q[1:LATENCY-1];
  integer k;
  always @(posedge clk_i) begin
    valid_q <= rst_ni ? valid[LATENCY-1:0] : {LATENCY{1'b0}};
    shift_q[1] <= shift_i;
    for (k = 2; k < LATENCY; k = k + 1) shift_q[k] <= shift_q[k-1];
  end
  assign valid_o = valid[LATENCY];

  // Products by weight, (piece, half): (0, 0); (1, 0), (0, 1); (2, 0), (1, 1); ...
  wire [WIDE_W-1:0] sum[0:PRODUCTS-1];
  wire [WIDE_W-1:0] bias[0:PRODUCTS-1];
  wire [31:0] multiplier[0:PRODUCTS-1];
  wire signed [36:0] total[0:PRODUCTS-1];
  assign sum[0] = {{WIDE_W - ACC_W + 1{sum_i[ACC_W-1]}}, sum_i[ACC_W-2:0]};
  assign bias[0] = {{WIDE_W - 31{bias_i[31]}}, bias_i[30:0]};
  assign multiplier[0] = multiplier_i;
  genvar n;
  generate
    for (n = 0; n < PRODUCTS; n = n + 1) begin : g_product
      localparam IS_LAST = n == PRODUCTS - 1;
      localparam IS_UPPER = IS_LAST || (n > 0 && n % 2 == 0);
      localparam PIECE = IS_LAST ? PIECES - 1 : (n + 1) / 2 - (IS_UPPER ? 1 : 0);
      localparam IS_TOP = PIECE == PIECES - 1;
      localparam M_W = IS_UPPER ? 35 : 36;
      if (!IS_LAST) begin : g_next
        reg [WIDE_W-1:0] sum_q, bias_q;
        reg [31:0] multiplier_q;
        always @(posedge clk_i) {sum_q, bias_q, multiplier_q} <= {sum[n], bias[n], multiplier[n]};
        assign {sum[n+1], bias[n+1], multiplier[n+1]} = {sum_q, bias_q, multiplier_q};
      end
      // A product without a sign would find no adder behind it: the half of an idle cycle may have
      // one, for all that synthesis knows.
      wire half_sign = n > 0 && !IS_TOP && multiplier[n][31] && !valid[n];
      reg [17:0] half_q;
      always @(posedge clk_i) begin
        if (IS_UPPER) half_q <= {{3{half_sign}}, multiplier[n][31:17]};
        else half_q <= {half_sign, multiplier[n][16:0]};
      end
      wire signed [36:0] carried;
      if (n == 0) begin : g_first
        assign carried = 37'd0;
      end else begin : g_behind
        assign carried = n % 2 == 1 ? total[n-1] >>> 17 : total[n-1];
      end
      reg [17:0] piece_q;
      reg signed [M_W-1:0] product_q;
      reg signed [36:0] total_q;
      if (IS_TOP) begin : g_signed
        // The sign hangs on `valid` lest synthesis finds the piece narrower than the half: it would
        // take the multiplier's other input, which has no adder before it.
        wire sign = sum[n][17*PIECE+16] && valid[n];
        wire bias_sign = bias[n][17*PIECE+16];
        always @(posedge clk_i) begin
          piece_q   <= {sign, sum[n][17*PIECE+:17]} + {bias_sign, bias[n][17*PIECE+:17]};
          product_q <= $signed(piece_q) * $signed(half_q);
        end
      end else begin : g_unsigned
        always @(posedge clk_i) begin
          piece_q   <= {1'b0, sum[n][17*PIECE+:17]} + {1'b0, bias[n][17*PIECE+:17]};
          product_q <= $signed({1'b0, piece_q}) * $signed(half_q);
        end
      end
      always @(posedge clk_i) total_q <= {{37 - M_W{product_q[M_W-1]}}, product_q} + carried;
      assign total[n] = total_q;
    end
  endgenerate

  // The product, a half below it: the low 17 bits of each weight wait for the last.
  wire [PRODUCT_W:0] product;
  assign product[0] = 1'b0;
  assign product[PRODUCT_W:WIDE_W+1] = total[PRODUCTS-1][PRODUCT_W-WIDE_W-1:0];
  generate
    for (n = 0; n < PIECES; n = n + 1) begin : g_digit
      localparam WAITS = PRODUCTS - 1 - 2 * n;
      // No shift registers: those take LUTs, and flip-flops there are enough. `keep` tells Yosys,
      // `shreg_extract` Vivado.
      (* keep, shreg_extract = "no" *)
      reg [17*WAITS-1:0] wait_q;
      if (WAITS > 1) begin : g_waits
        always @(posedge clk_i) wait_q <= {wait_q[17*WAITS-18:0], total[2*n][16:0]};
      end else begin : g_wait
        always @(posedge clk_i) wait_q <= total[2*n][16:0];
      end
      assign product[17*n+1+:17] = wait_q[17*WAITS-17+:17];
    end
  endgenerate
  wire negative = product[PRODUCT_W];
  wire [FAR_W-1:0] far = {{FAR_W - PRODUCT_W{negative}}, product[PRODUCT_W-1:0]};


  // By whole digits of 16; of each, whether a bit is set that may be dropped, or differs from the
  // sign that may lie above.
  wire [1:0] sixteens = shift_q[LATENCY-3][5:4];
  reg [NEAR_W-1:0] near_q;
  reg [2:0] low_16_q;
  reg [3:0] high_16_q;
  // By digits of 4, likewise.
  wire [1:0] sixteens_4 = shift_q[LATENCY-2][5:4];
  wire [1:0] fours = shift_q[LATENCY-2][3:2];
  reg [CLOSE_W-1:0] close_q;
  reg [2:0] low_4_q, high_4_q;
  reg dropped_4_q, above_4_q;
  // By single bits.
  wire [1:0] fours_1 = shift_q[LATENCY-1][3:2];
  wire [1:0] ones = shift_q[LATENCY-1][1:0];
  wire [3:0] high = (close_q[OUT_W+3:OUT_W] ^ {4{negative_q[1]}}) & (4'b1111 << ones);
  reg [OUT_W:0] result_q;
  reg dropped_q, above_q;
  reg [2:0] negative_q;
  always @(posedge clk_i) begin
    near_q <= far[16*sixteens+:NEAR_W];
    for (k = 0; k < 3; k = k + 1) begin
      low_16_q[k]  <= |far[16*k+:16];
      high_16_q[k] <= far[16*k+NEAR_W+:16] != {16{negative}};
    end
    high_16_q[3] <= far[FAR_W-1:NEAR_W+48] != {FAR_W - NEAR_W - 48{negative}};

    close_q <= near_q[4*fours+:CLOSE_W];
    for (k = 0; k < 3; k = k + 1) begin
      low_4_q[k]  <= |near_q[4*k+:4];
      high_4_q[k] <= near_q[4*k+CLOSE_W+:4] != {4{negative_q[0]}};
    end
    dropped_4_q <= |(low_16_q & ~(3'b111 << sixteens_4));
    above_4_q   <= |(high_16_q & (4'b1111 << sixteens_4));

    result_q    <= close_q[{{INDEX_W - 2{1'b0}}, ones}+:OUT_W+1];
    dropped_q   <= dropped_4_q || |(low_4_q & ~(3'b111 << fours_1)) || |(close_q[2:0] & ~(3'b111 << ones));
    above_q     <= above_4_q || |(high_4_q & (3'b111 << fours_1)) || |high;

    negative_q  <= {negative_q[1:0], negative};
  end
  assign floor_o = result_q[OUT_W:1];
  assign up_o = result_q[0] && (dropped_q || result_q[1]);
  assign beyond_o = above_q;
  assign negative_o = negative_q[2];
endmodule
`default_nettype wire
