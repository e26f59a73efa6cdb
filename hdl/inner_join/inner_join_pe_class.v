`default_nettype none
// Class of each of a PE's cycles: where its time goes.
//
// Cycle contract: `class_o` belongs to this cycle, at most one of {active work, operand wait, drain
// wait, inactive} is high. A cycle of work is active or inactive; an idle cycle between two windows
// belongs to the later one: inactive if the PE is inactive in that window's tile, else the wait for
// the operands, or for the drain. No bit is high before the pass's first window and behind its last
// (filling and draining).
//
// Twin: classes of sparsesim.array_cycles. Test: test_inner_join_pe.py.
module inner_join_pe_class (
    input  wire       clk_i,
    input  wire       rst_ni,
    // A pass starts in the next cycle.
    input  wire       start_i,
    // The PE works in this cycle; it is its window's last; an active window waits for the drain.
    input  wire       work_i,
    input  wire       done_i,
    input  wire       blocked_i,
    // Of the window at the head: the PE is active; another follows in the pass, and is active.
    input  wire       active_i,
    input  wire       more_i,
    input  wire       next_active_i,
    output wire [3:0] class_o
);
  reg between_q, next_active_q;  // between two windows of the pass; the later one is active
  always @(posedge clk_i) begin
    if (done_i) begin
      between_q <= more_i;
      next_active_q <= next_active_i;
    end
    if (start_i || !rst_ni) between_q <= 1'b0;
  end
  wire idle = !work_i && between_q;
  assign class_o = {
    work_i && active_i,
    idle && next_active_q && !blocked_i,
    idle && next_active_q && blocked_i,
    (work_i && !active_i) || (idle && !next_active_q)
  };
endmodule
`default_nettype wire
