`default_nettype none
// Proves of pe (fetch, pe_control, select, operands and the way to mac): no window and no pair is
// lost, doubled or reordered, and each window works in exactly the cycles of the contract.
//
// A pass of arbitrary windows goes by. One of them, chosen at an arbitrary time, is watched: its
// masks, its flags and the values of one of its pairs, chosen too. It has to be at work behind the
// windows before it, take the pairs that the scheme says, each once in ascending order, in
// max(1, ceil(q / LANES)) cycles, and hand the right values to the multipliers.
//
// Free: everything a feeder may do (feeder_properties.v): when windows come, and what is in them.
module pe_properties #(
    parameter WINDOW = 4,
    parameter LANES = 1,
    parameter QUEUE_DEPTH = 2,
    parameter SKIPPING = 3,
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1,
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1,
    parameter LENGTH_W = $clog2(WINDOW + 1)
) (
    input wire                clk_i,
    input wire                rst_ni,
    input wire                weight_comes_i,
    input wire [         4:0] weight_flags_i,
    input wire [  WINDOW-1:0] weight_mask_i,
    input wire [2*WINDOW-1:0] weight_values_i,
    input wire                act_comes_i,
    input wire [         1:0] act_flags_i,
    input wire [  WINDOW-1:0] act_mask_i,
    input wire [2*WINDOW-1:0] act_values_i,
    input wire                drained_i,
    input wire                watch_i
);
  (* anyconst *) wire [LENGTH_W-1:0] last_length;
  (* anyconst *) wire [INDEX_W-1:0] pair;  // the pair whose values are watched

  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (last_length != 0 && last_length <= WINDOW);
    assume (pair < WINDOW);
    // The mask of an inactive line is empty: feeder_properties.v.
    if (!weight_flags_i[0]) assume (weight_mask_i == 0);
    if (!act_flags_i[0]) assume (act_mask_i == 0);
  end

  // Pointers {phase, slot}: behind the newest window of each queue, and at the oldest not done.
  reg [SLOT_W:0] weight_tail_q, act_tail_q, oldest_q;
  function [SLOT_W:0] next(input [SLOT_W:0] pointer);
    next = pointer[SLOT_W-1:0] == QUEUE_DEPTH - 1 ? {!pointer[SLOT_W], {SLOT_W{1'b0}}} : pointer + 1'b1;
  endfunction
  // Windows from one pointer up to another one.
  function [3:0] windows(input [SLOT_W:0] from, input [SLOT_W:0] to);
    windows = to[SLOT_W-1:0] - from[SLOT_W-1:0] + (to[SLOT_W] != from[SLOT_W] ? QUEUE_DEPTH : 0);
  endfunction
  wire [3:0] weights = windows(oldest_q, weight_tail_q), acts = windows(oldest_q, act_tail_q);
  wire weight_push = weight_comes_i && weights != QUEUE_DEPTH;
  wire act_push = act_comes_i && acts != QUEUE_DEPTH;
  wire work, done;
  wire [SLOT_W:0] weight_tail_d = weight_push ? next(weight_tail_q) : weight_tail_q;
  wire [SLOT_W:0] act_tail_d = act_push ? next(act_tail_q) : act_tail_q;
  always @(posedge clk_i) begin
    weight_tail_q <= weight_tail_d;
    act_tail_q <= act_tail_d;
    if (done) oldest_q <= next(oldest_q);
    if (!rst_ni) {weight_tail_q, act_tail_q, oldest_q} <= {3 * SLOT_W + 3{1'b0}};
  end

  wire [SLOT_W:0] head;
  wire produced, is_final;
  inner_join_pe #(
      .WINDOW     (WINDOW),
      .LANES      (LANES),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .SKIPPING   (SKIPPING),
      .ACT_W      (2),
      .WEIGHT_W   (2),
      .ACC_W      (8)
  ) u_pe (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (1'b0),
      .last_length_i  (last_length),
      .weight_push_i  (weight_push),
      .weight_slot_i  (weight_tail_q[SLOT_W-1:0]),
      .weight_tail_i  (weight_tail_q),
      .weight_flags_i (weight_flags_i),
      .weight_mask_i  (weight_mask_i),
      .weight_values_i(weight_values_i),
      .act_push_i     (act_push),
      .act_slot_i     (act_tail_q[SLOT_W-1:0]),
      .act_tail_i     (act_tail_q),
      .act_flags_i    (act_flags_i),
      .act_mask_i     (act_mask_i),
      .act_values_i   (act_values_i),
      .head_o         (head),
      .produced_o     (produced),
      .final_o        (is_final),
      .drained_i      (drained_i),
      .work_o         (work),
      .done_o         (done)
  );
  // Inside: flags of the window in work, and what the multipliers get.
  (* hierconn *) wire \u_pe.active ;
  (* hierconn *) wire \u_pe.last ;
  (* hierconn *) wire [LANES-1:0] \u_pe.valid_q ;
  (* hierconn *) wire [2*LANES-1:0] \u_pe.weight ;
  (* hierconn *) wire [2*LANES-1:0] \u_pe.act ;
  (* hierconn *) wire \u_pe.first_q ;
  (* hierconn *) wire \u_pe.ended_q ;
  (* hierconn *) wire \u_pe.is_final ;

  // The watched window: where it is or will be in the queues, what was written of it, what is in
  // it.
  reg watched_q, has_weight_q, has_act_q;
  reg [SLOT_W:0] place_q;
  reg [4:0] weight_flags_q;
  reg [1:0] act_flags_q, weight_q, act_q;
  reg [WINDOW-1:0] weight_mask_q, act_mask_q;
  wire its_weight = watched_q && !has_weight_q && weight_tail_q == place_q && weight_push;
  wire its_act = watched_q && !has_act_q && act_tail_q == place_q && act_push;
  wire its_turn = watched_q && oldest_q == place_q;
  wire weights_lead = windows(oldest_q, weight_tail_d) > windows(oldest_q, act_tail_d);
  always @(posedge clk_i) begin
    if (!watched_q && watch_i) begin
      // The next one of which nothing is written yet.
      {watched_q, has_weight_q, has_act_q} <= 3'b100;
      place_q <= weights_lead ? weight_tail_d : act_tail_d;
    end else if (done && its_turn) watched_q <= 1'b0;
    if (its_weight) begin
      has_weight_q <= 1'b1;
      {weight_flags_q, weight_mask_q} <= {weight_flags_i, weight_mask_i};
      weight_q <= weight_values_i[2*pair+:2];
    end
    if (its_act) begin
      has_act_q <= 1'b1;
      {act_flags_q, act_mask_q} <= {act_flags_i, act_mask_i};
      act_q <= act_values_i[2*pair+:2];
    end
    if (!rst_ni) watched_q <= 1'b0;
  end

  // Its pairs, and which of them each lane has to take next.
  wire active = weight_flags_q[0] && act_flags_q[0];
  wire last = weight_flags_q[1];
  wire [WINDOW-1:0] whole = last ? ~({WINDOW{1'b1}} << last_length) : {WINDOW{1'b1}};
  wire [WINDOW-1:0] pairs = (SKIPPING >= 2 ? weight_mask_q : {WINDOW{1'b1}})
      & (SKIPPING % 2 == 1 ? act_mask_q : {WINDOW{1'b1}}) & (SKIPPING == 0 ? whole : {WINDOW{1'b1}})
      & {WINDOW{active}};
  reg [WINDOW-1:0] taken_q, taken_d;
  reg [3:0] cycles_q;
  reg [LANES-1:0] takes, takes_pair;
  integer lane, k;
  always @* begin
    taken_d = taken_q;
    takes = {LANES{1'b0}};
    takes_pair = {LANES{1'b0}};
    for (lane = 0; lane < LANES; lane = lane + 1)
      for (k = 0; k < WINDOW; k = k + 1)
        if (pairs[k] && !taken_d[k] && !takes[lane]) begin
          takes[lane] = 1'b1;
          takes_pair[lane] = k == pair;
          taken_d[k] = 1'b1;
        end
  end
  wire its_work = its_turn && work;
  reg its_work_q, its_end_q;
  reg [LANES-1:0] takes_q, takes_pair_q;
  reg [1:0] weight_then_q, act_then_q;
  reg final_then_q;
  always @(posedge clk_i) begin
    taken_q <= its_work && !done ? taken_d : its_turn && !done ? taken_q : {WINDOW{1'b0}};
    cycles_q <= its_work && !done ? cycles_q + 4'd1 : its_turn && !done ? cycles_q : 4'd0;
    its_work_q <= its_work && rst_ni;
    its_end_q <= its_work && done && active && last && rst_ni;
    {takes_q, takes_pair_q} <= {takes, takes_pair};
    {weight_then_q, act_then_q, final_then_q} <= {weight_q, act_q, weight_flags_q[4]};
    if (!rst_ni) begin
      taken_q  <= {WINDOW{1'b0}};
      cycles_q <= 4'd0;
    end
  end

  // Of any window: an active end of a tile gives a result; the sum starts anew behind it.
  wire ends = done && \u_pe.active && \u_pe.last ;
  reg within_q, begins_q, ends_q, produced_q, was_on_q;
  always @(posedge clk_i) begin
    if (work && \u_pe.active ) within_q <= !ends;
    begins_q <= work && \u_pe.active && !within_q;
    ends_q <= ends;
    was_on_q <= rst_ni;
    if (ends) produced_q <= !produced_q;
    if (!rst_ni) {within_q, begins_q, ends_q, produced_q} <= 4'd0;
  end

  integer count;
  reg [3:0] total;
  always @* begin
    total = 4'd0;
    for (count = 0; count < WINDOW; count = count + 1) total = total + {3'd0, pairs[count]};
  end
  wire waits = active && last && produced_q != drained_i && cycles_q == 0;
  wire enough = (cycles_q + 4'd1) * LANES >= total;
  always @* begin
    if (rst_ni && started_q) begin
      assert (head == oldest_q);
      assert (produced == produced_q);
      assert (!done || (weights != 0 && acts != 0));
      if (its_turn) begin
        assert (work == (has_weight_q && has_act_q && !waits));
        assert (done == (work && enough));
        if (work) assert (\u_pe.active == active && \u_pe.last == last);
      end
      // A cycle behind the choice: the multipliers' operands.
      if (its_work_q) begin
        assert (\u_pe.valid_q == takes_q);
        assert (\u_pe.ended_q == its_end_q);
        if (its_end_q) assert (\u_pe.is_final == final_then_q);
      end
      if (was_on_q) assert (\u_pe.first_q == begins_q);
      assert (\u_pe.ended_q == ends_q);
    end
  end
  genvar n;
  generate
    for (n = 0; n < LANES; n = n + 1) begin : g_lane
      always @*
        if (rst_ni && started_q && its_work_q && takes_pair_q[n]) begin
          assert (\u_pe.weight [2*n+:2] == weight_then_q);
          assert (\u_pe.act [2*n+:2] == act_then_q);
        end
    end
  endgenerate

  always @(posedge clk_i) begin
    cover (rst_ni && its_turn && done && total == WINDOW);
    cover (rst_ni && its_turn && waits && has_weight_q && has_act_q);
    cover (rst_ni && its_turn && done && total == 0);
  end
endmodule
`default_nettype wire
