`default_nettype none
// An output-stationary array: ROWS positions by COLS filters.
//
// Cycle contract: docs/machines/systolic.md. The PE of row r and column c meets in cycle t + r + c
// what act_i and weight_i hold in cycle t. Its sum of a tile whose last pair entered in cycle t
// leaves at the earliest in cycle t + r + c + 2, at the latest as far behind the next tile's first
// cycle as that has elements, less 3: leaves_i names the row then, and results_o holds it 2 + LEVELS
// cycles later (sparsesim_result_mux.v).
//
// Twin: tests/machines/systolic. Test: test_systolic_sum_array.py.
module systolic_sum_array #(
    // Rows of PEs, a position each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, a filter each, 1 to 1024.
    parameter COLS = 16,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // What class counters need, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    // Operands of an element of K are taken: row r at [r*ACT_W +: ACT_W], column c at
    // [c*WEIGHT_W +: WEIGHT_W]. Sums start anew with it; are final with it.
    input  wire                     take_i,
    input  wire                     starts_i,
    input  wire                     ends_i,
    input  wire [   ROWS*ACT_W-1:0] act_i,
    input  wire [COLS*WEIGHT_W-1:0] weight_i,
    // The row whose sums leave, and, later, those of all columns.
    input  wire [        ROW_W-1:0] leaves_i,
    output wire [   COLS*ACC_W-1:0] results_o,
    // A product of two numbers that are not zero is made in PE (r, c), bit r*COLS + c; with
    // COUNTERS_EN.
    output wire [    ROWS*COLS-1:0] effectual_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();

  // Operands, skewed.
  wire [ROWS*ACT_W-1:0] act;
  systolic_skew #(
      .LINES(ROWS),
      .WIDTH(ACT_W)
  ) u_act (
      .clk_i(clk_i),
      .d_i  (act_i),
      .q_o  (act)
  );
  wire [COLS*WEIGHT_W-1:0] weight;
  systolic_skew #(
      .LINES(COLS),
      .WIDTH(WEIGHT_W)
  ) u_weight (
      .clk_i(clk_i),
      .d_i  (weight_i),
      .q_o  (weight)
  );

  // What drives rows, each a cycle behind the one above.
  wire [3*ROWS-1:0] flags;
  systolic_taps #(
      .TAPS (ROWS),
      .WIDTH(3)
  ) u_rows (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({take_i, starts_i, ends_i && take_i}),
      .taps_o(flags)
  );

  // Between PEs: what is right of (r, c) at [r*(COLS+1) + c+1], what is below at [(r+1)*COLS + c].
  wire [ACT_W-1:0] act_at[0:ROWS*(COLS+1)-1];
  wire [WEIGHT_W-1:0] weight_at[0:(ROWS+1)*COLS-1];
  wire [ACC_W-1:0] result_at[0:ROWS*COLS-1];
  genvar r, c;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      // On their way along a row, flags are where a PE's product and sum need them, two and three
      // columns on.
      wire [3*(COLS+3)-1:0] along;
      systolic_taps #(
          .TAPS (COLS + 3),
          .WIDTH(3)
      ) u_along (
          .clk_i (clk_i),
          .rst_ni(rst_ni),
          .d_i   (flags[3*r+:3]),
          .taps_o(along)
      );
      wire unused = &{1'b0, along};
      assign act_at[r*(COLS+1)] = act[r*ACT_W+:ACT_W];
      for (c = 0; c < COLS; c = c + 1) begin : g_col
        systolic_sum_pe #(
            .ACT_W   (ACT_W),
            .WEIGHT_W(WEIGHT_W),
            .ACC_W   (ACC_W),
            .COUNTERS_EN(COUNTERS_EN)
        ) u_pe (
            .clk_i      (clk_i),
            .act_i      (act_at[r*(COLS+1)+c]),
            .act_o      (act_at[r*(COLS+1)+c+1]),
            .weight_i   (weight_at[r*COLS+c]),
            .weight_o   (weight_at[(r+1)*COLS+c]),
            .adds_i     (along[3*(c+2)+2]),
            .first_i    (along[3*(c+2)+1]),
            .last_i     (along[3*(c+3)]),
            .result_o   (result_at[r*COLS+c]),
            .effectual_o(effectual_o[r*COLS+c])
        );
      end
    end
    for (c = 0; c < COLS; c = c + 1) begin : g_column
      assign weight_at[c] = weight[c*WEIGHT_W+:WEIGHT_W];
      wire [ROWS*ACC_W-1:0] column;
      for (r = 0; r < ROWS; r = r + 1) begin : g_result
        assign column[r*ACC_W+:ACC_W] = result_at[r*COLS+c];
      end
      wire [1:0] unused_last;
      sparsesim_result_mux #(
          .ROWS (ROWS),
          .WIDTH(ACC_W)
      ) u_mux (
          .clk_i   (clk_i),
          .rst_ni  (rst_ni),
          .valid_i (1'b0),
          .row_i   (leaves_i),
          .last_i  (1'b0),
          .results_i(column),
          .valid_o (unused_last[1]),
          .last_o  (unused_last[0]),
          .result_o(results_o[c*ACC_W+:ACC_W])
      );
      wire unused_mux = &{1'b0, unused_last};
    end
  endgenerate
endmodule
`default_nettype wire
