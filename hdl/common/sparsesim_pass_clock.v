`default_nettype none
// Length of a pass in cycles, and whether one is under way.
//
// Cycle contract: the pass begins in the cycle behind start_i. `cycles_o` is the number of the
// last drain's cycle plus one (a pass that does not end its tiles: of the last work), and is final
// when busy_o falls. What it sees is registered three times, so that no path crosses the array;
// busy_o falls a fixed time behind the last sign of work. Windows in queues are no such sign: they
// are at work soon, or their PE waits for a drain.
//
// Twin: cycles of sparsesim.array_cycles. Test: test_sparsesim_pass_clock.py.
module sparsesim_pass_clock #(
    // Rows of the array, 1 to 1024.
    parameter ROWS = 16,
    // Columns of the array, 1 to 1024.
    parameter COLS = 16,
    // Cycles without any sign of work after which a pass is over, 1 to 255: more than any pipeline
    // is long.
    parameter SETTLE = 16
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // The pass starts; whether it ends its tiles.
    input  wire                 start_i,
    input  wire                 drains_i,
    // In this cycle: PE (i, j) works, bit i*COLS + j; the column drains.
    input  wire [ROWS*COLS-1:0] works_i,
    input  wire [     COLS-1:0] drained_i,
    // Something is still to do: windows left, results that wait.
    input  wire [     ROWS-1:0] rows_open_i,
    input  wire [     COLS-1:0] cols_open_i,
    output wire                 busy_o,
    output wire [         47:0] cycles_o
);
  localparam [7:0] LAST = SETTLE[7:0];
  reg [ROWS*COLS-1:0] works_q;
  reg [ROWS-1:0] rows_work_q, rows_open_q;
  reg [COLS-1:0] drained_q, cols_open_q;
  reg any_drained_q, event_q, open_q, busy_q;
  reg [7:0] quiet_q;
  reg [47:0] cycle_q, cycles_q;
  integer i;
  always @(posedge clk_i) begin
    works_q <= works_i;
    drained_q <= drained_i;
    rows_open_q <= rows_open_i;
    cols_open_q <= cols_open_i;
    for (i = 0; i < ROWS; i = i + 1) rows_work_q[i] <= works_q[i*COLS+:COLS] != {COLS{1'b0}};
    any_drained_q <= drained_q != {COLS{1'b0}};
    event_q <= drains_i ? any_drained_q : rows_work_q != {ROWS{1'b0}};
    open_q <= (rows_work_q | rows_open_q) != {ROWS{1'b0}} || cols_open_q != {COLS{1'b0}};
    quiet_q <= open_q ? 8'd0 : quiet_q + 8'd1;
    if (quiet_q == LAST) busy_q <= 1'b0;
    // An event shows here three cycles later: the count starts at -2 to be one ahead of it then.
    cycle_q <= cycle_q + 48'd1;
    if (event_q && busy_q) cycles_q <= cycle_q;
    if (start_i) begin
      busy_q   <= 1'b1;
      open_q   <= 1'b1;
      quiet_q  <= 8'd0;
      cycle_q  <= {{47{1'b1}}, 1'b0};
      cycles_q <= 48'd0;
    end
    if (!rst_ni) busy_q <= 1'b0;
  end
  assign busy_o   = busy_q;
  assign cycles_o = cycles_q;
endmodule
`default_nettype wire
