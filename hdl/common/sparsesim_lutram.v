`default_nettype none
// Memory of a few words in LUTs: one write port with a clock, one read port without.
//
// A word written in cycle t is read from cycle t + 1 on; in cycle t the old one is read. rdata_o
// follows raddr_i within the cycle, so a queue's head is there without a cycle of latency. Words
// are unknown until they are written. Not for large memories: reading costs a multiplexer over all
// words.
//
// Example, DEPTH = 4: we_i = 1, waddr_i = 2, wdata_i = 9 in cycle 0; raddr_i = 2 reads 9 in cycle
// 1.
//
// Twin: a list. Test: test_sparsesim_lutram.py.
module sparsesim_lutram #(
    // Width of a word, in bits, 1 to 65536. On a Xilinx part 6 bits of 32 words are 4 LUTs.
    parameter WIDTH = 6,
    // Words, 1 to 4096. LUTs grow in steps of 32 or 64 words; one word is a register.
    parameter DEPTH = 4,
    // Width of an address, in bits; derived, not to be set.
    parameter ADDRESS_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                 clk_i,
    // Write port: wdata_i goes to word waddr_i, below DEPTH, where we_i is high.
    input  wire                 we_i,
    input  wire [ADDRESS_W-1:0] waddr_i,
    input  wire [WIDTH-1:0]     wdata_i,
    // Read port: rdata_o is word raddr_i, below DEPTH.
    input  wire [ADDRESS_W-1:0] raddr_i,
    output wire [WIDTH-1:0]     rdata_o
);
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(65536)) u_width_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(1), .HIGH(4096)) u_depth_range ();

  generate
    if (DEPTH == 1) begin : g_register
      reg [WIDTH-1:0] word_q;
      wire unused = &{1'b0, waddr_i, raddr_i};
      assign rdata_o = word_q;
      always @(posedge clk_i) begin
        if (we_i) word_q <= wdata_i;
      end
    end else begin : g_memory
      // Without the attribute Yosys makes flip-flops of a few words; these words need no reset.
      (* ram_style = "distributed" *)
      reg [WIDTH-1:0] word_q[0:DEPTH-1];
      assign rdata_o = word_q[raddr_i];
      always @(posedge clk_i) begin
        if (we_i) word_q[waddr_i] <= wdata_i;
      end
    end
  endgenerate
endmodule
`default_nettype wire
