`default_nettype none
// Array: a finder, a sender, PEs, and the drain of their sums, PE i through output i mod UNITS.
//
// Outside stand the stores of weights: pointers, read for all PEs at the number of a column, and entries,
// read by each PE at an address of its own, both two cycles behind, as a block RAM with its output
// register is.
//
// Cycle contract: the model's, exactly; its cycle 0 is 6 behind that in which the first row of activations
// is taken, once the sums have been cleared behind a reset. A sum leaves 3 + LEVELS cycles behind its drain
// (LEVELS: sparsesim_result_mux.v).
//
// Example: two PEs, one output, three filters, K = 2, all weights there: looks in cycles 0 and 1, PE 0
// works in cycles 1 to 4, PE 1 in 1 and 2, three sums drain in cycles 10 to 12, and cycles_o is 13.
//
// Twin: sparsesim.array_cycles. Test: test_broadcast_array.py.
module broadcast_array #(
    // Processing elements, 1 to 1024: a DSP slice each, and about 200 LUT.
    parameter PES = 64,
    // One more than a PE's queue holds, 2 to 64.
    parameter QUEUE_DEPTH = 8,
    // Bits of an entry's run of zeros, 1 to 8.
    parameter ENTRY_RUN_BITS = 4,
    // Sums of a PE in each of two halves, 1 to 256.
    parameter PE_SUMS = 32,
    // Outputs, 1 to 1024, PES at most.
    parameter UNITS = 1,
    // Width of an activation, in bits, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, in bits, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, in bits, signed, 8 to 64.
    parameter ACC_W = 32,
    // Width of a column's number, in bits, 1 to 32: of all columns of a pass.
    parameter COLUMN_W = 16,
    // Width of an entry's address, in bits, 1 to 32: of what a PE stores.
    parameter ENTRY_ADDRESS_W = 12,
    // Class counters: sums over all PEs in each cycle, for simulation. 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a column's pointer; derived, leave it.
    parameter POINTER_W = $clog2(PE_SUMS + 1) + ENTRY_ADDRESS_W,
    // Width of an entry; derived, leave it.
    parameter ENTRY_W = ENTRY_RUN_BITS + WEIGHT_W
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    // A pass starts; its shape, static while busy: broadcast_pass_shape.v.
    input  wire                           start_i,
    input  wire [               7*32-1:0] pass_i,
    // Rows of activations, in the order of turns: taken in a cycle where both are high. A masked-out
    // value must be 0.
    input  wire                           act_valid_i,
    output wire                           act_ready_o,
    input  wire [                PES-1:0] act_mask_i,
    input  wire [          PES*ACT_W-1:0] act_values_i,
    // Pointers of a column, two cycles behind its number: of each PE {entries, address of the first}.
    output wire [           COLUMN_W-1:0] column_o,
    input  wire [      PES*POINTER_W-1:0] pointers_i,
    // Entries, of each PE two cycles behind its address: {run, weight}.
    output wire [PES*ENTRY_ADDRESS_W-1:0] entry_addresses_o,
    input  wire [        PES*ENTRY_W-1:0] entries_i,
    // Results: a filter's sum, counted over the pass. Sums of one position follow those of another. An
    // output must take what is on its way when its ready goes low: those of 5 + LEVELS cycles.
    input  wire [              UNITS-1:0] ready_i,
    output wire [              UNITS-1:0] sum_valid_o,
    output wire [        UNITS*ACC_W-1:0] sum_o,
    output wire [           UNITS*16-1:0] sum_filter_o,
    // PEs that end their work on an activation in this cycle; the model's number of this cycle.
    output wire [                PES-1:0] done_o,
    output wire [                   47:0] cycle_o,
    // A pass is under way. Its cycles and classes, final when it falls; see
    // broadcast_class_counters.v, 0 without COUNTERS_EN.
    output wire                           busy_o,
    output wire [                   47:0] cycles_o,
    output wire [               8*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("pes"), .VALUE(PES), .LOW(1), .HIGH(1024)) u_pes_range ();
  sparsesim_parameter_range #(.NAME("units"), .VALUE(UNITS), .LOW(1), .HIGH(1024)) u_units_range ();
  sparsesim_parameter_range #(.NAME("queue_depth"), .VALUE(QUEUE_DEPTH), .LOW(2), .HIGH(64)) u_depth_range ();
  sparsesim_parameter_range #(.NAME("entry_run_bits"), .VALUE(ENTRY_RUN_BITS), .LOW(1), .HIGH(8)) u_run_range ();
  sparsesim_parameter_range #(.NAME("pe_sums"), .VALUE(PE_SUMS), .LOW(1), .HIGH(256)) u_sums_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();
  sparsesim_parameter_range #(.NAME("column_bits"), .VALUE(COLUMN_W), .LOW(1), .HIGH(32)) u_column_range ();
  sparsesim_parameter_range #(.NAME("address_bits"), .VALUE(ENTRY_ADDRESS_W), .LOW(1), .HIGH(32)) u_address_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_range ();

  // Looks on their way from the finder to the sender: six, and some to spare.
  localparam AHEAD = 8;
  // Cycles behind a pass's end after which nothing is on its way in here or in post-processing.
  localparam [5:0] SETTLE = 6'd40;
  localparam COUNT_W = $clog2(PE_SUMS + 1);
  localparam ROW_W = PE_SUMS > 1 ? $clog2(PE_SUMS) : 1;
  localparam GROUPS = (PES + UNITS - 1) / UNITS;
  localparam GROUP_W = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam LEVELS = (GROUP_W + 1) / 2;

  wire [15:0] rows, tiles;
  wire [31:0] positions;
  wire [8:0] full;
  wire [10:0] rest, rest_groups;
  wire drains;
  broadcast_pass_shape u_shape (
      .pass_i       (pass_i),
      .rows_o       (rows),
      .tiles_o      (tiles),
      .positions_o  (positions),
      .full_o       (full),
      .rest_o       (rest),
      .rest_groups_o(rest_groups),
      .drains_o     (drains)
  );

  wire go, looks, found, found_sends, found_first, found_last, found_half, found_last_tile, found_final;
  wire [ACT_W-1:0] found_value;
  broadcast_finder #(
      .PES     (PES),
      .ACT_W   (ACT_W),
      .COLUMN_W(COLUMN_W)
  ) u_finder (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .start_i     (start_i),
      .rows_i      (rows),
      .tiles_i     (tiles),
      .positions_i (positions),
      .drains_i    (drains),
      .act_valid_i (act_valid_i),
      .act_ready_o (act_ready_o),
      .act_mask_i  (act_mask_i),
      .act_values_i(act_values_i),
      .go_i        (go),
      .looks_o     (looks),
      .look_o      (found),
      .sends_o     (found_sends),
      .value_o     (found_value),
      .column_o    (column_o),
      .first_o     (found_first),
      .last_o      (found_last),
      .half_o      (found_half),
      .last_tile_o (found_last_tile),
      .final_o     (found_final)
  );

  // Until the column's pointers are there.
  wire come, come_sends, come_first, come_last, come_half, come_last_tile, come_final;
  wire [ACT_W-1:0] come_value;
  sparsesim_delay #(
      .WIDTH (1),
      .CYCLES(2),
      .RESET (1)
  ) u_look (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (found),
      .q_o   (come)
  );
  sparsesim_delay #(
      .WIDTH (6 + ACT_W),
      .CYCLES(2),
      .RESET (0)
  ) u_found (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({found_sends, found_first, found_last, found_half, found_last_tile, found_final, found_value}),
      .q_o   ({come_sends, come_first, come_last, come_half, come_last_tile, come_final, come_value})
  );

  wire cleared, look, push, last, last_half, left, drained;
  wire [1:0] did;
  wire [PES-1:0] room;
  broadcast_sender #(
      .AHEAD(AHEAD)
  ) u_sender (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .start_i  (start_i),
      .cleared_i(cleared),
      .go_o     (go),
      .looks_i  (looks),
      .look_i   (come),
      .sends_i  (come_sends),
      .first_i  (come_first),
      .last_i   (come_last),
      .half_i   (come_half),
      .final_i  (come_final),
      .room_i   (&room),
      .drained_i(drained),
      .look_o   (look),
      .push_o   (push),
      .last_o   (last),
      .half_o   (last_half),
      .left_o   (left),
      .did_o    (did)
  );

  wire [2*PES-1:0] pending;
  wire drain, drain_half, clear, ended;
  wire [ROW_W-1:0] drain_row;
  wire [GROUP_W-1:0] drain_group;
  wire [UNITS-1:0] drain_valid;
  wire [15:0] drain_filter;
  broadcast_drain #(
      .PES    (PES),
      .PE_SUMS(PE_SUMS),
      .UNITS  (UNITS)
  ) u_drain (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .start_i      (start_i),
      .tiles_i      (tiles),
      .positions_i  (positions),
      .full_i       (full),
      .rest_i       (rest),
      .rest_groups_i(rest_groups),
      .drains_i     (drains),
      .last_i       (last),
      .half_i       (last_half),
      .pending_i    (pending),
      .ready_i      (&ready_i),
      .drain_o      (drain),
      .half_o       (drain_half),
      .row_o        (drain_row),
      .group_o      (drain_group),
      .valid_o      (drain_valid),
      .filter_o     (drain_filter),
      .clear_o      (clear),
      .cleared_o    (cleared),
      .drained_o    (drained),
      .ended_o      (ended)
  );

  // A drain on its way to the PEs.
  reg [GROUPS-1:0] drains_q;
  reg clear_q, drain_half_q;
  reg [ROW_W-1:0] drain_row_q;
  reg [UNITS-1:0] drain_valid_q;
  reg [GROUP_W-1:0] drain_group_q;
  reg [15:0] drain_filter_q;
  integer g;
  always @(posedge clk_i) begin
    for (g = 0; g < GROUPS; g = g + 1) drains_q[g] <= drain && drain_group == g[GROUP_W-1:0];
    clear_q <= clear;
    drain_half_q <= drain_half;
    drain_row_q <= drain_row;
    drain_valid_q <= drain_valid & {UNITS{rst_ni}};
    drain_group_q <= drain_group;
    drain_filter_q <= drain_filter;
  end

  wire [PES-1:0] works, no_entry, absent, effectual, padding;
  wire [PES*ACC_W-1:0] results;
  genvar i, u, n;
  generate
    for (i = 0; i < PES; i = i + 1) begin : g_pe
      localparam [11:0] PE = i;
      wire [POINTER_W-1:0] pointer = pointers_i[i*POINTER_W+:POINTER_W];
      broadcast_pe #(
          .QUEUE_DEPTH    (QUEUE_DEPTH),
          .AHEAD          (AHEAD),
          .ENTRY_RUN_BITS (ENTRY_RUN_BITS),
          .PE_SUMS        (PE_SUMS),
          .ACT_W          (ACT_W),
          .WEIGHT_W       (WEIGHT_W),
          .ACC_W          (ACC_W),
          .ENTRY_ADDRESS_W(ENTRY_ADDRESS_W),
          .COUNTERS_EN    (COUNTERS_EN)
      ) u_pe (
          .clk_i          (clk_i),
          .rst_ni         (rst_ni),
          .write_i        (come && come_sends),
          .half_i         (come_half),
          .value_i        (come_value),
          .start_i        (pointer[0+:ENTRY_ADDRESS_W]),
          .count_i        (pointer[ENTRY_ADDRESS_W+:COUNT_W]),
          .absent_i       (come_last_tile && full == 9'd0 && PE >= {1'b0, rest}),
          .push_i         (push),
          .room_o         (room[i]),
          .entry_address_o(entry_addresses_o[i*ENTRY_ADDRESS_W+:ENTRY_ADDRESS_W]),
          .entry_i        (entries_i[i*ENTRY_W+:ENTRY_W]),
          .pending_o      (pending[2*i+:2]),
          .drain_i        (drains_q[i/UNITS]),
          .clear_i        (clear_q),
          .drain_half_i   (drain_half_q),
          .drain_row_i    (drain_row_q),
          .result_o       (results[i*ACC_W+:ACC_W]),
          .works_o        (works[i]),
          .done_o         (done_o[i]),
          .no_entry_o     (no_entry[i]),
          .absent_o       (absent[i]),
          .effectual_o    (effectual[i]),
          .padding_o      (padding[i])
      );
    end

    // An output's PEs: u, u + UNITS, and so on; of the last group it may have none.
    for (u = 0; u < UNITS; u = u + 1) begin : g_output
      wire [GROUPS*ACC_W-1:0] column;
      wire unused;
      for (n = 0; n < GROUPS; n = n + 1) begin : g_group
        if (n * UNITS + u < PES) begin : g_there
          assign column[n*ACC_W+:ACC_W] = results[(n*UNITS+u)*ACC_W+:ACC_W];
        end else begin : g_none
          assign column[n*ACC_W+:ACC_W] = {ACC_W{1'b0}};
        end
      end
      sparsesim_result_mux #(
          .ROWS (GROUPS),
          .WIDTH(ACC_W)
      ) u_result (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .valid_i  (drain_valid_q[u]),
          .row_i    (drain_group_q),
          .last_i   (1'b0),
          .results_i(column),
          .valid_o  (sum_valid_o[u]),
          .last_o   (unused),
          .result_o (sum_o[u*ACC_W+:ACC_W])
      );
      localparam [15:0] UNIT = u;
      sparsesim_delay #(
          .WIDTH (16),
          .CYCLES(2 + LEVELS),
          .RESET (0)
      ) u_filter (
          .clk_i (clk_i),
          .rst_ni(rst_ni),
          .d_i   (drain_filter_q + UNIT),
          .q_o   (sum_filter_o[u*16+:16])
      );
    end
  endgenerate

  // The model's cycles: from the first look on.
  reg busy_q, counts_q, settles_q;
  reg [5:0] settle_q;
  reg [47:0] cycle_q, cycles_q;
  always @(posedge clk_i) begin
    if (look) counts_q <= 1'b1;
    if (look || counts_q) cycle_q <= cycle_q + 48'd1;
    settle_q <= settle_q + 6'd1;
    if (ended) begin
      settles_q <= 1'b1;
      settle_q <= 6'd0;
      cycles_q <= drains ? cycle_q + 48'd1 : cycle_q - 48'd4;
    end
    if (settles_q && settle_q == SETTLE) busy_q <= 1'b0;
    if (start_i) begin
      busy_q <= 1'b1;
      counts_q <= 1'b0;
      settles_q <= 1'b0;
      cycle_q <= 48'd0;
    end
    if (!rst_ni) busy_q <= 1'b0;
  end
  assign cycle_o  = cycle_q;
  assign busy_o   = busy_q;
  assign cycles_o = cycles_q;

  generate
    if (COUNTERS_EN != 0) begin : g_counters
      broadcast_class_counters #(
          .PES(PES)
      ) u_counters (
          .clk_i      (clk_i),
          .start_i    (start_i),
          .left_i     (left),
          .did_i      (did),
          .works_i    (works),
          .no_entry_i (no_entry),
          .absent_i   (absent),
          .effectual_i(effectual),
          .padding_i  (padding),
          .cycles_i   (cycles_q),
          .counters_o (counters_o)
      );
    end else begin : g_no_counters
      wire unused = &{1'b0, left, did, works, no_entry, absent, effectual, padding};
      assign counters_o = {8 * 48{1'b0}};
    end
  endgenerate
endmodule
`default_nettype wire
