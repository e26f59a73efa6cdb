`default_nettype none
// Proves of broadcast_queue: what is written comes out in order, none lost, doubled or overwritten,
// whatever a sender and a PE do that the contract lets them; presence and room are exact.
//
// Free: when something is written, pushed and taken. One entry, chosen at an arbitrary time, is watched.
module queue_properties #(
    parameter DEPTH = 3,
    parameter AHEAD = 2
) (
    input wire clk_i,
    input wire rst_ni,
    input wire writes_i,
    input wire pushes_i,
    input wire takes_i,
    input wire watch_i,
    input wire data_i
);
  localparam COUNT_W = $clog2(DEPTH + AHEAD) + 1;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* if (!started_q) assume (!rst_ni);

  // Written, pushed and taken all in all, modulo more than there can be between them.
  reg [COUNT_W-1:0] written_q, pushed_q, taken_q;
  wire [COUNT_W-1:0] ahead = written_q - pushed_q;
  wire [COUNT_W-1:0] inside = pushed_q - taken_q;
  wire there, room, data;
  wire write = writes_i && ahead < AHEAD;
  wire push = pushes_i && ahead != 0 && room;
  wire pop = takes_i && there;
  broadcast_queue #(
      .QUEUE_DEPTH(DEPTH),
      .AHEAD      (AHEAD),
      .WIDTH      (1)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .write_i(write),
      .data_i (data_i),
      .push_i (push),
      .there_o(there),
      .data_o (data),
      .pop_i  (pop),
      .room_o (room)
  );
  reg watched_q, data_q;
  reg [COUNT_W-1:0] place_q;
  always @(posedge clk_i) begin
    written_q <= written_q + write;
    pushed_q <= pushed_q + push;
    taken_q <= taken_q + pop;
    if (write && watch_i && !watched_q) {watched_q, place_q, data_q} <= {1'b1, written_q, data_i};
    else if (pop && taken_q == place_q) watched_q <= 1'b0;
    if (!rst_ni) {written_q, pushed_q, taken_q, watched_q} <= 0;
  end
  always @* begin
    if (rst_ni && started_q) begin
      assert (there == (inside != 0));
      assert (room == (inside < DEPTH - 1));
      assert (inside <= DEPTH - 1);
      if (pop && watched_q && taken_q == place_q) assert (data == data_q);
    end
  end
  always @(posedge clk_i) begin
    cover (rst_ni && inside == DEPTH - 1 && ahead == AHEAD);
    cover (rst_ni && pop && watched_q && taken_q == place_q && place_q == DEPTH + 1);
  end
endmodule
`default_nettype wire
