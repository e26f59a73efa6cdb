`default_nettype none
// Proves of the way of results (stream_leave.v of two rows, and stream_unit.v): each captured item's
// results leave once, in their order, lanes rising, and are read before the next item's are captured;
// into the stash after 5 cycles; to the unit one row at a time, granted only where it asked and there
// was room.
//
// Free: when items end (not where free_o is low), where they go, their first lanes, and when the unit
// has room. An item's round is the parity of its number.
module stream_results_properties #(
    parameter LANES = 2,
    parameter LANE_W = LANES > 1 ? $clog2(LANES) : 1
) (
    input wire                clk_i,
    input wire                rst_ni,
    input wire                ready_i,
    input wire [         1:0] ends_i,
    input wire [         1:0] to_unit_i,
    input wire [2*LANE_W-1:0] first_lane_i
);
  localparam LAST = LANES - 1;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* if (!started_q) assume (!rst_ni);

  wire [1:0] asks, one, two, grant, ends_soon, leaving, to_unit, lasts;
  // Rows ask two cycles after they said that they do, until they are granted.
  reg [1:0] coming_q, request;
  always @(posedge clk_i) begin
    coming_q <= rst_ni ? asks : 2'b00;
    request  <= rst_ni ? coming_q | (request & ~grant) : 2'b00;
  end
  wire unit_leaving;
  wire [1:0] round;
  genvar r;
  generate
    for (r = 0; r < 2; r = r + 1) begin : g_row
      wire free, captures, last;
      assign lasts[r] = last && to_unit[r];
      wire [LANE_W-1:0] lane, first = first_lane_i[r*LANE_W+:LANE_W];
      wire ends = ends_i[r] && free;
      reg item_q;
      always @* assume ({32'd0, first} < LANES);
      stream_leave #(
          .LANES  (LANES),
          .ROUND_W(1)
      ) u_leave (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .capture_i   (ends),
          .to_unit_i   (to_unit_i[r]),
          .first_lane_i(first),
          .round_i     (item_q),
          .tile_i      (2'd0),
          .capture_o   (captures),
          .free_o      (free),
          .asks_o      (asks[r]),
          .one_o       (one[r]),
          .two_o       (two[r]),
          .grant_i     (grant[r]),
          .ends_o      (ends_soon[r]),
          .leaving_o   (leaving[r]),
          .to_unit_o   (to_unit[r]),
          .lane_o      (lane),
          .last_o      (last),
          .round_o     (round[r])
      );

      // The item whose sums the registers hold, the one that leaves next; the lane before.
      reg held_q, next_q, was_q;
      reg [LANE_W-1:0] lane_q;
      reg [1:0] reads_q, read_item_q;
      reg [5:0] stashed_q;
      always @(posedge clk_i) begin
        if (ends) item_q <= !item_q;
        if (captures) held_q <= !held_q;
        if (last) next_q <= !next_q;
        was_q <= leaving[r] && !last;
        lane_q <= lane;
        reads_q <= {reads_q[0], leaving[r]};
        read_item_q <= {read_item_q[0], round[r]};
        stashed_q <= {stashed_q[4:0], ends && !to_unit_i[r]};
        if (!rst_ni) begin
          {item_q, next_q, was_q} <= 3'd0;
          held_q <= 1'b1;
          reads_q <= 2'd0;
          stashed_q <= 6'd0;
        end
      end
      always @* if (started_q && rst_ni) begin
        if (reads_q[1]) assert (read_item_q[1] == held_q);
        if (leaving[r]) assert (round[r] == next_q);
        if (was_q) assert (leaving[r] && lane == lane_q + 1'b1);
        if (stashed_q[4]) assert (leaving[r] && !to_unit[r] && !was_q);
        if (last) assert (lane == LAST[LANE_W-1:0]);
        assert (!grant[r] || (request[r] && ready_i));
      end
      always @(posedge clk_i) cover (reads_q == 2'd3 && captures && started_q);
    end
  endgenerate

  wire unused_valid;
  stream_unit #(
      .OF     (2),
      .UNITS  (1),
      .ROWS   (2),
      .LANES  (LANES),
      .ROUND_W(1),
      .ACC_W  (2)
  ) u_unit (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .ready_i  (ready_i),
      .asks_i   (asks),
      .one_i    (one),
      .two_i    (two),
      .grant_o  (grant),
      .ends_i   (ends_soon),
      .round_i  (round),
      .tile_i   (4'd0),
      .result_i (4'd0),
      .bases_i  (64'd0),
      .leaving_o(unit_leaving),
      .valid_o  (unused_valid)
  );
  always @* if (started_q && rst_ni) begin
    assert ((leaving & to_unit) != 2'b11);
    assert (unit_leaving == ((leaving & to_unit) != 2'b00));
    assert (grant != 2'b11);
    assert (!grant[1] || !request[0]);
    // Without a gap: whoever asks is granted where nobody leaves, or the last result does.
    if (ready_i && (!unit_leaving || lasts != 2'b00)) assert (grant != 2'b00 || request == 2'b00);
  end
endmodule
`default_nettype wire
