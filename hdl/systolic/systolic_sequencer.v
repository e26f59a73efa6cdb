`default_nettype none
// Which fold goes when: takes operands, fold by fold, and says what each step of one is.
//
// A tile's folds follow each other; tiles take all filters of some positions, then the next
// positions. A fold takes a step a cycle: a position (weight-stationary; behind ROWS cycles of its
// weights), or an element of K (output-stationary, one fold a tile).
//
// Cycle contract: docs/machines/systolic.md, "Cycles of a pass"; cycle 0 is behind start_i. A fold
// goes as soon as its operands are there and its rules allow it; the last fold of a tile that
// drains goes where all units have room (ready_i), and only so late that its sums cannot overtake
// those of the tile before: `left_q` counts the cycles to the end of all drains that have been
// promised so far.
//
// Twin: sparsesim/machines/systolic. Test: test_systolic_sequencer.py.
module systolic_sequencer #(
    // Rows of PEs, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, 1 to 1024.
    parameter COLS = 16,
    // What stays in a PE, 0 to 1: 0 a weight, 1 a sum.
    parameter OUTPUT_STATIONARY = 0,
    // 1: the next fold is prepared while one works; 0: it waits. 0 to 1.
    parameter OVERLAPPED = 1,
    // PEs select among several activations, 0 to 1.
    parameter SELECTS = 0,
    // Post-processing units, 1 to 1024, COLS or fewer.
    parameter UNITS = 4,
    // Positions of a tile, 1 to 4096; weight-stationary alone.
    parameter DEPTH = 128,
    // Width of a step's number; derived, leave it.
    parameter STEP_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    // Takes the shape (systolic_pass_shape.v), which stays while busy_o is high.
    input  wire              start_i,
    input  wire [ 13*32-1:0] pass_i,
    // The weights of a fold are there, all of them: it is looked at where they would begin to be
    // taken. In a cycle of weight_take_o those of a row of PEs are; of the last row in a fold's
    // first such cycle. Output-stationary: an element's.
    input  wire              weight_valid_i,
    output wire              weight_take_o,
    output wire              weight_first_o,
    // The activations of a fold are there, likewise; those of a step are taken.
    input  wire              act_valid_i,
    output wire              act_take_o,
    // All units have room for the results of a tile.
    input  wire              ready_i,
    // Of the step of this cycle: the first of its fold, the last, its number; its fold's sums start
    // anew, are final.
    output wire              first_o,
    output wire              last_o,
    output wire [STEP_W-1:0] step_o,
    output wire              starts_o,
    output wire              ends_o,
    // For counters. The array waits for the last PE, for weights, for drains; the fold that goes in
    // this cycle is its tile's last, the tile the last along the filters, along the positions.
    output wire              waits_skew_o,
    output wire              waits_weights_o,
    output wire              waits_drain_o,
    output wire              last_fold_o,
    output wire              last_filters_o,
    output wire              last_positions_o,
    // A result drains in this cycle. A pass is under way; its length.
    input  wire              drained_i,
    output wire              busy_o,
    output wire [      47:0] cycles_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();
  sparsesim_parameter_range #(.NAME("output_stationary"), .VALUE(OUTPUT_STATIONARY), .LOW(0), .HIGH(1)) u_output_stationary_range ();
  sparsesim_parameter_range #(.NAME("overlapped"), .VALUE(OVERLAPPED), .LOW(0), .HIGH(1)) u_overlapped_range ();
  sparsesim_parameter_range #(.NAME("selects"), .VALUE(SELECTS), .LOW(0), .HIGH(1)) u_selects_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(1), .HIGH(4096)) u_depth_range ();

  localparam STATIONARY_WEIGHTS = OUTPUT_STATIONARY == 0;
  localparam SHARES = (COLS + UNITS - 1) / UNITS;  // columns of a unit, at most
  localparam POSITIONS = STATIONARY_WEIGHTS ? DEPTH : ROWS;  // of a tile
  localparam FULL_DRAIN = POSITIONS * SHARES;
  localparam SKEW = ROWS + COLS - 2;
  // From the first step of a tile's last fold to its first drain, and to the first sum that could
  // overtake another; output-stationary beside K, and 2 cycles less, since results are read 2 cycles
  // behind their drain (sparsesim_result_mux.v).
  localparam DRAIN_BEHIND = (STATIONARY_WEIGHTS ? ROWS + 4 + SELECTS : 1) + COLS - SHARES;
  localparam WRITE_BEHIND = STATIONARY_WEIGHTS ? ROWS + 2 + SELECTS : 0;
  // Cycles behind a pass's end in which its last results come to the units.
  localparam [4:0] SETTLE = 5'd31;

  wire [15:0] folds, filter_tiles, position_tiles, elements;
  wire [12:0] last_positions;
  wire [10:0] last_shares, last_units, last_filters, last_rows;
  wire [23:0] narrow_drain, short_drain, last_drain;
  wire drains;
  systolic_pass_shape u_shape (
      .pass_i          (pass_i),
      .folds_o         (folds),
      .filter_tiles_o  (filter_tiles),
      .position_tiles_o(position_tiles),
      .elements_o      (elements),
      .last_positions_o(last_positions),
      .last_shares_o   (last_shares),
      .last_units_o    (last_units),
      .narrow_drain_o  (narrow_drain),
      .short_drain_o   (short_drain),
      .last_drain_o    (last_drain),
      .drains_o        (drains),
      .last_filters_o  (last_filters),
      .last_rows_o     (last_rows)
  );
  wire unused = &{1'b0, last_units, last_filters, last_rows};

  // The fold that goes next: how many are left, itself among them, of its tile and of both axes.
  reg open_q;
  reg [15:0] folds_q, filters_q, positions_q;
  wire last_fold = folds_q == 16'd1;
  wire last_along_filters = filters_q == 16'd1;
  wire last_along_positions = positions_q == 16'd1;
  wire last_of_all = last_fold && last_along_filters && last_along_positions;

  // Known a cycle behind a fold's going, and needed two cycles behind it at the earliest: its steps,
  // how long its tile drains, what may be left of that when the next tile's last fold goes.
  reg [15:0] steps_q;
  reg [23:0] drain_q, overlap_q, behind_q;
  wire is_last_filters = start_i ? filter_tiles == 16'd1 : last_along_filters;
  wire is_last_positions = start_i ? position_tiles == 16'd1 : last_along_positions;
  wire [12:0] tile_positions = is_last_positions ? last_positions : POSITIONS[12:0];
  wire [10:0] tile_shares = is_last_filters ? last_shares : SHARES[10:0];
  wire [23:0] reach = STATIONARY_WEIGHTS ? 24'd0 : {8'd0, elements};

  // The fold in work: steps left, this cycle's among them; whether it drains.
  reg [15:0] left_steps_q;
  reg [STEP_W-1:0] step_q;
  reg is_first_q, is_final_q, goes_on_q, kept_q;
  // Cycles until the last PE has taken the last step.
  reg [10:0] skew_q;
  reg [2:0] recent_q;
  // Weights that lie behind those in work; rows of them that are still to be taken.
  reg loaded_q;
  reg [10:0] rows_left_q;
  // Cycles until the end of all drains promised; what may be left for the next one to go.
  reg [23:0] left_q, longest_q, allowed_q;
  reg free_q;

  wire working = left_steps_q != 16'd0;
  wire closes = last_fold && drains;
  wire rested = OVERLAPPED != 0 || skew_q == 11'd0;
  wire prepared = open_q && !working && rested && act_valid_i &&
      (STATIONARY_WEIGHTS ? loaded_q && recent_q == 3'd0 : weight_valid_i && !recent_q[0]);
  wire go = prepared && (!closes || (free_q && ready_i));
  wire is_first = go ? folds_q == folds && !goes_on_q : is_first_q;
  wire is_final = go ? closes : is_final_q;
  wire [15:0] left_now = go ? steps_q : left_steps_q;

  // Weights of the next fold: `serial` waits for the end of all work; with selection they are taken
  // over a cycle later than the choice of them.
  wire loads = rows_left_q != 11'd0;
  wire room = go ? OVERLAPPED != 0 && SELECTS == 0 && !last_of_all : open_q && !loaded_q;
  wire load = STATIONARY_WEIGHTS && !loads && room && weight_valid_i &&
      (OVERLAPPED != 0 || (!working && skew_q == 11'd0));
  assign weight_take_o = STATIONARY_WEIGHTS ? loads || load : act_take_o;
  assign weight_first_o = STATIONARY_WEIGHTS ? load : first_o;

  assign act_take_o = go || working;
  assign first_o = go;
  assign last_o = left_now == 16'd1;
  assign step_o = go ? {STEP_W{1'b0}} : step_q;
  assign starts_o = STATIONARY_WEIGHTS ? is_first : go && is_first;
  assign ends_o = STATIONARY_WEIGHTS ? is_final : is_final && last_o;

  // The rest of the pass: its end, then what settles behind it.
  reg busy_q;
  reg [4:0] settle_q;
  reg [47:0] cycle_q, cycles_q;
  wire ended = !open_q && !working && skew_q == 11'd0 && left_q == 24'd0;
  wire idle = busy_q && !act_take_o;
  assign waits_skew_o = idle && skew_q != 11'd0 && (OVERLAPPED == 0 || !open_q);
  assign waits_drain_o = idle && !waits_skew_o && (open_q ? prepared : left_q != 24'd0);
  assign waits_weights_o = idle && !waits_skew_o && open_q && !prepared;
  assign last_fold_o = last_fold;
  assign last_filters_o = last_along_filters;
  assign last_positions_o = last_along_positions;

  always @(posedge clk_i) begin
    steps_q <= STATIONARY_WEIGHTS ? {3'd0, tile_positions} : elements;
    drain_q <= is_last_positions ?
        (is_last_filters ? last_drain : short_drain) :
        (is_last_filters ? narrow_drain : FULL_DRAIN[23:0]);
    // One more than what may be left, as what is compared is a cycle old.
    overlap_q <= {11'd0, tile_positions} + {13'd0, tile_shares} + WRITE_BEHIND[23:0] + reach;
    behind_q <= DRAIN_BEHIND[23:0] + reach;

    recent_q <= {recent_q[1:0], go};
    is_first_q <= is_first;
    is_final_q <= is_final;
    left_steps_q <= left_now == 16'd0 ? 16'd0 : left_now - 16'd1;
    step_q <= step_o + 1'b1;
    if (last_o) skew_q <= SKEW[10:0];
    else if (skew_q != 11'd0) skew_q <= skew_q - 11'd1;

    if (load) rows_left_q <= ROWS[10:0] - 11'd1;
    else if (loads) rows_left_q <= rows_left_q - 11'd1;
    if (load ? ROWS == 1 : rows_left_q == 11'd1) loaded_q <= 1'b1;
    else if (go) loaded_q <= 1'b0;

    // longest_q is the larger of what is left and of how far a drain is behind its fold.
    left_q <= left_q == 24'd0 ? 24'd0 : left_q - 24'd1;
    longest_q <= left_q > behind_q ? left_q - 24'd1 : behind_q;
    free_q <= left_q <= allowed_q;
    if (go && closes) begin
      left_q <= longest_q + drain_q - 24'd1;
      allowed_q <= overlap_q;
      free_q <= 1'b0;
    end

    if (go) begin
      folds_q <= last_fold ? folds : folds_q - 16'd1;
      if (last_fold) filters_q <= last_along_filters ? filter_tiles : filters_q - 16'd1;
      if (last_fold && last_along_filters) positions_q <= positions_q - 16'd1;
      if (last_of_all) open_q <= 1'b0;
    end

    cycle_q <= cycle_q + 48'd1;
    if (drained_i || act_take_o || skew_q != 11'd0) cycles_q <= cycle_q;
    settle_q <= ended ? settle_q - 5'd1 : SETTLE;
    if (ended && settle_q == 5'd0) busy_q <= 1'b0;

    if (start_i) begin
      {open_q, busy_q} <= 2'b11;
      {folds_q, filters_q, positions_q} <= {folds, filter_tiles, position_tiles};
      {loaded_q, rows_left_q} <= 12'd0;
      {left_q, allowed_q, free_q} <= {48'd0, 1'b1};
      longest_q <= DRAIN_BEHIND[23:0] + reach;
      cycle_q <= 48'd1;
      cycles_q <= 48'd0;
      // Where the pass before did not end its tile, this one goes on with its sums.
      goes_on_q <= kept_q;
      kept_q <= !drains;
    end
    if (!rst_ni) begin
      {open_q, busy_q, kept_q} <= 3'd0;
      {left_steps_q, skew_q, left_q} <= 51'd0;
      {loaded_q, rows_left_q} <= 12'd0;
      recent_q <= 3'd0;
    end
  end
  assign busy_o   = busy_q;
  assign cycles_o = cycles_q;
endmodule
`default_nettype wire
