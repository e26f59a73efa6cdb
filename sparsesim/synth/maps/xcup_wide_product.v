// A signed product of 26 or 27 bits by up to 18 in one multiplier block, as a DSP48E2 has it (UG579).
//
// Yosys packs registers into a DSP48E1 alone, whose multiplier has 25 bits, and takes two for more.
// This takes one, whose A port has the 30 bits of a DSP48E2's: right to be counted, not to be simulated.
(* techmap_celltype = "$mul" *)
module xcup_wide_product #(
    parameter A_SIGNED = 0,
    parameter B_SIGNED = 0,
    parameter A_WIDTH = 1,
    parameter B_WIDTH = 1,
    parameter Y_WIDTH = 1
) (
    input  [A_WIDTH-1:0] A,
    input  [B_WIDTH-1:0] B,
    output [Y_WIDTH-1:0] Y
);
  localparam WIDE_W = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  localparam OTHER_W = A_WIDTH > B_WIDTH ? B_WIDTH : A_WIDTH;
  wire _TECHMAP_FAIL_ = !A_SIGNED || !B_SIGNED || WIDE_W < 26 || WIDE_W > 27 || OTHER_W > 18 || Y_WIDTH > 48;

  wire [WIDE_W-1:0] wide;
  wire [OTHER_W-1:0] other;
  wire [47:0] product;
  generate
    if (A_WIDTH > B_WIDTH) begin
      assign wide  = A;
      assign other = B;
    end else begin
      assign wide  = B;
      assign other = A;
    end
  endgenerate
  // No register is on: what follows or stands before is packed into it later. P = A * B.
  DSP48E1 #(
      .AREG(0), .BREG(0), .CREG(0), .DREG(0), .ADREG(0), .MREG(0), .PREG(0),
      .ACASCREG(0), .BCASCREG(0), .INMODEREG(0), .OPMODEREG(0), .ALUMODEREG(0),
      .CARRYINREG(0), .CARRYINSELREG(0)
  ) _TECHMAP_REPLACE_ (
      .A({{30{wide[WIDE_W-1]}}, wide}),
      .B({{18{other[OTHER_W-1]}}, other}),
      .C(48'd0), .D(25'd0), .PCIN(48'd0), .ACIN(30'd0), .BCIN(18'd0), .CARRYIN(1'b0),
      .INMODE(5'd0), .ALUMODE(4'd0), .OPMODE(7'b0000101), .CARRYINSEL(3'd0),
      .P(product)
  );
  assign Y = product;
endmodule
