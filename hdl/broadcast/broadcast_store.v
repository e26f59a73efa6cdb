`default_nettype none
// Store of a PE: block RAM with one port to write and one to read, and its output register.
//
// Two of them lie behind each PE, outside of the array: the pointers of its columns, read at the number
// of a column, and its entries. Two halves of addresses let one pass's weights arrive while another's are
// read: who writes and who reads says in which.
//
// Cycle contract: what is written in cycle t is read from t + 1 on; what is read at the address of cycle t
// stands at data_o in t + 2. Reading what is written in the same cycle gives anything.
//
// Example: word 5 written as 7 in cycle 0, address 5 in cycle 1: data_o is 7 in cycle 3.
//
// Twin: a list. Test: test_broadcast_store.py.
module broadcast_store #(
    // Width of a word, in bits, 1 to 64.
    parameter WIDTH = 12,
    // Words, 2 to 1048576; 36 Kbit block RAMs of 2048 words of 18 bits, or 1024 of 36.
    parameter DEPTH = 2048,
    // Width of an address; derived, leave it.
    parameter ADDRESS_W = $clog2(DEPTH)
) (
    input  wire                 clk_i,
    // Write port.
    input  wire                 we_i,
    input  wire [ADDRESS_W-1:0] waddr_i,
    input  wire [    WIDTH-1:0] wdata_i,
    // Read port.
    input  wire [ADDRESS_W-1:0] raddr_i,
    output wire [    WIDTH-1:0] data_o
);
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(64)) u_width_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(2), .HIGH(1048576)) u_depth_range ();

  // Nobody reads what is being written: synthesis need not care what such a read gives.
  (* no_rw_check, ram_style = "block" *)
  reg [WIDTH-1:0] memory[0:DEPTH-1];
  reg [WIDTH-1:0] read_q, data_q;
  always @(posedge clk_i) begin
    if (we_i) memory[waddr_i] <= wdata_i;
    read_q <= memory[raddr_i];
    data_q <= read_q;
  end
  assign data_o = data_q;
endmodule
`default_nettype wire
