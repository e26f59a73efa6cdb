// Wide multiplexers of one bit onto MUXF7 and MUXF8: 8 inputs in two LUT6, 16 in four.
//
// Yosys's own rules would use four LUTs and a MUXF8 for 8 inputs, or no MUXF at all. Read by
// `techmap` before the wide multiplexers become gates; narrower ones are left to ABC.
// Source: UG474, 7 Series FPGAs CLB, "Multiplexers": 8:1 in two LUTs and an F7MUX, 16:1 in a slice.
(* techmap_celltype = "$shiftx" *)
module wide_mux (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam FULL = 1 << B_WIDTH;
  generate
    if (Y_WIDTH != 1 || B_SIGNED || B_WIDTH < 3 || B_WIDTH > 6 || A_WIDTH > FULL || A_WIDTH <= FULL / 2) begin
      wire _TECHMAP_FAIL_ = 1;
    end else begin : wide
      wire [FULL-1:0] all = {{FULL - A_WIDTH{1'bx}}, A};
      if (B_WIDTH <= 4) begin : two
        wire low, high;
        \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(FULL/2), .B_WIDTH(B_WIDTH-1), .Y_WIDTH(1))
          m0 (.A(all[FULL/2-1:0]), .B(B[B_WIDTH-2:0]), .Y(low));
        \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(FULL/2), .B_WIDTH(B_WIDTH-1), .Y_WIDTH(1))
          m1 (.A(all[FULL-1:FULL/2]), .B(B[B_WIDTH-2:0]), .Y(high));
        if (B_WIDTH == 3) begin : f7
          MUXF7 f (.I0(low), .I1(high), .S(B[2]), .O(Y));
        end else begin : f8
          MUXF8 f (.I0(low), .I1(high), .S(B[3]), .O(Y));
        end
      end else begin : sixteens
        wire [FULL/16-1:0] part;
        genvar i;
        for (i = 0; i < FULL / 16; i = i + 1) begin : each
          \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(16), .B_WIDTH(4), .Y_WIDTH(1))
            m (.A(all[16*i+:16]), .B(B[3:0]), .Y(part[i]));
        end
        \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(FULL/16), .B_WIDTH(B_WIDTH-4), .Y_WIDTH(1))
          m (.A(part), .B(B[B_WIDTH-1:4]), .Y(Y));
      end
    end
  endgenerate
endmodule
