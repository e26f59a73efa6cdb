`default_nettype none
// A row's store of the operand that is held: words of LANES values, in two halves, in block RAM with
// a register behind it.
//
// A word that is written in cycle t is there for reads from t + 1 on; the word that is read in cycle
// t stands at word_o in t + 2. A half is not read while it is written.
//
// Example, DEPTH = 16: address 17 is word 1 of half 1.
//
// Twin: an array. Test: test_stream_store.py.
module stream_store #(
    // Values of a word, 1 to 256.
    parameter LANES = 16,
    // Words of a half, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Width of a value, 2 to 16.
    parameter HELD_W = 8,
    // Width of an address; derived, leave it.
    parameter ADDRESS_W = $clog2(DEPTH) + 1
) (
    input  wire                    clk_i,
    // Writes a word; the top bit of an address is the half.
    input  wire                    write_i,
    input  wire [   ADDRESS_W-1:0] write_address_i,
    input  wire [LANES*HELD_W-1:0] word_i,
    // Reads a word, in every cycle.
    input  wire [   ADDRESS_W-1:0] read_address_i,
    output wire [LANES*HELD_W-1:0] word_o
);
  (* ram_style = "block", no_rw_check *)
  reg [LANES*HELD_W-1:0] memory[0:2*DEPTH-1];
  reg [LANES*HELD_W-1:0] read_q, word_q;
  always @(posedge clk_i) begin
    if (write_i) memory[write_address_i] <= word_i;
    read_q <= memory[read_address_i];
    word_q <= read_q;
  end
  assign word_o = word_q;
endmodule
`default_nettype wire
