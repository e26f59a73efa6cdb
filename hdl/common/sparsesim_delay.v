`default_nettype none
// Registers a bus CYCLES times: pipeline registers that carry wires across the die.
//
// What enters in cycle t leaves in cycle t + CYCLES. With CYCLES = 0 it is a wire. Synthesis may
// not fold the registers into a shift register in LUTs: each must be free to lie somewhere on the
// way.
//
// Example, CYCLES = 2: d_i = 5, 6, 7 in cycles 0, 1, 2 gives q_o = 5, 6 in cycles 2, 3.
//
// Twin: a list. Test: test_sparsesim_delay.py.
module sparsesim_delay #(
    // Width of the bus, in bits, 1 to 1048576; a flip-flop each a cycle.
    parameter WIDTH = 1,
    // Registers on the way, 0 to 64.
    parameter CYCLES = 1,
    // 1: reset clears the registers (valid bits, credits). 0: data, without a reset: no routing and
    // no control set for it. 0 to 1.
    parameter RESET = 0
) (
    input  wire             clk_i,
    // Synchronous, active low; read only with RESET = 1.
    input  wire             rst_ni,
    // The bus as it enters.
    input  wire [WIDTH-1:0] d_i,
    // The bus as it was CYCLES cycles ago.
    output wire [WIDTH-1:0] q_o
);
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(1048576)) u_width_range ();
  sparsesim_parameter_range #(.NAME("cycles"), .VALUE(CYCLES), .LOW(0), .HIGH(64)) u_cycles_range ();
  sparsesim_parameter_range #(.NAME("reset"), .VALUE(RESET), .LOW(0), .HIGH(1)) u_reset_range ();

  wire unused = &{1'b0, clk_i, rst_ni};

  // Stage n stands at [n*WIDTH +: WIDTH]; stage 0 is the input.
  wire [(CYCLES+1)*WIDTH-1:0] stage;
  assign stage[WIDTH-1:0] = d_i;
  assign q_o = stage[CYCLES*WIDTH+:WIDTH];

  genvar n;
  generate
    for (n = 0; n < CYCLES; n = n + 1) begin : g_stage
      // No shift registers: `keep` tells Yosys, `shreg_extract` Vivado.
      (* keep, shreg_extract = "no" *)
      reg [WIDTH-1:0] value_q;
      if (RESET) begin : g_reset
        always @(posedge clk_i) begin
          if (!rst_ni) value_q <= {WIDTH{1'b0}};
          else value_q <= stage[n*WIDTH+:WIDTH];
        end
      end else begin : g_data
        always @(posedge clk_i) value_q <= stage[n*WIDTH+:WIDTH];
      end
      assign stage[(n+1)*WIDTH+:WIDTH] = value_q;
    end
  endgenerate
endmodule
`default_nettype wire
