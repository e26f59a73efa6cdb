`default_nettype none
// Proves of the sequencer and the drain together: no sum is read before it stands, none is
// overwritten before it was read, each is read once and in order; a fold begins only where its
// operands are there, and units have room; its weights are all in before it, and those of the next
// one do not come before it has begun.
//
// Free: the shape of the pass, when operands are there and units have room; one position (row) and one
// column, whose sum is watched: what holds for it holds for each. When sums stand is said by
// systolic_weight_array.v, systolic_sum_array.v.
module order_properties #(
    parameter ROWS = 2,
    parameter COLS = 2,
    parameter OUTPUT_STATIONARY = 0,
    parameter OVERLAPPED = 1,
    parameter SELECTS = 0,
    parameter UNITS = 1,
    parameter DEPTH = 2,
    // Most elements, or folds, and most tiles along each axis.
    parameter LONGEST = 3
) (
    input wire clk_i,
    input wire rst_ni,
    input wire start_i,
    input wire weight_valid_i,
    input wire act_valid_i,
    input wire ready_i
);
  localparam SHARES = (COLS + UNITS - 1) / UNITS;
  localparam POSITIONS = OUTPUT_STATIONARY != 0 ? ROWS : DEPTH;
  localparam POSITION_W = POSITIONS > 1 ? $clog2(POSITIONS) : 1;
  localparam SHARE_W = SHARES > 1 ? $clog2(SHARES) : 1;
  localparam RIPENS = (OUTPUT_STATIONARY != 0 ? 1 : ROWS + 3 + SELECTS) + COLS - SHARES;
  // From a step to its sum: in the cycle behind it stands.
  localparam STANDS = OUTPUT_STATIONARY != 0 ? 3 : ROWS + 3 + SELECTS;
  localparam READS = OUTPUT_STATIONARY != 0 ? 2 : 0;  // behind the drain
  localparam LINE = STANDS + ROWS + COLS;

  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;

  // The shape.
  (* anyconst *) wire [1:0] folds, filter_tiles, position_tiles, elements, last_positions, last_filters;
  wire [1:0] last_shares = UNITS == 1 ? last_filters : UNITS == 2 ? {last_filters == 3, last_filters != 3} : 2'd1;
  wire [1:0] last_units = UNITS == 1 ? 2'd1 : UNITS == 2 && last_filters == 3 ? 2'd1 : last_filters;
  wire [3:0] narrow_drain = POSITIONS * {2'd0, last_shares};
  wire [3:0] short_drain = {2'd0, last_positions} * SHARES;
  wire [3:0] last_drain = {2'd0, last_positions} * last_shares;
  wire [13*32-1:0] shape = {
    32'd0, {30'd0, last_filters}, 32'd1, {28'd0, last_drain}, {28'd0, short_drain},
    {28'd0, narrow_drain}, {30'd0, last_units}, {30'd0, last_shares}, {30'd0, last_positions},
    {30'd0, elements}, {30'd0, position_tiles}, {30'd0, filter_tiles}, {30'd0, folds}
  };
  wire busy;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (folds != 0 && folds <= (OUTPUT_STATIONARY != 0 ? 1 : LONGEST));
    assume (elements != 0 && elements <= LONGEST);
    assume (filter_tiles != 0 && filter_tiles <= 2);
    assume (position_tiles != 0 && position_tiles <= 2);
    assume (last_positions != 0 && last_positions <= POSITIONS);
    assume (last_filters != 0 && last_filters <= COLS);
    if (busy) assume (!start_i);
  end

  wire weight_take, weight_first, act_take, first, last, starts, ends, drains, ripe;
  wire waits_skew, waits_weights, waits_drain, last_fold, last_along_filters, last_along_positions;
  wire [(DEPTH>1?$clog2(DEPTH):1)-1:0] step;
  wire [47:0] cycles;
  systolic_sequencer #(
      .ROWS             (ROWS),
      .COLS             (COLS),
      .OUTPUT_STATIONARY(OUTPUT_STATIONARY),
      .OVERLAPPED       (OVERLAPPED),
      .SELECTS          (SELECTS),
      .UNITS            (UNITS),
      .DEPTH            (DEPTH)
  ) u_sequencer (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .start_i         (start_i),
      .pass_i          (shape),
      .weight_valid_i  (weight_valid_i),
      .weight_take_o   (weight_take),
      .weight_first_o  (weight_first),
      .act_valid_i     (act_valid_i),
      .act_take_o      (act_take),
      .ready_i         (ready_i),
      .first_o         (first),
      .last_o          (last),
      .step_o          (step),
      .starts_o        (starts),
      .ends_o          (ends),
      .waits_skew_o    (waits_skew),
      .waits_weights_o (waits_weights),
      .waits_drain_o   (waits_drain),
      .last_fold_o     (last_fold),
      .last_filters_o  (last_along_filters),
      .last_positions_o(last_along_positions),
      .drained_i       (drains),
      .busy_o          (busy),
      .cycles_o        (cycles)
  );
  systolic_shift #(
      .WIDTH (1),
      .CYCLES(RIPENS),
      .RESET (1)
  ) u_ripens (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (OUTPUT_STATIONARY != 0 ? ends && act_take : ends && first),
      .q_o   (ripe)
  );
  wire [POSITION_W-1:0] position;
  wire [SHARE_W-1:0] share;
  wire [UNITS-1:0] valid;
  wire [15:0] filter;
  systolic_drain #(
      .COLS     (COLS),
      .UNITS    (UNITS),
      .POSITIONS(POSITIONS)
  ) u_drain (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .start_i   (start_i),
      .pass_i    (shape),
      .ripe_i    (ripe),
      .drains_o  (drains),
      .position_o(position),
      .share_o   (share),
      .valid_o   (valid),
      .filter_o  (filter)
  );

  // The sum that is watched: of this position, or row, and column, of the tile if it has both.
  (* anyconst *) wire [POSITION_W-1:0] at;
  (* anyconst *) wire [1:0] column;
  always @* assume (at < POSITIONS && column < COLS);
  // Which tile goes: it is known in its first step, and lasts to its last.
  reg of_last_filters_q, of_last_positions_q;
  wire of_last_filters = first ? last_along_filters : of_last_filters_q;
  wire of_last_positions = first ? last_along_positions : of_last_positions_q;
  wire is_there = (!of_last_filters || column < last_filters) &&
      (!of_last_positions || at < last_positions);
  wire made = act_take && ends && is_there && (OUTPUT_STATIONARY != 0 || step == at);
  reg [LINE-1:0] made_q;
  wire [LINE:0] made_then = {made_q, made};
  wire stands = made_then[STANDS+column+(OUTPUT_STATIONARY!=0?at:0)];
  // A drain of it: its column is of the unit that is told, and the filter is its own.
  wire reads = drains && position == at && share == column / UNITS &&
      valid[column%UNITS];
  reg [2:0] reads_q;
  wire [3:0] reads_then = {reads_q, reads};
  wire read = reads_then[READS];
  reg full_q;
  // Weights: rows taken ahead of the fold that goes.
  reg [10:0] ahead_q;
  reg working_q, waited_q;
  always @(posedge clk_i) begin
    of_last_filters_q <= of_last_filters;
    of_last_positions_q <= of_last_positions;
    made_q <= made_then[LINE-1:0];
    reads_q <= reads_then[2:0];
    full_q <= stands || (full_q && !read);
    ahead_q <= ahead_q + {10'd0, weight_take} - (first ? ROWS : 0);
    working_q <= act_take && !last;
    if (!rst_ni) begin
      made_q <= {LINE{1'b0}};
      {reads_q, full_q, working_q} <= 5'd0;
      ahead_q <= 11'd0;
    end
  end

  always @* begin
    if (rst_ni && started_q) begin
      // None is overwritten unread; a register may be read in the cycle that ends with that.
      assert (!stands || !full_q || (OUTPUT_STATIONARY != 0 && read));
      assert (!read || full_q);  // none is read before it stands
      if (OUTPUT_STATIONARY == 0) begin
        assert (ahead_q <= ROWS);
        if (first) assert (ahead_q == ROWS);
        if (weight_first) assert (weight_valid_i && (first && SELECTS == 0 || ahead_q == 0));
        if (weight_take && !weight_first) assert (ahead_q != 0 && ahead_q < ROWS);
        if (OVERLAPPED == 0 && weight_take) assert (!act_take);
      end else begin
        assert (weight_take == act_take);
        if (first) assert (weight_valid_i);
      end
      if (first) assert (act_valid_i && !working_q);
      if (first && last_fold) assert (ready_i);
      if (act_take) assert (first || working_q);
      if (working_q) assert (act_take);
      // Behind a pass nothing is left.
      if (!busy) assert (!full_q && !drains && made_then == 0);
    end
  end

  always @(posedge clk_i) begin
    cover (rst_ni && full_q && made);
    cover (rst_ni && read && waits_drain);
  end
  wire unused = &{1'b0, starts, waits_skew, waits_weights, cycles, filter};
endmodule
`default_nettype wire
