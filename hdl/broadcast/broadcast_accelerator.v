`default_nettype none
// Accelerator: the array, and a post-processing unit behind each of its outputs.
//
// Sums leave at sum_*; where the layer is not raw their values leave at out_*, as far behind them as
// sparsesim_postprocess_unit.v says, in the same order. An output that is not ready stops all drains; it must take what is on its way.
//
// Cycle contract: broadcast_array.v's; busy_o falls when the last value has left.
//
// Example: see broadcast_array.v: with a bias of 1, multiplier 1 and shift 0 for all three filters the
// three sums leave as values one larger, in a row.
//
// Twin: sparsesim.array_cycles, sparsesim/fixed_point. Test: test_broadcast_accelerator.py.
module broadcast_accelerator #(
    // Processing elements, 1 to 1024.
    parameter PES = 64,
    // One more than a PE's queue holds, 2 to 64.
    parameter QUEUE_DEPTH = 8,
    // Bits of an entry's run of zeros, 1 to 8.
    parameter ENTRY_RUN_BITS = 4,
    // Sums of a PE in each of two halves, 1 to 256.
    parameter PE_SUMS = 32,
    // Post-processing units, 1 to 1024, PES at most.
    parameter UNITS = 1,
    // Width of an activation, in bits, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, in bits, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, in bits, signed, 8 to 64.
    parameter ACC_W = 32,
    // Width of an output value, in bits, 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have parameters of the post-processing, 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Width of a column's number, in bits, 1 to 32: of all columns of a pass.
    parameter COLUMN_W = 16,
    // Width of an entry's address, in bits, 1 to 32: of what a PE stores.
    parameter ENTRY_ADDRESS_W = 12,
    // Class counters, for simulation. 0 to 1.
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
    // Rows of activations, pointers of columns, entries: as in broadcast_array.v.
    input  wire                           act_valid_i,
    output wire                           act_ready_o,
    input  wire [                PES-1:0] act_mask_i,
    input  wire [          PES*ACT_W-1:0] act_values_i,
    output wire [           COLUMN_W-1:0] column_o,
    input  wire [      PES*POINTER_W-1:0] pointers_i,
    output wire [PES*ENTRY_ADDRESS_W-1:0] entry_addresses_o,
    input  wire [        PES*ENTRY_W-1:0] entries_i,
    // Post-processing: parameters of a filter, written while no pass is under way; those of the layer,
    // static while busy (sparsesim_requantise.v). raw: sums leave as they are, and no values.
    input  wire                           param_we_i,
    input  wire [                   15:0] param_index_i,
    input  wire [                   31:0] param_bias_i,
    input  wire [                   31:0] param_multiplier_i,
    input  wire [                    5:0] param_shift_i,
    input  wire                           relu_i,
    input  wire [              VALUE_W:0] threshold_i,
    input  wire [              VALUE_W:0] zero_point_i,
    input  wire [              VALUE_W:0] low_i,
    input  wire [              VALUE_W:0] high_i,
    input  wire                           raw_i,
    // Sums, of each unit in the order of drains; values likewise.
    output wire [              UNITS-1:0] sum_valid_o,
    output wire [        UNITS*ACC_W-1:0] sum_o,
    output wire [              UNITS-1:0] out_valid_o,
    output wire [      UNITS*VALUE_W-1:0] out_value_o,
    input  wire [              UNITS-1:0] out_ready_i,
    // As in broadcast_array.v.
    output wire [                PES-1:0] done_o,
    output wire [                   47:0] cycle_o,
    output wire                           busy_o,
    output wire [                   47:0] cycles_o,
    output wire [               8*48-1:0] counters_o
);
  localparam INDEX_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1;
  /* verilator lint_off UNUSEDSIGNAL */  // filters above MAX_FILTERS are the caller's mistake
  wire [UNITS*16-1:0] filters;
  /* verilator lint_on UNUSEDSIGNAL */
  broadcast_array #(
      .PES            (PES),
      .QUEUE_DEPTH    (QUEUE_DEPTH),
      .ENTRY_RUN_BITS (ENTRY_RUN_BITS),
      .PE_SUMS        (PE_SUMS),
      .UNITS          (UNITS),
      .ACT_W          (ACT_W),
      .WEIGHT_W       (WEIGHT_W),
      .ACC_W          (ACC_W),
      .COLUMN_W       (COLUMN_W),
      .ENTRY_ADDRESS_W(ENTRY_ADDRESS_W),
      .COUNTERS_EN    (COUNTERS_EN)
  ) u_array (
      .clk_i            (clk_i),
      .rst_ni           (rst_ni),
      .start_i          (start_i),
      .pass_i           (pass_i),
      .act_valid_i      (act_valid_i),
      .act_ready_o      (act_ready_o),
      .act_mask_i       (act_mask_i),
      .act_values_i     (act_values_i),
      .column_o         (column_o),
      .pointers_i       (pointers_i),
      .entry_addresses_o(entry_addresses_o),
      .entries_i        (entries_i),
      .ready_i          (out_ready_i),
      .sum_valid_o      (sum_valid_o),
      .sum_o            (sum_o),
      .sum_filter_o     (filters),
      .done_o           (done_o),
      .cycle_o          (cycle_o),
      .busy_o           (busy_o),
      .cycles_o         (cycles_o),
      .counters_o       (counters_o)
  );

  wire [UNITS-1:0] busy;
  genvar u;
  generate
    for (u = 0; u < UNITS; u = u + 1) begin : g_unit
      sparsesim_postprocess_unit #(
          .ACC_W      (ACC_W),
          .VALUE_W    (VALUE_W),
          .MAX_FILTERS(MAX_FILTERS)
      ) u_unit (
          .clk_i             (clk_i),
          .rst_ni            (rst_ni),
          .param_we_i        (param_we_i),
          .param_index_i     (param_index_i),
          .param_bias_i      (param_bias_i),
          .param_multiplier_i(param_multiplier_i),
          .param_shift_i     (param_shift_i),
          .relu_i            (relu_i),
          .threshold_i       (threshold_i),
          .zero_point_i      (zero_point_i),
          .low_i             (low_i),
          .high_i            (high_i),
          .valid_i           (sum_valid_o[u] && !raw_i),
          .sum_i             (sum_o[u*ACC_W+:ACC_W]),
          .index_i           (filters[u*16+:INDEX_W]),
          .valid_o           (out_valid_o[u]),
          .value_o           (out_value_o[u*VALUE_W+:VALUE_W]),
          .busy_o            (busy[u])
      );
    end
  endgenerate
  // Units are empty well before the array says that it is not busy.
  wire unused = &{1'b0, busy};
endmodule
`default_nettype wire
