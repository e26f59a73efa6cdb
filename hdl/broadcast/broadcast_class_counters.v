`default_nettype none
// Class counters: what PEs did in each cycle of a pass, by the model's classes.
//
// Cycle contract: events of a cycle are counted two cycles later. Work on entries is told three cycles
// behind its cycle and is counted all the same: the pass is over only when all has been counted.
//
// Class, in the order of counters_o: effectual, padding_entry, no_entry, scan_wait, queue_wait,
// drain_wait, inactive, fill_drain. A PE that does not work waits for what the sender did in the cycle
// before (`did_i`), unless all work has ended. What is left of all PEs' cycles is fill_drain.
//
// Example, PES = 2: in one cycle PE 0 takes an activation without an entry, PE 1 does nothing and the
// finder had found nothing: no_entry and scan_wait are 1 more two cycles later.
//
// Twin: classes of sparsesim.array_cycles. Test: test_broadcast_class_counters.py.
module broadcast_class_counters #(
    // Processing elements, 1 to 1024.
    parameter PES = 64
) (
    input  wire            clk_i,
    // A pass starts.
    input  wire            start_i,
    // In this cycle: the sender has looks left; what it did in the cycle before, as in
    // broadcast_sender.v; PEs that work, that have no entry or no filter for what they take.
    input  wire            left_i,
    input  wire [     1:0] did_i,
    input  wire [ PES-1:0] works_i,
    input  wire [ PES-1:0] no_entry_i,
    input  wire [ PES-1:0] absent_i,
    // Entries three cycles before: with a weight, with none.
    input  wire [ PES-1:0] effectual_i,
    input  wire [ PES-1:0] padding_i,
    // Cycles of the pass, once it is over.
    input  wire [    47:0] cycles_i,
    output wire [8*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("pes"), .VALUE(PES), .LOW(1), .HIGH(1024)) u_pes_range ();

  function [47:0] ones(input [PES-1:0] flags);
    integer i;
    begin
      ones = 48'd0;
      for (i = 0; i < PES; i = i + 1) ones = ones + {47'd0, flags[i]};
    end
  endfunction

  reg [PES-1:0] idle_q, no_entry_q, absent_q, effectual_q, padding_q;
  reg [1:0] did_q;
  reg [47:0] effectual_n_q, padding_n_q, no_entry_n_q, absent_n_q;
  reg [47:0] waits_q[1:3];
  wire is_under_way = left_i || works_i != {PES{1'b0}};
  always @(posedge clk_i) begin
    idle_q <= ~works_i;
    did_q <= is_under_way ? did_i : 2'd0;
    no_entry_q <= no_entry_i;
    absent_q <= absent_i;
    effectual_q <= effectual_i;
    padding_q <= padding_i;
    effectual_n_q <= effectual_n_q + ones(effectual_q);
    padding_n_q <= padding_n_q + ones(padding_q);
    no_entry_n_q <= no_entry_n_q + ones(no_entry_q);
    absent_n_q <= absent_n_q + ones(absent_q);
    if (did_q == 2'd1) waits_q[1] <= waits_q[1] + ones(idle_q);
    if (did_q == 2'd2) waits_q[2] <= waits_q[2] + ones(idle_q);
    if (did_q == 2'd3) waits_q[3] <= waits_q[3] + ones(idle_q);
    if (start_i) begin
      effectual_n_q <= 48'd0;
      padding_n_q <= 48'd0;
      no_entry_n_q <= 48'd0;
      absent_n_q <= 48'd0;
      waits_q[1] <= 48'd0;
      waits_q[2] <= 48'd0;
      waits_q[3] <= 48'd0;
    end
  end
  localparam [47:0] PE_COUNT = {16'd0, PES[31:0]};
  wire [47:0] rest = cycles_i * PE_COUNT - effectual_n_q - padding_n_q - no_entry_n_q - absent_n_q -
                     waits_q[1] - waits_q[2] - waits_q[3];
  assign counters_o = {
    rest, absent_n_q, waits_q[3], waits_q[2], waits_q[1], no_entry_n_q, padding_n_q, effectual_n_q
  };
endmodule
`default_nettype wire
