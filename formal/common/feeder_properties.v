`default_nettype none
// Proves of feeder: the windows of a line's stream go out once each and in order, windows of tiles
// without the line in between with empty masks; flags tell where in the pass each one is; a push
// happens in exactly those cycles in which the contract lets it; no slot is written whose window is
// not done.
//
// Free: the shape (up to 3 each way), when the stream has windows, how long each PE takes. Windows
// carry their number in the stream, modulo 16, as mask and value.
module feeder_properties #(
    parameter LINES = 2,
    parameter QUEUE_DEPTH = 2,
    parameter FEED_LATENCY = 1,
    parameter REGISTER_AT_PE = 0,
    parameter INNER = 1,
    parameter LAST_LINE = 0,
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             start_i,
    input wire             valid_i,
    input wire [LINES-1:0] done_i
);
  localparam WINDOW = 4, VALUE_W = 2;
  (* anyconst *) wire [1:0] windows, tiles, other_tiles;
  (* anyconst *) wire exists, is_last, drains;
  wire ready, push, running, sent_push;
  wire [SLOT_W-1:0] slot, sent_slot;
  wire [SLOT_W:0] tail, sent_tail;
  wire [4:0] flags, sent_flags;
  wire [WINDOW-1:0] mask, sent_mask;
  wire [WINDOW*VALUE_W-1:0] values;
  wire [LINES*(SLOT_W+1)-1:0] heads;
  reg [3:0] given_q;
  sparsesim_feeder #(
      .LINES         (LINES),
      .WINDOW        (WINDOW),
      .VALUE_W       (VALUE_W),
      .QUEUE_DEPTH   (QUEUE_DEPTH),
      .FEED_LATENCY  (FEED_LATENCY),
      .REGISTER_AT_PE(REGISTER_AT_PE),
      .INNER         (INNER),
      .LAST_LINE     (LAST_LINE)
  ) u_feeder (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .start_i      (start_i),
      .windows_i    ({14'd0, windows}),
      .tiles_i      ({14'd0, tiles}),
      .other_tiles_i({14'd0, other_tiles}),
      .exists_i     (exists),
      .is_last_i    (is_last),
      .drains_i     (drains),
      .valid_i      (valid_i),
      .ready_o      (ready),
      .mask_i       (given_q),
      .values_i     ({4'd0, given_q}),
      .heads_i      (heads),
      .push_o       (sent_push),
      .slot_o       (sent_slot),
      .tail_o       (sent_tail),
      .flags_o      (sent_flags),
      .mask_o       (sent_mask),
      .values_o     (values),
      .running_o    (running)
  );

  // The register that PEs have, as in inner_join_pe.v.
  sparsesim_delay #(
      .WIDTH (1 + SLOT_W + 1),
      .CYCLES(REGISTER_AT_PE),
      .RESET (1)
  ) u_push (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({sent_push, sent_tail}),
      .q_o   ({push, tail})
  );
  sparsesim_delay #(
      .WIDTH (SLOT_W + 5 + WINDOW),
      .CYCLES(REGISTER_AT_PE),
      .RESET (0)
  ) u_window (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({sent_slot, sent_flags, sent_mask}),
      .q_o   ({slot, flags, mask})
  );

  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (windows != 0 && tiles != 0 && other_tiles != 0);
    if (is_last) assume (exists);
    // A pass starts behind the last one.
    if (running || !started_q) assume (!start_i);
  end

  // The pass by its own counters: pushed now is window `window` of tile (`tile`, `other`).
  reg running_q;
  reg [1:0] window_q, tile_q, other_q;
  wire ends_tile = window_q == windows - 2'd1;
  wire last_tile = tile_q == tiles - 2'd1;
  wire last_other = other_q == other_tiles - 2'd1;
  wire ends_pass = ends_tile && last_tile && last_other;
  wire active = !last_tile || exists;
  wire [1:0] next_tile = INNER != 0 ? (last_tile ? 2'd0 : tile_q + 2'd1) :
      !last_other ? tile_q : last_tile ? 2'd0 : tile_q + 2'd1;
  wire [1:0] next_other = INNER == 0 ? (last_other ? 2'd0 : other_q + 2'd1) :
      !last_tile ? other_q : last_other ? 2'd0 : other_q + 2'd1;
  wire next_active = !ends_tile ? active : next_tile != tiles - 2'd1 || exists;
  wire [4:0] expected_flags = {
    last_tile ? is_last : LAST_LINE[0], !ends_pass, next_active, ends_tile && drains, active
  };

  // What goes out now, and what arrives at the PEs now: FEED_LATENCY - 1 cycles behind.
  wire [LINES-1:0] has_slot;
  wire goes = running_q && has_slot == {LINES{1'b1}} && (valid_i || !active);
  localparam TAG_W = 1 + 5 + 4;
  wire [TAG_W-1:0] going = {goes, expected_flags, given_q & {4{active}}};
  reg [FEED_LATENCY*TAG_W-1:0] way_q;
  wire [FEED_LATENCY*TAG_W-1:0] way = (way_q << TAG_W) | going;
  wire [TAG_W-1:0] arriving = way[(FEED_LATENCY-1)*TAG_W+:TAG_W];
  wire arrives = arriving[TAG_W-1];

  // PEs: a window is in memory from the cycle behind its arrival until it is done; any work may
  // take any time. What is done in cycle t counts for the feeder from t + FEED_LATENCY on.
  wire [LINES-1:0] fits, follows;
  // Written windows, modulo two rounds of slots.
  reg [SLOT_W:0] written_q;
  wire [SLOT_W:0] written_slot = written_q < QUEUE_DEPTH ? written_q : written_q - QUEUE_DEPTH;
  wire [SLOT_W:0] written_pointer = {written_q >= QUEUE_DEPTH, written_slot[SLOT_W-1:0]};
  genvar n;
  generate
    for (n = 0; n < LINES; n = n + 1) begin : g_pe
      reg [3:0] in_memory_q, known_q;
      reg [FEED_LATENCY-1:0] done_q;
      reg phase_q;
      reg [SLOT_W-1:0] head_q;
      wire done = done_i[n] && in_memory_q != 4'd0;
      wire [FEED_LATENCY:0] frees = {done_q, done};
      assign has_slot[n] = known_q < QUEUE_DEPTH;
      assign heads[n*(SLOT_W+1)+:SLOT_W+1] = {phase_q, head_q};
      assign fits[n] = in_memory_q + {3'd0, arrives} <= QUEUE_DEPTH;
      assign follows[n] = !arrives || in_memory_q == 4'd0 || slot != head_q;
      integer k;
      reg [3:0] on_way;
      // What the feeder knows lags by what is on the way. Said, or induction would search for it.
      always @* begin
        on_way = 4'd0;
        for (k = 0; k < FEED_LATENCY - 1; k = k + 1)
          on_way = on_way + {3'd0, way_q[TAG_W*k+TAG_W-1]} + {3'd0, done_q[k]};
        if (rst_ni && started_q) assert (known_q == in_memory_q + on_way);
      end
      always @(posedge clk_i) begin
        in_memory_q <= in_memory_q + {3'd0, arrives} - {3'd0, done};
        known_q <= known_q + {3'd0, goes} - {3'd0, frees[FEED_LATENCY-1]};
        done_q <= (done_q << 1) | done;
        if (done) begin
          head_q  <= head_q == QUEUE_DEPTH - 1 ? {SLOT_W{1'b0}} : head_q + 1'b1;
          phase_q <= phase_q ^ (head_q == QUEUE_DEPTH - 1);
        end
        if (!rst_ni) begin
          {in_memory_q, known_q} <= 8'd0;
          done_q <= {FEED_LATENCY{1'b0}};
          {phase_q, head_q} <= {SLOT_W + 1{1'b0}};
        end
      end
    end
  endgenerate

  always @(posedge clk_i) begin
    way_q <= way;
    if (arrives) written_q <= written_q == 2 * QUEUE_DEPTH - 1 ? {SLOT_W + 1{1'b0}} : written_q + 1'b1;
    if (start_i) begin
      running_q <= 1'b1;
      {window_q, tile_q, other_q} <= 6'd0;
    end else if (goes) begin
      running_q <= !ends_pass;
      window_q  <= ends_tile ? 2'd0 : window_q + 2'd1;
      if (ends_tile) {tile_q, other_q} <= {next_tile, next_other};
    end
    if (goes && active) given_q <= given_q + 4'd1;
    if (!rst_ni) begin
      running_q <= 1'b0;
      given_q   <= 4'd0;
      written_q <= {SLOT_W + 1{1'b0}};
      way_q     <= {FEED_LATENCY * TAG_W{1'b0}};
    end
  end

  always @* begin
    if (rst_ni && started_q) begin
      assert (running == running_q);
      assert (ready == (running_q && has_slot == {LINES{1'b1}} && active));
      assert (push == arrives);
      assert (tail == written_pointer);
      assert (fits == {LINES{1'b1}});
      if (push) begin
        assert (slot == written_pointer[SLOT_W-1:0]);
        assert (follows == {LINES{1'b1}});
        assert ({flags, mask} == arriving[TAG_W-2:0]);
        if (flags[0]) assert (values == {4'd0, mask});
      end
    end
  end

  always @(posedge clk_i) begin
    cover (rst_ni && started_q && push && !flags[3]);
    cover (rst_ni && started_q && running_q && has_slot == 0);
    cover (rst_ni && started_q && push && !flags[0] && flags[2]);
  end
endmodule
`default_nettype wire
