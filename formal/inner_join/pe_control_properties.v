`default_nettype none
// Proves of pe_control: a window works max(1, ceil(q / LANES)) cycles, without a break and back to
// back with the next one; each of its pairs is taken exactly once, in ascending order; the last
// window of a tile does not start while a result waits for its drain.
//
// Free: which windows come and when, and when a result waits. The pairs of an inactive PE are empty
// (pe_properties.v proves the PE without that).
module pe_control_properties #(
    parameter WINDOW = 4,
    parameter LANES = 1,
    parameter SKIPPING = 3,
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1,
    parameter LENGTH_W = $clog2(WINDOW + 1)
) (
    input wire              clk_i,
    input wire              rst_ni,
    input wire              there_i,
    input wire              active_i,
    input wire              last_i,
    input wire [WINDOW-1:0] pairs_i,
    input wire              pending_i
);
  (* anyconst *) wire [LENGTH_W-1:0] last_length;
  wire take, work, done, blocked, active, last;
  wire [LANES-1:0] valid;
  wire [LANES*INDEX_W-1:0] index;
  inner_join_pe_control #(
      .WINDOW  (WINDOW),
      .LANES   (LANES),
      .SKIPPING(SKIPPING)
  ) u_control (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .there_i      (there_i),
      .active_i     (active_i),
      .last_i       (last_i),
      .pairs_i      (pairs_i),
      .last_length_i(last_length),
      .take_o       (take),
      .pending_i    (pending_i),
      .work_o       (work),
      .done_o       (done),
      .blocked_o    (blocked),
      .active_o     (active),
      .last_o       (last),
      .valid_o      (valid),
      .index_o      (index)
  );

  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (last_length != 0 && last_length <= WINDOW);
    if (!active_i && SKIPPING != 0) assume (pairs_i == 0);
  end

  // The window in hand: its pairs, how many there are, which of them went, in how many cycles.
  reg held_q, is_active_q, is_last_q;
  reg [WINDOW-1:0] pairs_q, taken_q, taken_d;
  reg [7:0] cycles_q;
  wire [WINDOW-1:0] short = ~({WINDOW{1'b1}} << last_length);
  wire [WINDOW-1:0] dense = last_i ? short : {WINDOW{1'b1}};
  integer k;
  reg [7:0] total;
  always @* begin
    total = 8'd0;
    for (k = 0; k < WINDOW; k = k + 1) total = total + {7'd0, pairs_q[k]};
  end
  always @(posedge clk_i) begin
    held_q <= take ? there_i : held_q;
    if (take) begin
      is_active_q <= active_i;
      is_last_q <= last_i;
      pairs_q <= SKIPPING != 0 ? pairs_i : active_i ? dense : {WINDOW{1'b0}};
      taken_q <= {WINDOW{1'b0}};
      cycles_q <= 8'd0;
    end else if (work) begin
      taken_q  <= taken_d;
      cycles_q <= cycles_q + 8'd1;
    end
    if (!rst_ni) held_q <= 1'b0;
  end

  // Lanes take in rising order: below a pair that is taken none is left.
  integer lane;
  reg [INDEX_W-1:0] at;
  reg in_order;
  always @* begin
    taken_d  = taken_q;
    in_order = 1'b1;
    for (lane = 0; lane < LANES; lane = lane + 1) begin
      at = index[lane*INDEX_W+:INDEX_W];
      if (valid[lane]) begin
        if (at >= WINDOW || !pairs_q[at] || taken_d[at]) in_order = 1'b0;
        if ((pairs_q & ~taken_d & ~({WINDOW{1'b1}} << at)) != 0) in_order = 1'b0;
        taken_d[at] = 1'b1;
      end
    end
  end

  wire waits = held_q && is_active_q && is_last_q && pending_i && cycles_q == 8'd0;
  wire enough = (cycles_q + 8'd1) * LANES >= total;
  always @* begin
    if (rst_ni && started_q) begin
      assert (work == (held_q && !waits));
      assert (blocked == waits);
      assert (take == (!held_q || done));
      if (work) begin
        assert (done == enough);
        assert (in_order);
        assert (active == is_active_q && last == is_last_q);
      end
      if (done) assert (taken_d == pairs_q);
    end
  end

  always @(posedge clk_i) begin
    cover (rst_ni && started_q && done && cycles_q == (WINDOW + LANES - 1) / LANES - 1);
    cover (rst_ni && started_q && done && take && there_i && active);
    cover (rst_ni && started_q && waits);
  end
endmodule
`default_nettype wire
