`default_nettype none
// Feeder of one line: pushes the windows of a pass, in order, into the queues of all PEs of a row
// (or column) at once.
//
// Cycle contract: at most one push a cycle, in any cycle in which every queue of the line has a
// slot that is known to be free. What is pushed in cycle t can be worked on from t + FEED_LATENCY;
// a slot whose window was done in cycle t is known to be free from t + FEED_LATENCY. The first push
// is in the cycle behind start_i. `tail_o` points behind the newest window that can be worked on.
//
// A line that does not exist in a tile gets windows all the same, with empty masks: it takes none
// from its stream.
//
// Example, QUEUE_DEPTH = 2, FEED_LATENCY = 1, windows done in cycles 3 and 4: pushes in 0, 1, 4, 5.
//
// Twins: sparsesim/machines/inner_join (push_w, push_a), tests/naive_array.py (class Feeder). Test:
// test_sparsesim_feeder.py.
module sparsesim_feeder #(
    // PEs of the line, 1 to 1024. Each costs a comparison of pointers.
    parameter LINES = 16,
    // Pairs of a window, 1 to 64.
    parameter WINDOW = 16,
    // Width of a value, 2 to 16.
    parameter VALUE_W = 8,
    // Windows that each queue holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, and from a free slot to the knowledge of it, 1 to 64. Each above 1
    // is a register on the way there and back.
    parameter FEED_LATENCY = 1,
    // 1: each PE has the last register of push, slot, tail, flags and mask, and they leave here a
    // cycle before the values do; FEED_LATENCY is 2 or more then. 0 to 1.
    parameter REGISTER_AT_PE = 0,
    // 1: this axis's tiles follow each other (inner loop); 0: the other axis's do. 0 to 1.
    parameter INNER = 1,
    // 1: the line is the last one of the array. 0 to 1.
    parameter LAST_LINE = 0,
    // Width of a slot's number; derived, leave it.
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    // Takes the shape below, which stays while the pass runs.
    input  wire                        start_i,
    // Windows of a tile; tiles along this axis and along the other; whether the line exists in the
    // last tile of its axis, and is the last that does; whether the pass ends its tiles.
    input  wire [                15:0] windows_i,
    input  wire [                15:0] tiles_i,
    input  wire [                15:0] other_tiles_i,
    input  wire                        exists_i,
    input  wire                        is_last_i,
    input  wire                        drains_i,
    // The line's stream: taken in a cycle where both are high.
    input  wire                        valid_i,
    output wire                        ready_o,
    input  wire [          WINDOW-1:0] mask_i,
    input  wire [  WINDOW*VALUE_W-1:0] values_i,
    // Heads of the queues, {phase, slot} each.
    input  wire [LINES*(SLOT_W+1)-1:0] heads_i,
    // To all queues of the line; flags are {final, more, next active, last, active}: the last
    // active row of its tile, another window follows, and it is active, this one ends its tile, is
    // active.
    output wire                        push_o,
    output wire [          SLOT_W-1:0] slot_o,
    output wire [            SLOT_W:0] tail_o,
    output wire [                 4:0] flags_o,
    output wire [          WINDOW-1:0] mask_o,
    output wire [  WINDOW*VALUE_W-1:0] values_o,
    // Windows are left.
    output wire                        running_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("queue_depth"), .VALUE(QUEUE_DEPTH), .LOW(1), .HIGH(4096)) u_queue_depth_range ();
  sparsesim_parameter_range #(.NAME("feed_latency"), .VALUE(FEED_LATENCY), .LOW(1), .HIGH(64)) u_feed_latency_range ();
  generate
    if (FEED_LATENCY <= REGISTER_AT_PE) begin : g_feed_latency_register_at_pe
      sparsesim_parameter_relation #(.NAME("feed_latency"), .VALUE(FEED_LATENCY), .OTHER("register_at_pe"), .GIVEN(REGISTER_AT_PE),
          .USE("2 or more")) u_stop ();
    end
  endgenerate

  localparam [SLOT_W-1:0] LAST_SLOT = QUEUE_DEPTH[SLOT_W-1:0] - 1'b1;

  // The next window's place in the pass: how many follow it in its tile, and how many tiles follow
  // its own along this axis and the other. What those counts being zero says is kept in registers,
  // one push ahead, so that no push waits for a comparison.
  reg running_q, ends_tile_q, ends_axis_q, ends_other_q;
  reg [15:0] windows_left_q, tiles_left_q, others_left_q;
  wire one_window = windows_i == 16'd1;
  wire one_tile = tiles_i == 16'd1;
  wire one_other = other_tiles_i == 16'd1;
  wire tile_moves = ends_tile_q && (INNER != 0 || ends_other_q);
  wire other_moves = ends_tile_q && (INNER == 0 || ends_axis_q);
  wire ends_axis_d = !tile_moves ? ends_axis_q : ends_axis_q ? one_tile : tiles_left_q == 16'd1;
  wire ends_other_d = !other_moves ? ends_other_q : ends_other_q ? one_other : others_left_q == 16'd1;
  wire ends_pass = ends_tile_q && ends_axis_q && ends_other_q;
  // A line exists in all tiles of its axis but, perhaps, the last.
  reg active_q;
  wire next_active = !ends_axis_d || exists_i;

  // Where the queues are: a queue is full where its head is a whole round behind. From FEED_LATENCY
  // 2 on it is looked at a cycle ahead, for either outcome of this cycle, and the last of the
  // registers on the way back is that of the answer: a push waits for no comparison.
  reg phase_q;
  reg [SLOT_W-1:0] slot_q;
  wire push;
  wire at_end = slot_q == LAST_SLOT;
  wire [SLOT_W:0] here = {phase_q, slot_q};
  wire [SLOT_W:0] behind = {phase_q ^ at_end, at_end ? {SLOT_W{1'b0}} : slot_q + 1'b1};
  wire [LINES*(SLOT_W+1)-1:0] heads;
  wire [LINES-1:0] full, next_full;
  genvar line;
  generate
    for (line = 0; line < LINES; line = line + 1) begin : g_full
      wire [SLOT_W:0] head = heads[line*(SLOT_W+1)+:SLOT_W+1];
      assign full[line] = head == {!here[SLOT_W], here[SLOT_W-1:0]};
      assign next_full[line] = head == {!behind[SLOT_W], behind[SLOT_W-1:0]};
    end
  endgenerate
  wire running_d = start_i || (push ? !ends_pass : running_q);
  wire has_slots;
  generate
    if (FEED_LATENCY > 1) begin : g_ahead
      reg has_slots_q;
      always @(posedge clk_i)
        if (!rst_ni) has_slots_q <= 1'b0;
        else has_slots_q <= running_d && (push ? next_full : full) == {LINES{1'b0}};
      assign has_slots = has_slots_q;
    end else begin : g_now
      wire unused = &{1'b0, next_full};
      assign has_slots = running_q && full == {LINES{1'b0}};
    end
  endgenerate
  assign push = has_slots && (valid_i || !active_q);
  assign ready_o = has_slots && active_q;
  assign running_o = running_q;

  always @(posedge clk_i) begin
    running_q <= running_d;
    if (start_i) begin
      {windows_left_q, ends_tile_q} <= {windows_i - 16'd1, one_window};
      {tiles_left_q, ends_axis_q} <= {tiles_i - 16'd1, one_tile};
      active_q <= !one_tile || exists_i;
      {others_left_q, ends_other_q} <= {other_tiles_i - 16'd1, one_other};
    end else if (push) begin
      windows_left_q <= (ends_tile_q ? windows_i : windows_left_q) - 16'd1;
      ends_tile_q <= ends_tile_q ? one_window : windows_left_q == 16'd1;
      if (tile_moves) tiles_left_q <= (ends_axis_q ? tiles_i : tiles_left_q) - 16'd1;
      if (other_moves) others_left_q <= (ends_other_q ? other_tiles_i : others_left_q) - 16'd1;
      ends_axis_q  <= ends_axis_d;
      active_q     <= next_active;
      ends_other_q <= ends_other_d;
    end
    if (push) {phase_q, slot_q} <= behind;
    if (!rst_ni) begin
      running_q <= 1'b0;
      {phase_q, slot_q} <= {SLOT_W + 1{1'b0}};
    end
  end

  // The way to the queues and back. Where latency and register do not go together, no tool meets a
  // negative number of cycles before the sentence that says so.
  localparam CYCLES = FEED_LATENCY > REGISTER_AT_PE ? FEED_LATENCY - 1 - REGISTER_AT_PE : 0;
  wire is_final = ends_axis_q ? is_last_i : LAST_LINE != 0;
  wire [4:0] flags = {is_final, !ends_pass, next_active, ends_tile_q && drains_i, active_q};
  sparsesim_delay #(
      .WIDTH (1 + SLOT_W + 1),
      .CYCLES(CYCLES),
      .RESET (1)
  ) u_push (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({push, phase_q, slot_q}),
      .q_o   ({push_o, tail_o})
  );
  sparsesim_delay #(
      .WIDTH (SLOT_W + 5 + WINDOW),
      .CYCLES(CYCLES),
      .RESET (0)
  ) u_window (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({slot_q, flags, mask_i & {WINDOW{active_q}}}),
      .q_o   ({slot_o, flags_o, mask_o})
  );
  sparsesim_delay #(
      .WIDTH (WINDOW * VALUE_W),
      .CYCLES(FEED_LATENCY - 1),
      .RESET (0)
  ) u_values (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (values_i),
      .q_o   (values_o)
  );
  sparsesim_delay #(
      .WIDTH (LINES * (SLOT_W + 1)),
      .CYCLES(FEED_LATENCY > 1 ? FEED_LATENCY - 2 : 0),
      .RESET (1)
  ) u_heads (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (heads_i),
      .q_o   (heads)
  );
endmodule
`default_nettype wire
