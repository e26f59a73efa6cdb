`default_nettype none
// Proves of broadcast_sender: each look of the finder passes once, in order, as soon as the contract lets
// it; an activation is sent only where there is room; no turn is begun while two before it are open; and
// the finder is ahead by AHEAD at the most.
//
// Free: when the finder looks, how long a look is on its way, what it found, when there is room, when a
// turn's sums have left.
module sender_properties #(
    parameter AHEAD = 2
) (
    input wire clk_i,
    input wire rst_ni,
    input wire finds_i,
    input wire comes_i,
    input wire sends_i,
    input wire first_i,
    input wire last_i,
    input wire room_i,
    input wire leaves_i
);
  localparam COUNT_W = $clog2(AHEAD) + 2;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* if (!started_q) assume (!rst_ni);

  // Looks of the finder, those that have come and those that have passed, all in all.
  reg [COUNT_W-1:0] found_q, come_q, passed_q;
  reg [1:0] open_q;
  wire go, look, push, last, half, left;
  wire [1:0] did;
  wire finds = finds_i && go;
  wire comes = comes_i && come_q != found_q;
  wire [COUNT_W-1:0] here = come_q - passed_q;
  wire leaves = leaves_i && open_q != 0;
  broadcast_sender #(
      .AHEAD(AHEAD)
  ) u_sender (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .start_i  (!rst_ni),
      .cleared_i(1'b1),
      .go_o     (go),
      .looks_i  (finds),
      .look_i   (comes),
      .sends_i  (sends_i),
      .first_i  (first_i),
      .last_i   (last_i),
      .half_i   (1'b0),
      .final_i  (1'b0),
      .room_i   (room_i),
      .drained_i(leaves),
      .look_o   (look),
      .push_o   (push),
      .last_o   (last),
      .half_o   (half),
      .left_o   (left),
      .did_o    (did)
  );

  // The looks that have come, as a list.
  reg [AHEAD-1:0] sends_q, first_q, last_q;  // the oldest in bit 0
  reg [AHEAD-1:0] sends, first, lasts;
  wire [COUNT_W-1:0] stays = here - look;
  integer n;
  always @* begin
    sends = look ? sends_q >> 1 : sends_q;
    first = look ? first_q >> 1 : first_q;
    lasts = look ? last_q >> 1 : last_q;
    for (n = 0; n < AHEAD; n = n + 1) begin
      if (comes && stays == n) begin
        sends[n] = sends_i;
        first[n] = first_i;
        lasts[n] = last_i;
      end
    end
  end
  always @(posedge clk_i) begin
    {sends_q, first_q, last_q} <= {sends, first, lasts};
    found_q <= found_q + finds;
    come_q <= come_q + comes;
    passed_q <= passed_q + look;
    open_q <= open_q + (look && first_q[0]) - leaves;
    if (!rst_ni) {found_q, come_q, passed_q, open_q} <= 0;
  end
  wire [COUNT_W-1:0] ahead = found_q - passed_q;
  always @* begin
    if (rst_ni && started_q) begin
      assert (ahead <= AHEAD);
      assert (go == (ahead < AHEAD));
      assert (open_q <= 2);
      assert (look == (here != 0 && !(first_q[0] && open_q == 2) && !(sends_q[0] && !room_i)));
      assert (push == (look && sends_q[0]));
      assert (last == (look && last_q[0]));
    end
  end
  always @(posedge clk_i) begin
    cover (rst_ni && here == AHEAD && open_q == 2 && first_q[0]);
    cover (rst_ni && look && push && passed_q == AHEAD + 1);
  end
  wire unused = &{1'b0, half, left, did};
endmodule
`default_nettype wire
