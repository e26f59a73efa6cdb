// Wide multiplexers of one bit onto PFUMX and L6MUX21: 16 inputs in eight LUT4, one level deep.
//
// Yosys's abc9 builds them of LUTs alone, in three or four levels. Read by `techmap` before the wide
// multiplexers become gates. A PFUMX takes nothing but two LUT4: where ABC leaves something else
// there, sparsesim/synth/ecp5_netlist.py puts a LUT4 in between.
// Source: FPGA-DS-02012, ECP5 Family Data Sheet, section 2.2: LUT5 to LUT8 by concatenation of LUT4.
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
    if (Y_WIDTH != 1 || B_SIGNED || B_WIDTH < 2 || B_WIDTH > 6 || A_WIDTH > FULL || A_WIDTH <= FULL / 2) begin
      wire _TECHMAP_FAIL_ = 1;
    end else begin : wide
      wire [FULL-1:0] all = {{FULL - A_WIDTH{1'bx}}, A};
      if (B_WIDTH == 2) begin : four
        wire low = B[0] ? all[1] : all[0];
        wire high = B[0] ? all[3] : all[2];
        PFUMX f (.BLUT(low), .ALUT(high), .C0(B[1]), .Z(Y));
      end else if (B_WIDTH <= 4) begin : two
        wire low, high;
        \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(FULL/2), .B_WIDTH(B_WIDTH-1), .Y_WIDTH(1))
          m0 (.A(all[FULL/2-1:0]), .B(B[B_WIDTH-2:0]), .Y(low));
        \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(FULL/2), .B_WIDTH(B_WIDTH-1), .Y_WIDTH(1))
          m1 (.A(all[FULL-1:FULL/2]), .B(B[B_WIDTH-2:0]), .Y(high));
        L6MUX21 f (.D0(low), .D1(high), .SD(B[B_WIDTH-1]), .Z(Y));
      end else begin : sixteens
        wire [FULL/16-1:0] part;
        genvar i;
        for (i = 0; i < FULL / 16; i = i + 1) begin : each
          \$shiftx #(.A_SIGNED(0), .B_SIGNED(0), .A_WIDTH(16), .B_WIDTH(4), .Y_WIDTH(1))
            m (.A(all[16*i+:16]), .B(B[3:0]), .Y(part[i]));
        end
        if (B_WIDTH == 5) begin : pair
          assign Y = B[4] ? part[1] : part[0];
        end else begin : quad
          assign Y = B[5] ? (B[4] ? part[3] : part[2]) : (B[4] ? part[1] : part[0]);
        end
      end
    end
  endgenerate
endmodule
