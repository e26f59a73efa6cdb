`default_nettype none
// Queue of a PE: activations with what is known of their columns.
//
// What comes lies in memory before it is sent (broadcast_sender.v); `push_i` says that the next of it is
// sent. DEPTH - 1 may be sent and not taken, as in EIE's published simulator.
//
// Cycle contract: what is written in cycle t may be pushed from t + 1 on; what is pushed in t is there
// from t + 1 on, and the room of what is taken in t from t + 1 on. Nothing may be pushed that was not
// written, nothing without room, nothing taken that is not there.
//
// Example, DEPTH = 2: written in cycles 0 and 1, pushed in cycle 2: there_o and no room_o in cycle 3;
// taken in cycle 3, there is room in cycle 4.
//
// Twin: a list. Test: test_broadcast_queue.py.
module broadcast_queue #(
    // One more than it holds, 2 to 64. LUT RAM doubles where DEPTH + AHEAD passes 33 and 65.
    parameter QUEUE_DEPTH = 8,
    // What may lie in it beside that, written and not pushed, 1 to 64.
    parameter AHEAD = 8,
    // Width of what is kept, in bits, 1 to 256.
    parameter WIDTH = 32
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // Writes the next; makes the next of what was written known.
    input  wire             write_i,
    input  wire [WIDTH-1:0] data_i,
    input  wire             push_i,
    // There is one, the oldest; it is taken.
    output wire             there_o,
    output wire [WIDTH-1:0] data_o,
    input  wire             pop_i,
    // One more may be pushed.
    output wire             room_o
);
  sparsesim_parameter_range #(.NAME("queue_depth"), .VALUE(QUEUE_DEPTH), .LOW(2), .HIGH(64)) u_depth_range ();
  sparsesim_parameter_range #(.NAME("ahead"), .VALUE(AHEAD), .LOW(1), .HIGH(64)) u_ahead_range ();
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(256)) u_width_range ();

  localparam INDEX_W = $clog2(QUEUE_DEPTH - 1 + AHEAD);
  localparam COUNT_W = $clog2(QUEUE_DEPTH);
  localparam [COUNT_W-1:0] MOST = QUEUE_DEPTH[COUNT_W-1:0] - 1'b1;

  reg [INDEX_W-1:0] in_q, out_q;
  reg [COUNT_W-1:0] count_q;
  reg there_q, room_q;
  wire [COUNT_W-1:0] count = count_q + {{COUNT_W - 1{1'b0}}, push_i} - {{COUNT_W - 1{1'b0}}, pop_i};
  always @(posedge clk_i) begin
    if (write_i) in_q <= in_q + 1'b1;
    if (pop_i) out_q <= out_q + 1'b1;
    count_q <= count;
    there_q <= count != {COUNT_W{1'b0}};
    room_q  <= count != MOST;
    if (!rst_ni) begin
      in_q <= {INDEX_W{1'b0}};
      out_q <= {INDEX_W{1'b0}};
      count_q <= {COUNT_W{1'b0}};
      there_q <= 1'b0;
      room_q <= 1'b1;
    end
  end
  sparsesim_lutram #(
      .WIDTH(WIDTH),
      .DEPTH(1 << INDEX_W)
  ) u_memory (
      .clk_i  (clk_i),
      .we_i   (write_i),
      .waddr_i(in_q),
      .wdata_i(data_i),
      .raddr_i(out_q),
      .rdata_o(data_o)
  );
  assign there_o = there_q;
  assign room_o  = room_q;
endmodule
`default_nettype wire
