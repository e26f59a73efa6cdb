`default_nettype none
// A weight-stationary array: ROWS elements of K by COLS filters, accumulators below.
//
// Cycle contract: docs/machines/systolic.md. The PE of row r and column c meets in cycle t + r + c
// what act_i holds in cycle t. Weights are taken from weight_i in ROWS cycles, the last row's
// first, row r beginning to shift r cycles behind row 0, so that the first may follow a cycle behind
// swap_i (with BLOCK = 1 come with it). A final sum of column c and of the position that
// act_i held in cycle t leaves at the earliest in cycle t + ROWS + 4 + c (with BLOCK above 1 one more):
// leaves_i names the position then, and results_o holds it 2 cycles later.
//
// Twin: tests/machines/systolic. Test: test_systolic_weight_array.py.
module systolic_weight_array #(
    // Rows of PEs, an element of K each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, a filter each, 1 to 1024.
    parameter COLS = 16,
    // Activations that each row takes together, one of which a PE selects, 1 to 8.
    parameter BLOCK = 1,
    // Positions of a tile, 1 to 4096.
    parameter DEPTH = 128,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // What class counters need, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a choice; derived, leave it.
    parameter CHOICE_W = BLOCK > 1 ? $clog2(BLOCK) : 1,
    // Width of a position's number; derived, leave it.
    parameter POSITION_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    // Weights of a row of PEs are taken; it is a fold's first such cycle. Column c at
    // [c*WEIGHT_W +: WEIGHT_W], its choice at [c*CHOICE_W +: CHOICE_W].
    input  wire                        shift_i,
    input  wire                        shift_first_i,
    input  wire [   COLS*WEIGHT_W-1:0] weight_i,
    input  wire [   COLS*CHOICE_W-1:0] choice_i,
    // Activations of a position are taken: row r at [r*BLOCK*ACT_W +: BLOCK*ACT_W]. It is a fold's
    // first position, which the next weights are for; its number in the tile; the fold is its
    // tile's first, whose sums add to nothing; is the last, whose sums are final.
    input  wire                        take_i,
    input  wire                        swap_i,
    input  wire [      POSITION_W-1:0] position_i,
    input  wire                        starts_i,
    input  wire                        ends_i,
    input  wire [ROWS*BLOCK*ACT_W-1:0] act_i,
    // The position whose sums leave, and, two cycles later, those of all columns.
    input  wire [      POSITION_W-1:0] leaves_i,
    output wire [      COLS*ACC_W-1:0] results_o,
    // A product of two numbers that are not zero is made in PE (r, c), bit r*COLS + c; with
    // COUNTERS_EN.
    output wire [       ROWS*COLS-1:0] effectual_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();

  localparam SELECTS = BLOCK > 1 ? 1 : 0;
  localparam EXACT_W = ACT_W + WEIGHT_W + (ROWS > 1 ? $clog2(ROWS) : 0);
  localparam SUM_W = EXACT_W < ACC_W ? EXACT_W : ACC_W;
  localparam BLOCK_W = BLOCK * ACT_W;
  localparam ENTRY_W = WEIGHT_W + CHOICE_W;
  localparam COMMAND_W = POSITION_W + 3;

  genvar r, c;

  // Operands, skewed.
  wire [ROWS*BLOCK_W-1:0] act;
  systolic_skew #(
      .LINES(ROWS),
      .WIDTH(BLOCK_W)
  ) u_act (
      .clk_i(clk_i),
      .d_i  (act_i),
      .q_o  (act)
  );
  wire [COLS*ENTRY_W-1:0] entry_d, entry;
  systolic_skew #(
      .LINES(COLS),
      .WIDTH(ENTRY_W)
  ) u_weight (
      .clk_i(clk_i),
      .d_i  (entry_d),
      .q_o  (entry)
  );

  // What drives rows, each a cycle behind the one above. A row begins to shift so, and ends with all.
  wire [ROWS-1:0] swap, shift;
  systolic_taps #(
      .TAPS (ROWS),
      .WIDTH(1)
  ) u_swap (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (swap_i),
      .taps_o(swap)
  );
  assign shift[0] = shift_i;
  generate
    for (r = 1; r < ROWS; r = r + 1) begin : g_shift
      reg above_q;
      always @(posedge clk_i) above_q <= shift[r-1];
      assign shift[r] = above_q && shift_i && !shift_first_i;
    end
    if (ROWS == 1) begin : g_one_row
      wire unused = &{1'b0, shift_first_i};
    end
  endgenerate

  // What drives accumulators: each a cycle behind the one to its left. Their reads are ahead of
  // their writes by the way of a sum, so a column is written by what reads three columns on.
  wire [COMMAND_W-1:0] command;
  systolic_shift #(
      .WIDTH (COMMAND_W),
      .CYCLES(ROWS + SELECTS)
  ) u_command (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({take_i && !ends_i, take_i && ends_i, starts_i, position_i}),
      .q_o   (command)
  );
  wire [(COLS+3)*COMMAND_W-1:0] commands;
  systolic_taps #(
      .TAPS (COLS + 3),
      .WIDTH(COMMAND_W)
  ) u_commands (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (command),
      .taps_o(commands)
  );

  // Between PEs: what is right of (r, c) at [r*(COLS+1) + c+1], what is below at [(r+1)*COLS + c].
  wire [BLOCK_W-1:0] act_at[0:ROWS*(COLS+1)-1];
  wire swap_at[0:ROWS*(COLS+1)-1];
  wire shift_at[0:ROWS*(COLS+1)-1];
  wire [WEIGHT_W-1:0] weight_at[0:(ROWS+1)*COLS-1];
  wire [CHOICE_W-1:0] choice_at[0:(ROWS+1)*COLS-1];
  wire [SUM_W-1:0] sum_at[0:(ROWS+1)*COLS-1];
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      assign act_at[r*(COLS+1)]   = act[r*BLOCK_W+:BLOCK_W];
      assign swap_at[r*(COLS+1)]  = swap[r];
      assign shift_at[r*(COLS+1)] = shift[r];
      for (c = 0; c < COLS; c = c + 1) begin : g_col
        systolic_weight_pe #(
            .BLOCK   (BLOCK),
            .ACT_W   (ACT_W),
            .WEIGHT_W(WEIGHT_W),
            .SUM_W   (SUM_W),
            .COUNTERS_EN(COUNTERS_EN)
        ) u_pe (
            .clk_i      (clk_i),
            .shift_i    (shift_at[r*(COLS+1)+c]),
            .shift_o    (shift_at[r*(COLS+1)+c+1]),
            .swap_i     (swap_at[r*(COLS+1)+c]),
            .swap_o     (swap_at[r*(COLS+1)+c+1]),
            .act_i      (act_at[r*(COLS+1)+c]),
            .act_o      (act_at[r*(COLS+1)+c+1]),
            .weight_i   (weight_at[r*COLS+c]),
            .weight_o   (weight_at[(r+1)*COLS+c]),
            .choice_i   (choice_at[r*COLS+c]),
            .choice_o   (choice_at[(r+1)*COLS+c]),
            .sum_i      (sum_at[r*COLS+c]),
            .sum_o      (sum_at[(r+1)*COLS+c]),
            .effectual_o(effectual_o[r*COLS+c])
        );
      end
    end
    for (c = 0; c < COLS; c = c + 1) begin : g_column
      assign entry_d[c*ENTRY_W+:ENTRY_W] = {
        choice_i[c*CHOICE_W+:CHOICE_W], weight_i[c*WEIGHT_W+:WEIGHT_W]
      };
      assign {choice_at[c], weight_at[c]} = entry[c*ENTRY_W+:ENTRY_W];
      assign sum_at[c] = {SUM_W{1'b0}};
      systolic_accumulator #(
          .DEPTH(DEPTH),
          .SUM_W(SUM_W),
          .ACC_W(ACC_W)
      ) u_accumulator (
          .clk_i   (clk_i),
          .read_i  (commands[c*COMMAND_W+:POSITION_W]),
          .sum_i   (sum_at[ROWS*COLS+c]),
          .starts_i(commands[(c+1)*COMMAND_W+POSITION_W]),
          .write_i (commands[(c+3)*COMMAND_W+:POSITION_W]),
          .keeps_i (commands[(c+3)*COMMAND_W+POSITION_W+2]),
          .ends_i  (commands[(c+3)*COMMAND_W+POSITION_W+1]),
          .leaves_i(leaves_i),
          .result_o(results_o[c*ACC_W+:ACC_W])
      );
    end
  endgenerate
endmodule
`default_nettype wire
