`default_nettype none
// Lane-slots by class, summed over the array and the pass.
//
// Cycle contract: events of a cycle are counted two cycles later; the sums are right when the pass
// is over. What lies behind the pass's end, its last drain, is not counted.
//
// `counters_o` holds effectual, ineffectual, unused, operand_wait, drain_wait, inactive,
// fill_drain, the first in the low 48 bits; together they are ROWS * COLS * LANES * cycles.
//
// Twin: classes of sparsesim.array_cycles. Test: test_inner_join_class_counters.py.
module inner_join_class_counters #(
    // PEs of the array, 1 to 1048576.
    parameter PES = 256,
    // Multipliers that each PE is said to have, 1 to 256: what slots are counted by.
    parameter LANES = 1,
    // Multipliers that it has, 1 to 64, at most LANES: no more than a window's pairs.
    parameter USED_LANES = 1,
    // Columns, 1 to 1024: as many results may leave in a cycle.
    parameter COLS = 16
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // A pass starts, ends its tiles or does not, and gives so many results.
    input  wire                 start_i,
    input  wire                 drains_i,
    input  wire [         47:0] results_i,
    // Length of the pass.
    input  wire [         47:0] cycles_i,
    // Events of this cycle: classes of PE n at [4*n +: 4], see inner_join_pe_class.v; pairs of its
    // lanes, see inner_join_pe.v; drains of columns.
    input  wire [    4*PES-1:0] class_i,
    input  wire [PES*USED_LANES-1:0] multiplied_i,
    input  wire [PES*USED_LANES-1:0] effectual_i,
    input  wire [     COLS-1:0] drained_i,
    output wire [     7*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("pes"), .VALUE(PES), .LOW(1), .HIGH(1048576)) u_pes_range ();
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(256)) u_lanes_range ();
  sparsesim_parameter_range #(.NAME("used_lanes"), .VALUE(USED_LANES), .LOW(1), .HIGH(64)) u_used_lanes_range ();
  generate
    if (USED_LANES > LANES) begin : g_used_lanes_lanes
      sparsesim_parameter_relation #(.NAME("used_lanes"), .VALUE(USED_LANES), .OTHER("lanes"), .GIVEN(LANES),
          .USE("lanes or less")) u_stop ();
    end
  endgenerate
  sparsesim_parameter_range #(.NAME("cols"), .VALUE(COLS), .LOW(1), .HIGH(1024)) u_cols_range ();

  localparam SLOTS = PES * USED_LANES;
  integer pe, lane, col;
  reg [15:0] active_d, operand_d, drain_d, inactive_d, drained_d;
  reg [23:0] multiplied_d, effectual_d;
  always @* begin
    {active_d, operand_d, drain_d, inactive_d, drained_d} = 80'd0;
    {multiplied_d, effectual_d} = 48'd0;
    for (pe = 0; pe < PES; pe = pe + 1) begin
      active_d = active_d + {15'd0, class_i[4*pe+3]};
      operand_d = operand_d + {15'd0, class_i[4*pe+2]};
      drain_d = drain_d + {15'd0, class_i[4*pe+1]};
      inactive_d = inactive_d + {15'd0, class_i[4*pe]};
    end
    for (lane = 0; lane < SLOTS; lane = lane + 1) begin
      multiplied_d = multiplied_d + {23'd0, multiplied_i[lane]};
      effectual_d  = effectual_d + {23'd0, effectual_i[lane]};
    end
    for (col = 0; col < COLS; col = col + 1) drained_d = drained_d + {15'd0, drained_i[col]};
  end

  // The last drain's cycle still counts, what follows it does not.
  reg [47:0] left_q;
  wire counts = !drains_i || left_q != 48'd0;
  reg [47:0] active_q, operand_q, drain_q, inactive_q, multiplied_q, effectual_q;
  always @(posedge clk_i) begin
    if (counts) begin
      active_q <= active_q + {32'd0, active_d};
      operand_q <= operand_q + {32'd0, operand_d};
      drain_q <= drain_q + {32'd0, drain_d};
      inactive_q <= inactive_q + {32'd0, inactive_d};
    end
    left_q <= left_q - {32'd0, drained_d};
    // All active work lies before the pass's end, though its pairs are seen a cycle later.
    multiplied_q <= multiplied_q + {24'd0, multiplied_d};
    effectual_q <= effectual_q + {24'd0, effectual_d};
    if (start_i || !rst_ni) begin
      {active_q, operand_q, drain_q, inactive_q, multiplied_q, effectual_q} <= 288'd0;
      left_q <= results_i;
    end
  end

  localparam [47:0] WIDE_LANES = {16'd0, LANES[31:0]};
  localparam [47:0] WIDE_PES = {16'd0, PES[31:0]};
  wire [47:0] known = active_q + operand_q + drain_q + inactive_q;
  assign counters_o = {
    (cycles_i * WIDE_PES - known) * WIDE_LANES,
    inactive_q * WIDE_LANES,
    drain_q * WIDE_LANES,
    operand_q * WIDE_LANES,
    active_q * WIDE_LANES - multiplied_q,
    multiplied_q - effectual_q,
    effectual_q
  };
endmodule
`default_nettype wire
