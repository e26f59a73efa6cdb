`default_nettype none
// Sender: takes what the finder found, a look a cycle, and sends activations to all queues at once.
//
// The finder runs AHEAD looks before the sender at the most, so that a column's pointers are read, and
// lie in the queues with the activation, before it is sent: then `push_o` alone makes it known to the
// PEs. A look that found nothing passes; one that sends waits until each queue has room; the first of a
// turn waits until at most one turn before it has sums that have not left.
//
// Cycle contract: looks are those of the model: in each cycle one, if one has come, unless it waits. What
// comes with look_i in cycle t can be looked at from t + 1 on. room_i and drained_i of cycle t count in
// t and from t + 1 on.
//
// Example: looks that send, find nothing and send come in cycles 0, 1 and 2, room_i is low in cycle 3:
// look_o in cycles 1, 2 and 4, push_o in 1 and 4; did_o 1 in cycle 3, 2 in cycle 4.
//
// Twin: tests/naive_broadcast.py. Test: test_broadcast_sender.py.
module broadcast_sender #(
    // Looks by which the finder may be ahead, 2 to 64: all on their way, and one more.
    parameter AHEAD = 8
) (
    input  wire       clk_i,
    input  wire       rst_ni,
    // A pass starts.
    input  wire       start_i,
    // The finder may look: the sums have been cleared behind a reset. It does, in this cycle.
    input  wire       cleared_i,
    output wire       go_o,
    input  wire       looks_i,
    // A look whose activation, if it sends one, is in the queues from the next cycle on; as in
    // broadcast_finder.v.
    input  wire       look_i,
    input  wire       sends_i,
    input  wire       first_i,
    input  wire       last_i,
    input  wire       half_i,
    input  wire       final_i,
    // Every queue has room; all sums of a turn have left in this cycle.
    input  wire       room_i,
    input  wire       drained_i,
    // A look in this cycle; it sends; it is its turn's last, in that half of the sums.
    output wire       look_o,
    output wire       push_o,
    output wire       last_o,
    output wire       half_o,
    // There are looks to come in this cycle or behind it.
    output wire       left_o,
    // What it did in the cycle before: 0 sent, or nothing yet; 1 found nothing; 2 waited for a queue,
    // or has sent all; 3 waited for sums to leave.
    output wire [1:0] did_o
);
  sparsesim_parameter_range #(.NAME("ahead"), .VALUE(AHEAD), .LOW(2), .HIGH(64)) u_ahead_range ();

  localparam INDEX_W = $clog2(AHEAD);

  reg [INDEX_W:0] ahead_q;  // looks of the finder that are not looks of the model yet
  reg [INDEX_W-1:0] in_q, out_q;
  reg [INDEX_W:0] here_q;  // that have come
  reg [1:0] open_q, did_q, did;  // turns whose sums have not left
  reg began_q, ended_q;
  wire sends, first, last, half, is_final;
  sparsesim_lutram #(
      .WIDTH(5),
      .DEPTH(AHEAD)
  ) u_looks (
      .clk_i  (clk_i),
      .we_i   (look_i),
      .waddr_i(in_q),
      .wdata_i({sends_i, first_i, last_i, half_i, final_i}),
      .raddr_i(out_q),
      .rdata_o({sends, first, last, half, is_final})
  );
  wire here = here_q != 0;
  wire waits_for_sums = here && first && open_q == 2'd2;
  wire waits_for_room = here && sends && !room_i;
  wire look = here && !waits_for_sums && !waits_for_room;
  localparam [INDEX_W-1:0] LAST = AHEAD[INDEX_W-1:0] - 1'b1;
  always @* begin
    did = 2'd0;
    if (look && !sends) did = 2'd1;
    if (waits_for_room || ended_q) did = 2'd2;
    if (waits_for_sums) did = 2'd3;
  end
  always @(posedge clk_i) begin
    ahead_q <= ahead_q + {{INDEX_W{1'b0}}, looks_i} - {{INDEX_W{1'b0}}, look};
    here_q  <= here_q + {{INDEX_W{1'b0}}, look_i} - {{INDEX_W{1'b0}}, look};
    open_q  <= open_q + {1'b0, look && first} - {1'b0, drained_i};
    if (look_i) in_q <= in_q == LAST ? {INDEX_W{1'b0}} : in_q + 1'b1;
    if (look) out_q <= out_q == LAST ? {INDEX_W{1'b0}} : out_q + 1'b1;
    if (look) began_q <= 1'b1;
    if (look && is_final) ended_q <= 1'b1;
    did_q <= did;
    if (start_i) begin
      open_q  <= 2'd0;
      began_q <= 1'b0;
      ended_q <= 1'b0;
      did_q   <= 2'd0;
    end
    if (!rst_ni) begin
      ahead_q <= {INDEX_W + 1{1'b0}};
      here_q  <= {INDEX_W + 1{1'b0}};
      in_q    <= {INDEX_W{1'b0}};
      out_q   <= {INDEX_W{1'b0}};
    end
  end
  assign go_o = cleared_i && ahead_q != AHEAD[INDEX_W:0];
  assign look_o = look;
  assign push_o = look && sends;
  assign last_o = look && last;
  assign half_o = half;
  assign left_o = (began_q || look) && !ended_q;
  assign did_o = did_q;
endmodule
`default_nettype wire
