`default_nettype none
// Drain of one column: passes its active rows' results on, one a cycle, in rising order, tile by
// tile.
//
// Cycle contract: a result whose work ended in cycle t is drained in cycle t + PE_LATENCY at the
// earliest, one cycle behind the column's previous drain at least, and its PE may end another tile
// from the cycle behind. `valid_o` belongs to the cycle of the drain; the result itself follows
// over `sparsesim_result_mux`. What comes from the PEs and goes to them is registered here, so that
// a column's wires have a cycle of their own each way.
//
// Each PE turns `produced` over with a result, each drain turns `drained` over: a result waits
// where they differ.
//
// Example, PE_LATENCY = 3: rows 0 and 1 end in cycles 5 and 3; drains in cycles 8 and 9.
//
// Twins: sparsesim/machines/inner_join (drained), tests/naive_array.py (class Column). Test:
// test_sparsesim_drain.py.
module sparsesim_drain #(
    // Rows of the array, 1 to 1024.
    parameter ROWS = 16,
    // Cycles from the end of a PE's work to its result, 3 or more.
    parameter PE_LATENCY = 3,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // The column may drain in the next cycle; low stalls it.
    input  wire             ready_i,
    // From the PEs: a result was produced (a turn); it is that of its tile's last active row.
    input  wire [ROWS-1:0]  produced_i,
    input  wire [ROWS-1:0]  final_i,
    // To the PEs, a cycle behind each drain: the result has gone (a turn).
    output wire [ROWS-1:0]  drained_o,
    // A drain in this cycle: the row, and whether it is its tile's last.
    output wire             valid_o,
    output wire [ROW_W-1:0] row_o,
    output wire             last_o
);
  // A turn that a PE shows from cycle t+1 on allows a drain in t + PE_LATENCY, decided a cycle
  // before.
  wire [ROWS-1:0] produced;
  sparsesim_delay #(
      .WIDTH (ROWS),
      .CYCLES(PE_LATENCY - 2),
      .RESET (1)
  ) u_produced (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (produced_i),
      .q_o   (produced)
  );

  reg [ROW_W-1:0] next_q, row_q;
  reg valid_q, last_q;
  reg [ROWS-1:0] drained_q, told_q;
  wire [ROWS-1:0] waiting = produced ^ drained_q;
  wire drains = ready_i && waiting[next_q];
  wire is_last = final_i[next_q];
  always @(posedge clk_i) begin
    valid_q <= drains;
    row_q   <= next_q;
    last_q  <= is_last;
    told_q  <= drained_q;
    if (drains) begin
      drained_q[next_q] <= !drained_q[next_q];
      next_q <= is_last ? {ROW_W{1'b0}} : next_q + 1'b1;
    end
    if (!rst_ni) begin
      valid_q <= 1'b0;
      next_q <= {ROW_W{1'b0}};
      drained_q <= {ROWS{1'b0}};
      told_q <= {ROWS{1'b0}};
    end
  end
  assign drained_o = told_q;
  assign valid_o = valid_q;
  assign row_o = row_q;
  assign last_o = last_q;
endmodule
`default_nettype wire
